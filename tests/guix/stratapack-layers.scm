;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; What is done to layers before anything is built.  No daemon is needed.

(define-module (test-stratapack-layers)
  #:use-module (gnu packages bash)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-64)
  #:use-module (stratapack image))

(define (item name)
  (string-append "/gnu/store/" (make-string 32 #\0) "-" name))

(define base (docker-image-layer (items (list (item "glibc-2.41") (item "bash-5.2")))
                                 (compression "zstd:19")))
(define middle (docker-image-layer (items (list (item "zlib-1.3") (item "guile-3.0.9")
                                                (item "guile-json-4.7")))))
(define top (docker-image-layer (items (list (item "profile"))) (directives '((directory "/data")))))
(define layers (list base middle top))

(define (names layer)
  (map (lambda (item) (string-drop item 44)) (docker-image-layer-items layer)))

(test-begin "stratapack-layers")

(test-equal "an item is found by its name, with or without the version"
  '(#t #t #f #f)
  (list ((item-named "guile") (item "guile-3.0.9"))
        ((item-named "guile-3.0.9") (item "guile-3.0.9"))
        ((item-named "guile") (item "guile-json-4.7"))
        ((item-named "uile") (item "guile-3.0.9"))))
(test-assert "packages have names, too"
  ((item-named "bash") bash))
(test-assert "and so have their outputs"
  ((item-named "bash") (list bash "doc")))
(test-eq "the layer that has an item" middle (find-layer layers (item-named "zlib")))
(test-eq "no layer has it" #f (find-layer layers (item-named "nothing")))

(let ((merged (merge-layers base middle)))
  (test-equal "merged layers hold what both held"
    '("glibc-2.41" "bash-5.2" "zlib-1.3" "guile-3.0.9" "guile-json-4.7") (names merged))
  (test-equal "the first says what else there is to say"
    "zstd:19" (docker-image-layer-compression merged)))
(test-equal "an item that both hold is there once"
  '("profile") (names (merge-layers top top)))

(test-equal "a layer is split in two"
  '(("zlib-1.3") ("guile-3.0.9" "guile-json-4.7"))
  (map names (split-layer middle (item-named "guile" "guile-json"))))
(test-equal "what has nothing is no layer"
  '(("glibc-2.41" "bash-5.2"))
  (map names (split-layer base (item-named "nothing"))))
(test-equal "directives stay where they are"
  '(#t #f) (map docker-image-layer-customised? (split-layer top (item-named "profile"))))

(test-equal "items get a layer of their own on top"
  '(("glibc-2.41") ("zlib-1.3" "guile-json-4.7") ("profile") ("bash-5.2" "guile-3.0.9"))
  (map names (isolate-items (list base middle (docker-image-layer (items (list (item "profile")))))
                            (item-named "bash" "guile"))))
(test-equal "or below"
  '(("zlib-1.3") ("glibc-2.41" "bash-5.2") ("guile-3.0.9" "guile-json-4.7"))
  (map names (isolate-items (list base middle) (item-named "zlib") #:place 'bottom)))
(test-equal "layers are moved" (list middle top base) (move-layer layers 0 2))
(test-equal "and back" layers (move-layer (move-layer layers 0 2) 2 0))

(test-end "stratapack-layers")
