;;; Run a `guix' command with the packages and the Guile of world.scm, and this channel:
;;;
;;;     guile --no-auto-compile guix.scm build -f image.scm
(add-to-load-path (dirname (current-filename)))
(add-to-load-path (string-append (dirname (current-filename)) "/../../../frontends/guix"))
(use-modules (world) (guix ui))
(install-small-guile!)
(install-small-packages!)
;; For `guix pull', which builds a package of certificates where there are none: see guix_channel.sh.
(setenv "SSL_CERT_FILE" "/etc/guix/certificate")
;; What a channel of the current profile would give.
(setenv "GUIX_EXTENSIONS_PATH" (string-append (dirname (current-filename)) "/../../../frontends/guix/guix/extensions"))
(apply guix-main "guix" (cdr (command-line)))
