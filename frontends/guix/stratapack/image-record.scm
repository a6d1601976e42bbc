;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; What an image is: the record, and what it refuses at once.

(define-module (stratapack image-record)
  #:use-module (guix i18n)
  #:use-module (guix records)
  #:use-module (srfi srfi-1)
  #:use-module (stratapack checks)
  #:use-module (stratapack conditions)
  #:use-module (stratapack layer)
  #:use-module (stratapack program)
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

            docker-image-force?

            docker-image-formats
            check-layers-field
            image-program))

(define docker-image-formats
  ;; The names of all formats.
  (map first %formats))

(define (check-layers-field value)
  (cond ((procedure? value) value)
        ((and (list? value) (every docker-image-layer? value)) value)
        (else
         (refuse (G_ "Give a list of @code{docker-image-layer} records, or a
procedure that gets one and returns one.")
                 (G_ "~s is not a list of layers") value))))

(define-sanitizer sanitize-layers check-layers-field)
(define-sanitizer sanitize-name check-name)
(define-sanitizer sanitize-tag check-tag)
(define-sanitizer sanitize-names check-names)
(define-sanitizer sanitize-contents check-contents)
(define-sanitizer sanitize-base check-base)
(define-sanitizer sanitize-base-items check-base-items)
(define-sanitizer sanitize-build check-build)
(define-sanitizer sanitize-strategy check-strategy)
(define-sanitizer sanitize-bound check-bound)
(define-sanitizer sanitize-plan check-plan)
(define-sanitizer sanitize-format check-format)
(define-sanitizer sanitize-compression check-compression)
(define-sanitizer sanitize-symlinks check-symlinks)
(define-sanitizer sanitize-directives check-directives)
(define-sanitizer sanitize-roots check-roots)
(define-sanitizer sanitize-permissions check-permissions)
(define-sanitizer sanitize-boolean check-boolean)
(define-sanitizer sanitize-profile-name check-profile-name)
(define-sanitizer sanitize-text check-text)
(define-sanitizer sanitize-texts check-texts)
(define-sanitizer sanitize-user check-user)
(define-sanitizer sanitize-directory check-directory)
(define-sanitizer sanitize-environment check-environment)
(define-sanitizer sanitize-labels check-labels)
(define-sanitizer sanitize-ports check-ports)
(define-sanitizer sanitize-volumes check-volumes)
(define-sanitizer sanitize-signal check-signal)
(define-sanitizer sanitize-created check-created)
(define-sanitizer sanitize-owner check-owner)
(define-sanitizer sanitize-time check-time)
(define-sanitizer sanitize-string check-string)
(define-sanitizer sanitize-program check-program)

(define-record-type* <docker-image>
  docker-image make-docker-image
  docker-image?
  this-docker-image

  ;; The repository's part of its name, perhaps with a registry; the tag; more
  ;; names, "NAME:TAG".
  (name docker-image-name
   (sanitize sanitize-name))
  (tag docker-image-tag (default "latest")
   (sanitize sanitize-tag))
  (names docker-image-names (default '())
   (sanitize sanitize-names))

  ;; What it is made of: profiles, manifests, packages, other file-like
  ;; objects, lists of an object and an output, names of store items.
  ;; Everything that they refer to comes along.
  (contents docker-image-contents
   (sanitize sanitize-contents))

  ;; What it is put on top of, as with FROM in a Dockerfile: its layers lie
  ;; below, and its config is inherited.  A text: a file-like object that is an
  ;; image in any format, such as another <docker-image> or an origin; or a
  ;; list such as ("docker-archive:" OBJECT ":NAME:TAG"), where the object
  ;; holds several.  #f: nothing.
  (base docker-image-base (default #f)
   (sanitize sanitize-base))
  ;; Whether store items that the base holds, as a base made by stratapack
  ;; tells, get no layer: 'store, or 'none for a layer for each item all the
  ;; same, as layers made by hand may want.
  (base-items docker-image-base-items (default 'store)
   (sanitize sanitize-base-items))

  ;; How it is built, see above.
  (build docker-image-build (default 'build-side)
   (sanitize sanitize-build))

  ;; How the items are divided into layers: the name of a strategy, and a bound
  ;; on the layers of the whole image, or, as in "+10", on those above its
  ;; base.
  (strategy docker-image-strategy (default 'churn)
   (sanitize sanitize-strategy))
  (max-layers docker-image-max-layers (default "100")
   (sanitize sanitize-bound))
  ;; Whether there may be more than 125, which Docker's classic store cannot
  ;; load.
  (force? docker-image-force? (default #f)
   (sanitize sanitize-boolean))
  ;; A file-like object that is a plan in JSON: its layers come first, as they
  ;; are, and the strategy divides what they do not hold.
  (plan docker-image-plan (default #f)
   (sanitize sanitize-plan))
  ;; A file-like object that is a plan or an image, which machines have: what
  ;; stays the same stays in its layer, unless a change saves more than it
  ;; costs.
  (previous docker-image-previous (default #f)
   (sanitize sanitize-plan))
  ;; Layers made by hand, or taken from another image: they come first, as they
  ;; are, and the strategy divides the rest.  Or a procedure, which gets the
  ;; list of layers that the strategy chose, bottom first, and returns a list
  ;; with the same items: not for what is built on the build side.
  (layers docker-image-layers (default '())
   (sanitize sanitize-layers))

  (format docker-image-format (default 'docker)
   (sanitize sanitize-format))
  (compression docker-image-compression (default "gzip")
   (sanitize sanitize-compression))

  ;; Links as those of `guix pack': a list of (SOURCE -> TARGET), where TARGET
  ;; is relative to the first of the contents.
  (symlinks docker-image-symlinks (default '())
   (sanitize sanitize-symlinks))
  ;; Directories and links, and directories whose content goes to "/", see
  ;; <docker-image-layer>.
  (directives docker-image-directives (default '())
   (sanitize sanitize-directives))
  (roots docker-image-roots (default '())
   (sanitize sanitize-roots))
  (permissions docker-image-permissions (default '())
   (sanitize sanitize-permissions))
  ;; Whether there is a directory /tmp for everybody to write to.
  (temporary-directory? docker-image-temporary-directory? (default #t)
   (sanitize sanitize-boolean))
  ;; Whether there is /var/guix with a database of the store items, for Guix in
  ;; a container, and the profile of root there that leads to the first of the
  ;; contents.
  (localstatedir? docker-image-localstatedir? (default #f)
   (sanitize sanitize-boolean))
  (profile-name docker-image-profile-name (default "guix-profile")
   (sanitize sanitize-profile-name))

  ;; What a container runs.  An entry point is a file name relative to the
  ;; first of the contents, or an absolute one, or another text.
  (entry-point docker-image-entry-point (default #f)
   (sanitize sanitize-text))
  (entry-point-arguments docker-image-entry-point-arguments (default '())
   (sanitize sanitize-texts))
  (command docker-image-command (default '())
   (sanitize sanitize-texts))
  ;; A list of (NAME . VALUE).  They come after the search paths that the
  ;; contents ask for, unless `search-paths?' is false, and win over them.
  (environment docker-image-environment (default '())
   (sanitize sanitize-environment))
  (search-paths? docker-image-search-paths? (default #t)
   (sanitize sanitize-boolean))
  (user docker-image-user (default #f)
   (sanitize sanitize-user))
  (working-directory docker-image-working-directory (default #f)
   (sanitize sanitize-directory))
  ;; List of (KEY . VALUE).
  (labels docker-image-labels (default '())
   (sanitize sanitize-labels))
  ;; "80/tcp".
  (exposed-ports docker-image-exposed-ports (default '())
   (sanitize sanitize-ports))
  (volumes docker-image-volumes (default '())
   (sanitize sanitize-volumes))
  (stop-signal docker-image-stop-signal (default #f)
   (sanitize sanitize-signal))
  ;; List of (KEY . VALUE).
  (annotations docker-image-annotations (default '())
   (sanitize sanitize-labels))
  (author docker-image-author (default #f)
   (sanitize sanitize-string))
  ;; Seconds since the epoch.
  (created docker-image-created (default 1)
   (sanitize sanitize-created))

  ;; As those of <docker-image-layer>.
  (owner docker-image-owner (default #f)
   (sanitize sanitize-owner))
  (time docker-image-time (default #f)
   (sanitize sanitize-time))

  ;; What it is built for, #f being what everything else is built for.
  (system docker-image-system (default #f)
   (sanitize sanitize-string))
  (target docker-image-target (default #f)
   (sanitize sanitize-string))

  (program docker-image-program (default (%stratapack-program))
   (sanitize sanitize-program)))

(define (image-program image)
  (or (docker-image-program image) (default-program)))
