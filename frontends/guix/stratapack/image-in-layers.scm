;;; Images whose layers are derivations: planned on the client, or by a derivation that is built first.

(define-module (stratapack image-in-layers)
  #:use-module (guix derivations)
  #:use-module (guix gexp)
  #:use-module (guix monads)
  #:use-module (guix store)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack build environment)
  #:use-module (stratapack client)
  #:use-module (stratapack conditions)
  #:use-module (stratapack image-arguments)
  #:use-module (stratapack image-build-side)
  #:use-module (stratapack image-record)
  #:use-module (stratapack layer)
  #:use-module (stratapack program)
  #:use-module (stratapack text)
  #:export (planned-layers
            built-plan
            client-plan
            lower-in-layers))

(define (build-inputs inputs)
  "Build INPUTS, derivation inputs, as a monadic value."
  (if (null? inputs)
      (with-monad %store-monad (return #t))
      (built-derivations inputs)))

(define (build-objects objects system target)
  "Build OBJECTS, texts, as a monadic value: the list of their store items."
  (define (lower object)
    (match object
      ((? string? item)
       (mlet %store-monad ((_ (resolve-items (list item) system target)))
         (return (cons #f item))))
      ((? gexp-input? input)
       (mlet %store-monad ((lowered (lower-object (gexp-input-thing input) system
                                                  #:target target)))
         (return (if (derivation? lowered)
                     (cons (derivation-input lowered (list (gexp-input-output input)))
                           (derivation->output-path lowered (gexp-input-output input)))
                     (cons #f lowered)))))
      (object
       (mlet %store-monad ((lowered (lower-object object system #:target target)))
         (return (if (derivation? lowered)
                     (cons (derivation-input lowered '("out"))
                           (derivation->output-path lowered))
                     (cons #f lowered)))))))

  (mlet* %store-monad ((lowered (mapm %store-monad lower objects))
                       (_ (build-inputs (filter-map car lowered))))
    (return (map cdr lowered))))

(define (client-plan image system target)
  "Build the contents of IMAGE and plan on the client, as a monadic value."
  (mlet* %store-monad ((roots (build-objects (image-contents image) system target))
                       (program (built-executable (image-program image)))
                       (arguments (client-planning-arguments image system target)))
    (plan-on-client program (delete-duplicates roots) arguments)))

(define (client-planning-arguments image system target)
  (define below
    (match (layers-below image)
      (#f (with-monad %store-monad (return '())))
      ((? list? text)
       (mlet* %store-monad ((text (text->string text system target))
                            (file (text-file "below.json" text)))
         (return (list "--below" file))))
      (plan
       (mlet %store-monad ((files (build-objects (list plan) system target)))
         (return (cons "--below" files))))))

  (mlet* %store-monad ((below below)
                       ;; What the customisation names must be there.
                       (_ (build-objects (append (image-roots image)
                                                 (filter file-like? (image-permissions image)))
                                         system target))
                       ;; And so must the base, and what was before.
                       (_ (build-objects (filter file-like?
                                                 (text-fragments
                                                  (append (strategy-arguments image)
                                                          (base-arguments image))))
                                         system target))
                       (arguments (texts->strings (append (strategy-arguments image)
                                                          (customisation-arguments image)
                                                          (base-arguments image)
                                                          (architecture-arguments system target))
                                                  system target)))
    (return (append below arguments))))

(define (built-plan image system target)
  "Build the derivation of the plan of IMAGE, and return it as a monadic value."
  (mlet* %store-monad ((plan (plan-derivation image system target))
                       (_ (built-derivations (list plan))))
    (return (read-plan (derivation->output-path plan)))))

(define (image-layers image planned)
  "Return the layers of IMAGE, where a plan has PLANNED, bottom first: those made by hand as they are, and
then the others."
  (define by-hand (hand-made-layers image))

  (map (cut complete-layer image <>)
       (append by-hand (drop planned (length by-hand)))))

(define (complete-layer image layer)
  "Return LAYER with what IMAGE says where it says nothing itself."
  (docker-image-layer
   (inherit layer)
   (compression (or (docker-image-layer-compression layer) (docker-image-compression image)))
   (owner (or (docker-image-layer-owner layer) (docker-image-owner image)))
   (time (or (docker-image-layer-time layer) (docker-image-time image)))
   (program (or (docker-image-layer-program layer) (docker-image-program image)))))

(define (customised-layers image layers own-layer?)
  "Return LAYERS with what IMAGE has besides its items: in a layer of its own on top, or else in the
topmost one."
  (define image-customisation (image-directives image))

  (define (customise layer)
    (complete-layer image
                    (docker-image-layer
                     (inherit layer)
                     (directives image-customisation)
                     (roots (image-roots image))
                     (permissions (image-permissions image)))))

  (cond ((and (null? image-customisation) (null? (image-roots image)))
         layers)
        ((or own-layer? (null? layers))
         (append layers (list (customise (docker-image-layer)))))
        (else
         (append (drop-right layers 1) (list (customise (last layers)))))))

(define* (planned-layers image #:key system target)
  "Return, as a monadic value, the list of <docker-image-layer> records of IMAGE, bottom first, without
that of its customisation: for use in other images.  What IMAGE contains is built."
  (mlet* %store-monad ((current (current-system))
                       (system -> (or system (docker-image-system image) current))
                       (target -> (or target (docker-image-target image)))
                       (plan (if (memq (docker-image-build image) '(planned planned-build-side))
                                 (built-plan image system target)
                                 (client-plan image system target))))
    (changed-layers image plan system target)))

(define (changed-layers image plan system target)
  "Return, as a monadic value, the layers of IMAGE according to PLAN, as its procedure wants them."
  (define layers (image-layers image (plan-layers plan)))

  (define items
    (append-map docker-image-layer-items (plan-layers plan)))

  (match (docker-image-layers image)
    ((? procedure? change)
     (let ((changed (change layers)))
       (unless (and (list? changed) (every docker-image-layer? changed))
         (refuse (format #f "the procedure for the layers of '~a' returned no list of layers"
                         (docker-image-name image))))
       (mlet %store-monad ((_ (check-layers image items changed system target)))
         (return changed))))
    (_ (with-monad %store-monad (return layers)))))

(define (check-layers image wanted layers system target)
  "Refuse LAYERS unless they hold the store items WANTED, each once."
  (mlet %store-monad ((held (mapm %store-monad
                                  (lambda (layer)
                                    (resolve-items (docker-image-layer-items layer) system target))
                                  layers)))
    (define names (map car (concatenate held)))
    (define (complain problem item)
      (refuse (format #f "the layers that were made for '~a' ~a '~a'"
                      (docker-image-name image) problem item)
              "Every item of the closure is in exactly one layer."))

    (match (lset-difference string=? wanted names)
      (() #t)
      ((item . _) (complain "do not hold" item)))
    (match (lset-difference string=? names wanted)
      (() #t)
      ((item . _) (complain "hold a foreign item," item)))
    (let loop ((names (sort names string<?)))
      (match names
        ((one another . _)
         (if (string=? one another)
             (complain "hold twice" one)
             (loop (cdr names))))
        (_ #t)))
    (return #t)))

(define (client-environment image system target)
  "Return, as a monadic value, the environment that the contents of IMAGE, which are built, ask for."
  (if (docker-image-search-paths? image)
      (mlet %store-monad ((items (texts->strings (image-contents image) system target)))
        (return (profiles-environment items)))
      (with-monad %store-monad (return '()))))

(define (join-layers image layers plan system target)
  "Return, as a monadic value, the derivation that makes IMAGE of LAYERS, which hold its items, bottom
first, and of its customisation, where PLAN was made for it.  The contents are built."
  (define whole (customised-layers image layers (plan-own-layer? plan)))

  (define customisation
    ;; Only what tells that there is one matters when layers are joined.
    (match (last whole)
      ((? docker-image-layer-customised?)
       `((customisation . ((ownLayer . ,(plan-own-layer? plan))
                           (entries . ,(directives->json (image-directives image)))
                           (copies . ,(roots->json (image-roots image)))))))
      (_ '())))

  (define base
    (match (plan-base plan)
      (#f '())
      (text `((base . ,(verbatim text))))))

  (mlet* %store-monad ((environment (client-environment image system target))
                       (held (mapm %store-monad
                                   (lambda (layer)
                                     (resolve-items (docker-image-layer-items layer)
                                                    system target))
                                   layers))
                       (plan (text->string
                              (json->text
                               `(,@base
                                 (layers . ,(list->vector
                                             (map (lambda (items)
                                                    `((items . ,(list->vector (map car items)))))
                                                  held)))
                                 ,@customisation))
                              system target))
                       (arguments (texts->strings
                                   (append (environment-arguments image environment)
                                           (config-arguments image system target))
                                   system target)))
    (gexp->derivation (docker-image-file-name image)
                      ;; What the image mentions is no input of it: it stands alone.  So the texts are
                      ;; written in a way in which no string is the name of a store item.
                      #~(begin
                          (call-with-output-file "plan.json"
                            (lambda (port) (display #$plan port)))
                          #$(run-program (image-program image)
                                         #~(append (list "image" "plan.json"
                                                         "--output" #$(output-argument image))
                                                   (apply append
                                                          (map (lambda (layer)
                                                                 (list "--layer" layer))
                                                               '#$whole))
                                                         #$(texts->gexp (base-arguments image))
                                                   (call-with-input-string
                                                    #$(object->string arguments) read))
                                         #:threads? #f))
                      #:system system
                      #:target target
                      #:local-build? #f)))

(define (lower-in-layers image make-plan system target)
  (mlet* %store-monad ((plan (make-plan image system target))
                       (layers (changed-layers image plan system target)))
    (join-layers image layers plan system target)))
