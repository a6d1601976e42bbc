/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The comment in the history of an image: which items lie in a layer.
 */
#include <string.h>

#include "image/provenance/provenance.h"
#include "util/error.h"

#define CUSTOMISATION "customisation"

void strata_provenance_write_items(
	struct strata_buffer *text, const struct strata_layer *layer, size_t budget)
{
	size_t start = text->length;

	for (size_t i = 0; i < layer->item_count; i++) {
		if (text->length - start + strlen(layer->items[i]) > budget) {
			strata_buffer_format(text, " and %zu more", layer->item_count - i);
			break;
		}
		strata_buffer_format(text, "%s%s", i > 0 ? " " : "", layer->items[i]);
	}
	if (layer->customised)
		strata_buffer_format(text, "%s" CUSTOMISATION, text->length > start ? " " : "");
}

/* How many words TEXT has. */
static size_t count_words(const char *text)
{
	size_t count = 0;

	for (const char *at = text; *at; at += strcspn(at, " ")) {
		at += strspn(at, " ");
		count += *at != '\0';
	}
	return count;
}

int strata_provenance_read_items(const char *text, struct strata_arena *arena,
	struct strata_told_items *told, struct strata_error *error)
{
	const char **ids = strata_arena_array(arena, count_words(text), sizeof(*ids));
	size_t count = 0;

	if (!ids)
		return strata_fail_memory(error);
	for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");

		if (length == 3 && strncmp(at, "and", 3) == 0 && strstr(at, " more")) {
			told->incomplete = true;
			break;
		}
		if (strcmp(at, CUSTOMISATION) == 0) {
			told->customised = true;
			break;
		}
		ids[count] = strata_arena_bytes(arena, at, length);
		if (!ids[count++])
			return strata_fail_memory(error);
		at += length;
	}
	told->items = (struct strata_plan_layer){.items = ids, .item_count = count};
	return 0;
}
