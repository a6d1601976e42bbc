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
  #:use-module (guix derivations)
  #:use-module (guix gexp)
  #:use-module (guix modules)
  #:use-module (guix monads)
  #:use-module (guix packages)
  #:use-module (guix profiles)
  #:use-module (guix records)
  #:use-module (guix store)
  #:use-module (guix utils)
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack build environment)
  #:use-module (stratapack client)
  #:use-module (stratapack conditions)
  #:use-module (stratapack layer)
  #:autoload   (stratapack local-state) (local-state-directory %local-state-permissions)
  #:use-module (stratapack program)
  #:use-module (stratapack text)
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
               %stratapack-program)
  #:export (<docker-image>
            docker-image
            docker-image?
            this-docker-image
            docker-image-name
            docker-image-tag
            docker-image-names
            docker-image-contents
            docker-image-build
            docker-image-strategy
            docker-image-max-layers
            docker-image-plan
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

(define %formats
  ;; Symbol, transport of the program, what the name of the output ends in.
  '((docker    "docker-archive" ".tar")
    (docker-v1 "docker-v1-archive" ".tar")
    (oci       "oci" "")
    (oci-archive "oci-archive" ".tar")
    (universal "universal-archive" ".tar")
    (directory "dir" "")))

(define docker-image-formats
  ;; The names of all formats.
  (map first %formats))

