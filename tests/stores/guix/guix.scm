;;; Run a `guix' command with the packages and the Guile of world.scm, and this channel:
;;;
;;;     guile --no-auto-compile guix.scm build -f image.scm
(add-to-load-path (dirname (current-filename)))
(add-to-load-path (string-append (dirname (current-filename)) "/../../../frontends/guix"))
(use-modules (world) (guix ui))
(install-small-guile!)
(apply guix-main "guix" (cdr (command-line)))
