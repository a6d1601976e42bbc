;;; Run a `guix' command of the checkout that into-guix changed, with the packages and the Guile of world.scm:
;;;
;;;     guile --no-auto-compile merged.scm CHECKOUT pack …
(let ((arguments (cdr (command-line))))
  (add-to-load-path (dirname (current-filename)))
  (add-to-load-path (car arguments))
  (let ((world (resolve-interface '(world))))
    ((module-ref world 'install-small-guile!))
    ((module-ref world 'install-small-packages!)))
  (eval '(begin
           (use-modules (guix gexp) (guix stratapack program))
           (%stratapack-program (local-file "/exchange/stratapack" #:recursive? #t)))
        (current-module))
  (apply (module-ref (resolve-interface '(guix ui)) 'guix-main) "guix" (cdr arguments)))
