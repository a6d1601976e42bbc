;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; The state of Guix in an image: /var/guix with a database of what the image
;;; holds, so that Guix works in its containers.

(define-module (stratapack local-state)
  #:use-module (gnu packages gnupg)
  #:use-module (gnu packages guile)
  #:use-module (guix gexp)
  #:use-module (guix modules)
  #:use-module (guix packages)
  #:use-module ((guix self) #:select (make-config.scm))
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:export (local-state-directory
            %local-state-permissions
            with-store-database))

(define not-config?
  (match-lambda
    (('guix 'config) #f)
    (((or 'guix 'gnu) _ ...) #t)
    (_ #f)))

(define (with-propagated-inputs package)
  (cons package
        (match (package-transitive-propagated-inputs package)
          (((labels packages . _) ...) packages))))

(define (with-store-database modules body)
  "Return the gexp BODY with MODULES and what they need imported, as well as
all that builders need to write a store database."
  (define schema
    (local-file (search-path %load-path "guix/store/schema.sql")))

  (with-extensions (append-map with-propagated-inputs
                               (list guile-gcrypt guile-sqlite3))
    (with-imported-modules `(((guix config) => ,(make-config.scm))
                             ,@(source-module-closure
                                `((guix build store-copy)
                                  (guix store database)
                                  ,@modules)
                                #:select? not-config?))
      #~(begin
          (use-modules (guix build store-copy) (guix store database))

          ;; File names that are not ASCII are taken as they are.
          (setlocale LC_ALL "C.UTF-8")
          (sql-schema #$schema)
          #$body))))

(define %local-state-permissions
  ;; In the store, everything is read-only.
  '(("/var/**" "u+w")))

(define* (local-state-directory contents #:key (profile-name "guix-profile"))
  "Return a file-like directory to copy to the root of an image that has the
closure of CONTENTS: the database in /var/guix/db, a profile of root called
PROFILE-NAME that leads to the first of CONTENTS, and roots for the garbage
collector that lead to the others."
  (define graphs
    (map (cut format #f "graph-~a" <>) (iota (length contents))))

  (computed-file "local-state"
                 (with-store-database
                  '((gnu build install) (guix build utils))
                  #~(begin
                      (use-modules (gnu build install)
                                   (guix build utils)
                                   (srfi srfi-1))

                      (define items
                        ;; Those of all graphs, each once, and never before
                        ;; what it refers to.
                        (let ((seen (make-hash-table)))
                          (filter (lambda (item)
                                    (let ((name (store-info-item item)))
                                      (and (not (hash-ref seen name))
                                           (hash-set! seen name #t))))
                                  (append-map (lambda (graph)
                                                (call-with-input-file graph
                                                  read-reference-graph))
                                              '#$graphs))))

                      (define contents
                        (list #$@contents))

                      (with-database "db.sqlite" db
                        (register-items db items
                                        #:registration-time %epoch))
                      (mkdir-p #$output)
                      (install-database-and-gc-roots
                       #$output "db.sqlite" (first contents)
                       #:profile-name #$profile-name)
                      ;; The profile keeps the first from a collector in a
                      ;; container.
                      (for-each (lambda (content)
                                  (symlink content
                                           (string-append
                                            #$output "/var/guix/gcroots/"
                                            (basename content))))
                                (delete-duplicates (cdr contents)))))
                 #:local-build? #f
                 #:options `(#:references-graphs
                             ,(map list graphs contents))))
