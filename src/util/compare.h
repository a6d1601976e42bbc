/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders for qsort() and bsearch().
 */
#ifndef UTIL_COMPARE_H
#define UTIL_COMPARE_H

/* Two uint32_t, ascending. */
int strata_compare_indices(const void *left, const void *right);

/* Two const char *, bytewise. */
int strata_compare_strings(const void *left, const void *right);

#endif
