;;; What is done to layers before anything is built: no daemon is needed.
(add-to-load-path (dirname (current-filename)))
(add-to-load-path (string-append (dirname (current-filename)) "/../../../frontends/guix"))
(use-modules (stratapack image) (guix ui) (srfi srfi-1) (srfi srfi-64) (world))

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

(test-begin "layers")

(test-equal "an item is found by its name, with or without the version"
  '(#t #t #f #f)
  (list ((item-named "guile") (item "guile-3.0.9"))
        ((item-named "guile-3.0.9") (item "guile-3.0.9"))
        ((item-named "guile") (item "guile-json-4.7"))
        ((item-named "uile") (item "guile-3.0.9"))))
(test-assert "packages have names, too" ((item-named "shell") shell))
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

(define-syntax-rule (refused? expression)
  (guard* (lambda () expression)))
(define (guard* thunk)
  (with-exception-handler (lambda (exception) #t)
    (lambda () (thunk) #f)
    #:unwind? #t))

(define-syntax-rule (image fields ...)
  (docker-image (contents (list shell)) fields ...))
(test-assert "a sound image" (not (refused? (image (name "example.org:5000/team/tool")))))
(test-assert "upper case in a name" (refused? (image (name "Tool"))))
(test-assert "an unknown format" (refused? (image (name "tool") (format 'tar))))
(test-assert "an unknown way to build" (refused? (image (name "tool") (build 'magic))))
(test-assert "an unknown compression" (refused? (image (name "tool") (compression "xz"))))
(test-assert "a level that is none" (refused? (image (name "tool") (compression "gzip:10"))))
(test-assert "a variable without a name" (refused? (image (name "tool") (environment '(("" . "x"))))))

(let ((failures (test-runner-fail-count (test-runner-current))))
  (test-end "layers")
  (exit (if (zero? failures) 0 1)))
