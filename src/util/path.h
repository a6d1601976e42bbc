/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of items: absolute and normal, since they become member names.
 */
#ifndef UTIL_PATH_H
#define UTIL_PATH_H

#include <stdbool.h>

#include "util/error.h"

/* Whether PATH begins with a slash and has no "." and "..", no empty components, and no slash at
 * its end. "/" alone is not: the root directory is no member. */
bool strata_path_is_normal(const char *path);

/* Fail with STATUS where it is not. */
int strata_check_path(
	const char *path, enum strata_status status, struct strata_error *error) STRATA_MUST_CHECK;

/* The order of members in a layer: by path components, bytewise, so that what is in a directory
 * follows right after it. Negative, 0 or positive. */
int strata_path_compare(const char *left, const char *right);

#endif
