/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of strings that grow.
 */
#ifndef UTIL_STRINGS_H
#define UTIL_STRINGS_H

#include <stddef.h>

#include "util/error.h"

/* The strings are borrowed. */
struct strata_strings {
	const char **items;
	size_t count;
	size_t capacity;
};
int strata_strings_add(struct strata_strings *strings, const char *text,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_strings_release(struct strata_strings *strings);

#endif
