;;; Container images, as records and as derivations.
;;;
;;; A <docker-image> says what an image holds and how its layers are chosen; it is a file-like object.
;;; Three ways lead to the same bytes, and the field `build' chooses:
;;;
;;;   build-side    one derivation, which reads the references graph, plans and builds the image;
;;;   client-side   the closure is built first and the client plans; then every layer is a derivation,
;;;                 and the image another one, of the layers;
;;;   planned       the plan is a derivation, which is built first; then as client-side;
;;;   planned-build-side
;;;                 the plan is a derivation, and the image one of the plan.

(define-module (stratapack image)
  #:use-module (guix gexp)
  #:use-module (guix monads)
  #:use-module (guix store)
  #:use-module (ice-9 match)
  #:use-module (stratapack image-arguments)
  #:use-module (stratapack image-build-side)
  #:use-module (stratapack image-in-layers)
  #:use-module (stratapack image-record)
  #:use-module (stratapack layer)
  #:use-module (stratapack program)
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

               docker-image-formats
               docker-image-file-name
               planned-layers))

(define (lower-docker-image image system target)
  (let ((system (or (docker-image-system image) system))
        (target (or (docker-image-target image) target)))
    (first-content image)                         ;refuses an image of nothing
    (match (docker-image-build image)
      ('build-side
       (build-side image system target))
      ('planned-build-side
       (mlet %store-monad ((plan (plan-derivation image system target)))
         (build-side image system target #:plan plan)))
      ('planned
       (lower-in-layers image built-plan system target))
      ('client-side
       (lower-in-layers image client-plan system target)))))

(define-gexp-compiler (docker-image-compiler (image <docker-image>) system target)
  "Return the derivation that makes IMAGE."
  (lower-docker-image image system target))
