;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; Which derivations made the items of a plan.
;;;
;;; A plan names store items.  A layer made of such names would be another
;;; derivation than one made of the packages themselves, and nothing would
;;; lead from it to them; so every name becomes an output of a derivation
;;; again.

(define-module (stratapack provenance)
  #:use-module (guix derivations)
  #:use-module (guix gexp)
  #:use-module (guix monads)
  #:use-module (guix sets)
  #:use-module (guix store)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:export (derivation-outputs-table
            item->input
            known-output))

(define (derivation-outputs-table derivations wanted)
  "Return a hash table from the file names in WANTED to the gexp inputs for the
outputs that they are of DERIVATIONS, or of what these were built from."
  (define table (make-hash-table))

  (define missing
    (let ((missing (make-hash-table)))
      (for-each (cut hash-set! missing <> #t) wanted)
      missing))

  (define (note drv)
    (for-each (match-lambda
                ((output . file)
                 (when (hash-ref missing file)
                   (hash-remove! missing file)
                   (hash-set! table file (gexp-input drv output)))))
              (derivation->output-paths drv)))

  (define (done?)
    (zero? (hash-count (const #t) missing)))

  ;; The nearest come first, so that little is read where little is wanted.
  (let loop ((drvs derivations)
             (next '())
             (seen (list->set (map derivation-file-name derivations))))
    (match drvs
      (()
       (unless (or (null? next) (done?))
         (loop (reverse next) '() seen)))
      ((drv . rest)
       (note drv)
       (let ((new (remove (compose (cut set-contains? seen <>)
                                   derivation-file-name)
                          (map derivation-input-derivation
                               (derivation-inputs drv)))))
         (loop rest
               (append new next)
               (fold set-insert seen (map derivation-file-name new)))))))
  table)

(define (item->input table item)
  "Return the gexp input for ITEM, a file name, in TABLE, or ITEM itself where
it is no output of a derivation there: such as a file that was interned."
  (hash-ref table item item))

(define (known-output item)
  "Return, as a monadic value, the gexp input for the output that ITEM, a valid
store item, is of a derivation that the store still has, or ITEM itself."
  (lambda (store)
    (define deriver
      (match (path-info-deriver (query-path-info store item))
        ((or #f "") #f)
        (deriver (and (valid-path? store deriver)
                      (read-derivation-from-file deriver)))))

    (define output
      (and deriver
           (any (match-lambda
                  ((output . file) (and (string=? file item) output)))
                (derivation->output-paths deriver))))

    (values (if output
                (gexp-input deriver output)
                item)
            store)))
