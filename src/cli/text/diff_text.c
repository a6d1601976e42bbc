/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an update pulls, and why, as a person reads it.
 */
#include <string.h>

#include "cli/text/image_text.h"
#include "util/text.h"

enum {
	REASONS_SHOWN = 6,
};

/* The name of a store item without the directory and the hash; other ids as they are. */
static const char *short_id(const char *id)
{
	const char *slash = strrchr(id, '/'), *base = slash ? slash + 1 : id;
	size_t hash = strcspn(base, "-");

	return slash && hash == 32 && base[hash] && base[hash + 1] ? base + hash + 1 : base;
}

static void write_reason(struct strata_buffer *buffer, const struct strata_diff_reason *reason)
{
	switch (reason->kind) {
	case STRATA_DIFF_CHANGED:
		strata_text_visible(buffer, short_id(reason->id));
		if (*reason->old && *reason->now && strcmp(reason->old, reason->now) != 0) {
			strata_buffer_string(buffer, " from ");
			strata_text_visible(buffer, reason->old);
			if (!strchr(reason->id, '/')) {
				strata_buffer_string(buffer, " to ");
				strata_text_visible(buffer, reason->now);
			}
		} else {
			strata_buffer_string(buffer, " rebuilt");
		}
		break;
	case STRATA_DIFF_ADDED:
		strata_buffer_string(buffer, "new: ");
		strata_text_visible(buffer, short_id(reason->id));
		break;
	case STRATA_DIFF_MOVED:
		strata_text_visible(buffer, short_id(reason->id));
		strata_buffer_format(buffer, " came from layer %zu", reason->other + 1);
		break;
	case STRATA_DIFF_REMOVED:
		strata_buffer_string(buffer, "gone: ");
		strata_text_visible(buffer, short_id(reason->id));
		break;
	case STRATA_DIFF_LEFT:
		strata_text_visible(buffer, short_id(reason->id));
		strata_buffer_format(buffer, " went to layer %zu", reason->other + 1);
		break;
	}
}

static void write_why(const struct strata_diff *diff, size_t number, struct strata_buffer *buffer)
{
	const struct strata_diff_layer *layer = &diff->layers[number];
	const struct strata_contents_layer *contents = &diff->now->layers[number];

	if (layer->reused) {
		if (layer->old != number)
			strata_buffer_format(buffer, "was layer %zu", layer->old + 1);
		return;
	}
	if (layer->compressed) {
		strata_buffer_string(buffer, "compressed differently");
		if (layer->old != number)
			strata_buffer_format(buffer, ", was layer %zu", layer->old + 1);
		return;
	}
	for (size_t i = 0; i < layer->reason_count; i++) {
		if (i == REASONS_SHOWN && layer->reason_count > REASONS_SHOWN + 1) {
			strata_buffer_format(
				buffer, ", and %zu more", layer->reason_count - REASONS_SHOWN);
			return;
		}
		strata_buffer_string(buffer, i > 0 ? ", " : "");
		write_reason(buffer, &layer->reasons[i]);
	}
	if (layer->reason_count > 0)
		return;
	if (contents->customised && contents->items.item_count == 0)
		strata_buffer_string(buffer, "the customisation");
	else if (contents->items.item_count == 0)
		strata_buffer_string(buffer, "nothing says what it holds");
	else
		strata_buffer_string(buffer, "the same items, but other content");
}

static void write_sum(struct strata_buffer *buffer, const struct strata_diff *diff, uint64_t bytes,
	size_t layers, const char *client)
{
	strata_buffer_format(buffer, "%-10s", client);
	if (!diff->now->is_plan) {
		strata_text_size(buffer, bytes);
		strata_buffer_string(buffer, " of ");
		strata_text_size(buffer, diff->total);
		strata_buffer_string(buffer, ", ");
	}
	strata_buffer_format(buffer, "%zu of %zu layer%s\n", layers, diff->now->count,
		diff->now->count == 1 ? "" : "s");
}

void strata_diff_text(const struct strata_diff *diff, struct strata_buffer *buffer)
{
	strata_buffer_format(buffer, "%5s  %-6s  %9s  %s\n", "LAYER", "PULL",
		diff->now->is_plan ? "" : "SIZE", "WHY");
	for (size_t n = 0; n < diff->now->count; n++) {
		strata_autobuffer struct strata_buffer size = STRATA_BUFFER_INIT;
		size_t start;

		if (!diff->now->is_plan)
			strata_text_size(&size, diff->now->layers[n].size);
		strata_buffer_format(buffer, "%5zu  %-6s  %9s  ", n + 1,
			diff->layers[n].reused ? "-" : "new", size.data ? size.data : "");
		start = buffer->length;
		write_why(diff, n, buffer);
		while (buffer->length == start && start > 0 && buffer->data[start - 1] == ' ')
			strata_buffer_truncate(buffer, --start);
		strata_buffer_byte(buffer, '\n');
	}
	strata_buffer_string(buffer, "\nAn update pulls\n");
	write_sum(buffer, diff, diff->pulled, diff->pulled_layers, "  digest");
	write_sum(buffer, diff, diff->pulled_prefix, diff->pulled_prefix_layers, "  prefix");
	strata_buffer_string(buffer,
		"digest: clients that reuse any layer they have (podman, CRI-O, registries);\n"
		"prefix: those that reuse none above the first new one (Docker's classic store)\n");
}
