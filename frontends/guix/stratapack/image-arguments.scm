;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; What an image says, as arguments for the program.

(define-module (stratapack image-arguments)
  #:use-module (guix gexp)
  #:use-module (guix i18n)
  #:use-module (guix packages)
  #:use-module (guix profiles)
  #:use-module (guix search-paths)
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack checks)
  #:use-module (stratapack conditions)
  #:use-module (stratapack image-record)
  #:use-module (stratapack layer)
  #:autoload   (stratapack local-state) (local-state-directory
                                         %local-state-permissions)
  #:use-module (stratapack text)
  #:export (check-image
            image-contents
            image-search-paths
            hand-made-layers
            image-directives
            image-links
            image-roots
            image-permissions
            customisation-arguments
            base-arguments
            strategy-arguments
            force-arguments
            layer-arguments
            architecture-arguments
            config-arguments
            environment-arguments
            output-argument
            store-name
            docker-image-file-name
            texts->gexp))

(define (check-image image)
  "Refuse IMAGE where its fields contradict each other."
  (define name (docker-image-name image))
  (define bound (docker-image-max-layers image))

  (when (and (null? (docker-image-contents image))
             (null? (docker-image-layers image)))
    (refuse (G_ "List at least one object in the field @code{contents}, or give
it @code{layers}.")
            (G_ "the image '~a' has no contents") name))
  (when (and (not (docker-image-entry-point image))
             (pair? (docker-image-entry-point-arguments image)))
    (refuse (G_ "Set @code{entry-point}, or use @code{command}.")
            (G_ "the image '~a' has arguments for an entry point, but none")
            name))
  (when (and (docker-image-plan image)
             (pair? (docker-image-layers image)))
    (refuse (G_ "A plan names layers: leave out the field @code{layers}.")
            (G_ "the image '~a' has both a plan and layers") name))
  (when (and (docker-image-plan image)
             (procedure? (docker-image-strategy image)))
    (refuse (G_ "Leave out one of the fields @code{plan} and
@code{strategy}.")
            (G_ "the image '~a' has both a plan and a strategy of its own")
            name))
  (when (and (procedure? (docker-image-strategy image))
             (docker-image-base image)
             (eq? (docker-image-base-items image) 'store))
    (refuse (G_ "The procedure does not know which items the base holds: set
@code{base-items} to @code{'none}, or name a strategy of the program.")
            (G_ "the image '~a' has a base and a strategy of its own") name))
  (unless (docker-image-force? image)
    (when (> (string->number (if (string? bound)
                                 (string-trim bound #\+)
                                 (number->string bound)))
             %largest-bound)
      (refuse (G_ "Choose a smaller bound, or set @code{force?}
(@option{--force}) where no such client will load the image.")
              (G_ "the image '~a' may have ~a layers, but Docker's classic \
store loads ~a at most")
              name bound %largest-bound))))

(define (architecture-arguments system target)
  "Return the arguments for images of TARGET, a triplet, or else of SYSTEM: the
program knows the words of Guix for machines."
  (let ((name (or target system)))
    (if (string-contains name "linux")
        (list "--architecture" name)
        (refuse #f (G_ "containers are of Linux, and ~a is not") name))))

(define (content->text content)
  "Return the text that CONTENT, one of the contents, is."
  (match content
    ((? manifest? manifest) (profile (content manifest)))
    (((? file-like? object) (? string? output)) (gexp-input object output))
    (text text)))

(define (content-search-paths content)
  "Return the search paths that CONTENT asks for where it is a package, as a
profile of it would."
  (match content
    ((or (? package? package) ((? package? package) _))
     (cons $PATH (package-transitive-native-search-paths package)))
    (_ '())))

(define (image-search-paths image)
  "Return the search path specifications of the packages that IMAGE contains,
as S-expressions."
  (map search-path-specification->sexp
       (delete-duplicates (append-map content-search-paths
                                      (docker-image-contents image)))))

(define (hand-made-layers image)
  "Return the layers that IMAGE is given, apart from those that its strategy
chooses."
  (match (docker-image-layers image)
    ((? procedure?) '())
    (layers layers)))

(define (image-contents image)
  "Return the contents of IMAGE as texts: those of layers made by hand are
contents, too."
  (map content->text
       (append (docker-image-contents image)
               (append-map docker-image-layer-items
                           (hand-made-layers image)))))

(define (first-content image field)
  "Return the first of the contents of IMAGE, for what FIELD is relative to."
  (match (docker-image-contents image)
    ((first . _) (content->text first))
    (() (refuse (G_ "Names in it are relative to the first of the contents:
list that in the field @code{contents}, or write an absolute name.")
                (G_ "the image '~a' has the field '~a', but no contents")
                (docker-image-name image) field))))

(define (image-links image)
  "Return the links of IMAGE into its contents, as a list of pairs of a name
and a text."
  (map (match-lambda
         ((source '-> target)
          (let ((content (first-content image 'symlinks)))
            (cons source
                  (if (string-null? target)
                      content
                      (list content "/" target))))))
       (docker-image-symlinks image)))

(define (image-directives image)
  "Return the directives of IMAGE, those that stand for other fields included."
  (define directives
    (append (map (match-lambda
                   ((source . target) (list source '-> target)))
                 (image-links image))
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
  (when (and (docker-image-localstatedir? image)
             (null? (image-contents image)))
    (refuse (G_ "Leave out the field @code{localstatedir?}.")
            (G_ "the image '~a' has no contents for a store database")
            (docker-image-name image)))
  (append (if (docker-image-localstatedir? image)
              (list (local-state-directory
                     (image-contents image)
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
  "Return the list of texts that tell the program what IMAGE has besides its
items."
  (define directive->arguments
    (match-lambda
      (('directory name . rest)
       (match rest
         (() (list "--mkdir" name))
         ((uid gid)
          (list "--mkdir" (list name (format #f ":755:~a:~a" uid gid))))
         ((uid gid mode)
          (list "--mkdir"
                (list name (format #f ":~o:~a:~a" mode uid gid))))))
      ((new '-> target) (list "--symlink" (list new "=" target)))))

  (define permission->arguments
    (match-lambda
      ((? file-like? file) (list "--permissions" file))
      ((glob mode . owner)
       (append (match mode
                 (#f '())
                 ((? integer?)
                  (list "--chmod" (format #f "~a=~o" glob mode)))
                 ((? string?)
                  (list "--chmod" (string-append glob "=" mode))))
               (match owner
                 (() '())
                 ((uid gid)
                  (list "--chown" (format #f "~a=~a:~a" glob uid gid))))))))

  (append (list "--no-tmp")
          (append-map directive->arguments (image-directives image))
          (append-map (cut list "--copy" <>) (image-roots image))
          (append-map permission->arguments (image-permissions image))))

(define (base-arguments image)
  "Return the list of texts that tell the program what IMAGE is put on top of."
  (match (docker-image-base image)
    (#f '())
    (base (list "--base" base))))

(define (bound-of-plan image)
  "Return the bound on the layers that a plan of IMAGE has: those that hold no
items come on top of it."
  (define others
    (count (compose null? docker-image-layer-items)
           (hand-made-layers image)))

  (match (docker-image-max-layers image)
    ((? string? bound)
     (let ((number (- (string->number (string-trim bound #\+)) others)))
       (unless (positive? number)
         (refuse (G_ "Choose a larger bound.")
                 (G_ "the ~a layers of the image '~a' that hold no items \
leave no room for others within the bound of ~a")
                 others (docker-image-name image) bound))
       (string-append (if (string-prefix? "+" bound) "+" "")
                      (number->string number))))))

(define (strategy-arguments image)
  "Return the list of texts that tell the program how IMAGE is divided into
layers."
  (append (match (docker-image-strategy image)
            ((? procedure?) '())
            (name (list "--strategy" (symbol->string name))))
          (list "--max-layers" (bound-of-plan image))
          (match (docker-image-previous image)
            (#f '())
            (previous (list "--previous" previous)))
          (if (docker-image-base image)
              (list "--base-items"
                    (symbol->string (docker-image-base-items image)))
              '())))

(define (force-arguments image)
  "Return the list of texts that let IMAGE have any number of layers, if it
may."
  (if (docker-image-force? image)
      (list "--force")
      '()))

(define (layer-arguments image)
  "Return the list of texts that tell the program how layers of IMAGE are
written."
  (append (list "--compression" (docker-image-compression image))
          (match (docker-image-owner image)
            (#f '())
            ((uid . gid) (list "--owner" (format #f "~a:~a" uid gid))))
          (match (docker-image-time image)
            (#f '())
            (time (list "--mtime" (number->string time))))))

(define (config-arguments image system target)
  "Return the list of texts that tell the program what IMAGE runs and is
called."
  (define (option name value)
    (if value (list name value) '()))

  (define (options name values)
    (append-map (cut list name <>) values))

  (define (pairs alist)
    (map (match-lambda
           ((key . value) (list key "=" value)))
         alist))

  (define entry-point
    (match (docker-image-entry-point image)
      (#f '())
      ((? string? name)
       (list (if (string-prefix? "/" name)
                 name
                 (list (first-content image 'entry-point) "/" name))))
      (text (list text))))

  (append (architecture-arguments system target)
          (options "--entrypoint"
                   (append entry-point
                           (docker-image-entry-point-arguments image)))
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
  "Return the arguments for the environment of IMAGE, whose contents ask for
ENVIRONMENT."
  (define own (docker-image-environment image))

  (append-map (match-lambda
                ((name . value) (list "--env" (list name "=" value))))
              (append (remove (match-lambda
                                ((name . _) (assoc name own)))
                              environment)
                      own)))

(define (output-argument image)
  "Return a gexp for the argument that names the output."
  (match (assq-ref %formats (docker-image-format image))
    ((transport _)
     #~(string-append #$transport ":" #$output ":"
                      #$(docker-image-name image) ":"
                      #$(docker-image-tag image)))))

(define (store-name name)
  "Return NAME, that of an image, as one of a store item."
  (string-map (lambda (character)
                (if (memv character '(#\/ #\:)) #\- character))
              name))

(define* (docker-image-file-name image #:optional (suffix ""))
  "Return the name of the store item that IMAGE is, with SUFFIX before what its
format appends."
  (define name
    (store-name (docker-image-name image)))

  (match (assq-ref %formats (docker-image-format image))
    ((_ extension) (string-append name "-image" suffix extension))))

(define (texts->gexp texts)
  "Return a gexp for the list of the strings that TEXTS are."
  #~(list #$@(map text->gexp texts)))
