/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rates from the images, or plans, of the past.
 */
#include <stdlib.h>
#include <string.h>

#include "graph/item_name.h"
#include "image/inspect/diff.h"
#include "model/rates.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/map.h"
#include "util/memory.h"

/* How often the items of each name changed. */
struct tally {
	struct strata_arena arena;
	struct strata_map by_name; /* -> place in the list */
	struct tally_entry {
		const char *name;
		uint64_t changes;
	} * entries;
	size_t count, capacity;
	struct strata_buffer name, version;
};

static void tally_release(struct tally *tally)
{
	strata_arena_free(&tally->arena);
	strata_map_release(&tally->by_name);
	free(tally->entries);
	strata_buffer_release(&tally->name);
	strata_buffer_release(&tally->version);
}

static int count_change(struct tally *tally, const char *id)
{
	uint32_t place;

	strata_item_split_name(id, &tally->name, &tally->version);
	if (tally->name.failed || tally->version.failed)
		return -1;
	place = strata_map_get(&tally->by_name, tally->name.data);
	if (place == STRATA_MAP_NONE) {
		const char *name = strata_arena_string(&tally->arena, tally->name.data);

		place = (uint32_t)tally->count;
		if (!name ||
			strata_grow(&tally->entries, &tally->capacity, tally->count + 1,
				sizeof(*tally->entries)) < 0 ||
			strata_map_put(&tally->by_name, name, place) < 0)
			return -1;
		tally->entries[tally->count++] = (struct tally_entry){name, 0};
	}
	tally->entries[place].changes++;
	return 0;
}

/* Items whose version changed. A store item with a new name and the old version changed because of
 * another item. */
static int count_changes(struct tally *tally, const struct strata_diff *diff)
{
	for (size_t layer = 0; layer < diff->now->count; layer++) {
		for (size_t i = 0; i < diff->layers[layer].reason_count; i++) {
			const struct strata_diff_reason *reason = &diff->layers[layer].reasons[i];

			if (reason->kind == STRATA_DIFF_CHANGED && *reason->old && *reason->now &&
				strcmp(reason->old, reason->now) != 0 &&
				count_change(tally, reason->id) < 0)
				return -1;
		}
	}
	return 0;
}

static int compare_sources(
	struct tally *tally, const char *const *sources, size_t count, struct strata_error *error)
{
	strata_autocontents struct strata_contents old = STRATA_CONTENTS_INIT;
	int status = strata_contents_read(sources[0], &old, error);

	for (size_t i = 1; status == 0 && i < count; i++) {
		struct strata_contents now;
		struct strata_diff diff;

		status = strata_contents_read(sources[i], &now, error);
		if (status == 0)
			status = strata_diff_find(&old, &now, &diff, error);
		if (status == 0 && count_changes(tally, &diff) < 0)
			status = strata_fail_memory(error);
		if (status == 0)
			strata_diff_release(&diff);
		strata_contents_release(&old);
		old = now;
	}
	return status;
}

int strata_rates_read_history(struct strata_rates *rates, const char *const *sources, size_t count,
	struct strata_error *error)
{
	struct tally tally = {.name = STRATA_BUFFER_INIT, .version = STRATA_BUFFER_INIT};
	uint64_t years;
	int status;

	if (count < 2)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"a history has at least two images or plans"),
			"give them from the oldest to the latest");
	years = (count - 1) * STRATA_FIXED_ONE / rates->rebuilds;
	status = compare_sources(&tally, sources, count, error);
	for (size_t i = 0; status == 0 && i < tally.count; i++)
		status = strata_rates_observe(
			rates, tally.entries[i].name, tally.entries[i].changes, years, error);
	if (status == 0 && rates->others_years < years)
		strata_rates_observe_others(rates, years);
	tally_release(&tally);
	return status;
}
