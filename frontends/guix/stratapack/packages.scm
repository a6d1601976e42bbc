;;; stratapack itself as a Guix package, built from the source tree that this channel is a part of.

(define-module (stratapack packages)
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
  #:export (stratapack))

(define %top
  ;; The root of the source tree.
  (dirname (dirname (dirname (dirname (search-path %load-path "stratapack/packages.scm"))))))

(define (source-file? file stat)
  "Whether FILE is a part of the source, for want of a Git repository that would tell."
  (not (or (string-prefix? "build" (basename file))
           (string=? ".git" (basename file)))))

(define stratapack
  (package
    (name "stratapack")
    (version "0.1.0")
    (source (local-file %top "stratapack-checkout"
                        #:recursive? #t
                        #:select? (or (git-predicate %top) source-file?)))
    (build-system meson-build-system)
    (arguments (list #:configure-flags #~(list "-Dtests=false")))
    (native-inputs (list pkg-config scdoc))
    (inputs (list jansson libdeflate openssl sqlite zlib `(,zstd "lib")))
    (home-page #f)
    (synopsis "Build layered container images from a package store")
    (description
     "Stratapack reads the graph of the packages in the store of Guix or Nix, or of a Debian system,
decides which of them share a layer, and writes images in the formats of Docker and of the Open
Container Initiative.")
    (license license:asl2.0)))
