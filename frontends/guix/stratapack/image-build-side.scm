;;; Images, and plans of them, as one derivation that reads the references graph of what it contains.

(define-module (stratapack image-build-side)
  #:use-module (guix gexp)
  #:use-module (guix modules)
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack conditions)
  #:use-module (stratapack image-arguments)
  #:use-module (stratapack image-record)
  #:use-module (stratapack layer)
  #:use-module (stratapack program)
  #:use-module (stratapack text)
  #:export (hand-made-layers
            layers-below
            build-side
            plan-derivation))

(define (graph-names contents)
  (map (cut format #f "graph-~a" <>) (iota (length contents))))

(define (references-graphs contents)
  "Return the argument #:references-graphs for a derivation that reads the closure of CONTENTS."
  (map (lambda (name content)
         (match content
           ((? gexp-input? input) (list name input))
           (object (list name object))))
       (graph-names contents) contents))

(define (source-arguments image contents)
  "Return a gexp for the arguments that let the program read the closure of CONTENTS."
  #~(append (list #$@(append-map (cut list "--references-graph" <>) (graph-names contents)))
            #$(texts->gexp contents)))

(define (hand-made-layers image)
  "Return the layers that IMAGE is given, apart from those that its strategy chooses."
  (define (check layer)
    (when (or (docker-image-layer-customised? layer) (null? (docker-image-layer-items layer)))
      (refuse (format #f "a layer of the image '~a' holds something else than store items"
                      (docker-image-name image))
              "Directories, links and roots go into the fields of the image that are called so.")))

  (match (docker-image-layers image)
    ((? procedure?) '())
    (layers
     (for-each check layers)
     layers)))

(define (check-for-build-side image)
  "Refuse IMAGE where it asks for what only layers that are derivations can give."
  (define (plain? layer)
    (and (member (docker-image-layer-compression layer) (list #f (docker-image-compression image)))
         (member (docker-image-layer-owner layer) (list #f (docker-image-owner image)))
         (member (docker-image-layer-time layer) (list #f (docker-image-time image)))))

  (when (procedure? (docker-image-layers image))
    (refuse (format #f "the layers of the image '~a' are changed by a procedure"
                    (docker-image-name image))
            "That needs a plan before anything is built: set @code{build} to
@code{'client-side} or @code{'planned}."))
  (unless (every plain? (hand-made-layers image))
    (refuse (format #f "the image '~a' has layers with rules of their own" (docker-image-name image))
            "Only layers that are derivations can differ in compression, owner or time: set
@code{build} to @code{'client-side} or @code{'planned}.")))

(define (groups->plan groups)
  "Return the text of a plan whose layers hold GROUPS, lists of texts, and nothing else."
  (json->text
   `((layers . ,(list->vector
                 (map (lambda (group) `((items . ,(list->vector group)))) groups))))))

(define (layers-below image)
  "Return the text of the plan of the layers of IMAGE that are there before its strategy is asked, or a
file-like object that is one, or #f."
  (define groups
    (map docker-image-layer-items (hand-made-layers image)))

  (match (docker-image-plan image)
    (#f (and (pair? groups) (groups->plan groups)))
    (plan
     (when (pair? groups)
       (refuse (format #f "the image '~a' has both a plan and layers" (docker-image-name image))
               "A plan names layers: leave out the field @code{layers}."))
     plan)))

(define (planning-arguments image)
  "Return a gexp that writes what planning IMAGE needs into the working directory, and returns the
arguments."
  (define below
    (match (layers-below image)
      (#f #~'())
      ((? list? text)
       #~(begin
           (call-with-output-file "below.json"
             (lambda (port) (display #$(text->gexp text) port)))
           (list "--below" "below.json")))
      (plan #~(list "--below" #$plan))))

  #~(append #$below
            #$(texts->gexp (append (strategy-arguments image)
                                   (customisation-arguments image)))))

(define for-builders?
  ;; Whether a module of the client is for builders, too.
  (match-lambda
    (('guix 'config) #f)
    (((or 'guix 'stratapack) _ ...) #t)
    (_ #f)))

(define (build-side-environment image contents)
  "Return a gexp for the arguments that set the environment of IMAGE."
  (define own
    (texts->gexp (environment-arguments image '())))

  (if (docker-image-search-paths? image)
      (with-imported-modules (source-module-closure '((stratapack build environment))
                                                    #:select? for-builders?)
        #~(let ((own '#$(map car (docker-image-environment image)))
                (profiles-environment
                 (@ (stratapack build environment) profiles-environment)))
            (append (apply append
                           (map (lambda (pair)
                                  (if (member (car pair) own)
                                      '()
                                      (list "--env" (string-append (car pair) "=" (cdr pair)))))
                                (profiles-environment #$(texts->gexp contents))))
                    #$own)))
      own))

(define* (build-side image system target #:key plan)
  "Return, as a monadic value, the derivation that builds all of IMAGE, with PLAN, a derivation, or
making one itself."
  (define contents (image-contents image))

  (check-for-build-side image)
  (gexp->derivation (docker-image-file-name image)
                    #~(let ((planning #$(if plan
                                            #~(list "--plan" #$plan)
                                            (planning-arguments image))))
                        #$(run-program (image-program image)
                                       #~(append (list "build" "--no-cache"
                                                       "--output" #$(output-argument image))
                                                 #$(source-arguments image contents)
                                                 planning
                                                 #$(texts->gexp (base-arguments image))
                                                 #$(texts->gexp (layer-arguments image))
                                                 #$(build-side-environment image contents)
                                                 #$(texts->gexp
                                                    (config-arguments image system target)))))
                    #:system system
                    #:target target
                    #:references-graphs (references-graphs contents)
                    #:local-build? #f))

(define (plan-derivation image system target)
  "Return, as a monadic value, the derivation of the plan of IMAGE."
  (define contents (image-contents image))

  (gexp->derivation "plan.json"
                    #~(let ((planning #$(planning-arguments image)))
                        #$(run-program (image-program image)
                                       #~(append (list "plan" "--output" #$output)
                                                 #$(source-arguments image contents)
                                                 planning
                                                 #$(texts->gexp
                                                    (append (base-arguments image)
                                                            (architecture-arguments system
                                                                                    target))))
                                       #:threads? #f))
                    #:system system
                    #:target target
                    #:references-graphs (references-graphs contents)
                    #:local-build? #t))
