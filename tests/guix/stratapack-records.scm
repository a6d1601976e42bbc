;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; What the records refuse, at once and in the user's words.  No daemon is
;;; needed.

(define-module (test-stratapack-records)
  #:use-module (gnu packages bash)
  #:use-module (guix diagnostics)
  #:use-module (guix gexp)
  #:use-module (guix profiles)
  #:use-module (guix utils)
  #:use-module (ice-9 format)
  #:use-module (srfi srfi-34)
  #:use-module (srfi srfi-64)
  #:use-module (stratapack image)
  #:use-module (stratapack image-arguments))

(define (refusal thunk)
  "Return what THUNK is refused with, message and advice, or #f."
  (guard (c ((formatted-message? c)
             (string-append
              (apply format #f (formatted-message-string c)
                     (formatted-message-arguments c))
              (if (fix-hint? c)
                  (string-append " " (condition-fix-hint c))
                  ""))))
    (thunk)
    #f))

(define-syntax-rule (test-refused words expression)
  ;; EXPRESSION is refused, and the message has WORDS.
  (test-assert (format #f "~a: ~s" words 'expression)
    (let ((message (refusal (lambda () expression))))
      (and message (string-contains message words)))))

(define-syntax-rule (test-taken expression)
  ;; EXPRESSION is not refused.
  (test-eqv (format #f "~s" 'expression)
    #f (refusal (lambda () expression))))

(define-syntax-rule (image field ...)
  (docker-image (name "tool") (contents (list bash)) field ...))

(define-syntax-rule (layer field ...)
  (docker-image-layer field ...))

(define store-item
  (string-append "/gnu/store/" (make-string 32 #\0) "-thing"))

(test-begin "stratapack-records")

(test-taken (docker-image (name "example.org:5000/team/tool") (contents '())))
(test-taken (docker-image (name "localhost/a__b/c-1.d") (contents '())))
(test-refused "\"Tool\" is not the name of an image"
              (docker-image (name "Tool") (contents '())))
(test-refused "A tag is given on its own"
              (docker-image (name "foo:1.2") (contents '())))
(test-refused "is not the name" (docker-image (name "a//b") (contents '())))
(test-refused "is not the name" (docker-image (name "a.-b") (contents '())))
(test-refused "is not the name" (docker-image (name 'tool) (contents '())))
(test-taken (image (tag "1.2-3_4")))
(test-refused "is not the tag" (image (tag "1:2")))
(test-refused "is not the tag" (image (tag 3)))
(test-taken (image (names '("a:1" "example.org:80/b" "c"))))
(test-refused "with its tag" (image (names "a:1")))
(test-refused "with its tag" (image (names '("a:1:2"))))

(test-taken (docker-image (name "x")
                          (contents (list bash (list bash "doc") store-item
                                          (packages->manifest
                                           (list bash))
                                          (profile (content (manifest '())))))))
(test-refused "is not something that an image can contain"
              (docker-image (name "x") (contents '(7))))
(test-refused "is not something that an image can contain"
              (docker-image (name "x") (contents bash)))
(test-refused "is not the name of a store item"
              (docker-image (name "x") (contents '("/usr/bin"))))
(test-refused "is not an image to build upon" (image (base 'debian)))
(test-refused "which items a base may hold" (image (base-items #t)))

(test-refused "is not a way to build" (image (build 'magic)))
(test-taken (image (strategy "popularity")))
(test-taken (image (strategy layers-by-nearness)))
(test-refused "there is no strategy 'magic'" (image (strategy 'magic)))
(test-taken (image (max-layers "+10")))
(test-refused "is not a bound" (image (max-layers 0)))
(test-refused "is not a bound" (image (max-layers "many")))
(test-refused "is not a bound" (image (max-layers 2.5)))
(test-refused "loads 125 at most" (check-image (image (max-layers 126))))
(test-refused "loads 125 at most" (check-image (image (max-layers "+126"))))
(test-taken (check-image (image (max-layers 300) (force? #t))))
(test-refused "is not a plan" (image (plan 7)))
(test-refused "is not a plan" (image (previous #t)))
(test-refused "is not a list of layers" (image (layers (list bash))))
(test-refused "is not a list of layers" (image (layers 'all)))
(test-refused "is not a format" (image (format 'tar)))
(test-refused "is not a compression" (image (compression "xz")))
(test-refused "is not a compression" (image (compression "gzip:10")))
(test-refused "is not a program" (image (program "/bin/stratapack")))

(test-taken (image (symlinks '(("/bin" -> "bin") ("/opt/tool" -> "")))))
(test-refused "is absolute" (image (symlinks '(("/bin" -> "/bin")))))
(test-refused "no absolute name" (image (symlinks '(("bin" -> "bin")))))
(test-refused "is not a link" (image (symlinks '("/bin=bin"))))
(test-refused "would hide the store"
              (image (symlinks '(("/gnu/store" -> "bin")))))
(test-refused "would hide the store" (image (symlinks '(("/gnu/" -> "bin")))))
(test-refused "would hide the store" (image (symlinks '(("/" -> "bin")))))
(test-refused "would hide the store"
              (image (symlinks `((,store-item -> "bin")))))
(test-refused "would hide the store"
              (image (directives '(("//gnu/./store" -> "/usr")))))
(test-refused "has '..' in it"
              (image (symlinks '(("/a/../gnu/store" -> "bin")))))
(test-taken (image (symlinks '(("/gnu/storeroom" -> "bin")))))
(test-taken (image (directives `((directory "/tmp" 0 0 #o1777)
                                 ("/bin/sh" -> ,(list bash "/bin/sh"))))))
(test-refused "is not a directive" (image (directives '((file "/a")))))
(test-refused "is not a directive"
              (image (directives '((directory "/a" 0 0 99999)))))
(test-refused "is not a directive" (image (directives '((directory "a")))))
(test-refused "copy to the root" (image (roots '("/etc"))))
(test-taken (image (permissions '(("/a" #o600) ("/b/**" "go=,u+X" 1 2)
                                  ("/c" #f 1 2)))))
(test-refused "is not a rule of permissions"
              (image (permissions '(("/a" "rwx")))))
(test-refused "is not a rule of permissions" (image (permissions '(("/a" #f)))))
(test-refused "neither true nor false" (image (localstatedir? "yes")))
(test-refused "neither true nor false" (image (temporary-directory? 1)))
(test-refused "neither true nor false" (image (search-paths? 'no)))
(test-refused "a profile of root" (image (profile-name "mine")))

(test-refused "is not a text" (image (entry-point 'bash)))
(test-refused "is not a text" (image (command "bash -l")))
(test-refused "is not a text" (image (entry-point-arguments '(7))))
(test-refused "arguments for an entry point, but none"
              (check-image (image (entry-point-arguments '("a")))))
(test-refused "variable of an environment"
              (image (environment '(("A=b" . "c")))))
(test-refused "variable of an environment" (image (environment '("A=b"))))
(test-equal "users may be numbers"
  '("1000" "1000:100" "me")
  (map docker-image-user
       (list (image (user 1000)) (image (user "1000:100"))
             (image (user "me")))))
(test-refused "is not a user" (image (user "a:b:c")))
(test-refused "is not a user" (image (user -1)))
(test-refused "a directory to start in" (image (working-directory "tmp")))
(test-refused "is not a key with a value" (image (labels '("a=b"))))
(test-refused "is not a key with a value" (image (annotations '(a b))))
(test-taken (image (exposed-ports '("80" "53/udp"))))
(test-refused "is not a port" (image (exposed-ports '("http"))))
(test-refused "is not a port" (image (exposed-ports '("70000/tcp"))))
(test-refused "is not a port" (image (exposed-ports '(80))))
(test-refused "a directory for a volume" (image (volumes '("data"))))
(test-refused "is not a signal" (image (stop-signal "TERM")))
(test-refused "is not a string" (image (author 'me)))
(test-refused "is not a time" (image (created "now")))
(test-refused "is not a time" (image (time -1)))
(test-refused "is not an owner" (image (owner "me")))
(test-refused "is not a string" (image (system 'x86_64-linux)))
(test-refused "is not a string" (image (target #t)))

(test-refused "is not something that an image can contain"
              (layer (items '(7))))
(test-refused "would hide the store"
              (layer (directives '(("/gnu/store" -> "/a")))))
(test-refused "is not a compression" (layer (compression "bzip2")))
(test-refused "is not an owner" (layer (owner 0)))
(test-refused "is not a time" (layer (time "1")))
(test-refused "is not a string" (layer (name 'base)))
(test-refused "is not a program" (layer (program "stratapack")))

(test-refused "has no contents"
              (check-image (docker-image (name "x") (contents '()))))
(test-taken (check-image (docker-image (name "x") (contents '())
                                       (layers (list (layer))))))
(test-refused "has the field 'symlinks', but no contents"
              (image-directives (docker-image (name "x") (contents '())
                                              (symlinks '(("/a" -> "b"))))))

(test-eq "the program is the one that was there when the image was made"
  bash
  (docker-image-program (parameterize ((%stratapack-program bash))
                          (image))))

(test-end "stratapack-records")
