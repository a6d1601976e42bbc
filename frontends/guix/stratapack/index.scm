;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; Images of several architectures under one name.

(define-module (stratapack index)
  #:use-module (guix gexp)
  #:use-module (guix i18n)
  #:use-module (guix monads)
  #:use-module (guix records)
  #:use-module (guix store)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack checks)
  #:use-module (stratapack conditions)
  #:use-module (stratapack image-arguments)
  #:use-module (stratapack image)
  #:use-module (stratapack program)
  #:export (<image-index>
            image-index
            image-index?
            this-image-index
            image-index-name
            image-index-tag
            image-index-images
            image-index-program
            image-for-systems
            image-for-targets))

(define (check-images value)
  (if (and (list? value) (every docker-image? value))
      value
      (refuse (G_ "List one @code{docker-image} for each architecture.")
              (G_ "~s is not a list of images") value)))

(define-sanitizer sanitize-name check-name)
(define-sanitizer sanitize-tag check-tag)
(define-sanitizer sanitize-images check-images)
(define-sanitizer sanitize-program check-program)

;; A file-like object: an OCI layout with an index that leads to IMAGES, whose
;; formats do not matter.
(define-record-type* <image-index>
  image-index make-image-index
  image-index?
  this-image-index
  (name    image-index-name
           (sanitize sanitize-name))
  (tag     image-index-tag (default "latest")
           (sanitize sanitize-tag))
  (images  image-index-images                     ;list of <docker-image>
           (sanitize sanitize-images))
  (program image-index-program (default (%stratapack-program))
           (sanitize sanitize-program)))

(define (image-for-systems image systems)
  "Return the list of IMAGE for each of SYSTEMS, such as \"aarch64-linux\":
built there."
  (map (lambda (system)
         (docker-image (inherit image) (system system) (target #f)))
       systems))

(define (image-for-targets image targets)
  "Return the list of IMAGE for each of TARGETS, such as
\"aarch64-linux-gnu\": cross-compiled.  #f stands for the system that does it."
  (map (lambda (target)
         (docker-image (inherit image) (target target)))
       targets))

(define (lower-image-index index system target)
  "Return, as a monadic value, the derivation that joins the images of INDEX."
  (define (layout image)
    (docker-image (inherit image) (format 'oci)))

  (define (lower image)
    (lower-object (layout image) system #:target target))

  (define name
    (image-index-name index))

  (when (null? (image-index-images index))
    (refuse (G_ "List one for each architecture in the field @code{images}.")
            (G_ "the index '~a' has no images") name))
  (mlet %store-monad ((layouts (mapm %store-monad lower
                                     (image-index-images index))))
    (gexp->derivation (string-append (store-name name) "-index")
                      (run-program
                       (or (image-index-program index) (default-program))
                       #~(list "index" #$@layouts "--output"
                               (string-append "oci:" #$output ":" #$name ":"
                                              #$(image-index-tag index)))
                       #:threads? #f)
                      #:system system
                      #:target #f
                      #:local-build? #f)))

(define-gexp-compiler (image-index-compiler (index <image-index>)
                                            system target)
  ;; Return the derivation that joins the images of INDEX.
  (lower-image-index index system target))
