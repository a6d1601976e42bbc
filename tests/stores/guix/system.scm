;;; An image of a whole system: bare-bones, but with all services of one.
(use-modules (gnu) (stratapack image) (stratapack system) (guix gexp))
(%stratapack-program (local-file "/exchange/stratapack" #:recursive? #t))
(define os
  (operating-system
    (host-name "box") (timezone "Etc/UTC") (locale "en_US.utf8")
    (bootloader (bootloader-configuration (bootloader grub-bootloader) (targets '("/dev/sda"))))
    (file-systems (cons (file-system (device "x") (mount-point "/") (type "ext4")) %base-file-systems))))
(operating-system-image os #:image (docker-image (name "box") (contents '()) (format 'oci)))
