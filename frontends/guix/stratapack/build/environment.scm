;;; The environment that a profile asks for.  This module runs on both sides, and needs nothing but
;;; modules that do.

(define-module (stratapack build environment)
  #:use-module (guix search-paths)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:export (profiles-environment))

(define (search-path-sexps sexp)
  "Return the search path specifications within SEXP, the manifest of a profile."
  (match sexp
    (('search-paths (specifications ...))
     (append-map (match-lambda
                   ((? list? specification) (list specification))
                   (_ '()))
                 specifications))
    ((head . tail)
     (append (search-path-sexps head) (search-path-sexps tail)))
    (_ '())))

(define (profile-specifications profile)
  "Return the search path specifications of PROFILE, a directory: none where it is no profile."
  (let ((manifest (string-append profile "/manifest")))
    (if (file-exists? manifest)
        (cons $PATH
              (map sexp->search-path-specification
                   (search-path-sexps (call-with-input-file manifest read))))
        '())))

(define (profiles-environment profiles)
  "Return the variables that PROFILES, a list of directories, ask for, as a list of (NAME . VALUE)."
  (map (match-lambda
         ((specification . value)
          (cons (search-path-specification-variable specification) value)))
       (evaluate-search-paths (delete-duplicates (append-map profile-specifications profiles))
                              profiles)))
