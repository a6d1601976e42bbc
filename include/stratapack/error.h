/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of libstratapack.
 *
 * A function that can fail returns 0 or a negative strata_status, and fills the strata_error that
 * its caller passes as the last argument (NULL is allowed: the details are then dropped). The
 * error is built where it happens. Callers on the way up may prepend context to its message.
 *
 *	struct strata_error error = STRATA_ERROR_INIT;
 *	if (strata_graph_read_references(graph, "graph", &error) < 0) {
 *		fprintf(stderr, "%s\n", error.message);
 *		strata_error_clear(&error);
 *	}
 */
#ifndef STRATAPACK_ERROR_H
#define STRATAPACK_ERROR_H

#include <stdbool.h>

#if defined(__GNUC__)
#define STRATA_PUBLIC __attribute__((visibility("default")))
#define STRATA_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define STRATA_MUST_CHECK __attribute__((warn_unused_result))
#else
#define STRATA_PUBLIC
#define STRATA_PRINTF(text, first)
#define STRATA_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What kind of failure it was. The numbers are stable. */
enum strata_status {
	STRATA_OK = 0,
	STRATA_ERROR_MEMORY = -1,      /* out of memory */
	STRATA_ERROR_IO = -2,          /* the system refused; system_error holds its errno */
	STRATA_ERROR_FORMAT = -3,      /* input that does not follow its format */
	STRATA_ERROR_NOT_FOUND = -4,   /* something named does not exist */
	STRATA_ERROR_INVALID = -5,     /* a request that cannot be met as it stands */
	STRATA_ERROR_CHANGED = -6,     /* a file changed while it was read */
	STRATA_ERROR_MISMATCH = -7,    /* a digest, size or type is not what was promised */
	STRATA_ERROR_UNSUPPORTED = -8, /* well-formed, but beyond this build or this format */
	STRATA_ERROR_CANCELLED = -9,   /* the observer asked to stop */
};

struct strata_error {
	enum strata_status status;
	int system_error; /* errno of the failing call, or 0 */
	bool wrong_use;   /* the request is wrong, whatever it is applied to */
	char *message;    /* what was being done, on what, and why it failed; owned */
	char *hint;       /* what to do about it, or NULL; owned */
};

#define STRATA_ERROR_INIT                       \
	{                                       \
		STRATA_OK, 0, false, NULL, NULL \
	}

/* Free what ERROR holds and make it ready for use again. */
STRATA_PUBLIC void strata_error_clear(struct strata_error *error);

#ifdef __cplusplus
}
#endif

#endif
