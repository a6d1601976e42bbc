/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/item_entry.h"

#include <stdlib.h>
#include <string.h>

static int compare_entries(const void *left, const void *right)
{
	const struct strata_item_entry *a = left, *b = right;

	return strcmp(a->path, b->path);
}

static bool copy_string(struct strata_arena *arena, const char **text)
{
	if (*text)
		*text = strata_arena_string(arena, *text);
	return *text != NULL;
}

static bool copy_entry(struct strata_arena *arena, struct strata_item_entry *entry)
{
	bool has_target = entry->target, has_source = entry->source, has_program = entry->program;

	if (!copy_string(arena, &entry->path) ||
		(has_target && !copy_string(arena, &entry->target)) ||
		(has_source && !copy_string(arena, &entry->source)) ||
		(has_program && !copy_string(arena, &entry->program)))
		return false;
	if (entry->kind == STRATA_ITEM_FILE)
		entry->content = strata_arena_bytes(
			arena, entry->content ? entry->content : "", entry->length);
	return entry->kind != STRATA_ITEM_FILE || entry->content;
}

struct strata_item_entry *strata_item_entries_copy(
	struct strata_arena *arena, const struct strata_item_entry *entries, size_t count)
{
	struct strata_item_entry *copy = strata_arena_array(arena, count + 1, sizeof(*copy));

	if (!copy || count == 0)
		return copy;
	memcpy(copy, entries, count * sizeof(*copy));
	qsort(copy, count, sizeof(*copy), compare_entries);
	for (size_t i = 0; i < count; i++) {
		if (!copy_entry(arena, &copy[i]))
			return NULL;
	}
	return copy;
}
