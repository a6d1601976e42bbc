/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of paths: the one grammar of patterns that options, tables and permissions have.
 *
 * "*" and "?" stand for any bytes of one component, "[a-z]" for one of a set ("[!a-z]" for one that
 * is not), "**" as a component for any number of components; a backslash takes the next byte as it
 * is.
 */
#ifndef UTIL_PATTERN_H
#define UTIL_PATTERN_H

#include <stdbool.h>

/* Whether PATH, absolute and normal, is one of those that PATTERN describes. Works on bytes. */
bool strata_pattern_matches(const char *pattern, const char *path);

#endif