(define (one-of kind choices)
  "Return a procedure that returns its argument where it is one of CHOICES, and refuses it otherwise."
  (lambda (value)
    (if (memq value choices)
        value
        (refuse (format #f "~s is not ~a of images" value kind)
                (format #f "Choose one of ~{@code{'~a}~^, ~}." choices)))))

(define check-format (one-of "a format" docker-image-formats))
(define check-build
  (one-of "a way to build" '(build-side client-side planned planned-build-side)))

(define (check-name name)
  (if (and (string? name)
           (string-match-all? name)
           (not (string-null? name)))
      name
      (refuse (format #f "~s is not the name of an image" name)
              "Names are lower-case words, joined by @samp{.}, @samp{_} or @samp{-}, with @samp{/}
between components, as in @samp{example.org/team/tool}.")))

(define (string-match-all? name)
  ;; The program knows the whole grammar; this catches what people write by mistake.
  (string-every (lambda (character)
                  (or (char-set-contains? char-set:digit character)
                      (char<=? #\a character #\z)
                      (memv character '(#\. #\_ #\- #\/ #\:))))
                name))

(define (check-environment variables)
  (define good?
    (match-lambda
      (((? string? name) . (? text?)) (not (or (string-null? name) (string-index name #\=))))
      (_ #f)))

  (match (remove good? variables)
    (() variables)
    ((other . _)
     (refuse (format #f "~s is not a variable of an environment" other)
             "Write @code{(\"NAME\" . \"value\")}."))))

(define-record-type* <docker-image>
  docker-image make-docker-image
  docker-image?
  this-docker-image

  ;; The repository's part of its name, perhaps with a registry; the tag; more names, "NAME:TAG".
  (name         docker-image-name (sanitize check-name))
  (tag          docker-image-tag (default "latest"))
  (names        docker-image-names (default '()))

  ;; What it is made of: profiles, manifests, packages, other file-like objects, lists of an object and
  ;; an output, names of store items.  Everything that they refer to comes along.
  (contents     docker-image-contents)

  ;; How it is built, see above.
  (build        docker-image-build (default 'build-side) (sanitize check-build))

  ;; How the items are divided into layers: the name of a strategy, and a bound on the layers of the
  ;; whole image.
  (strategy     docker-image-strategy (default 'popularity))
  (max-layers   docker-image-max-layers (default 100))
  ;; A file-like object that is a plan in JSON: its layers come first, as they are, and the strategy
  ;; divides what they do not hold.
  (plan         docker-image-plan (default #f))
  ;; Layers made by hand, or taken from another image: they come first, as they are, and the strategy
  ;; divides the rest.  Or a procedure, which gets the list of layers that the strategy chose, bottom
  ;; first, and returns a list with the same items: not for what is built on the build side.
  (layers       docker-image-layers (default '()))

  (format       docker-image-format (default 'docker) (sanitize check-format))
  (compression  docker-image-compression (default "gzip") (sanitize check-compression))

  ;; Links as those of `guix pack': a list of (SOURCE -> TARGET), where TARGET is relative to the first
  ;; of the contents.
  (symlinks     docker-image-symlinks (default '()))
  ;; Directories and links, and directories whose content goes to "/", see <docker-image-layer>.
  (directives   docker-image-directives (default '()))
  (roots        docker-image-roots (default '()))
  (permissions  docker-image-permissions (default '()))
  ;; Whether there is a directory /tmp for everybody to write to.
  (temporary-directory? docker-image-temporary-directory? (default #t))
  ;; Whether there is /var/guix with a database of the store items, for Guix in a container, and the
  ;; profile of root there that leads to the first of the contents.
  (localstatedir? docker-image-localstatedir? (default #f))
  (profile-name docker-image-profile-name (default "guix-profile"))

  ;; What a container runs.  An entry point is a file name relative to the first of the contents, or an
  ;; absolute one, or another text.
  (entry-point  docker-image-entry-point (default #f))
  (entry-point-arguments docker-image-entry-point-arguments (default '()))
  (command      docker-image-command (default '()))
  ;; A list of (NAME . VALUE).  They come after the search paths that the contents ask for, unless
  ;; `search-paths?' is false, and win over them.
  (environment  docker-image-environment (default '()) (sanitize check-environment))
  (search-paths? docker-image-search-paths? (default #t))
  (user         docker-image-user (default #f))
  (working-directory docker-image-working-directory (default #f))
  (labels       docker-image-labels (default '()))         ;list of (KEY . VALUE)
  (exposed-ports docker-image-exposed-ports (default '())) ;"80/tcp"
  (volumes      docker-image-volumes (default '()))
  (stop-signal  docker-image-stop-signal (default #f))
  (annotations  docker-image-annotations (default '()))    ;list of (KEY . VALUE)
  (author       docker-image-author (default #f))
  (created      docker-image-created (default 1))          ;seconds since the epoch

  ;; As those of <docker-image-layer>.
  (owner        docker-image-owner (default #f))
  (time         docker-image-time (default #f))

  ;; What it is built for, #f being what everything else is built for.
  (system       docker-image-system (default #f))
  (target       docker-image-target (default #f))

  (program      docker-image-program (default #f)))

(define (image-program image)
  (or (docker-image-program image) (default-program)))


;;;
;;; Arguments for the program.
;;;

(define %architectures
  ;; What Go calls the architectures, by how the names of systems and triplets begin, with variants.
  '(("x86_64" "amd64") ("i686" "386") ("i586" "386") ("aarch64" "arm64" "v8") ("armhf" "arm" "v7")
    ("arm" "arm" "v7") ("powerpc64le" "ppc64le") ("riscv64" "riscv64") ("s390x" "s390x")
    ("mips64" "mips64le") ("loongarch64" "loong64")))

(define (architecture-arguments system target)
  (match (find (match-lambda ((prefix . _) (string-prefix? prefix (or target system))))
               %architectures)
    ((_ architecture) (list "--architecture" architecture))
    ((_ architecture variant) (list "--architecture" architecture "--variant" variant))
    (#f (refuse (format #f "containers have no name for the architecture of ~a"
                        (or target system))))))

(define (content->text content)
  "Return the text that CONTENT, one of the contents, is."
  (match content
    ((? manifest? manifest) (profile (content manifest)))
    (((? file-like? object) (? string? output)) (gexp-input object output))
    ((? text? text) text)
    (other
     (refuse (format #f "~s is not something that an image can contain" other)
             "Give profiles, manifests, packages, or other file-like objects."))))

(define (image-contents image)
  "Return the contents of IMAGE as texts: those of layers made by hand are contents, too."
  (append (map content->text (docker-image-contents image))
          (match (docker-image-layers image)
            ((? procedure?) '())
            (layers (map content->text (append-map docker-image-layer-items layers))))))

(define (first-content image)
  (match (docker-image-contents image)
    ((first . _) (content->text first))
    (() (refuse (format #f "the image '~a' has no contents" (docker-image-name image))
                "List at least one object in the field @code{contents}."))))

(define (image-directives image)
  "Return the directives of IMAGE, those that stand for other fields included."
  (define (symlink->directive symlink)
    (match symlink
      ((source '-> target)
       (if (string-prefix? "/" target)
           (refuse (format #f "the target '~a' of the link '~a' is absolute" target source)
                   "Targets of @code{symlinks} are relative to the first of the contents; use
@code{directives} for others.")
           (list source '->
                 (if (string-null? target)
                     (first-content image)
                     (list (first-content image) "/" target)))))
      (_ (refuse (format #f "~s is not a link" symlink) "Write @code{(SOURCE -> TARGET)}."))))

  (define directives
    (append (map symlink->directive (docker-image-symlinks image))
            (docker-image-directives image)))

  (define (about-tmp? directive)
    (match directive
      (('directory "/tmp" . _) #t)
      (("/tmp" '-> _) #t)
      (_ #f)))

  (if (and (docker-image-temporary-directory? image)
           (not (any about-tmp? directives)))
      (cons '(directory "/tmp" 0 0 #o1777) directives)
      directives))

(define (image-roots image)
  "Return the directories whose content goes to the root of IMAGE."
  (append (if (docker-image-localstatedir? image)
              (list (local-state-directory (image-contents image)
                                           #:profile-name (docker-image-profile-name image)))
              '())
          (docker-image-roots image)))

(define (image-permissions image)
  "Return the rules of permissions of IMAGE."
  (append (if (docker-image-localstatedir? image)
              %local-state-permissions
              '())
          (docker-image-permissions image)))

(define (customisation-arguments image)
  "Return the list of texts that tell the program what IMAGE has besides its items."
  (define directive->arguments
    (match-lambda
      (('directory name . rest)
       (match rest
         (() (list "--mkdir" name))
         ((uid gid) (list "--mkdir" (list name (format #f ":755:~a:~a" uid gid))))
         ((uid gid mode) (list "--mkdir" (list name (format #f ":~o:~a:~a" mode uid gid))))))
      ((new '-> target) (list "--symlink" (list new "=" target)))))

  (define permission->arguments
    (match-lambda
      ((? file-like? file) (list "--permissions" file))
      ((glob mode . owner)
       (append (match mode
                 (#f '())
                 ((? integer?) (list "--chmod" (format #f "~a=~o" glob mode)))
                 ((? string?) (list "--chmod" (string-append glob "=" mode))))
               (match owner
                 (() '())
                 ((uid gid) (list "--chown" (format #f "~a=~a:~a" glob uid gid))))))))

  (append (list "--no-tmp")
          (append-map directive->arguments (image-directives image))
          (append-map (cut list "--copy" <>) (image-roots image))
          (append-map permission->arguments (image-permissions image))))

(define (strategy-arguments image)
  (list "--strategy" (match (docker-image-strategy image)
                       ((? symbol? name) (symbol->string name))
                       ((? string? name) name))
        "--max-layers" (number->string (docker-image-max-layers image))))

(define (layer-arguments image)
  (append (list "--compression" (docker-image-compression image))
          (match (docker-image-owner image)
            (#f '())
            ((uid . gid) (list "--owner" (format #f "~a:~a" uid gid))))
          (match (docker-image-time image)
            (#f '())
            (time (list "--mtime" (number->string time))))))

(define (config-arguments image system target)
  "Return the list of texts that tell the program what IMAGE runs and is called."
  (define (option name value)
    (if value (list name value) '()))
  (define (options name values)
    (append-map (cut list name <>) values))
  (define (pairs alist)
    (map (match-lambda ((key . value) (list key "=" value))) alist))

  (define entry-point
    (match (docker-image-entry-point image)
      (#f '())
      ((? string? name)
       (list (if (string-prefix? "/" name)
                 name
                 (list (first-content image) "/" name))))
      (text (list text))))

  (when (and (null? entry-point) (pair? (docker-image-entry-point-arguments image)))
    (refuse (format #f "the image '~a' has arguments for an entry point, but none"
                    (docker-image-name image))
            "Set @code{entry-point}, or use @code{command}."))
  (append (architecture-arguments system target)
          (options "--entrypoint"
                   (append entry-point (docker-image-entry-point-arguments image)))
          (options "--cmd" (docker-image-command image))
          (option "--user" (docker-image-user image))
          (option "--workdir" (docker-image-working-directory image))
          (options "--label" (pairs (docker-image-labels image)))
          (options "--expose" (docker-image-exposed-ports image))
          (options "--volume" (docker-image-volumes image))
          (option "--stop-signal" (docker-image-stop-signal image))
          (options "--annotation" (pairs (docker-image-annotations image)))
          (option "--author" (docker-image-author image))
          (option "--created" (number->string (docker-image-created image)))
          (options "--tag" (docker-image-names image))))

(define (environment-arguments image environment)
  "Return the arguments for the environment of IMAGE, whose contents ask for ENVIRONMENT."
  (define own (docker-image-environment image))

  (append-map (match-lambda
                ((name . value) (list "--env" (list name "=" value))))
              (append (remove (match-lambda ((name . _) (assoc name own))) environment)
                      own)))

(define (output-argument image)
  "Return a gexp for the argument that names the output."
  (match (assq-ref %formats (docker-image-format image))
    ((transport _)
     #~(string-append #$transport ":" #$output ":"
                      #$(docker-image-name image) ":" #$(docker-image-tag image)))))

(define* (docker-image-file-name image #:optional (suffix ""))
  "Return the name of the store item that IMAGE is, with SUFFIX before what its format appends."
  (define name
    (string-map (lambda (character) (if (memv character '(#\/ #\:)) #\- character))
                (docker-image-name image)))

  (match (assq-ref %formats (docker-image-format image))
    ((_ extension) (string-append name "-image" suffix extension))))

(define (texts->gexp texts)
  "Return a gexp for the list of the strings that TEXTS are."
  #~(list #$@(map text->gexp texts)))


;;;
;;; On the build side.
;;;

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
                                                 planning)
                                       #:threads? #f))
                    #:system system
                    #:target target
                    #:references-graphs (references-graphs contents)
                    #:local-build? #t))


;;;
;;; On the client.
;;;

;; Guix's commands collect what several objects are to build, and wait forever for an empty list.
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

(define (build-program image)
  "Build the program of IMAGE for the client, as a monadic value: its file name."
  (mlet* %store-monad ((system (current-system))
                       (lowered (lower-gexp #~(begin #+(image-program image)) #:system system))
                       (_ (build-inputs (lowered-gexp-inputs lowered))))
    (match (lowered-gexp-sexp lowered)
      (('begin file) (return file)))))

(define (client-plan image system target)
  "Build the contents of IMAGE and plan on the client, as a monadic value."
  (mlet* %store-monad ((roots (build-objects (image-contents image) system target))
                       (program (build-program image))
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
                       (arguments (texts->strings (append (strategy-arguments image)
                                                          (customisation-arguments image))
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

(define (join-layers image layers own-layer? system target)
  "Return, as a monadic value, the derivation that makes IMAGE of LAYERS, which hold its items, bottom
first, and of its customisation.  The contents are built."
  (define whole (customised-layers image layers own-layer?))

  (define customisation
    ;; Only what tells that there is one matters when layers are joined.
    (match (last whole)
      ((? docker-image-layer-customised?)
       `((customisation . ((ownLayer . ,own-layer?)
                           (entries . ,(directives->json (image-directives image)))
                           (copies . ,(roots->json (image-roots image)))))))
      (_ '())))

  (mlet* %store-monad ((environment (client-environment image system target))
                       (held (mapm %store-monad
                                   (lambda (layer)
                                     (resolve-items (docker-image-layer-items layer)
                                                    system target))
                                   layers))
                       (plan (text->string
                              (json->text
                               `((layers . ,(list->vector
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
                                                   (call-with-input-string
                                                    #$(object->string arguments) read))
                                         #:threads? #f))
                      #:system system
                      #:target target
                      #:local-build? #f)))


;;;
;;; All of it.
;;;

(define (lower-in-layers image make-plan system target)
  (mlet* %store-monad ((plan (make-plan image system target))
                       (layers (changed-layers image plan system target)))
    (join-layers image layers (plan-own-layer? plan) system target)))

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
