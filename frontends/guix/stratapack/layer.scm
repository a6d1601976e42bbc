;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; Layers of container images, as records and as derivations.
;;;
;;; A <docker-image-layer> says which store items are in a layer, and what else
;;; its bytes depend on; it knows nothing of images.  It is a file-like object,
;;; and the derivation that it stands for depends on what the record says and
;;; on nothing else: the same layer in two images is one derivation, built
;;; once.
;;;
;;; The output is a directory as `stratapack layer' writes it.  Its blob is
;;; compressed, and the items' names are left out, so that it refers to no
;;; store item, and keeps none alive.  With the compression "none", the blob
;;; shows its file names to the daemon, and the layer keeps its items.

(define-module (stratapack layer)
  #:use-module (guix derivations)
  #:use-module (guix gexp)
  #:use-module (guix i18n)
  #:use-module (guix monads)
  #:use-module (guix packages)
  #:use-module (guix records)
  #:use-module (guix store)
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-11)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack checks)
  #:use-module (stratapack conditions)
  #:use-module (stratapack program)
  #:use-module (stratapack provenance)
  #:use-module (stratapack text)
  #:export (<docker-image-layer>
            docker-image-layer
            docker-image-layer?
            this-docker-image-layer
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

            resolve-items
            directives->json
            roots->json
            layer-derivation?))

(define-sanitizer sanitize-items check-items)
(define-sanitizer sanitize-directives check-directives)
(define-sanitizer sanitize-roots check-roots)
(define-sanitizer sanitize-permissions check-permissions)
(define-sanitizer sanitize-compression
  (lambda (value) (and value (check-compression value))))
(define-sanitizer sanitize-owner check-owner)
(define-sanitizer sanitize-time check-time)
(define-sanitizer sanitize-name check-string)
(define-sanitizer sanitize-program check-program)

(define-record-type* <docker-image-layer>
  docker-image-layer make-docker-image-layer
  docker-image-layer?
  this-docker-image-layer

  ;; Of the derivation: #f for one that the items give.
  (name        docker-image-layer-name (default #f)
               (sanitize sanitize-name))
  ;; Store items: file names as strings, file-like objects, or lists of an
  ;; object and an output.  They are taken alone, without what they refer to.
  (items       docker-image-layer-items (default '())
               (sanitize sanitize-items))
  ;; What else there is: directories and links, in the words of Guix's
  ;; populate directives,
  ;;   (directory "/tmp" 0 0 #o1777)   ("/bin/sh" -> "/gnu/store/...")
  ;; with texts for names.
  (directives  docker-image-layer-directives (default '())
               (sanitize sanitize-directives))
  ;; File-like directories whose content goes to the root of the image, the
  ;; later over the earlier.
  (roots       docker-image-layer-roots (default '())
               (sanitize sanitize-roots))
  ;; Of what the directives and the roots bring: a list of (GLOB MODE),
  ;; (GLOB MODE UID GID), or file-like objects with such rules in the JSON of
  ;; `stratapack build --permissions'.
  (permissions docker-image-layer-permissions (default '())
               (sanitize sanitize-permissions))
  ;; "gzip", "zstd" or "none", perhaps with a level: "gzip:9".  #f: gzip, or
  ;; what the image says.
  (compression docker-image-layer-compression (default #f)
               (sanitize sanitize-compression))
  ;; To whom everything belongs: (UID . GID), or #f for 0 and 0.
  (owner       docker-image-layer-owner (default #f)
               (sanitize sanitize-owner))
  ;; The modification time of everything in seconds since the epoch, or #f
  ;; for 1.
  (time        docker-image-layer-time (default #f)
               (sanitize sanitize-time))
  ;; The executable that makes it, a file-like object, or #f for that of the
  ;; package `stratapack'.
  (program     docker-image-layer-program (default (%stratapack-program))
               (sanitize sanitize-program)))

(define (docker-image-layer-customised? layer)
  "Whether LAYER has more than store items."
  (or (pair? (docker-image-layer-directives layer))
      (pair? (docker-image-layer-roots layer))))


;;;
;;; Layers are made of layers.
;;;

(define (item-label item)
  "Return what ITEM is called without its hash."
  (match item
    ((? string?) (false-if-exception (store-path-package-name item)))
    ((? package?) (package-full-name item "-"))
    ((object output)
     (and=> (item-label object) (cut string-append <> "-" output)))
    ((? gexp-input?)
     (match (gexp-input-thing item)
       ((? derivation? drv)
        (item-label (derivation->output-path drv (gexp-input-output item))))
       (object
        (match (gexp-input-output item)
          ("out" (item-label object))
          (output (item-label (list object output)))))))
    (_ #f)))

(define (item-named . names)
  "Return a predicate: whether an item is called as one of NAMES, with or
without its version."
  (lambda (item)
    (let ((label (or (item-label item) "")))
      (any (lambda (name)
             (or (string=? name label)
                 (and (string-prefix? (string-append name "-") label)
                      (char-set-contains? char-set:digit
                                       (string-ref label
                                                   (+ 1 (string-length
                                                         name)))))))
           names))))

(define (find-layer layers select)
  "Return the first of LAYERS that has an item for which SELECT, a predicate,
holds, or #f."
  (find (lambda (layer) (any select (docker-image-layer-items layer))) layers))

(define (merge-layers . layers)
  "Return one layer with all that LAYERS have.  What else there is to say is
said by the first."
  (match layers
    ((first _ ...)
     (docker-image-layer
      (inherit first)
      (name #f)
      (items (delete-duplicates (append-map docker-image-layer-items layers)))
      (directives (append-map docker-image-layer-directives layers))
      (permissions (append-map docker-image-layer-permissions layers))
      (roots (append-map docker-image-layer-roots layers))))))

(define (split-layer layer select)
  "Return the list of what LAYER is split into: a layer without the items for
which SELECT, a predicate, holds, and one with them, which comes above.  A
layer of nothing is left out."
  (let-values (((selected others)
                (partition select (docker-image-layer-items layer))))
    (define rest
      (docker-image-layer (inherit layer) (name #f) (items others)))

    (append (if (or (pair? others) (docker-image-layer-customised? rest))
                (list rest)
                '())
            (if (null? selected)
                '()
                (list (docker-image-layer
                       (inherit layer)
                       (name #f)
                       (items selected)
                       (directives '())
                       (roots '())
                       (permissions '())))))))

(define* (isolate-items layers select #:key (place 'top))
  "Return LAYERS with all items for which SELECT, a predicate, holds in one
layer of their own: above all others, or below where PLACE is 'bottom."
  (define split (map (cut split-layer <> select) layers))
  (define (selected? layer)
    (any select (docker-image-layer-items layer)))

  (let-values (((those others) (partition selected? (concatenate split))))
    (match (if (null? those) '() (list (apply merge-layers those)))
      (isolated (if (eq? place 'bottom)
                    (append isolated others)
                    (append others isolated))))))

(define (move-layer layers from to)
  "Return LAYERS with the one at index FROM, 0 being the bottom, at index TO."
  (let* ((layer (list-ref layers from))
         (others (delq layer (list-copy layers))))
    (append (take others to) (list layer) (drop others to))))


;;;
;;; Recipes.
;;;

(define (compression->json compression)
  (match (string-split compression #\:)
    ((codec) `((codec . ,codec)))
    ((codec level) `((codec . ,codec) (level . ,(string->number level))))))

(define (octal mode)
  (string-pad (number->string mode 8) 4 #\0))

(define (directives->json directives)
  "Return the entries of a plan or recipe that DIRECTIVES stand for, as a
vector."
  (define (directory name uid gid mode)
    `((type . "directory")
      (path . ,name)
      (mode . ,(octal mode))
      (uid . ,uid)
      (gid . ,gid)))

  (define directive->json
    (match-lambda
      (('directory name) (directory name 0 0 #o755))
      (('directory name uid gid) (directory name uid gid #o755))
      (('directory name uid gid mode) (directory name uid gid mode))
      ((new '-> target)
       `((type . "symlink") (path . ,new) (target . ,target)))))

  (list->vector (map directive->json directives)))

(define (permissions->text permissions)
  "Return the text of the rules of a recipe that PERMISSIONS stand for."
  (define (file->text file)
    ;; What is between the brackets.
    #~(let ((text (string-trim-both
                   (call-with-input-file #$file
                     (@ (ice-9 textual-ports) get-string-all)))))
        (substring text 1 (- (string-length text) 1))))

  (define rule->text
    (match-lambda
      ((? file-like? file) (file->text file))
      (rule (json->text (rule->json rule)))))

  (define rule->json
    (match-lambda
      ((glob mode . owner)
       `((paths . ,glob)
         ,@(match mode
             (#f '())
             ((? integer?) `((mode . ,(octal mode))))
             ((? string?) `((mode . ,mode))))
         ,@(match owner
             (() '())
             ((uid gid) `((uid . ,uid) (gid . ,gid))))))))

  (list "["
        (match (map rule->text permissions)
          (() '())
          ((first . rest) (cons first (append-map (cut list "," <>) rest))))
        "]"))

(define (find-item item)
  "Return, as a monadic value, what ITEM, one of the items of a layer, is in a
gexp.  A file name must be that of a valid store item; it becomes the output
of the derivation that it is of where the store has that, so that it does not
matter how an item is named."
  (match item
    ((? string? name)
     (mlet %store-monad ((valid? ((store-lift valid-path?) name)))
       (if valid?
           (known-output name)
           (refuse (G_ "Build it first, or give the object that it is made of
instead of its file name.")
                   (G_ "'~a' is not in the store, or not valid") name))))
    (((? file-like? object) (? string? output))
     (with-monad %store-monad (return (gexp-input object output))))
    (object
     (with-monad %store-monad (return object)))))

(define* (resolve-items items system #:optional target)
  "Return, as a monadic value, ITEMS as a list of (FILE-NAME . ITEM) in the
order of file names, each once.  Nothing is built."
  (define (file-name<? one other)
    (string<? (car one) (car other)))

  (define (unique pairs)
    (fold-right (lambda (pair rest)
                  (match rest
                    (((name . _) . _)
                     (if (string=? name (car pair)) rest (cons pair rest)))
                    (() (list pair))))
                '()
                pairs))

  (mlet* %store-monad ((items (mapm %store-monad find-item items))
                       (names (texts->strings items system target)))
    (return (unique (sort (map cons names items) file-name<?)))))

(define (recipe layer items)
  "Return the text of the recipe of LAYER with ITEMS, texts in the order of
their names."
  (define (item->json item)
    `((id . ,item) (content . "store") (trees . ,(vector item))))

  (define-syntax-rule (member-unless empty? key value)
    (if empty? '() `((key . ,value))))

  (match-record layer <docker-image-layer>
    (directives roots permissions compression owner time)
    (json->text
     `((stratapackRecipe . 1)
       (tarRules . 1)
       ;; The version of the rules for what roots bring.
       ,@(member-unless (null? roots) copyRules 2)
       ,@(match owner
           (#f '())
           ((uid . gid) `((owner . ((uid . ,uid) (gid . ,gid))))))
       ,@(member-unless (not time) time time)
       (compression . ,(compression->json (or compression "gzip")))
       (items . ,(list->vector (map item->json items)))
       ,@(member-unless (null? directives)
                        entries (directives->json directives))
       ,@(member-unless (null? roots) copies (roots->json roots))
       ,@(member-unless (null? permissions)
                        permissions
                        (verbatim (permissions->text permissions)))))))

(define (roots->json roots)
  "Return the copies of a plan or recipe that ROOTS stand for, as a vector."
  (list->vector (map (lambda (root) `((from . ,root) (to . "/"))) roots)))

(define (layer-derivation-name layer names)
  "Return the name of the derivation of LAYER, whose items have NAMES: it
depends on the layer alone."
  (or (docker-image-layer-name layer)
      (match (map store-path-package-name names)
        (() "customisation-layer")
        ((name) (string-append name "-layer"))
        ((name . others)
         (format #f "~a-and-~a-more-layer" name (length others))))))

(define %layer-type
  ;; What a derivation's property `type' says if it makes a layer.
  'container-image-layer)

(define (layer-derivation? drv)
  "Whether DRV makes a layer of images."
  (eq? (assq-ref (derivation-properties drv) 'type) %layer-type))

(define (lower-layer layer system target)
  "Return, as a monadic value, the derivation that makes LAYER."
  (define program
    (or (docker-image-layer-program layer) (default-program)))

  (mlet %store-monad ((items (resolve-items (docker-image-layer-items layer)
                                            system target)))
    (when (and (null? items) (not (docker-image-layer-customised? layer)))
      (refuse (G_ "Give it @code{items}, @code{directives} or @code{roots}.")
              (G_ "a layer has neither items nor anything else")))
    (gexp->derivation (layer-derivation-name layer (map car items))
                      #~(begin
                          (call-with-output-file "recipe.json"
                            (lambda (port)
                              (display #$(text->gexp
                                          (recipe layer (map cdr items)))
                                       port)))
                          #$(run-program program
                                         #~(list "layer" "recipe.json"
                                                 "--omit-items"
                                                 "--output" #$output)))
                      #:system system
                      #:target target
                      #:properties `((type . ,%layer-type))
                      #:local-build? #f)))

(define-gexp-compiler (docker-image-layer-compiler (layer <docker-image-layer>)
                                                   system target)
  ;; Return the derivation that makes LAYER.
  (lower-layer layer system target))
