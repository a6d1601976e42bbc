;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; What the client does itself: it runs the program for a plan.

(define-module (stratapack client)
  #:use-module (guix derivations)
  #:use-module (guix gexp)
  #:use-module (guix build utils)
  #:use-module (guix i18n)
  #:use-module (guix monads)
  #:use-module (guix store)
  #:use-module (guix utils)
  #:use-module (ice-9 match)
  #:use-module (ice-9 textual-ports)
  #:use-module (json)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-11)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack conditions)
  #:use-module (stratapack graph)
  #:export (plan-on-client
            built-executable
            show-strategies
            read-plan
            plan-groups
            plan-own-layer?
            plan-base

            planned-group-items
            planned-group-compression))

(define (message-and-advice text)
  "Split TEXT, what the program wrote to its standard error, into the message
and the advice, or #f."
  (define (find-behind marker)
    (any (lambda (line)
           (match (string-contains line marker)
             (#f #f)
             (index (string-drop line (+ index (string-length marker))))))
         (string-split text #\newline)))

  (values (or (find-behind "error: ") text)
          (find-behind "hint: ")))

(define (texinfo text)
  "Return TEXT as it is, for Texinfo."
  (string-concatenate
   (map (lambda (character)
          (if (memv character '(#\@ #\{ #\}))
              (string #\@ character)
              (string character)))
        (string->list text))))

(define (call-program program arguments)
  "Run PROGRAM, a file name, with ARGUMENTS; where it fails, raise what it says
as an error."
  (call-with-temporary-output-file
   (lambda (log port)
     (let ((status (with-error-to-port port
                     (lambda () (apply system* program arguments)))))
       (unless (zero? status)
         (let-values (((message advice)
                       (message-and-advice
                        (call-with-input-file log get-string-all))))
           (refuse (and=> advice texinfo) (G_ "~a") message)))))))

(define (built-executable program)
  "Build PROGRAM, a file-like object that is an executable, for the client, as
a monadic value: its file name."
  (mlet* %store-monad ((system (current-system))
                       (lowered (lower-gexp #~(begin #+program)
                                            #:system system))
                       (_ (match (lowered-gexp-inputs lowered)
                            (() (return #t))
                            (inputs (built-derivations inputs)))))
    (match (lowered-gexp-sexp lowered)
      (('begin file) (return file)))))

(define (show-strategies program)
  "Print what PROGRAM, an executable file, knows of its strategies."
  (call-program program '("strategies")))

(define (plan-on-client program roots items arguments)
  "Return the plan, as `read-plan' does, that PROGRAM, an executable file,
makes with ARGUMENTS of ITEMS, the closure of ROOTS."
  (call-with-temporary-directory
   (lambda (directory)
     (let ((graph (string-append directory "/graph"))
           (file (string-append directory "/plan.json")))
       ;; A graph of nothing must say that it is one: a file that is empty is
       ;; taken for a source that failed.
       (call-with-output-file graph
         (if (null? items)
             (cut display %empty-graph <>)
             (cut write-registration items <>)))
       (call-program program
                     `("plan" "--quiet"
                       ,(if (null? items) "--graph" "--references-graph")
                       ,graph
                       "--output" ,file ,@arguments ,@roots))
       (read-plan file)))))

;; What a plan says: the groups of items that share a layer, bottom first, and
;; whether the customisation is a layer of its own, and what the plan says of
;; a base, as a text in JSON, or #f.
(define-record-type <plan>
  (plan groups own-layer? base)
  plan?
  (groups     plan-groups)
  (own-layer? plan-own-layer?)
  (base       plan-base))

;; File names, and how they are compressed, or #f.
(define-record-type <planned-group>
  (planned-group items compression)
  planned-group?
  (items       planned-group-items)
  (compression planned-group-compression))

(define (read-plan file)
  "Return the <plan> in FILE."
  (let* ((json (call-with-input-file file json->scm))
         (customisation (assoc-ref json "customisation")))
    (plan (map (lambda (layer)
                 (planned-group (vector->list (assoc-ref layer "items"))
                                (assoc-ref layer "compression")))
               (vector->list (assoc-ref json "layers")))
          (match (and customisation (assoc "ownLayer" customisation))
            ((_ . own-layer?) own-layer?)
            (#f #t))
          (and=> (assoc-ref json "base") scm->json-string))))
