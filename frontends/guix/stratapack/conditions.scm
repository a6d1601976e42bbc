;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; Errors that say what to do: Guix's commands show both parts.

(define-module (stratapack conditions)
  #:use-module (guix diagnostics)
  #:use-module (guix utils)
  #:use-module (srfi srfi-34)
  #:use-module (srfi srfi-35)
  #:export (refuse
            raise-refusal
            call-with-location
            define-sanitizer))

(define %location
  ;; Where in a file the value is that is looked at, or #f.
  (make-parameter #f))

(define (call-with-location location thunk)
  "Call THUNK; what it refuses is at LOCATION, or nobody knows where if that
is #f."
  (parameterize ((%location location))
    (thunk)))

(define (raise-refusal advice message)
  "Raise MESSAGE, a formatted message, as an error, with ADVICE, a string in
Texinfo or #f, on what to do."
  (raise (apply make-compound-condition message
                (append (if advice
                            (list (condition (&fix-hint (hint advice))))
                            '())
                        (if (%location)
                            (list (condition
                                   (&error-location (location (%location)))))
                            '())))))

(define-syntax-rule (refuse advice message argument ...)
  "Raise an error whose text is MESSAGE, a format string, of each ARGUMENT,
with ADVICE, a string in Texinfo or #f, on what to do."
  (raise-refusal advice (formatted-message message argument ...)))

(define-syntax-rule (define-sanitizer name check)
  "Let NAME be a sanitizer of a record's field: what CHECK, a procedure,
returns for a value, or refuses with the place where the value is written."
  (define-with-syntax-properties (name (value properties))
    (call-with-location (source-properties->location properties)
      (lambda () (check value)))))
