;;; Copyright © 2026 The authors of stratapack
;;; SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
;;;
;;; This file is part of stratapack.  It can be used under the Apache License,
;;; version 2.0, or, so that it can become a part of GNU Guix, under the GNU
;;; General Public License as published by the Free Software Foundation; either
;;; version 3 of the License, or (at your option) any later version.

;;; Links that lead nowhere.  This module runs on both sides.

(define-module (stratapack build links)
  #:use-module (srfi srfi-1)
  #:export (dangling-link))

(define (dangling-link links)
  "Return the first of LINKS, a list of (NAME . TARGET), whose target, an
absolute file name, is not there, or #f."
  (find (lambda (link)
          (not (file-exists? (cdr link))))
        links))
