;;; What stands for the channel `guix' in tests of `guix pull': the Guix of the Debian root, under the name
;;; that it has in a profile.
(use-modules (guix gexp) (guix monads) (guix store) (world))

(define command
  (computed-file "guix-command"
                 #~(begin
                     (call-with-output-file #$output
                       (lambda (port)
                         (format port "#!~a/bin/sh
exec /usr/bin/guile --no-auto-compile /source/tests/stores/guix/pulled.scm \"$0\" \"$@\"~%"
                                 #$shell)))
                     (chmod #$output #o555))))

(lambda* (source #:key system #:allow-other-keys)
  (gexp->derivation "guix"
                    #~(begin
                        (mkdir #$output)
                        (mkdir (string-append #$output "/bin"))
                        (symlink #$command (string-append #$output "/bin/guix")))
                    #:system system))
