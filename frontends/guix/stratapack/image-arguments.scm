;;; What an image says, as arguments for the program.

(define-module (stratapack image-arguments)
  #:use-module (guix gexp)
  #:use-module (guix profiles)
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack conditions)
  #:use-module (stratapack image-record)
  #:use-module (stratapack layer)
  #:autoload   (stratapack local-state) (local-state-directory %local-state-permissions)
  #:use-module (stratapack text)
  #:export (image-contents
            first-content
            image-directives
            image-roots
            image-permissions
            customisation-arguments
            base-arguments
            strategy-arguments
            layer-arguments
            architecture-arguments
            config-arguments
            environment-arguments
            output-argument
            docker-image-file-name
            texts->gexp))

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

(define (base-arguments image)
  "Return the list of texts that tell the program what IMAGE is put on top of."
  (match (docker-image-base image)
    (#f '())
    (base (list "--base" base))))

(define (strategy-arguments image)
  "Return the list of texts that tell the program how IMAGE is divided into layers."
  (append (list "--strategy" (match (docker-image-strategy image)
                               ((? symbol? name) (symbol->string name))
                               ((? string? name) name))
                "--max-layers" (match (docker-image-max-layers image)
                                 ((? string? bound) bound)
                                 (bound (number->string bound))))
          (match (docker-image-previous image)
            (#f '())
            (previous (list "--previous" previous)))
          (if (docker-image-base image)
              (list "--base-items" (symbol->string (docker-image-base-items image)))
              '())))

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
