/* SPDX-License-Identifier: Apache-2.0 */
#include "util/strings.h"

#include <string.h>

#include "util/memory.h"

int strata_strings_add(struct strata_strings *strings, const char *text, struct strata_error *error)
{
	if (strata_grow(&strings->items, &strings->capacity, strings->count + 1,
		    sizeof(*strings->items)) < 0)
		return strata_fail_memory(error);
	strings->items[strings->count++] = text;
	return 0;
}

void strata_strings_release(struct strata_strings *strings)
{
	free(strings->items);
	memset(strings, 0, sizeof(*strings));
}
