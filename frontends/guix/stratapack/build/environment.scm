;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; The environment that profiles and packages ask for.  This module runs on
;;; both sides, and needs nothing but modules that do.

(define-module (stratapack build environment)
  #:use-module (guix search-paths)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:export (contents-environment))

(define (search-path-sexps sexp)
  "Return the search path specifications within SEXP, the manifest of a
profile."
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
  "Return the search path specifications of PROFILE, a directory: none where it
is no profile."
  (let ((manifest (string-append profile "/manifest")))
    (if (file-exists? manifest)
        (cons $PATH
              (map sexp->search-path-specification
                   (search-path-sexps (call-with-input-file manifest read))))
        '())))

(define (contents-environment directories sexps)
  "Return the variables that DIRECTORIES, the contents of an image, ask for, as
a list of (NAME . VALUE): those of profiles, and SEXPS, the search path
specifications of packages among them."
  (define specifications
    (append (append-map profile-specifications directories)
            (map sexp->search-path-specification sexps)))

  (map (match-lambda
         ((specification . value)
          (cons (search-path-specification-variable specification) value)))
       (evaluate-search-paths (delete-duplicates specifications)
                              directories)))
