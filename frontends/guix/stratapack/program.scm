;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; The program that builders run.

(define-module (stratapack program)
  #:use-module (guix gexp)
  #:autoload   (stratapack packages) (stratapack)
  #:export (%stratapack-program
            default-program
            run-program))

(define %stratapack-program
  ;; A file-like object for the executable, or #f for the one of the package
  ;; `stratapack'.
  (make-parameter #f))

(define (default-program)
  "Return the file-like object for the executable `stratapack' that builders
run unless a record names another."
  (or (%stratapack-program)
      (file-append stratapack "/bin/stratapack")))

(define* (run-program program arguments #:key (threads? #t))
  "Return a gexp that runs PROGRAM, a file-like object, with ARGUMENTS, a gexp
for a list of strings, and fails where it fails.  What it has to say is on the
standard error of the build.  With THREADS?, it is told how many threads the
daemon grants."
  (define threads
    ;; 0 stands for one for each processor, here and there.
    (if threads?
        #~(list "--threads" (or (getenv "NIX_BUILD_CORES") "0"))
        #~'()))

  #~(let ((status (apply system* #+program
                         (append #$arguments #$threads (list "--quiet")))))
      (unless (zero? status)
        (exit (or (status:exit-val status) 1)))))
