;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; Images as formats of `guix pack', and as what `guix system image' makes.
;;;
;;; The procedures take the arguments of those in `%formats' of (guix scripts
;;; pack).  The script `into-guix' lets that use them.

(define-module (stratapack pack)
  #:use-module (guix gexp)
  #:use-module (guix i18n)
  #:use-module (guix monads)
  #:use-module (guix profiles)
  #:use-module (guix store)
  #:use-module (guix utils)
  #:use-module (ice-9 match)
  #:use-module (ice-9 regex)
  #:use-module (srfi srfi-1)
  #:autoload   (gnu compression) (compressor-name)
  #:autoload   (stratapack system) (operating-system-image)
  #:use-module (stratapack conditions)
  #:use-module (stratapack image)
  #:export (manifest->image-name
            packed-archive
            packed-layout
            docker-format
            layered-system-image))

(define (manifest->image-name manifest)
  "Return the names of what is in MANIFEST, joined, as many as make a name of a
decent length."
  (define (clean name)
    ;; What names of images allow: letters and digits with single separators
    ;; between them.
    (let* ((name (string-downcase name))
           (name (regexp-substitute/global #f "[^a-z0-9._-]+" name
                                           'pre "-" 'post))
           (name (regexp-substitute/global #f "[._-]*-[._-]*|[._][._]+" name
                                           'pre "-" 'post)))
      (string-trim-both name (char-set #\. #\_ #\-))))

  (let loop ((names (map (compose clean manifest-entry-name)
                         (manifest-entries manifest))))
    (let ((name (string-join names "-")))
      (match names
        (() "empty")
        ((_) name)
        (_ (if (< (string-length name) 40)
               name
               (loop (drop-right names 1))))))))

(define (compression compressor format)
  "Return the compression of layers that COMPRESSOR, one of `guix pack', stands
for in an image of FORMAT."
  (match (and compressor (compressor-name compressor))
    ("none" "none")
    ("zstd" (if (eq? format 'oci) "zstd" "gzip"))
    (_ "gzip")))

(define* (packed-image format name profile
                       #:key target
                       (profile-name "guix-profile")
                       entry-point
                       compressor
                       localstatedir?
                       (symlinks '())
                       (extra-options '())
                       #:allow-other-keys)
  "Return, as a monadic value, the derivation of an image of PROFILE in FORMAT."
  (define-syntax-rule (extra keyword default)
    (match (memq keyword extra-options)
      ((_ (? identity value) . _) value)
      (_ default)))

  (mlet %store-monad ((system (current-system)))
    (lower-object
     (docker-image
      (name (extra #:image-tag
                   (if (profile? profile)
                       (manifest->image-name (profile-content profile))
                       "image")))
      (contents (list profile))
      (format format)
      (max-layers (extra #:max-layers 100))
      (compression (compression compressor format))
      (symlinks symlinks)
      (localstatedir? (->bool localstatedir?))
      (profile-name profile-name)
      (entry-point entry-point)
      (entry-point-arguments (extra #:entry-point-argument '())))
     system
     #:target target)))

(define (packed-archive . arguments)
  "Return, as a monadic value, the derivation of an archive for `docker load'."
  (apply packed-image 'docker arguments))

(define (packed-layout . arguments)
  "Return, as a monadic value, the derivation of an OCI layout."
  (apply packed-image 'oci arguments))

(define (docker-format pure)
  "Return a procedure that makes archives for `docker load': with several
layers by `packed-archive', and with one, or where the option `layer-writer'
is \"guile\", by PURE, a procedure that needs no program."
  (lambda* (name profile #:key (extra-options '())
                 #:allow-other-keys #:rest rest)
    (define (option keyword)
      (match (memq keyword extra-options)
        ((_ value . _) value)
        (_ #f)))

    (define (without-writer options)
      (match options
        ((#:layer-writer _ . rest) (without-writer rest))
        ((keyword value . rest)
         (cons* keyword value (without-writer rest)))
        (() '())))

    (define arguments
      (append (strip-keyword-arguments '(#:extra-options) rest)
              (list #:extra-options (without-writer extra-options))))

    (match (option #:layer-writer)
      ((or #f "stratapack" "guile") #t)
      (other
       (refuse (G_ "Choose @code{stratapack} or @code{guile}.")
               (G_ "there is no writer of layers '~a'") other)))
    (if (and (option #:max-layers)
             (not (equal? (option #:layer-writer) "guile")))
        (apply packed-archive name profile arguments)
        (apply pure name profile arguments))))

(define* (layered-system-image os #:key (max-layers 100) shared-network?)
  "Return a file-like object: the image of OS, an operating system, for
containers, with at most MAX-LAYERS layers."
  (operating-system-image os
                          #:image (docker-image
                                   (name "guix-system")
                                   (contents '())
                                   (max-layers max-layers))
                          #:shared-network? shared-network?))
