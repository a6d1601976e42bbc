;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; What the fields of images and layers may hold.
;;;
;;; Every procedure `check-…' returns its argument, perhaps in another
;;; spelling, or refuses it in the words of the user: when a record is made,
;;; or a command line read, and not in a builder some hours later.

(define-module (stratapack checks)
  #:use-module (guix gexp)
  #:use-module (guix i18n)
  #:use-module (guix profiles)
  #:use-module (guix store)
  #:use-module (ice-9 match)
  #:use-module (ice-9 regex)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack conditions)
  #:use-module (stratapack text)
  #:export (%formats
            %strategies
            %largest-bound
            absolute?
            check-name
            check-tag
            check-names
            check-contents
            check-items
            check-base
            check-base-items
            check-build
            check-strategy
            check-bound
            check-plan
            check-format
            check-compression
            check-symlinks
            check-directives
            check-roots
            check-permissions
            check-boolean
            check-profile-name
            check-text
            check-texts
            check-user
            check-directory
            check-environment
            check-labels
            check-ports
            check-volumes
            check-signal
            check-time
            check-created
            check-owner
            check-string
            check-program))

(define %formats
  ;; Symbol, transport of the program, what the name of the output ends in.
  '((docker "docker-archive" ".tar")
    (docker-v1 "docker-v1-archive" ".tar")
    (oci "oci" "")
    (oci-archive "oci-archive" ".tar")
    (universal "universal-archive" ".tar")
    (directory "dir" "")))

(define %strategies
  ;; Those of `stratapack strategies'.
  '(churn steady popularity size two single per-item update auto
    nix2container nixery origin ostree chunkah rechunk merge))

(define %largest-bound
  ;; What Docker's classic store can load.
  125)

