;;; Errors that say what to do: Guix's commands show both parts.

(define-module (stratapack conditions)
  #:use-module (guix diagnostics)
  #:use-module (guix i18n)
  #:use-module (guix utils)
  #:use-module (srfi srfi-34)
  #:use-module (srfi srfi-35)
  #:export (refuse))

(define* (refuse message #:optional advice)
  "Raise an error whose text is MESSAGE, with ADVICE, a string in Texinfo or #f, on what to do."
  (let ((text (formatted-message (G_ "~a") message)))
    (raise (if advice
               (make-compound-condition text (condition (&fix-hint (hint advice))))
               text))))
