;;; Packages of real content that a guix-daemon builds without a network: a Guile for builders, and a
;;; small closure made of files of the Debian root that in-guix-root runs commands in.
;;;
;;; The daemon's builders see that root (--disable-chroot), so that `small-guile' can hand over to
;;; its Guile.  `install-small-guile!' makes it the one that Guix runs every builder with.

(define-module (world)
  #:use-module (guix build-system)
  #:use-module (guix build-system trivial)
  #:use-module (guix derivations)
  #:use-module (guix gexp)
  #:use-module (guix monads)
  #:use-module (guix packages)
  #:use-module (guix profiles)
  #:use-module (guix search-paths)
  #:use-module (guix store)
  #:use-module (srfi srfi-1)
  #:export (install-small-guile!
            install-small-packages!
            small-guile
            shell
            numbers
            library
            greeter
            teller
            small-profile))

(define %shell-file "/usr/bin/bash-static")

;; A derivation whose builder is not made by Guile: a static shell in the store runs a script.
(define* (raw-build name inputs #:key system #:allow-other-keys)
  (mlet* %store-monad ((shell (interned-file %shell-file "bash" #:recursive? #t))
                       (script (text-file "small-guile-builder" "\
PATH=/usr/bin:/bin
mkdir -p $out/bin
printf '#!%s\\nexec /usr/bin/guile \"$@\"\\n' $shell >$out/bin/guile
chmod 555 $out/bin/guile
")))
    (raw-derivation name shell (list script)
                    #:sources (list shell script)
                    #:env-vars `(("shell" . ,shell))
                    #:system system)))