(define (matches? pattern value)
  (and (string? value)
       (string-match pattern value)
       #t))

(define (absolute? value)
  "Whether VALUE, a text, is an absolute file name as far as one can tell."
  (match value
    ((? string? name) (string-prefix? "/" name))
    ((first . _) (absolute? first))
    (_ #t)))

(define (choices names)
  (string-join (map (cut format #f "@code{~a}" <>) names) ", "))

(define (check-every good? values complain)
  "Return VALUES if it is a list whose elements are GOOD?; call COMPLAIN with
what is wrong otherwise."
  (if (list? values)
      (match (remove good? values)
        (() values)
        ((other . _) (complain other)))
      (complain values)))


;;;
;;; Names.
;;;

(define %component "[a-z0-9]+((\\.|__?|-+)[a-z0-9]+)*")
(define %registry "^(\\[[0-9a-fA-F:]+\\]|[A-Za-z0-9.-]+)(:[0-9]+)?$")

(define (image-name? value)
  "Whether VALUE is a name as registries and clients read it: components, and
perhaps a registry, which shows by a dot, a colon, or being localhost."
  (define (registry? first)
    (or (string-index first (char-set #\. #\:))
        (string=? first "localhost")))

  (and (string? value)
       (<= (string-length value) 255)
       (match (string-split value #\/)
         (((? registry? first) components ..1)
          (and (matches? %registry first)
               (every (cut matches? (string-append "^" %component "$") <>)
                      components)))
         (components
          (every (cut matches? (string-append "^" %component "$") <>)
                 components)))))

(define (check-name value)
  (define (advice)
    (if (matches? "^.+:[^/]+$" value)
        (G_ "A tag is given on its own: by the field @code{tag}, or by
@option{--tag}.")
        (G_ "Names are lower-case words, joined by @samp{.}, @samp{_} or
@samp{-}, with @samp{/} between components, as in
@samp{example.org/team/tool}.")))

  (if (image-name? value)
      value
      (refuse (advice) (G_ "~s is not the name of an image") value)))

(define (tag? value)
  (matches? "^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$" value))

(define (check-tag value)
  (if (tag? value)
      value
      (refuse (G_ "Tags are up to 128 letters, digits, @samp{.}, @samp{_} and
@samp{-}, as in @samp{1.2}.")
              (G_ "~s is not the tag of an image") value)))

(define (check-names value)
  (define (good? name)
    (and (string? name)
         (match (string-rindex name #\:)
           (#f (image-name? name))
           (index
            (or (image-name? name)      ;a registry's port
                (and (image-name? (string-take name index))
                     (tag? (string-drop name (+ index 1)))))))))

  (check-every good? value
               (lambda (other)
                 (refuse (G_ "Write @samp{NAME:TAG}, as in
@code{'(\"example.org/tool:2\")}.")
                         (G_ "~s is not a name of an image with its tag")
                         other))))


;;;
;;; Contents.
;;;

(define (store-object? value)
  "Whether VALUE stands for a store item."
  (match value
    ((? string? name) (direct-store-path? name))
    ((? gexp-input?) #t)
    (((? file-like?) (? string?)) #t)
    (value (and (file-like? value) #t))))

(define (complain-of-content other)
  (if (string? other)
      (refuse (format #f (G_ "Give a direct child of @file{~a}.")
                      (%store-prefix))
              (G_ "'~a' is not the name of a store item") other)
      (refuse (G_ "Give profiles, manifests, packages, or other file-like
objects.")
              (G_ "~s is not something that an image can contain") other)))

(define (check-contents value)
  (check-every (lambda (content)
                 (or (manifest? content) (store-object? content)))
               value complain-of-content))

(define (check-items value)
  (check-every store-object? value complain-of-content))

(define (check-base value)
  (if (or (not value) (text? value))
      value
      (refuse (G_ "Give another image, an origin, or another file-like object
that holds one.")
              (G_ "~s is not an image to build upon") value)))

(define (check-base-items value)
  (if (memq value '(store none))
      value
      (refuse (G_ "Choose @code{'store} or @code{'none}.")
              (G_ "~s does not say which items a base may hold") value)))

(define (check-program value)
  (if (or (not value) (file-like? value))
      value
      (refuse (G_ "Give a file-like object, such as @code{(local-file
\"stratapack\" #:recursive? #t)}.")
              (G_ "~s is not a program") value)))


;;;
;;; How it is made.
;;;

(define (check-build value)
  (define ways '(build-side client-side planned planned-build-side))

  (if (memq value ways)
      value
      (refuse (format #f (G_ "Choose one of ~a.") (choices ways))
              (G_ "~s is not a way to build images") value)))

(define (check-strategy value)
  (let ((name (if (string? value) (string->symbol value) value)))
    (if (or (procedure? name) (memq name %strategies))
        name
        (refuse (format #f (G_ "Choose one of ~a, or give a procedure.")
                        (choices %strategies))
                (G_ "there is no strategy '~a'") value))))

(define (check-bound value)
  "Return VALUE, a bound on layers, as a string."
  (let ((text (if (exact-integer? value) (number->string value) value)))
    (if (and (matches? "^[+]?[0-9]{1,6}$" text)
             (positive? (string->number text)))
        text
        (refuse (G_ "Give a number of layers, or as in @code{\"+10\"} one of
those above a base.")
                (G_ "~s is not a bound on layers") value))))

(define (check-plan value)
  (if (or (not value) (text? value))
      value
      (refuse (G_ "Give a file-like object that holds one, such as
@code{(local-file \"plan.json\")}.")
              (G_ "~s is not a plan") value)))

(define (check-format value)
  (if (assq value %formats)
      value
      (refuse (format #f (G_ "Choose one of ~a.")
                      (choices (map first %formats)))
              (G_ "~s is not a format of images") value)))

(define (check-compression value)
  "Return VALUE where it is a compression that layers can have."
  (define (refuse-it)
    (refuse (G_ "Use @code{\"gzip\"}, @code{\"zstd\"} or @code{\"none\"},
perhaps with a level as in @code{\"gzip:9\"}: clients read no others.")
            (G_ "~s is not a compression of layers") value))

  (match (if (string? value) (string-split value #\:) (refuse-it))
    (("none") value)
    (((or "gzip" "zstd")) value)
    (((and codec (or "gzip" "zstd")) level)
     (let ((number (string->number level)))
       (if (and (exact-integer? number)
                (<= 1 number (if (string=? codec "gzip") 9 19)))
           value
           (refuse-it))))
    (_ (refuse-it))))


;;;
;;; Files besides the store items.
;;;

(define (components name)
  (delete "." (delete "" (string-split name #\/))))

(define (check-link-name name)
  "Refuse NAME, where a link is to be, if it would hide the store."
  (define (related? one other)
    (match (list one other)
      ((or (() _) (_ ())) #t)
      (((a . one) (b . other)) (and (string=? a b) (related? one other)))))

  (when (string? name)
    (cond ((not (string-prefix? "/" name))
           (refuse (G_ "Write the whole name, beginning with @samp{/}.")
                   (G_ "the link '~a' has no absolute name") name))
          ((member ".." (components name))
           (refuse #f (G_ "the name of the link '~a' has '..' in it") name))
          ((related? (components name) (components (%store-prefix)))
           (refuse (G_ "Choose another name: an image without its store items
does not work.")
                   (G_ "the link '~a' would hide the store") name)))))

(define (check-symlinks value)
  (define (check symlink)
    (match symlink
      (((? string? source) '-> (? string? target))
       (check-link-name source)
       (when (string-prefix? "/" target)
         (refuse (G_ "Targets of @code{symlinks} are relative to the first of
the contents; use @code{directives} for others.")
                 (G_ "the target '~a' of the link '~a' is absolute")
                 target source)))
      (_ (refuse (G_ "Write @code{(SOURCE -> TARGET)}.")
                 (G_ "~s is not a link") symlink))))

  (unless (list? value)
    (check value))
  (for-each check value)
  value)

(define (check-directives value)
  (define (number? value)
    (and (exact-integer? value) (<= 0 value #xffffffff)))

  (define (mode? value)
    (and (exact-integer? value) (<= 0 value #o7777)))

  (define good?
    (match-lambda
      (('directory (and (? text?) (? absolute?))) #t)
      (('directory (and (? text?) (? absolute?)) (? number?) (? number?)) #t)
      (('directory (and (? text?) (? absolute?)) (? number?) (? number?)
                   (? mode?))
       #t)
      (((and (? text?) new) '-> (? text?))
       (check-link-name new)
       #t)
      (_ #f)))

  (check-every good? value
               (lambda (other)
                 (refuse (G_ "Write @code{(directory NAME UID GID MODE)} or
@code{(NEW -> TARGET)}, with absolute names.")
                         (G_ "~s is not a directive for an image") other))))

(define (check-roots value)
  (check-every (lambda (root) (or (file-like? root) (store-object? root)))
               value
               (lambda (other)
                 (refuse (G_ "Give a file-like object that is a directory.")
                         (G_ "~s is not a directory to copy to the root")
                         other))))

(define (check-permissions value)
  (define (number? value)
    (and (exact-integer? value) (<= 0 value #xffffffff)))

  (define (mode? value)
    (or (not value)
        (and (exact-integer? value) (<= 0 value #o7777))
        (matches? (let ((clause "[ugoa]*[=+-][rwxXst]*"))
                    (string-append "^([0-7]{1,4}|" clause
                                   "(," clause ")*)$"))
                  value)))

  (define good?
    (match-lambda
      (((? string?) (? mode? mode)) mode)
      (((? string?) (? mode?) (? number?) (? number?)) #t)
      (rule (and (file-like? rule) #t))))

  (check-every good? value
               (lambda (other)
                 (refuse (G_ "Write @code{(GLOB MODE)} or @code{(GLOB MODE UID
GID)}, as in @code{(\"/etc/*\" #o600)} or @code{(\"/home/me/**\" \"go=\" 1000
1000)}.")
                         (G_ "~s is not a rule of permissions") other))))

(define (check-boolean value)
  (if (boolean? value)
      value
      (refuse (G_ "Write @code{#t} or @code{#f}.")
              (G_ "~s is neither true nor false") value)))

(define (check-profile-name value)
  (if (member value '("guix-profile" "current-guix"))
      value
      (refuse (G_ "Choose @code{\"guix-profile\"} or @code{\"current-guix\"}.")
              (G_ "~s is not the name of a profile of root") value)))


;;;
;;; The config.
;;;

(define (complain-of-text other)
  (refuse (G_ "Give a string, a file-like object, or a list of these that is
joined.")
          (G_ "~s is not a text") other))

(define (check-text value)
  (if (or (not value) (and (text? value) (not (null? value))))
      value
      (complain-of-text value)))

(define (check-texts value)
  (check-every text? value complain-of-text))

(define (check-string value)
  (if (or (not value) (and (string? value) (not (string-null? value))))
      value
      (refuse #f (G_ "~s is not a string") value)))

(define (check-user value)
  "Return VALUE, a user of an image, as a string."
  (match value
    (#f #f)
    ((? exact-integer? number) (check-user (number->string number)))
    ((? (cut matches? "^[A-Za-z0-9_.-]+[$]?(:[A-Za-z0-9_.-]+[$]?)?$" <>))
     (if (string-prefix? "-" value)
         (check-user '(negative))
         value))
    (_ (refuse (G_ "Give a number or a name, perhaps with a group, as in
@samp{1000:1000}.")
               (G_ "~s is not a user") value))))

(define (check-directory value)
  (if (or (not value) (and (text? value) (absolute? value)))
      value
      (refuse (G_ "Give an absolute file name.")
              (G_ "~s is not a directory to start in") value)))

(define (check-environment value)
  (define good?
    (match-lambda
      (((? string? name) . (? text?))
       (not (or (string-null? name) (string-index name #\=))))
      (_ #f)))

  (check-every good? value
               (lambda (other)
                 (refuse (G_ "Write @code{(\"NAME\" . \"value\")}.")
                         (G_ "~s is not a variable of an environment")
                         other))))

(define (check-labels value)
  (define good?
    (match-lambda
      (((? string? key) . (? text?))
       (not (or (string-null? key) (string-index key #\=))))
      (_ #f)))

  (check-every good? value
               (lambda (other)
                 (refuse (G_ "Write @code{(\"org.example.key\" . \"value\")}.")
                         (G_ "~s is not a key with a value") other))))

(define (check-ports value)
  (define (good? port)
    (and (matches? "^[0-9]{1,5}(/(tcp|udp|sctp))?$" port)
         (<= 1 (string->number (first (string-split port #\/))) 65535)))

  (check-every good? value
               (lambda (other)
                 (refuse (G_ "Write a port from 1 to 65535, perhaps with a
protocol, as in @code{\"80/tcp\"}.")
                         (G_ "~s is not a port") other))))

(define (check-volumes value)
  (check-every (lambda (volume) (and (text? volume) (absolute? volume)))
               value
               (lambda (other)
                 (refuse (G_ "Give an absolute file name.")
                         (G_ "~s is not a directory for a volume") other))))

(define (check-signal value)
  (if (or (not value)
          (matches? "^(SIG[A-Z0-9]+([+-][0-9]+)?|[0-9]+)$" value))
      value
      (refuse (G_ "Write it as in @code{\"SIGTERM\"}.")
              (G_ "~s is not a signal") value)))

(define (check-created value)
  (if (and (exact-integer? value) (<= 0 value 253402300799))
      value
      (refuse (G_ "Count seconds since the epoch.")
              (G_ "~s is not a time") value)))

(define (check-time value)
  (and value (check-created value)))

(define (check-owner value)
  (define (number? value)
    (and (exact-integer? value) (<= 0 value #xffffffff)))

  (match value
    (#f #f)
    (((? number?) . (? number?)) value)
    (_ (refuse (G_ "Write @code{'(UID . GID)}, both numbers.")
               (G_ "~s is not an owner") value))))
