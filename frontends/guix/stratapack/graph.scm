;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; The closure of an image, for strategies that are written in Scheme.
;;;
;;; Such a strategy is a procedure.  It is called with the list of the
;;; <closure-item> records of what an image holds, in the order of their file
;;; names, and returns a list of layers, bottom first, each a list of items:
;;; as it is, or as a monadic value in the store monad.

(define-module (stratapack graph)
  #:use-module (guix base16)
  #:use-module (guix i18n)
  #:use-module (guix monads)
  #:use-module (guix sets)
  #:use-module (guix store)
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack conditions)
  #:export (closure-item
            closure-item?
            closure-item-file-name
            closure-item-name
            closure-item-size
            closure-item-references
            closure-item-root?

            %empty-graph
            closure-items
            write-registration
            divided-by
            layers-by-nearness))

(define %empty-graph
  ;; The graph of an image without items, as the program reads it: one that
  ;; says nothing would be taken for a source that failed.
  "{\"stratapackGraph\": 1, \"items\": []}")

(define-record-type <closure-item>
  (closure-item file-name info root?)
  closure-item?
  (file-name closure-item-file-name)
  (info      closure-item-info)                   ;<path-info>
  (root?     closure-item-root?))                 ;is it one of the contents?

(define (closure-item-name item)
  "Return the name and version of ITEM, without its hash."
  (store-path-package-name (closure-item-file-name item)))

(define (closure-item-size item)
  "Return the size of ITEM in bytes, as an archive of Guix."
  (path-info-nar-size (closure-item-info item)))

(define (closure-item-references item)
  "Return the file names of what ITEM refers to, perhaps itself among them."
  (path-info-references (closure-item-info item)))

(define (closure-items store roots)
  "Return the items of the closure of ROOTS, valid store items, as STORE knows
them."
  (define set-of-roots (list->set roots))

  (let loop ((names (set->list set-of-roots))
             (seen set-of-roots)
             (items '()))
    (match names
      (()
       (sort items item<?))
      ((name . rest)
       (let* ((info (query-path-info store name))
              (new (remove (cut set-contains? seen <>)
                           (path-info-references info))))
         (loop (append new rest)
               (fold set-insert seen new)
               (cons (closure-item name info
                                   (set-contains? set-of-roots name))
                     items)))))))

(define (item<? one other)
  (string<? (closure-item-file-name one) (closure-item-file-name other)))

(define (write-registration items port)
  "Write to PORT what is known of ITEMS, in the form that `guix-register'
reads: names, hashes, sizes, references."
  (for-each (lambda (item)
              (let ((info (closure-item-info item)))
                (format port "~a~%~a~%~a~%~a~%~a~%~{~a~%~}"
                        (closure-item-file-name item)
                        (bytevector->base16-string (path-info-hash info))
                        (path-info-nar-size info)
                        (or (path-info-deriver info) "")
                        (length (path-info-references info))
                        (path-info-references info))))
            items))

(define (divided-by strategy items)
  "Return, as a monadic value, the layers that STRATEGY, a procedure, makes of
ITEMS, as lists of file names, bottom first; refuse what does not hold every
item once."
  (define name
    (match-lambda
      ((? closure-item? item) (closure-item-file-name item))
      ((? string? name) name)
      (other (refuse #f (G_ "a strategy returned ~s, which is no item")
                     other))))

  (define (check groups)
    (unless (and (list? groups) (every list? groups))
      (refuse (G_ "Return a list of layers, each a list of items.")
              (G_ "a strategy returned no list of lists")))
    (let ((groups (map (cut map name <>) (remove null? groups))))
      (check-division (map closure-item-file-name items) groups)
      groups))

  (if (null? items)
      (with-monad %store-monad (return '()))
      (match (strategy items)
        ((? list? groups)
         (with-monad %store-monad (return (check groups))))
        (monadic
         (mlet %store-monad ((groups monadic))
           (return (check groups)))))))

(define (check-division wanted groups)
  "Refuse GROUPS unless they hold the file names WANTED, each once."
  (define held
    (fold (lambda (item held)
            (when (set-contains? held item)
              (refuse (G_ "Put every item into exactly one layer.")
                      (G_ "a strategy put '~a' into two layers") item))
            (set-insert item held))
          (set)
          (concatenate groups)))

  (define known (list->set wanted))

  (for-each (lambda (item)
              (unless (set-contains? held item)
                (refuse (G_ "Put every item into exactly one layer.")
                        (G_ "a strategy left out '~a'") item)))
            wanted)
  (for-each (lambda (item)
              (unless (set-contains? known item)
                (refuse (G_ "Put every item into exactly one layer.")
                        (G_ "a strategy added '~a'") item)))
            (concatenate groups)))

(define (layers-by-nearness items)
  "Return two layers: on top the contents of an image among ITEMS and what they
refer to themselves, and below all else."
  (define near
    (list->set (append-map closure-item-references
                           (filter closure-item-root? items))))

  (define (near? item)
    (or (closure-item-root? item)
        (set-contains? near (closure-item-file-name item))))

  (list (remove near? items) (filter near? items)))
