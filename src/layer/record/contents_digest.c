/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer's items by a digest instead of their names.
 */
#include <string.h>

#include <stratapack/layer.h>

#include "util/buffer.h"
#include "util/compare.h"
#include "util/sha256.h"

int strata_layer_contents(const char *const *items, size_t count, bool customised,
	struct strata_digest *contents, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autofree const char **sorted = strata_allocate(count, sizeof(*sorted));
	char hex[STRATA_SHA256_HEX_SIZE];
	int status;

	if (!sorted)
		return strata_fail_memory(error);
	if (count > 0) {
		memcpy(sorted, items, count * sizeof(*sorted));
		qsort(sorted, count, sizeof(*sorted), strata_compare_strings);
	}
	strata_buffer_string(&text, customised ? "customised" : "plain");
	for (size_t i = 0; i < count; i++)
		strata_buffer_format(&text, "\n%zu:%s", strlen(sorted[i]), sorted[i]);
	status = strata_buffer_check(&text, error);
	if (status == 0)
		status = strata_sha256_of(text.data, text.length, hex, error);
	if (status == 0)
		snprintf(contents->text, sizeof(contents->text), STRATA_DIGEST_PREFIX "%s", hex);
	return status;
}

static void free_items(struct strata_layer *layer)
{
	for (size_t i = 0; i < layer->item_count; i++)
		free(layer->items[i]);
	free(strata_take(layer->items));
	layer->item_count = 0;
}

int strata_layer_omit_items(struct strata_layer *layer, struct strata_error *error)
{
	int status = strata_layer_contents((const char *const *)layer->items, layer->item_count,
		layer->customised, &layer->contents, error);

	if (status == 0)
		free_items(layer);
	return status;
}

int strata_layer_restore_items(struct strata_layer *layer, const char *const *items, size_t count,
	struct strata_error *error)
{
	struct strata_digest contents;
	int status = strata_layer_contents(items, count, layer->customised, &contents, error);

	if (status < 0)
		return status;
	if (!strata_digest_equal(&contents, &layer->contents))
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"the layer %s does not hold these items", layer->digest.text);
	layer->items = strata_allocate(count, sizeof(*layer->items));
	for (size_t i = 0; layer->items && i < count; i++) {
		layer->items[i] = strdup(items[i]);
		if (!layer->items[i])
			break;
		layer->item_count++;
	}
	if (!layer->items || layer->item_count < count) {
		free_items(layer);
		return strata_fail_memory(error);
	}
	if (count > 0)
		qsort(layer->items, count, sizeof(*layer->items), strata_compare_strings);
	layer->contents.text[0] = '\0';
	return 0;
}
