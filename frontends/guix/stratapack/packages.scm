;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; stratapack itself as a Guix package, built from the source tree that this
;;; channel is a part of.

(define-module (stratapack packages)
  #:use-module (gnu packages check)
  #:use-module (gnu packages compression)
  #:use-module (gnu packages man)
  #:use-module (gnu packages pkg-config)
  #:use-module (gnu packages sqlite)
  #:use-module (gnu packages tls)
  #:use-module (gnu packages web)
  #:use-module (guix build-system meson)
  #:use-module (guix gexp)
  #:use-module (guix git-download)
  #:use-module ((guix licenses) #:prefix license:)
  #:use-module (guix packages)
  #:use-module (guix store))

(define %top
  ;; The root of the source tree.  In the profile of `guix pull', what the load
  ;; path names is a link into the checkout; only the real name of this file
  ;; leads from there to the rest of the tree.
  (let ((file (search-path %load-path "stratapack/packages.scm")))
    (dirname (dirname (dirname (dirname (canonicalize-path file)))))))

(define (built? file)
  "Whether FILE is a build directory, or Git's own."
  (and (string=? (dirname file) %top)
       (or (string-prefix? "build" (basename file))
           (string=? ".git" (basename file)))))

(define source-file?
  ;; Whether a file is a part of the source.  The checkout of a channel is that
  ;; and nothing else; where no Git repository tells, everything is that was
  ;; not built.
  (or (and (not (store-path? %top)) (git-predicate %top))
      (lambda (file stat)
        (not (built? file)))))

(define-public stratapack
  (package
    (name "stratapack")
    (version "0.1.0")
    (source
     (local-file %top
                 "stratapack-checkout"
                 #:recursive? #t
                 #:select? source-file?))
    (build-system meson-build-system)
    (arguments
     (list
      #:configure-flags
      #~(list "-Dtests=true")))
    (native-inputs (list cmocka pkg-config scdoc))
    (inputs (list jansson
                  libdeflate
                  openssl
                  sqlite
                  zlib
                  (list zstd "lib")))
    (home-page #f)
    (synopsis "Build layered container images from a package store")
    (description
     "Stratapack reads the graph of the packages in the store of Guix or Nix,
or of a Debian system, decides which of them share a layer, and writes images
in the formats of Docker and of the Open Container Initiative.")
    (license license:asl2.0)))
