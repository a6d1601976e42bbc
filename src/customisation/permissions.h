/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rules for permissions mean: patterns of paths, and modes.
 */
#ifndef CUSTOMISATION_PERMISSIONS_H
#define CUSTOMISATION_PERMISSIONS_H

#include <stratapack/plan.h>

#include "util/pattern.h"

/* Whether PATTERN is the name of PATH written out, alone or with all that is below it. */
bool strata_pattern_names(const char *pattern, const char *path);

/* Whether TEXT is a mode: octal digits up to 7777, or clauses of chmod(1) as "u+w,go=rX". */
bool strata_mode_is_valid(const char *text);

/* BITS, the permission bits of a file or directory, after the valid mode TEXT was applied. Without
 * a class a clause means all of them; the umask does not count. */
uint32_t strata_mode_apply(const char *text, uint32_t bits, bool is_directory);

/* Check that RULE has a pattern, a valid mode if any, and something to do. */
int strata_permission_check(
	const struct strata_permission *rule, struct strata_error *error) STRATA_MUST_CHECK;

#endif
