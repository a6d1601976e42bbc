;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; The command `guix stratapack': `guix pack -f docker' with layers.

(define-module (guix extensions stratapack)
  #:autoload   (guix describe) (manifest-entry-with-provenance)
  #:autoload   (guix import json) (json->scheme-file)
  #:use-module (guix derivations)
  #:use-module (guix diagnostics)
  #:use-module (guix gexp)
  #:use-module (guix grafts)
  #:use-module (guix i18n)
  #:use-module (guix monads)
  #:use-module (guix packages)
  #:use-module (guix profiles)
  #:use-module (guix scripts)
  #:use-module (guix scripts build)
  #:use-module ((guix scripts pack) #:select (symlink-spec-option-parser))
  #:use-module (guix status)
  #:use-module (guix store)
  #:use-module (guix transformations)
  #:use-module (guix ui)
  #:use-module (guix utils)
  #:use-module (gnu packages)
  #:autoload   (gnu packages bootstrap) (%bootstrap-guile)
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (srfi srfi-37)
  #:use-module (stratapack checks)
  #:use-module (stratapack client)
  #:use-module (stratapack conditions)
  #:use-module (stratapack image)
  #:use-module (stratapack layer)
  #:use-module (stratapack pack)
  #:use-module (stratapack program)
  #:export (guix-stratapack))

(define %defaults
  `((format . docker)
    (build . build-side)
    (strategy . churn)
    (max-layers . "100")
    (compression . "gzip")
    (tag . "latest")
    (profile-name . "guix-profile")
    (system . ,(%current-system))
    (substitutes? . #t)
    (offload? . #t)
    (graft? . #t)
    (print-build-trace? . #t)
    (print-extended-build-trace? . #t)
    (multiplexed-build-output? . #t)
    (debug . 0)
    (verbosity . 1)
    (symlinks . ())))

(define (show-help)
  (display (G_ "Usage: guix stratapack [OPTION]... PACKAGE...
Make a layered container image of PACKAGE, and everything that it needs.\n"))
  (display (G_ "
  -f, --format=FORMAT    write FORMAT: docker (the default), docker-v1, oci,
                         oci-archive, universal, directory"))
  (display (G_ "
      --list-formats     list the formats, and stop"))
  (display (G_ "
      --strategy=NAME    divide the store items into layers in this way;
                         --list-strategies explains them"))
  (display (G_ "
      --list-strategies  list the ways to divide, and stop"))
  (display (G_ "
      --max-layers=N     have N layers at most (default: 100), or as in +10
                         so many above the base"))
  (display (G_ "
      --force            allow more than 125 layers, which Docker's classic
                         store cannot load"))
  (display (G_ "
      --base=IMAGE       put it on top of IMAGE, a file, or
                         TRANSPORT:FILE[:NAME[:TAG]]"))
  (display (G_ "
      --plan=FILE        begin with the layers of this plan"))
  (display (G_ "
      --previous=FILE    keep what stays the same in the layers of this plan or
                         image"))
  (display (G_ "
      --build=WAY        build-side (the default): all in one derivation;
                         client-side: plan at once, a derivation per layer;
                         planned: the plan is a derivation, too;
                         planned-build-side: a plan and one for all the rest"))
  (display (G_ "
  -C, --compression=CODEC
                         compress layers with gzip, zstd, or none; with a
                         level as in gzip:9"))
  (newline)
  (display (G_ "
      --image-tag=NAME   call the image NAME, perhaps with a registry"))
  (display (G_ "
      --tag=TAG          use TAG instead of 'latest'; more names as NAME:TAG"))
  (display (G_ "
  -S, --symlink=SPEC     create symlinks to the profile according to SPEC"))
  (display (G_ "
      --entry-point=PROGRAM
                         run PROGRAM, a file of the profile"))
  (display (G_ "
  -A, --entry-point-argument=ARGUMENT
                         with this argument; repeatable"))
  (display (G_ "
      --command=ARGUMENT an argument that users may replace; repeatable"))
  (display (G_ "
      --env=NAME=VALUE   set this environment variable; repeatable"))
  (display (G_ "
      --user=USER        run as USER, a number, perhaps with :GROUP"))
  (display (G_ "
      --working-directory=DIRECTORY
                         start in DIRECTORY"))
  (display (G_ "
      --label=KEY=VALUE  label the image; repeatable"))
  (display (G_ "
      --annotation=KEY=VALUE
                         annotate the manifest; repeatable"))
  (display (G_ "
      --expose=PORT      listen on PORT, as in 80/tcp; repeatable"))
  (display (G_ "
      --volume=DIRECTORY keep the data in DIRECTORY; repeatable"))
  (display (G_ "
      --created=SECONDS  have been made then, counted from the epoch"))
  (newline)
  (display (G_ "
  -e, --expression=EXPR  consider the package EXPR evaluates to"))
  (display (G_ "
      --file=FILE        consider the package that FILE evaluates to"))
  (display (G_ "
  -m, --manifest=FILE    take the packages of the manifest from FILE"))
  (display (G_ "
      --save-provenance  save provenance information"))
  (display (G_ "
      --localstatedir    include /var/guix with a store database"))
  (display (G_ "
      --profile-name=NAME
                         populate /var/guix/profiles/.../NAME"))
  (display (G_ "
  -R, --relocatable      produce relocatable executables"))
  (display (G_ "
  -r, --root=FILE        make FILE a symlink to the result, and register it
                         as a garbage collector root; FILE-layers keeps the
                         layers, where they are derivations"))
  (display (G_ "
  -d, --derivation       print the name of the derivation, and stop"))
  (display (G_ "
      --program=FILE     use this static executable instead of the package
                         stratapack"))
  (display (G_ "
      --bootstrap        use the bootstrap binaries to build the image"))
  (display (G_ "
  -v, --verbosity=LEVEL  use the given verbosity LEVEL"))
  (newline)
  (show-build-options-help)
  (newline)
  (show-cross-build-options-help)
  (newline)
  (show-native-build-options-help)
  (newline)
  (show-transformation-options-help)
  (newline)
  (display (G_ "
  -h, --help             display this help and exit"))
  (display (G_ "
  -V, --version          display version information and exit"))
  (newline)
  (show-bug-report-information))

(define* (single names key #:optional (convert identity))
  "Return the option NAMES whose last argument, CONVERTed, counts."
  (option names #t #f
          (lambda (opt name arg result)
            (alist-cons key (convert arg) (alist-delete key result)))))

(define* (repeated names key #:optional (convert identity))
  "Return the option NAMES whose arguments, CONVERTed, are gathered."
  (option names #t #f
          (lambda (opt name arg result)
            (alist-cons key (convert arg) result))))

(define (flag names key)
  (option names #f #f
          (lambda (opt name arg result)
            (alist-cons key #t result))))

(define (pair text)
  "Return TEXT, which is \"KEY=VALUE\", as a pair."
  (match (string-index text #\=)
    ((or #f 0) (leave (G_ "'~a' is not of the form KEY=VALUE~%") text))
    (index (cons (string-take text index) (string-drop text (+ index 1))))))

(define (number text)
  (match (string->number text)
    ((? exact-integer? number) number)
    (_ (leave (G_ "'~a' is not a number~%") text))))

(define (checked convert check)
  "Return a procedure that CONVERTs its argument, one of many, and refuses it
as CHECK does."
  (lambda (text)
    (first (check (list (convert text))))))

(define (tag-or-name text)
  "Return TEXT, a tag, or a name with one."
  (if (string-index text #\:)
      (first (check-names (list text)))
      (check-tag text)))

(define (symlink-option opt name arg result)
  "Parse the option --symlink as `guix pack' does, and refuse links that hide
the store."
  (let ((result (symlink-spec-option-parser opt name arg result)))
    (check-symlinks (list (first (assoc-ref result 'symlinks))))
    result))

(define (layer-compression text)
  "Return the compression TEXT, in the spelling of Guix where it is one."
  (match text
    ((or "xz" "bzip2" "lzip")
     (refuse (G_ "No container client reads that; use @code{gzip}, @code{zstd}
or @code{none}.")
             (G_ "layers cannot be compressed with ~a") text))
    (_ (check-compression text))))

(define %options
  (append
   (list (option '(#\h "help") #f #f
                 (lambda args
                   (leave-on-EPIPE (show-help))
                   (exit 0)))
         (option '(#\V "version") #f #f
                 (lambda args (show-version-and-exit "guix stratapack")))
         (flag '(#\n "dry-run") 'dry-run?)
         (flag '(#\d "derivation") 'derivation-only?)
         (single '(#\f "format") 'format (compose check-format string->symbol))
         (single '("build") 'build (compose check-build string->symbol))
         (single '("strategy") 'strategy check-strategy)
         (single '("max-layers") 'max-layers check-bound)
         (flag '("force") 'force?)
         (single '("base") 'base)
         (single '("plan") 'plan)
         (single '("previous") 'previous)
         (single '(#\C "compression") 'compression layer-compression)
         (single '("image-tag") 'image-tag check-name)
         (repeated '("tag") 'tags tag-or-name)
         (option '(#\S "symlink") #t #f symlink-option)
         (single '("entry-point") 'entry-point)
         (repeated '(#\A "entry-point-argument") 'entry-point-arguments)
         (repeated '("command") 'command)
         (repeated '("env") 'environment (checked pair check-environment))
         (single '("user") 'user check-user)
         (single '("working-directory") 'working-directory check-directory)
         (repeated '("label") 'labels (checked pair check-labels))
         (repeated '("annotation") 'annotations
                   (checked pair check-labels))
         (repeated '("expose") 'exposed-ports (checked identity check-ports))
         (repeated '("volume") 'volumes (checked identity check-volumes))
         (single '("created") 'created (compose check-created number))
         (repeated '(#\e "expression") 'expression)
         (repeated '("file") 'file)
         (repeated '(#\m "manifest") 'manifest)
         (flag '("save-provenance") 'save-provenance?)
         (flag '("localstatedir") 'localstatedir?)
         (option '("profile-name") #t #f
                 (lambda (opt name arg result)
                   (unless (member arg '("guix-profile" "current-guix"))
                     (leave (G_ "~a: unsupported profile name~%") arg))
                   (alist-cons 'profile-name arg result)))
         (option '(#\R "relocatable") #f #f
                 (lambda (opt name arg result)
                   (alist-cons 'relocatable?
                               (if (assq-ref result 'relocatable?) 'proot #t)
                               result)))
         (single '(#\r "root") 'gc-root)
         (single '("program") 'program)
         (flag '("bootstrap") 'bootstrap?)
         (option '("list-formats") #f #f
                 (lambda args
                   (show-formats)
                   (exit 0)))
         (flag '("list-strategies") 'list-strategies?)
         (single '(#\v "verbosity") 'verbosity number))
   %transformation-options
   %standard-build-options
   %standard-cross-build-options
   %standard-native-build-options))

(define (gathered opts key)
  "Return the arguments of the options of KEY in the order in which they were
given."
  (reverse (filter-map (match-lambda
                         ((name . value) (and (eq? name key) value)))
                       opts)))


;;;
;;; Contents.
;;;

(define (option->package pair)
  "Return the package, or list of a package and an output, that an option
names, or #f."
  (match pair
    (('argument . specification)
     (call-with-values (lambda ()
                         (specification->package+output specification))
       list))
    (('expression . expression) (read/eval-package-expression expression))
    (('file . file)
     (load* (or (and (string-suffix? ".json" file)
                     (json->scheme-file file))
                file)
            (make-user-module '())))
    (_ #f)))

(define (options->manifest opts)
  (define transform (options->transformation opts))
  (define save-provenance? (assoc-ref opts 'save-provenance?))

  (define packages
    (map (match-lambda
           (((? package? package) output) (list (transform package) output))
           ((? package? package) (list (transform package) "out")))
         (reverse (filter-map option->package opts))))

  (define (load-manifest file)
    (load* file (make-user-module '((guix profiles) (gnu)))))

  (define (with-provenance entry)
    (let ((entry (manifest-entry-with-provenance entry)))
      (unless (assq 'provenance (manifest-entry-properties entry))
        (warning (G_ "could not determine provenance of package ~a~%")
                 (manifest-entry-name entry)))
      entry))

  (define manifest
    ;; The last one comes first, as in `guix pack'.
    (match (reverse (gathered opts 'manifest))
      (() (packages->manifest packages
                              #:properties (if save-provenance?
                                               default-package-properties
                                               (const '()))))
      (files
       (unless (null? packages)
         (leave (G_ "both a manifest and a package list were given~%")))
       (concatenate-manifests (map load-manifest files)))))

  (let ((manifest (if save-provenance?
                      (map-manifest-entries with-provenance manifest)
                      manifest)))
    (match (assoc-ref opts 'relocatable?)
      (#f manifest)
      (relocatable
       (map-manifest-entries (cut (wrapped-manifest-entry) <>
                                  #:proot? (eq? relocatable 'proot))
                             manifest)))))

(define (wrapped-manifest-entry)
  "Return the procedure of `guix pack' that wraps the executables of a
manifest entry.  It is private, and compiled modules keep no names of what is
private: then its source is evaluated."
  (define (find-it)
    (module-variable (resolve-module '(guix scripts pack))
                     'wrapped-manifest-entry))

  (variable-ref
   (or (find-it)
       (begin
         (save-module-excursion
          (lambda ()
            (primitive-load (search-path %load-path "guix/scripts/pack.scm"))))
         (find-it))
       (leave (G_ "this Guix cannot make relocatable executables here~%")))))

(define (manifest->profile manifest opts)
  (profile
   (content manifest)
   (relative-symlinks? (assoc-ref opts 'relocatable?))
   (hooks (if (assoc-ref opts 'bootstrap?) '() %default-profile-hooks))
   (locales? (not (assoc-ref opts 'bootstrap?)))))

(define (show-formats)
  (display (G_ "The supported formats for 'guix stratapack' are:\n"))
  (newline)
  (for-each (match-lambda
              ((name . description)
               (format #t "  ~11a ~a~%" name description)))
            `((docker . ,(G_ "Archive for 'docker load' and 'podman load'"))
              (docker-v1 . ,(G_ "The same, for old versions of Docker"))
              (oci . ,(G_ "Image layout of the Open Container Initiative"))
              (oci-archive . ,(G_ "The same in an archive"))
              (universal . ,(G_ "Archive that is both"))
              (directory . ,(G_ "Manifest, config and layers: 'dir:'")))))

(define (file->object file)
  "Return what stands for FILE, the name of a store item or of something to be
interned."
  (cond ((direct-store-path? file) file)
        ((file-exists? file)
         (local-file (canonicalize-path file) "given" #:recursive? #t))
        (else
         (leave (G_ "'~a' does not exist~%") file))))

(define (file->program file)
  "Return what stands for FILE, an executable."
  (unless (file-exists? file)
    (leave (G_ "'~a' does not exist~%") file))
  (local-file (canonicalize-path file) "stratapack" #:recursive? #t))

(define (specification->base specification)
  "Return the text for the image that SPECIFICATION, FILE or
TRANSPORT:FILE[:NAME[:TAG]], names."
  (if (file-exists? specification)
      (file->object specification)
      (match (string-split specification #\:)
        ((transport file . name)
         (list transport ":" (file->object file)
               (string-concatenate (map (cut string-append ":" <>) name))))
        (_ (file->object specification)))))

(define (options->image opts)
  (define manifest (options->manifest opts))

  (define-values (tags names)
    (partition (lambda (tag) (not (string-index tag #\:)))
               (gathered opts 'tags)))

  (when (null? (manifest-entries manifest))
    (warning (G_ "no packages specified; building an empty image~%")))
  (docker-image
   (name (or (assoc-ref opts 'image-tag) (manifest->image-name manifest)))
   (tag (match tags
          (() (assoc-ref opts 'tag))
          ((tag _ ...) tag)))
   (names (append (map (cut string-append name ":" <>)
                       (if (null? tags) '() (cdr tags)))
                  names))
   (contents (list (manifest->profile manifest opts)))
   (base (and=> (assoc-ref opts 'base) specification->base))
   (build (assoc-ref opts 'build))
   (format (assoc-ref opts 'format))
   (strategy (assoc-ref opts 'strategy))
   (max-layers (assoc-ref opts 'max-layers))
   (force? (assoc-ref opts 'force?))
   (plan (and=> (assoc-ref opts 'plan) file->object))
   (previous (and=> (assoc-ref opts 'previous) file->object))
   (compression (assoc-ref opts 'compression))
   (symlinks (assoc-ref opts 'symlinks))
   (localstatedir? (assoc-ref opts 'localstatedir?))
   (profile-name (assoc-ref opts 'profile-name))
   (entry-point (assoc-ref opts 'entry-point))
   (entry-point-arguments (gathered opts 'entry-point-arguments))
   (command (gathered opts 'command))
   (environment (gathered opts 'environment))
   (user (assoc-ref opts 'user))
   (working-directory (assoc-ref opts 'working-directory))
   (labels (gathered opts 'labels))
   (annotations (gathered opts 'annotations))
   (exposed-ports (gathered opts 'exposed-ports))
   (volumes (gathered opts 'volumes))
   (created (or (assoc-ref opts 'created) 1))))


;;;
;;; Entry point.
;;;

(define (show-last-words store drv)
  "Show what the builders of DRV, and of its inputs, that failed had to say."
  (define (failed? drv)
    (not (every (cut valid-path? store <>)
                (map cdr (derivation->output-paths drv)))))

  (define (show drv)
    (match (false-if-exception
            (told-lines (log-file store (derivation-file-name drv))))
      ((? pair? lines)
       (for-each (cut format (current-error-port) "~a~%" <>)
                 (delete-duplicates lines)))
      (_ #f)))

  (for-each show
            (filter failed?
                    (append (map derivation-input-derivation
                                 (derivation-inputs drv))
                            (list drv)))))

(define (told-lines file)
  "Return the lines of FILE, a build log, that the program wrote as errors and
hints."
  (define (told? line)
    (or (string-prefix? "stratapack: " line) (string-prefix? "  hint: " line)))

  (call-with-decompressed-port
   (cond ((string-suffix? ".gz" file) 'gzip)
         ((string-suffix? ".bz2" file) 'bzip2)
         (else 'none))
   (open-file file "r0b")
   (lambda (port)
     (let loop ((lines '()))
       (match ((@ (ice-9 rdelim) read-line) port)
         ((? eof-object?) (reverse lines))
         (line (loop (if (told? line) (cons line lines) lines))))))))

(define (register-roots store drv root)
  "Let ROOT, a file name, be a root for what DRV, the derivation of an image,
makes, and ROOT-layers one for its layers, if they are derivations."
  (register-root store (list (derivation->output-path drv)) root)
  (when (any (compose layer-derivation? derivation-input-derivation)
             (derivation-inputs drv))
    (let ((kept (run-with-store store
                  (keep-layers (string-append (derivation-name drv)
                                              "-with-layers")
                               drv (derivation-system drv)))))
      (build-derivations store (list kept))
      (register-root store (list (derivation->output-path kept))
                     (string-append root "-layers")))))

(define (build-image store image opts)
  "Build IMAGE, or show its derivation, as OPTS say."
  (define drv
    (run-with-store store
      (lower-object image (assoc-ref opts 'system)
                    #:target (assoc-ref opts 'target))
      #:target (assoc-ref opts 'target)
      #:system (assoc-ref opts 'system)))

  (cond ((assoc-ref opts 'derivation-only?)
         (format #t "~a~%" (derivation-file-name drv)))
        (else
         (with-exception-handler
             (lambda (exception)
               (when (store-protocol-error? exception)
                 (show-last-words store drv))
               (raise-exception exception))
           (lambda ()
             (build-derivations store (list drv))))
         (unless (assoc-ref opts 'dry-run?)
           (and=> (assoc-ref opts 'gc-root)
                  (cut register-roots store drv <>))
           (format #t "~a~%" (derivation->output-path drv))))))

(define-command (guix-stratapack . args)
  (category extension)
  (synopsis "make layered container images")

  (with-error-handling
    (define opts
      (parse-command-line args %options (list %defaults)))

    (with-store store
      (with-status-verbosity (assoc-ref opts 'verbosity)
        (set-build-options-from-command-line store opts)
        (with-build-handler (build-notifier #:dry-run?
                                            (assoc-ref opts 'dry-run?)
                                            #:verbosity
                                            (assoc-ref opts 'verbosity)
                                            #:use-substitutes?
                                            (assoc-ref opts 'substitutes?))
          (parameterize ((%graft? (assoc-ref opts 'graft?))
                         (%stratapack-program
                          (and=> (assoc-ref opts 'program) file->program))
                         (%guile-for-build
                          (package-derivation store
                                              (if (assoc-ref opts 'bootstrap?)
                                                  %bootstrap-guile
                                                  (default-guile))
                                              (assoc-ref opts 'system)
                                              #:graft?
                                              (assoc-ref opts 'graft?))))
            (if (assoc-ref opts 'list-strategies?)
                (show-strategies
                 (run-with-store store
                   (built-executable (default-program))))
                (build-image store (options->image opts) opts))))))))
