;;; Make an image of everything in the store with Guix's own builder, as a derivation of `guix pack
;;; --format=docker --max-layers=N --compression=none` does it on the build side.
;;;
;;; The arguments are the file of the image, and N.

(use-modules (guix docker)
             (guix build store-copy)
             (ice-9 ftw)
             (ice-9 match)
             (srfi srfi-19))

(define store "/gnu/store")

(define items
  (map (lambda (name) (string-append store "/" name))
       (scandir store (lambda (name) (not (member name '("." "..")))))))

(match (command-line)
  ((_ image layers)
   (setlocale LC_ALL "C.UTF-8")
   (build-docker-image image items (car items)
                       #:repository "bench"
                       #:extra-files `((directory ,store 0 0 #o755))
                       #:compressor #f
                       #:max-layers (string->number layers)
                       #:creation-time (make-time time-utc 0 1))))
