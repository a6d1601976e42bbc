;;; The images of the tests.

(define-module (images)
  #:use-module (guix gexp)
  #:use-module (guix store)
  #:use-module (stratapack image)
  #:use-module (world)
  #:export (greeting
            telling
            layer-of))

(%stratapack-program (local-file "/exchange/stratapack" #:recursive? #t))

(define* (greeting #:key (build 'build-side) (format 'oci))
  "An image of two programs, built in the way BUILD."
  (docker-image
   (name "example.org/greeting")
   (tag "1")
   (contents (list (small-profile greeter teller shell)))
   (symlinks '(("/bin" -> "bin")))
   (directives '((directory "/data" 1000 1000 #o750)))
   (entry-point "bin/greet")
   (entry-point-arguments '("good morning"))
   (environment '(("LANG" . "C.UTF-8")))
   (labels '(("org.example.kind" . "a test")))
   (working-directory "/data")
   (strategy 'popularity)
   (max-layers 6)
   (format format)
   (build build)))

(define* (telling #:key (build 'client-side))
  "An image that shares most of its store items with the other one."
  (docker-image
   (name "telling")
   (contents (list (small-profile teller)))
   (entry-point "bin/tell")
   (strategy 'per-item)
   (max-layers 20)
   (format 'oci)
   (build build)))
