;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; Container images, as records and as derivations.
;;;
;;; A <docker-image> says what an image holds and how its layers are chosen; it
;;; is a file-like object. Three ways lead to the same bytes, and the field
;;; `build' chooses:
;;;
;;;   build-side    one derivation, which reads the references graph, plans
;;;                 and builds the image;
;;;   client-side   the closure is built first and the client plans; then
;;;                 every layer is a derivation, and the image another one, of
;;;                 the layers;
;;;   planned       the plan is a derivation, which is built first; then as
;;;                 client-side;
;;;   planned-build-side
;;;                 the plan is a derivation, and the image one of the plan.

(define-module (stratapack image)
  #:use-module (guix derivations)
  #:use-module (guix gexp)
  #:use-module (guix monads)
  #:use-module (guix store)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module (stratapack graph)
  #:use-module (stratapack image-arguments)
  #:use-module (stratapack image-build-side)
  #:use-module (stratapack image-in-layers)
  #:use-module (stratapack image-record)
  #:use-module (stratapack layer)
  #:use-module (stratapack program)
  #:export (image-with-layers
            keep-layers)
  #:re-export (docker-image-layer
               docker-image-layer?
               docker-image-layer-name
               docker-image-layer-items
               docker-image-layer-directives
               docker-image-layer-roots
               docker-image-layer-permissions
               docker-image-layer-compression
               docker-image-layer-owner
               docker-image-layer-time
               docker-image-layer-program
               docker-image-layer-customised?
               item-named
               find-layer
               merge-layers
               split-layer
               isolate-items
               move-layer
               %stratapack-program

               <docker-image>
               docker-image
               docker-image?
               this-docker-image
               docker-image-name
               docker-image-tag
               docker-image-names
               docker-image-contents
               docker-image-base
               docker-image-base-items
               docker-image-build
               docker-image-strategy
               docker-image-max-layers
               docker-image-plan
               docker-image-previous
               docker-image-layers
               docker-image-format
               docker-image-compression
               docker-image-symlinks
               docker-image-directives
               docker-image-roots
               docker-image-permissions
               docker-image-temporary-directory?
               docker-image-localstatedir?
               docker-image-profile-name
               docker-image-entry-point
               docker-image-entry-point-arguments
               docker-image-command
               docker-image-environment
               docker-image-search-paths?
               docker-image-user
               docker-image-working-directory
               docker-image-labels
               docker-image-exposed-ports
               docker-image-volumes
               docker-image-stop-signal
               docker-image-annotations
               docker-image-author
               docker-image-created
               docker-image-owner
               docker-image-time
               docker-image-system
               docker-image-target
               docker-image-program
               docker-image-force?

               closure-item?
               closure-item-file-name
               closure-item-name
               closure-item-size
               closure-item-references
               closure-item-root?
               layers-by-nearness

               docker-image-formats
               docker-image-file-name
               planned-layers))

(define (lower-docker-image image system target)
  "Return, as a monadic value, the derivation that makes IMAGE."
  (let ((system (or (docker-image-system image) system))
        (target (or (docker-image-target image) target)))
    (check-image image)
    (match (docker-image-build image)
      ('build-side
       (build-side image system target))
      ('planned-build-side
       (mlet %store-monad ((plan (plan-derivation image system target)))
         (build-side image system target #:plan plan)))
      ((or 'planned 'client-side)
       (lower-in-layers image system target)))))

(define-gexp-compiler (docker-image-compiler (image <docker-image>)
                                             system target)
  ;; Return the derivation that makes IMAGE.
  (lower-docker-image image system target))


;;;
;;; What keeps layers.
;;;

;; A file-like object: a directory of links to the layers of an image, and to
;; the image.
(define-record-type <kept-image>
  (image-with-layers image)
  kept-image?
  (image kept-image-image))

(define (keep-layers name drv system)
  "Return, as a monadic value, the derivation of a directory called NAME with
links to what DRV, the derivation of an image, makes, and to its layers: so a
root for the garbage collector that leads to it keeps them, too."
  (define layers
    (filter layer-derivation?
            (map derivation-input-derivation (derivation-inputs drv))))

  (gexp->derivation name
                    #~(begin
                        (mkdir #$output)
                        (for-each (lambda (item)
                                    (symlink item
                                             (string-append
                                              #$output "/" (basename item))))
                                  (list #$drv #$@layers)))
                    #:system system
                    #:local-build? #t))

(define-gexp-compiler (kept-image-compiler (kept <kept-image>) system target)
  (let ((image (kept-image-image kept)))
    (mlet %store-monad ((drv (lower-object image system #:target target)))
      (keep-layers (docker-image-file-name image "-with-layers") drv
                   system))))
