;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; Images whose layers are derivations: planned on the client, or by a
;;; derivation that is built first.

(define-module (stratapack image-in-layers)
  #:use-module (guix derivations)
  #:use-module (guix gexp)
  #:use-module (guix i18n)
  #:use-module (guix monads)
  #:use-module (guix sets)
  #:use-module (guix store)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack build environment)
  #:use-module (stratapack build links)
  #:use-module (stratapack client)
  #:use-module (stratapack conditions)
  #:use-module (stratapack graph)
  #:use-module (stratapack image-arguments)
  #:use-module (stratapack image-build-side)
  #:use-module (stratapack image-record)
  #:use-module (stratapack layer)
  #:use-module (stratapack program)
  #:use-module (stratapack provenance)
  #:use-module (stratapack text)
  #:export (planned-layers
            lower-in-layers))


;;;
;;; Building what an image contains, and planning it.
;;;

(define (lower-objects objects system target)
  "Return, as a monadic value, the derivation inputs or file names that
OBJECTS, texts, are.  Nothing is built."
  (define (lower object output)
    (mlet %store-monad ((lowered (lower-object object system
                                               #:target target)))
      (return (if (derivation? lowered)
                  (derivation-input lowered (list output))
                  lowered))))

  (mapm %store-monad
        (match-lambda
          ((? string? item)
           (mlet %store-monad ((_ (resolve-items (list item) system target)))
             (return item)))
          ((? gexp-input? input)
           (lower (gexp-input-thing input) (gexp-input-output input)))
          (object (lower object "out")))
        objects))

(define (build-lowered lowered)
  "Build LOWERED, derivation inputs and file names, as a monadic value: the
list of their store items."
  (mlet %store-monad ((_ (match (filter derivation-input? lowered)
                           (() (return #t))
                           (inputs (built-derivations inputs)))))
    (return (map (match-lambda
                   ((? string? item) item)
                   (input (first (derivation-input-output-paths input))))
                 lowered))))

(define (build-objects objects system target)
  "Build OBJECTS, texts, as a monadic value: the list of their store items."
  (mlet %store-monad ((lowered (lower-objects objects system target)))
    (build-lowered lowered)))

(define (check-links image system target)
  "Refuse IMAGE, whose contents are built, where a link leads nowhere, as a
monadic value."
  (define links (image-links image))

  (mlet %store-monad ((targets (texts->strings (map cdr links) system
                                               target)))
    (match (dangling-link (map cons (map car links) targets))
      (#f (return #t))
      ((name . target)
       (refuse #f (G_ "the link '~a' leads to '~a', which is not there")
               name target)))))

(define (strategy-groups image items system target)
  "Return, as a monadic value, the layers that the procedure that is the
strategy of IMAGE makes of ITEMS, its closure, on top of those by hand."
  (mlet* %store-monad ((by-hand
                        (mapm %store-monad
                              (cut resolve-items <> system target)
                              (remove null?
                                      (map docker-image-layer-items
                                           (hand-made-layers image)))))
                       (by-hand -> (map (cut map car <>) by-hand))
                       (held -> (list->set (concatenate by-hand)))
                       (groups (divided-by
                                (docker-image-strategy image)
                                (remove (compose (cut set-contains? held <>)
                                                 closure-item-file-name)
                                        items))))
    (return (append by-hand groups))))

(define (below-arguments image items system target)
  "Return, as a monadic value, the arguments that tell the program what layers
of IMAGE, whose closure is ITEMS, are there already."
  (define (as-file text)
    (mlet* %store-monad ((text (text->string text system target))
                         (file (text-file "below.json" text)))
      (return (list "--below" file))))

  (if (procedure? (docker-image-strategy image))
      (mlet %store-monad ((groups (strategy-groups image items system
                                                   target)))
        (as-file (groups->plan groups)))
      (match (layers-below image)
        (#f (with-monad %store-monad (return '())))
        ((? list? text) (as-file text))
        (plan
         (mlet %store-monad ((files (build-objects (list plan) system
                                                   target)))
           (return (cons "--below" files)))))))

(define (client-planning-arguments image system target)
  "Build what planning IMAGE on the client reads, and return the arguments, as
a monadic value."
  (define read-by-program
    (append (image-roots image)
            (filter file-like? (image-permissions image))
            (filter file-like?
                    (text-fragments (append (strategy-arguments image)
                                            (base-arguments image))))))

  (mlet %store-monad ((_ (build-objects read-by-program system target)))
    (texts->strings (append (strategy-arguments image)
                            (force-arguments image)
                            (customisation-arguments image)
                            (base-arguments image)
                            (architecture-arguments system target))
                    system target)))

(define (client-plan image system target)
  "Build the contents of IMAGE and plan on the client, as a monadic value."
  (mlet* %store-monad ((roots (build-objects (image-contents image) system
                                             target))
                       (roots -> (delete-duplicates roots))
                       (_ (check-links image system target))
                       (items (lambda (store)
                                (values (closure-items store roots) store)))
                       (program (built-executable (image-program image)))
                       (below (below-arguments image items system target))
                       (arguments (client-planning-arguments image system
                                                             target)))
    (return (plan-on-client program roots items
                            (append below arguments)))))

(define (built-plan image system target)
  "Build the derivation of the plan of IMAGE, and return it as a monadic
value."
  (mlet* %store-monad ((plan (plan-derivation image system target))
                       (_ (built-derivations (list plan)))
                       (_ (check-links image system target)))
    (return (read-plan (derivation->output-path plan)))))

(define (image-plan image system target)
  "Return, as a monadic value, the plan of IMAGE, whose contents are built."
  (if (and (memq (docker-image-build image) '(planned planned-build-side))
           (not (procedure? (docker-image-strategy image))))
      (built-plan image system target)
      (client-plan image system target)))


;;;
;;; Layers.
;;;

(define (complete-layer image layer)
  "Return LAYER with what IMAGE says where it says nothing itself."
  (docker-image-layer
   (inherit layer)
   (compression (or (docker-image-layer-compression layer)
                    (docker-image-compression image)))
   (owner (or (docker-image-layer-owner layer) (docker-image-owner image)))
   (time (or (docker-image-layer-time layer) (docker-image-time image)))
   (program (or (docker-image-layer-program layer) (image-program image)))))

(define (planned-group->layer group table)
  "Return the layer for GROUP of a plan, whose items TABLE leads to their
derivations."
  (docker-image-layer
   (items (map (cut item->input table <>) (planned-group-items group)))
   (compression (planned-group-compression group))))

(define (image-layers image plan system target)
  "Return, as a monadic value, the layers of IMAGE that PLAN has, bottom first:
those made by hand as they are, and then the others."
  (define by-hand (hand-made-layers image))

  (define groups
    (drop (plan-groups plan)
          (count (compose pair? docker-image-layer-items) by-hand)))

  (mlet* %store-monad ((contents (lower-objects (image-contents image)
                                                system target))
                       (table -> (derivation-outputs-table
                                  (map derivation-input-derivation
                                       (filter derivation-input? contents))
                                  (append-map planned-group-items groups))))
    (return (map (cut complete-layer image <>)
                 (append by-hand
                         (map (cut planned-group->layer <> table)
                              groups))))))

(define (changed-layers image plan system target)
  "Return, as a monadic value, the layers of IMAGE according to PLAN, as its
procedure wants them."
  (mlet %store-monad ((layers (image-layers image plan system target)))
    (match (docker-image-layers image)
      ((? procedure? change)
       (let ((changed (change layers)))
         (unless (and (list? changed) (every docker-image-layer? changed))
           (refuse (G_ "Return a list of @code{docker-image-layer} records.")
                   (G_ "the procedure for the layers of '~a' returned \
no list of layers")
                   (docker-image-name image)))
         (mlet %store-monad ((_ (check-layers image
                                              (append-map planned-group-items
                                                          (plan-groups plan))
                                              changed system target)))
           (return changed))))
      (_ (return layers)))))

(define (check-layers image wanted layers system target)
  "Refuse LAYERS unless they hold the store items WANTED, each once, as a
monadic value."
  (define name (docker-image-name image))
  (define advice (G_ "Every item of the closure is in exactly one layer."))

  (mlet* %store-monad ((held (mapm %store-monad
                                   (lambda (layer)
                                     (resolve-items
                                      (docker-image-layer-items layer)
                                      system target))
                                   layers))
                       (names -> (map car (concatenate held)))
                       (wanted-set -> (list->set wanted))
                       (held-set -> (list->set names)))
    (for-each (lambda (item)
                (unless (set-contains? held-set item)
                  (refuse advice (G_ "the layers that were made for '~a' do \
not hold '~a'")
                          name item)))
              wanted)
    (for-each (lambda (item)
                (unless (set-contains? wanted-set item)
                  (refuse advice (G_ "the layers that were made for '~a' hold \
a foreign item, '~a'")
                          name item)))
              names)
    (fold (lambda (item seen)
            (when (set-contains? seen item)
              (refuse advice (G_ "the layers that were made for '~a' hold \
twice '~a'")
                      name item))
            (set-insert item seen))
          (set)
          names)
    (return #t)))

(define* (planned-layers image #:key system target)
  "Return, as a monadic value, the list of <docker-image-layer> records of
IMAGE, bottom first, without that of its customisation: for use in other
images.  What IMAGE contains is built."
  (check-image image)
  (mlet* %store-monad ((current (current-system))
                       (system -> (or system
                                      (docker-image-system image)
                                      current))
                       (target -> (or target (docker-image-target image)))
                       (plan (image-plan image system target)))
    (changed-layers image plan system target)))


;;;
;;; Joining.
;;;

(define (customised-layers image layers own-layer?)
  "Return LAYERS with what IMAGE has besides its items: in a layer of its own
on top, or else in the topmost one."
  (define (customise layer)
    (complete-layer image
                    (docker-image-layer
                     (inherit layer)
                     (directives (image-directives image))
                     (roots (image-roots image))
                     (permissions (image-permissions image)))))

  (cond ((and (null? (image-directives image)) (null? (image-roots image)))
         layers)
        (own-layer?
         (append layers (list (customise (docker-image-layer)))))
        (else
         (append (drop-right layers 1) (list (customise (last layers)))))))

(define (own-layer? image layers plan)
  "Whether what IMAGE has besides its items is a layer of its own above LAYERS.
A layer by hand stays what it is."
  (or (plan-own-layer? plan)
      (null? layers)
      (null? (docker-image-layer-items (last layers)))
      (docker-image-layer-customised? (last layers))))

(define (client-environment image system target)
  "Return, as a monadic value, the environment that the contents of IMAGE,
which are built, ask for."
  (if (docker-image-search-paths? image)
      (mlet %store-monad ((items (texts->strings (image-contents image) system
                                                 target)))
        (return (contents-environment items (image-search-paths image))))
      (with-monad %store-monad (return '()))))

(define (joining-plan image held plan own-layer?)
  "Return the text of what layers are joined by: those that hold the items
HELD, lists of file names, and where the customisation is."
  (define base
    (match (plan-base plan)
      (#f '())
      (text `((base . ,(verbatim text))))))

  (define groups
    (map (lambda (items) `((items . ,(list->vector items))))
         (remove null? held)))

  (define customisation
    ;; Only what tells that there is one matters when layers are joined.
    (match (list (image-directives image) (image-roots image))
      ((() ()) '())
      ((directives roots)
       `((customisation . ((ownLayer . ,own-layer?)
                           (entries . ,(directives->json directives))
                           (copies . ,(roots->json roots))))))))

  (json->text `(,@base
                (layers . ,(list->vector groups))
                ,@customisation)))

(define (join-layers image layers plan system target)
  "Return, as a monadic value, the derivation that makes IMAGE of LAYERS, which
hold its items, bottom first, and of its customisation, where PLAN was made
for it.  The contents are built."
  (define own? (own-layer? image layers plan))
  (define whole (customised-layers image layers own?))

  (mlet* %store-monad ((environment (client-environment image system target))
                       (held (mapm %store-monad
                                   (lambda (layer)
                                     (resolve-items
                                      (docker-image-layer-items layer)
                                      system target))
                                   layers))
                       (plan (text->string
                              (joining-plan image (map (cut map car <>) held)
                                            plan own?)
                              system target))
                       (arguments (texts->strings
                                   (append (environment-arguments image
                                                                  environment)
                                           (config-arguments image system
                                                             target)
                                           (force-arguments image))
                                   system target)))
    (gexp->derivation (docker-image-file-name image)
                      ;; What the image mentions is no input of it: it stands
                      ;; alone.  So the texts are written in a way in which no
                      ;; string is the name of a store item.
                      #~(begin
                          (call-with-output-file "plan.json"
                            (lambda (port) (display #$plan port)))
                          #$(run-program
                             (image-program image)
                             #~(append
                                (list "image" "plan.json" "--in-order"
                                      "--output" #$(output-argument image))
                                (apply append
                                       (map (lambda (layer)
                                              (list "--layer" layer))
                                            '#$whole))
                                #$(texts->gexp (base-arguments image))
                                (call-with-input-string
                                    #$(object->string arguments)
                                  read))
                             #:threads? #f))
                      #:system system
                      #:target target
                      #:local-build? #f)))

(define (lower-in-layers image system target)
  "Return, as a monadic value, the derivation that makes IMAGE of layers that
are derivations."
  (mlet* %store-monad ((plan (image-plan image system target))
                       (layers (changed-layers image plan system target)))
    (join-layers image layers plan system target)))
