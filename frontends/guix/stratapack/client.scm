;;; What the client does itself: it asks the daemon about a closure, and runs the program for a plan.

(define-module (stratapack client)
  #:use-module (guix base16)
  #:use-module (guix derivations)
  #:use-module (guix gexp)
  #:use-module (guix build utils)
  #:use-module (guix monads)
  #:use-module (guix store)
  #:use-module (guix sets)
  #:use-module (guix utils)
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (ice-9 textual-ports)
  #:use-module (json)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-11)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack conditions)
  #:use-module (stratapack layer)
  #:export (write-registration
            plan-on-client
            built-executable
            show-strategies
            read-plan
            plan-layers
            plan-own-layer?
            plan-base))

(define (write-registration store roots port)
  "Write to PORT what the daemon of STORE knows of the closure of ROOTS, valid store items, in the form
that `guix-register' reads: names, hashes, sizes, references."
  (define (write-item item info)
    (format port "~a~%~a~%~a~%~a~%~a~%~{~a~%~}"
            item (bytevector->base16-string (path-info-hash info)) (path-info-nar-size info)
            (or (path-info-deriver info) "")
            (length (path-info-references info)) (path-info-references info)))

  (let loop ((items roots) (seen (list->set roots)))
    (match items
      (() #t)
      ((item . rest)
       (let* ((info (query-path-info store item))
              (new (remove (cut set-contains? seen <>) (path-info-references info))))
         (write-item item info)
         (loop (append new rest) (fold set-insert seen new)))))))

(define (message-and-advice text)
  "Split TEXT, what the program wrote to its standard error, into the message and the advice, or #f."
  (define (find-behind marker)
    (any (lambda (line)
           (match (string-contains line marker)
             (#f #f)
             (index (string-drop line (+ index (string-length marker))))))
         (string-split text #\newline)))

  (values (or (find-behind "error: ") text)
          (find-behind "hint: ")))

(define (texinfo text)
  "Return TEXT as it is, for Texinfo."
  (string-concatenate
   (map (lambda (character)
          (if (memv character '(#\@ #\{ #\}))
              (string #\@ character)
              (string character)))
        (string->list text))))

(define (call-program program arguments)
  "Run PROGRAM, a file name, with ARGUMENTS; where it fails, raise what it says as an error."
  (call-with-temporary-output-file
   (lambda (log port)
     (let ((status (with-error-to-port port
                     (lambda () (apply system* program arguments)))))
       (unless (zero? status)
         (let-values (((message advice)
                       (message-and-advice (call-with-input-file log get-string-all))))
           (refuse message (and=> advice texinfo))))))))

(define (built-executable program)
  "Build PROGRAM, a file-like object that is an executable, for the client, as a monadic value: its file
name."
  (mlet* %store-monad ((system (current-system))
                       (lowered (lower-gexp #~(begin #+program) #:system system))
                       (_ (match (lowered-gexp-inputs lowered)
                            (() (with-monad %store-monad (return #t)))
                            (inputs (built-derivations inputs)))))
    (match (lowered-gexp-sexp lowered)
      (('begin file) (return file)))))

(define (show-strategies program)
  "Print what PROGRAM, an executable file, knows of its strategies."
  (call-program program '("strategies")))

(define (plan-on-client program roots arguments)
  "Return, as a monadic value, the plan of the closure of ROOTS, valid store items, that PROGRAM, an
executable file, makes with ARGUMENTS, as `read-plan' does."
  (lambda (store)
    (values (call-with-temporary-directory
             (lambda (directory)
               (let ((graph (string-append directory "/graph"))
                     (file (string-append directory "/plan.json")))
                 (call-with-output-file graph
                   (cut write-registration store roots <>))
                 (call-program program
                               `("plan" "--quiet" "--references-graph" ,graph "--output" ,file
                                 ,@arguments ,@roots))
                 (read-plan file))))
            store)))

;; What a plan says: the layers, bottom first, as <docker-image-layer> records, and whether the
;; customisation is a layer of its own, and what the plan says of a base, as a text in JSON, or #f.
(define-record-type <plan>
  (plan layers own-layer? base)
  plan?
  (layers plan-layers)
  (own-layer? plan-own-layer?)
  (base plan-base))

(define (read-plan file)
  "Return the <plan> in FILE."
  (let* ((json (call-with-input-file file json->scm))
         (customisation (assoc-ref json "customisation")))
    (plan (map (lambda (layer)
                 (docker-image-layer
                  (items (vector->list (assoc-ref layer "items")))
                  (compression (assoc-ref layer "compression"))))
               (vector->list (assoc-ref json "layers")))
          (match (and customisation (assoc "ownLayer" customisation))
            ((_ . own-layer?) own-layer?)
            (#f #t))
          (and=> (assoc-ref json "base") scm->json-string))))
