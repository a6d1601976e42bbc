/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The label with the number of an image's layers that are a base's.
 */
#include <stdio.h>

#include "image/provenance/provenance.h"
#include "util/error.h"
#include "util/text.h"

int strata_provenance_base_label(size_t count, struct strata_arena *arena, struct strata_pair *pair,
	struct strata_error *error)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%zu", count);
	*pair = (struct strata_pair){STRATA_BASE_LABEL, strata_arena_string(arena, digits)};
	return pair->value ? 0 : strata_fail_memory(error);
}

size_t strata_provenance_read_base(const char *text, size_t layers)
{
	uint64_t count;

	if (!text || !strata_text_to_number(text, 10, &count) || count > layers)
		return 0;
	return (size_t)count;
}
