/* SPDX-License-Identifier: Apache-2.0 */
#include "util/compare.h"

#include <stdint.h>
#include <string.h>

int strata_compare_indices(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

int strata_compare_strings(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}
