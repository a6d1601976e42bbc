;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; Run SRFI-64 tests as the `make check' of Guix does, for want of its driver, and fail where one fails:
;;;
;;;     guile --no-auto-compile run.scm FILE…
(add-to-load-path (string-append (dirname (current-filename)) "/../../frontends/guix"))
(use-modules (srfi srfi-1) (srfi srfi-64))

(define (run file)
  "Run the tests in FILE, and return how many failed, or did not run."
  (let ((runner (test-runner-null))
        (failed 0)
        (passed 0))
    (test-runner-on-test-end! runner
      (lambda (runner)
        (case (test-result-kind runner)
          ((pass xfail skip) (set! passed (+ passed 1)))
          (else
           (set! failed (+ failed 1))
           (format #t "not ok ~a: ~a~%  ~s~%" (basename file) (test-runner-test-name runner)
                   (test-result-alist runner))))))
    (test-with-runner runner
      (primitive-load file))
    (format #t "~a: ~a passed, ~a failed~%" (basename file) passed failed)
    (+ failed (if (zero? passed) 1 0))))

(exit (zero? (fold + 0 (map run (cdr (command-line))))))
