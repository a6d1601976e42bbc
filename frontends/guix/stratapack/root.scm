;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; Root directories that are provisioned by code, and keep the modes that the
;;; code gave them.

(define-module (stratapack root)
  #:use-module (guix gexp)
  #:export (provisioned-root
            provisioned-root-files
            provisioned-root-permissions))

(define* (provisioned-root name populate #:key (references-graphs '()))
  "Return a file-like object called NAME for what POPULATE, a gexp for a
procedure, does to the directory whose name it is called with.  The store
keeps no modes but whether files can be executed; so those that other files
have are noted, and `provisioned-root-permissions' has them.
REFERENCES-GRAPHS is as for `gexp->derivation'."
  (computed-file name
                 (with-imported-modules '((guix build utils))
                   (provision populate))
                 #:local-build? #f
                 #:options `(#:references-graphs ,references-graphs)))

(define (provision populate)
  "Return the gexp that builds a provisioned root."
  #~(begin
      (use-modules (guix build utils) (ice-9 ftw))

      ;; Not in the store yet: code may move files to and from the working
      ;; directory.
      (define files (string-append (getcwd) "/provisioned"))

      ;; What escapes the characters with a meaning in globs, and in JSON.
      (define (quoted name)
        (string-concatenate
         (map (lambda (character)
                (case character
                  ((#\* #\? #\[) (string #\[ character #\]))
                  ((#\\) "[\\\\]")
                  ((#\") "\\\"")
                  (else (string character))))
              (string->list name))))

      (define (rule glob mode)
        (format #f "{\"paths\":\"~a\",\"mode\":\"~a\"}" glob mode))

      (define (usual? mode directory?)
        (if directory?
            (= mode #o755)
            (memv mode '(#o644 #o755))))

      (define rules '())

      (define (note name status)
        (let ((mode (stat:perms status))
              (directory? (eq? 'directory (stat:type status))))
          (unless (or (eq? 'symlink (stat:type status))
                      (string=? name files)
                      (usual? mode directory?))
            (set! rules
                  (cons (rule (quoted (string-drop name (string-length files)))
                              (number->string mode 8))
                        rules)))))

      (define (walk name)
        (note name (lstat name))
        (when (eq? 'directory (stat:type (lstat name)))
          (for-each (lambda (entry)
                      (walk (string-append name "/" entry)))
                    (scandir name
                             (lambda (entry)
                               (not (member entry '("." ".."))))
                             string<?))))

      (umask #o022)
      (mkdir files)
      (#$populate files)
      (walk files)
      (mkdir #$output)
      (copy-recursively files (string-append #$output "/root")
                        #:log (%make-void-port "w"))
      (call-with-output-file (string-append #$output "/permissions.json")
        (lambda (port)
          (format port "[~a]~%"
                  (string-join (cons (rule "/**" "u+w") (reverse rules))
                               ",\n "))))))

(define (provisioned-root-files root)
  "Return the file-like directory of ROOT that goes to \"/\" of an image: one
of its `roots'."
  (file-append root "/root"))

(define (provisioned-root-permissions root)
  "Return the file-like object with the modes of ROOT: one of the
`permissions' of an image."
  (file-append root "/permissions.json"))
