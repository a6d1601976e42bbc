;;; What an image is: the record, and what it refuses at once.

(define-module (stratapack image-record)
  #:use-module (guix records)
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (stratapack conditions)
  #:use-module (stratapack layer)
  #:use-module (stratapack program)
  #:use-module (stratapack text)
  #:export (<docker-image>
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

            %formats
            docker-image-formats
            image-program))

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
(define (check-base-items value)
  (if (memq value '(store none))
      value
      (refuse (format #f "~s does not say which items a base may hold" value)
              "Choose @code{'store} or @code{'none}.")))
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

(define (check-base base)
  (if (or (not base) (text? base))
      base
      (refuse (format #f "~s is not an image to build upon" base)
              "Give another image, an origin, or another file-like object that holds one.")))

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

  ;; What it is put on top of, as with FROM in a Dockerfile: its layers lie below, and its config is
  ;; inherited.  A text: a file-like object that is an image in any format, such as another
  ;; <docker-image> or an origin; or a list such as ("docker-archive:" OBJECT ":NAME:TAG"), where the
  ;; object holds several.  #f: nothing.
  (base         docker-image-base (default #f) (sanitize check-base))
  ;; Whether store items that the base holds, as a base made by stratapack tells, get no layer: 'store, or
  ;; 'none for a layer for each item all the same, as layers made by hand may want.
  (base-items   docker-image-base-items (default 'store) (sanitize check-base-items))

  ;; How it is built, see above.
  (build        docker-image-build (default 'build-side) (sanitize check-build))

  ;; How the items are divided into layers: the name of a strategy, and a bound on the layers of the
  ;; whole image, or, as in "+10", on those above its base.
  (strategy     docker-image-strategy (default 'churn))
  (max-layers   docker-image-max-layers (default 100))
  ;; A file-like object that is a plan in JSON: its layers come first, as they are, and the strategy
  ;; divides what they do not hold.
  (plan         docker-image-plan (default #f))
  ;; A file-like object that is a plan or an image, which machines have: what stays the same stays in its
  ;; layer, unless a change saves more than it costs.
  (previous     docker-image-previous (default #f))
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
