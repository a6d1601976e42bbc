/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and directories under construction: hidden, and locked by whoever makes them. One that
 * nobody locks was left behind by a process that is gone.
 */
#ifndef UTIL_TEMPORARY_H
#define UTIL_TEMPORARY_H

#include <stdbool.h>

#include "util/error.h"
#include "util/memory.h"

enum strata_temporary_kind {
	STRATA_TEMPORARY_FILE,
	STRATA_TEMPORARY_DIRECTORY,
};

/* Make something new in DIRECTORY, after clearing away there what others have left behind. *PATH is
 * the caller's, as is *DESCRIPTOR, which holds the lock. Unlike with mkstemp(3), the umask applies
 * as with any program. */
int strata_temporary_make(const char *directory, enum strata_temporary_kind kind, char **path,
	int *descriptor, struct strata_error *error) STRATA_MUST_CHECK;

/* Clear away in DIRECTORY what was left behind. What cannot be is left to others. */
void strata_temporary_sweep(const char *directory);

#endif
