;;; Run a `guix' command as the program FILE, with the channels of the profile that FILE is in:
;;;
;;;     guile --no-auto-compile pulled.scm FILE describe
(let ((arguments (cdr (command-line))))
  ;; Before anything asks for the profile.
  (set-program-arguments arguments)
  (apply (module-ref (resolve-interface '(guix ui)) 'guix-main) "guix" (cdr arguments)))
