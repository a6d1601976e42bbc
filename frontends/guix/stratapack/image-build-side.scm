;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; Images, and plans of them, as one derivation that reads the references
;;; graph of what it contains.

(define-module (stratapack image-build-side)
  #:use-module (guix gexp)
  #:use-module (guix i18n)
  #:use-module (guix modules)
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack conditions)
  #:use-module (stratapack graph)
  #:use-module (stratapack image-arguments)
  #:use-module (stratapack image-record)
  #:use-module (stratapack layer)
  #:use-module (stratapack program)
  #:use-module (stratapack text)
  #:export (groups->plan
            layers-below
            build-side
            plan-derivation))

(define (graph-names contents)
  (map (cut format #f "graph-~a" <>) (iota (length contents))))

(define (references-graphs contents)
  "Return the argument #:references-graphs for a derivation that reads the
closure of CONTENTS."
  (map list (graph-names contents) contents))

(define (source-arguments contents)
  "Return a gexp for the arguments that let the program read the closure of
CONTENTS."
  (define graphs
    (match (graph-names contents)
      (() (list "--graph" (plain-file "nothing.json" %empty-graph)))
      (names (append-map (cut list "--references-graph" <>) names))))

  #~(append (list #$@graphs)
            #$(texts->gexp contents)))

(define (check-for-build-side image)
  "Refuse IMAGE where it asks for what only layers that are derivations can
give."
  (define name (docker-image-name image))

  (define (plain? layer)
    (define-syntax-rule (as-image-says? field-of-layer field-of-image)
      (member (field-of-layer layer) (list #f (field-of-image image))))

    (and (as-image-says? docker-image-layer-compression
                         docker-image-compression)
         (as-image-says? docker-image-layer-owner docker-image-owner)
         (as-image-says? docker-image-layer-time docker-image-time)
         (not (docker-image-layer-customised? layer))))

  (when (procedure? (docker-image-layers image))
    (refuse (G_ "That needs a plan before anything is built: set @code{build}
to @code{'client-side} or @code{'planned}.")
            (G_ "the layers of the image '~a' are changed by a procedure")
            name))
  (when (procedure? (docker-image-strategy image))
    (refuse (G_ "It needs the closure before anything else is built: set
@code{build} to @code{'client-side} or @code{'planned}.")
            (G_ "the strategy of the image '~a' is a procedure") name))
  (unless (every plain? (hand-made-layers image))
    (refuse (G_ "Only layers that are derivations can differ in compression,
owner or time, or hold more than items: set @code{build} to
@code{'client-side} or @code{'planned}.")
            (G_ "the image '~a' has layers with rules of their own") name)))

(define (groups->plan groups)
  "Return the text of a plan whose layers hold GROUPS, lists of texts, and
nothing else."
  (json->text
   `((layers . ,(list->vector
                 (map (lambda (group)
                        `((items . ,(list->vector group))))
                      groups))))))

(define (layers-below image)
  "Return the text of the plan of the layers of IMAGE that are there before its
strategy is asked, or a file-like object that is one, or #f."
  (define groups
    (remove null? (map docker-image-layer-items (hand-made-layers image))))

  (or (docker-image-plan image)
      (and (pair? groups)
           (groups->plan groups))))

(define (planning-arguments image)
  "Return a gexp that writes what planning IMAGE needs into the working
directory, and returns the arguments."
  (define below
    (match (layers-below image)
      (#f #~'())
      ((? list? text)
       #~(begin
           (call-with-output-file "below.json"
             (lambda (port) (display #$(text->gexp text) port)))
           (list "--below" "below.json")))
      (plan #~(list "--below" #$plan))))

  #~(append #$below
            #$(texts->gexp (append (strategy-arguments image)
                                   (customisation-arguments image)))))

(define for-builders?
  ;; Whether a module of the client is for builders, too.
  (match-lambda
    (('guix 'config) #f)
    (((or 'guix 'stratapack) _ ...) #t)
    (_ #f)))

(define-syntax-rule (with-own-modules modules body)
  "Return the gexp BODY, for which MODULES are imported."
  (with-imported-modules (source-module-closure modules
                                                #:select? for-builders?)
    body))

(define (check-links image)
  "Return a gexp that fails where a link of IMAGE leads nowhere."
  (define links
    (image-links image))

  (if (null? links)
      #~#t
      (with-own-modules '((stratapack build links))
        #~(let ((link ((@ (stratapack build links) dangling-link)
                       (map cons
                            '#$(map car links)
                            #$(texts->gexp (map cdr links))))))
            (when link
              (format (current-error-port)
                      "stratapack: error: the link '~a' leads to '~a', \
which is not there~%"
                      (car link) (cdr link))
              (exit 1))))))

(define (build-side-environment image contents)
  "Return a gexp for the arguments that set the environment of IMAGE."
  (define own
    (texts->gexp (environment-arguments image '())))

  (if (docker-image-search-paths? image)
      (with-own-modules '((stratapack build environment))
        #~(let ((own '#$(map car (docker-image-environment image)))
                (contents-environment
                 (@ (stratapack build environment) contents-environment)))
            (append
             (apply append
                    (map (lambda (pair)
                           (if (member (car pair) own)
                               '()
                               (list "--env" (string-append (car pair) "="
                                                            (cdr pair)))))
                         (contents-environment
                          #$(texts->gexp contents)
                          '#$(image-search-paths image))))
             #$own)))
      own))

(define* (build-side image system target #:key plan)
  "Return, as a monadic value, the derivation that builds all of IMAGE, with
PLAN, a derivation, or making one itself."
  (define contents (image-contents image))

  (check-for-build-side image)
  (gexp->derivation (docker-image-file-name image)
                    #~(let ((planning #$(if plan
                                            #~(list "--plan" #$plan)
                                            (planning-arguments image))))
                        #$(check-links image)
                        #$(run-program
                           (image-program image)
                           #~(append
                              (list "build" "--no-cache"
                                    "--output" #$(output-argument image))
                              #$(source-arguments contents)
                              planning
                              #$(texts->gexp (force-arguments image))
                              #$(texts->gexp (base-arguments image))
                              #$(texts->gexp (layer-arguments image))
                              #$(build-side-environment image contents)
                              #$(texts->gexp
                                 (config-arguments image system target)))))
                    #:system system
                    #:target target
                    #:references-graphs (references-graphs contents)
                    #:local-build? #f))

(define (plan-derivation image system target)
  "Return, as a monadic value, the derivation of the plan of IMAGE."
  (define contents (image-contents image))

  (gexp->derivation "plan.json"
                    #~(let ((planning #$(planning-arguments image)))
                        #$(run-program
                           (image-program image)
                           #~(append
                              (list "plan" "--output" #$output)
                              #$(source-arguments contents)
                              planning
                              #$(texts->gexp
                                 (append (force-arguments image)
                                         (base-arguments image)
                                         (architecture-arguments system
                                                                 target))))
                           #:threads? #f))
                    #:system system
                    #:target target
                    #:references-graphs (references-graphs contents)
                    #:local-build? #t))
