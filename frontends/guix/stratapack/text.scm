;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; Texts that mention store items.
;;;
;;; A text is a string, a file-like object, or a list of texts.  Inside a gexp
;;; it is the string in which every object's file name stands for the object,
;;; and whatever it mentions is an input; on the client, it is a plain string
;;; once the objects are lowered.  A string that is a direct store path is an
;;; input, too, as everywhere in gexps.

(define-module (stratapack text)
  #:use-module (guix derivations)
  #:use-module (guix gexp)
  #:use-module (guix monads)
  #:use-module (guix store)
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:export (text?
            text-fragments
            text->gexp
            text->string
            texts->strings
            json->text
            verbatim))

(define (text? object)
  "Whether OBJECT is a text."
  (match object
    ((? string?) #t)
    ((? gexp-input?) #t)
    ((? file-like?) #t)
    (((? text?) ...) #t)
    (_ #f)))

(define (text-fragments text)
  "Return the list of the strings and objects that TEXT is made of."
  (match text
    ((texts ...) (append-map text-fragments texts))
    (one (list one))))

(define (text->gexp text)
  "Return a gexp for the string that TEXT is where it is built."
  (match (text-fragments text)
    (((? string? one)) one)
    (fragments #~(string-append #$@fragments))))

(define* (text->string text system #:optional target)
  "Return, as a monadic value, the string that TEXT is on SYSTEM, or when
cross-compiled for TARGET. Nothing is built."
  (define (fragment->string fragment)
    (match fragment
      ((? string?)
       (with-monad %store-monad (return fragment)))
      ((? gexp-input?)
       (mlet %store-monad ((lowered (lower-object (gexp-input-thing fragment)
                                                  system #:target target)))
         (return (if (derivation? lowered)
                     (derivation->output-path lowered
                                              (gexp-input-output fragment))
                     lowered))))
      (_
       ;; An object's expander, for instance that of `file-append', is what
       ;; gexps apply.
       (mlet %store-monad ((lowered (lower-gexp #~(begin #$fragment)
                                                #:system system
                                                #:target target)))
         (match (lowered-gexp-sexp lowered)
           (('begin (? string? name)) (return name)))))))

  (mlet %store-monad ((strings (mapm %store-monad fragment->string
                                     (text-fragments text))))
    (return (string-concatenate strings))))

(define* (texts->strings texts system #:optional target)
  "Return, as a monadic value, the list of strings that TEXTS are, as
`text->string' does."
  (mapm %store-monad
        (lambda (text) (text->string text system target))
        texts))

(define (json-string-fragment fragment)
  "Return FRAGMENT of a string in the spelling of JSON, without the quotes."
  (define (spell character)
    (match character
      (#\" "\\\"")
      (#\\ "\\\\")
      ((? (lambda (character) (char<? character #\space)))
       (format #f "\\u~4,'0x" (char->integer character)))
      (_ (string character))))

  (if (and (string? fragment)
           (string-any (lambda (character)
                         (or (memv character '(#\" #\\))
                             (char<? character #\space)))
                       fragment))
      (string-concatenate (map spell (string->list fragment)))
      fragment))

;; A text that is JSON already.
(define-record-type <verbatim>
  (verbatim text)
  verbatim?
  (text verbatim-text))

(define (json->text value)
  "Return the text of VALUE in JSON.  A vector is an array, an association
list whose keys are symbols an object, a number or Boolean itself, a text a
string, and `verbatim' marks what is JSON already."
  (define (separated texts)
    (if (null? texts)
        '()
        (cons (car texts)
              (append-map (lambda (text) (list "," text)) (cdr texts)))))

  (match value
    (($ <verbatim> text) text)
    ((? vector? elements)
     (list "[" (separated (map json->text (vector->list elements))) "]"))
    ((? integer? number) (number->string number))
    ((? boolean? truth) (if truth "true" "false"))
    ((((? symbol? keys) . values) ...)
     (list "{"
           (separated (map (lambda (key value)
                             (list "\"" (symbol->string key) "\":"
                                   (json->text value)))
                           keys values))
           "}"))
    (text
     (list "\"" (map json-string-fragment (text-fragments text)) "\""))))
