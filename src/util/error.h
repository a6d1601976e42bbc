/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building errors (include/stratapack/error.h has what a caller sees).
 *
 * Every function here returns the status, so that a failing site is one line:
 *
 *	if (fd < 0)
 *		return strata_fail_errno(error, "cannot open '%s'", path);
 */
#ifndef UTIL_ERROR_H
#define UTIL_ERROR_H

#include <stratapack/error.h>

/* Set ERROR to STATUS with a message made from FORMAT. Returns STATUS. */
int strata_fail(struct strata_error *error, enum strata_status status, const char *format, ...)
	STRATA_PRINTF(3, 4);

/* Set ERROR to STRATA_ERROR_IO: the message, a colon, and the words for errno. */
int strata_fail_errno(struct strata_error *error, const char *format, ...) STRATA_PRINTF(2, 3);

/* Set ERROR to STRATA_ERROR_MEMORY. */
int strata_fail_memory(struct strata_error *error);

/* Say what to do about a failure. Returns STATUS, the result of the call that failed:
 * `return strata_hint(error, strata_fail(error, ...), "use --max-layers 7")`. */
int strata_hint(struct strata_error *error, int status, const char *format, ...)
	STRATA_PRINTF(3, 4);

/* Prepend "CONTEXT: " to the message of ERROR and return STATUS, the result of a failed call. */
int strata_context(struct strata_error *error, int status, const char *format, ...)
	STRATA_PRINTF(3, 4);

/* Mark a failure as wrong use: the request is wrong, whatever it is applied to. Returns STATUS.
 * Where it is 0, nothing is marked. */
int strata_wrong_use(struct strata_error *error, int status);

#endif
