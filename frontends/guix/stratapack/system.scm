;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; Images of whole systems.

(define-module (stratapack system)
  #:use-module (gnu packages guile)
  #:use-module (gnu services)
  #:use-module (gnu services base)
  #:use-module (gnu system)
  #:use-module (gnu system linux-container)
  #:use-module (guix gexp)
  #:use-module (srfi srfi-1)
  #:use-module (stratapack image)
  #:use-module (stratapack local-state)
  #:use-module (stratapack root)
  #:export (operating-system-root
            operating-system-image))

(define boot-program
  ;; Runs the boot script of the system that is its argument, which starts the
  ;; Shepherd.
  (program-file "boot-program"
                #~(let ((system (cadr (command-line))))
                    (setenv "GUIX_NEW_SYSTEM" system)
                    (execl #$(file-append guile-3.0 "/bin/guile")
                           "guile" "--no-auto-compile"
                           (string-append system "/boot")))))

(define (has-guix-service? os)
  (any (lambda (service) (eq? (service-kind service) guix-service-type))
       (operating-system-services os)))

(define* (operating-system-root os #:key (register-closures? #t))
  "Return the provisioned root directory of OS, an operating system for
containers: directories, links, and with REGISTER-CLOSURES? the database of
its store items."
  (provisioned-root
   "system-root"
   (with-store-database
    '((gnu build image))
    #~(lambda (root)
        ((@ (gnu build image) initialize-root-partition)
         root
         #:references-graphs '("graph")
         #:copy-closures? #f
         #:register-closures? #$register-closures?
         #:deduplicate? #f
         #:system-directory #$os)))
   #:references-graphs `(("graph" ,os))))

(define* (operating-system-image os
                                 #:key
                                 (image (docker-image (name "system")
                                                      (contents '())))
                                 (shared-network? #f))
  "Return IMAGE, a <docker-image>, with OS as its content, as `guix system
image -t docker' has it: the store items of OS below, its provisioned root
directory on top, booted by the entry point.  With SHARED-NETWORK?, OS leaves
the network to the host."
  (define contained
    (operating-system-with-gc-roots
     (containerized-operating-system os '() #:shared-network? shared-network?)
     (list boot-program)))

  (define root
    (operating-system-root contained
                           #:register-closures?
                           (has-guix-service? contained)))

  (docker-image
   (inherit image)
   (contents (cons* contained boot-program (docker-image-contents image)))
   (roots (cons (provisioned-root-files root) (docker-image-roots image)))
   (permissions (cons (provisioned-root-permissions root)
                      (docker-image-permissions image)))
   (temporary-directory? #f)                      ;it has one
   (search-paths? #f)
   (entry-point boot-program)
   (entry-point-arguments (list contained))))