(define raw-build-system
  (build-system
    (name 'raw)
    (description "A derivation that needs nothing but a static shell")
    (lower (lambda* (name #:key system target #:allow-other-keys)
             (bag (name name) (system system) (target #f)
                  (build raw-build))))))

(define-syntax-rule (define-package variable the-name the-version fields ...)
  (define-public variable
    (package
      (name the-name) (version the-version) (source #f)
      (synopsis #f) (description #f) (home-page #f) (license #f)
      fields ...)))

(define-package small-guile "small-guile" "3.0"
  (build-system raw-build-system))


;; The builder of a package: what BODY, a gexp, does with `out' and a few procedures bound.
(define (builder body)
  #~(begin
      (use-modules (ice-9 textual-ports))
      (define out #$output)
      (define (directory name)
        (unless (file-exists? name)
          (directory (dirname name))
          (mkdir name)))
      (define (install file name)
        (directory (dirname name))
        (copy-file file name))
      (define (write-program name text)
        (directory (dirname name))
        (call-with-output-file name
          (lambda (port) (put-string port text)))
        (chmod name #o555))
      #$body))

(define-syntax-rule (define-small-package variable the-name the-version body fields ...)
  (define-package variable the-name the-version
    (build-system trivial-build-system)
    (arguments (list #:builder (builder body)))
    fields ...))

;; Debian's Guile has these libraries already.
(define-small-package nothing "nothing" "0"
  #~(directory out))

(define (install-small-guile!)
  (module-set! (resolve-module '(gnu packages commencement)) 'guile-final small-guile)
  (module-set! (resolve-module '(gnu packages bootstrap)) '%bootstrap-guile small-guile)
  (module-set! (resolve-module '(gnu packages gnupg)) 'guile-gcrypt nothing)
  (module-set! (resolve-module '(gnu packages guile)) 'guile-3.0 small-guile)
  (module-set! (resolve-module '(gnu packages guile)) 'guile-sqlite3 nothing))

(define-small-package shell "shell" "5.3"
  #~(begin
      (install #$%shell-file (string-append out "/bin/sh"))
      (symlink "sh" (string-append out "/bin/bash")))
  (native-search-paths
   (list (search-path-specification (variable "PATH") (files '("bin" "sbin"))))))

(define-small-package numbers "numbers" "1.0"
  #~(begin
      (directory (string-append out "/share/numbers"))
      (call-with-output-file (string-append out "/share/numbers/list")
        (lambda (port)
          (let loop ((number 1))
            (unless (> number 200000)
              (format port "~a~%" number)
              (loop (+ number 1))))))))

;; Files of Debian's Guile, with links and a name that is not ASCII.
(define-small-package library "library" "3.0"
  #~(let ((share (string-append out "/share/library")))
      (for-each (lambda (name)
                  (install (string-append "/usr/share/guile/3.0/" name)
                           (string-append share "/" name)))
                '("ice-9/match.upstream.scm" "ice-9/psyntax.scm" "ice-9/boot-9.scm"
                  "language/tree-il.scm" "srfi/srfi-1.scm"))
      (symlink "ice-9/boot-9.scm" (string-append share "/boot"))
      (link (string-append share "/srfi/srfi-1.scm") (string-append share "/twin"))
      (symlink #$numbers (string-append share "/numbers"))
      (call-with-output-file (string-append share "/caf\xe9") (lambda (port) (newline port))))
  (native-search-paths
   (list (search-path-specification (variable "LIBRARY_PATH_OF_TESTS")
                                    (files '("share/library"))))))

(define-small-package greeter "greeter" "2.12"
  #~(write-program (string-append out "/bin/greet")
                   (string-append "#!" #$shell "/bin/sh\n"
                                  "[ $# -eq 0 ] || echo \"$@\"\n"
                                  "[ -r " #$library "/share/library/boot ] && echo hello\n")))

(define-small-package teller "teller" "0.3"
  #~(write-program (string-append out "/bin/tell")
                   (string-append "#!" #$shell "/bin/sh\n"
                                  "read -r first <" #$numbers "/share/numbers/list\n"
                                  "echo \"first: $first\"\n")))

;; What examples call by the names of Guix's own packages.
(define-small-package guile "guile" "3.0.9"
  #~(write-program (string-append out "/bin/guile")
                   (string-append "#!" #$shell "/bin/sh\nfor argument; do echo \"$argument\"; done\n")))

(define-small-package guile-json "guile-json" "4.7.3"
  #~(write-program (string-append out "/share/json.scm") "(define json #t)\n"))

;; The locale that Guix sets where it builds profiles, which is Debian's.
(define-small-package locales "locales" "1.0"
  #~(let ((from "/usr/lib/locale/C.utf8/")
          (to (string-append out "/lib/locale/1.0/en_US.utf8/")))
      (for-each (lambda (name)
                  (install (string-append from name) (string-append to name)))
                '("LC_ADDRESS" "LC_COLLATE" "LC_CTYPE" "LC_IDENTIFICATION" "LC_MEASUREMENT"
                  "LC_MESSAGES/SYS_LC_MESSAGES" "LC_MONETARY" "LC_NAME" "LC_NUMERIC" "LC_PAPER"
                  "LC_TELEPHONE" "LC_TIME"))))

(define %named-packages
  (list guile guile-json shell greeter teller numbers library))

(define (install-small-packages!)
  "Let small packages stand for those that have such names in Guix, and profiles have no hooks."
  (define (find-package specification)
    (or (find (lambda (package) (string=? (package-name package) specification)) %named-packages)
        (and (string=? specification "bash-minimal") shell)
        (error "no package of the tests is called so" specification)))

  (module-set! (resolve-module '(gnu packages)) 'specification->package+output
               (lambda (specification)
                 (values (find-package specification) "out")))
  (module-set! (resolve-module '(gnu packages)) 'specifications->manifest
               (lambda (specifications)
                 (packages->manifest (map find-package specifications))))
  (module-set! (resolve-module '(gnu packages base)) 'glibc library)
  (module-set! (resolve-module '(gnu packages base)) 'coreutils-minimal numbers)
  (module-set! (resolve-module '(gnu packages base)) 'libc-utf8-locales-for-target
               (lambda* (#:optional system) locales))
  (module-set! (resolve-module '(gnu packages bash)) 'bash-minimal shell)
  (module-set! (resolve-module '(guix profiles)) '%default-profile-hooks '()))

;; A profile without the hooks that need packages of the network.
(define (small-profile . packages)
  (profile
    (content (packages->manifest packages))
    (hooks '())
    (locales? #f)))
