;;; Images of several architectures under one name.

(define-module (stratapack index)
  #:use-module (guix gexp)
  #:use-module (guix monads)
  #:use-module (guix records)
  #:use-module (guix store)
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (stratapack conditions)
  #:use-module (stratapack image)
  #:use-module (stratapack program)
  #:export (<image-index>
            image-index
            image-index?
            this-image-index
            image-index-name
            image-index-tag
            image-index-images
            image-index-program
            image-for-systems
            image-for-targets))

;; A file-like object: an OCI layout with an index that leads to IMAGES, whose formats do not matter.
(define-record-type* <image-index>
  image-index make-image-index
  image-index?
  this-image-index
  (name    image-index-name)
  (tag     image-index-tag (default "latest"))
  (images  image-index-images)                    ;list of <docker-image>
  (program image-index-program (default #f)))

(define (image-for-systems image systems)
  "Return the list of IMAGE for each of SYSTEMS, such as \"aarch64-linux\": built there."
  (map (lambda (system)
         (docker-image (inherit image) (system system) (target #f)))
       systems))

(define (image-for-targets image targets)
  "Return the list of IMAGE for each of TARGETS, such as \"aarch64-linux-gnu\": cross-compiled.  #f stands
for the system that does it."
  (map (lambda (target)
         (docker-image (inherit image) (target target)))
       targets))

(define (lower-image-index index system target)
  (define (layout image)
    (docker-image (inherit image) (format 'oci)))

  (when (null? (image-index-images index))
    (refuse (format #f "the index '~a' has no images" (image-index-name index))
            "List one for each architecture in the field @code{images}."))
  (mlet %store-monad ((layouts (mapm %store-monad
                                     (compose (cut lower-object <> system #:target target) layout)
                                     (image-index-images index))))
    (gexp->derivation (string-append (string-map (lambda (character)
                                                   (if (memv character '(#\/ #\:)) #\- character))
                                                 (image-index-name index))
                                     "-index")
                      (run-program (or (image-index-program index) (default-program))
                                   #~(list "index" #$@layouts "--output"
                                           (string-append "oci:" #$output ":"
                                                          #$(image-index-name index) ":"
                                                          #$(image-index-tag index)))
                                   #:threads? #f)
                      #:system system
                      #:target #f
                      #:local-build? #f)))

(define-gexp-compiler (image-index-compiler (index <image-index>) system target)
  "Return the derivation that joins the images of INDEX."
  (lower-image-index index system target))
