/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/measure.h"

#include <string.h>

#include "util/error.h"

int strata_measure_begin(struct strata_measure *measure, const struct strata_series *series,
	struct strata_outcome *outcome, struct strata_error *error)
{
	uint32_t behind = 0;

	measure->image_count = series->image_number_count;
	measure->outcome = outcome;
	outcome->registry = outcome->first = outcome->layer_sum = outcome->image_sum = 0;
	for (size_t p = 0; p < outcome->pull_count; p++) {
		struct strata_pull *pull = &outcome->pulls[p];

		*pull = (struct strata_pull){.behind = pull->behind};
		if (pull->behind == 0 || pull->behind > STRATA_LARGEST_SERIES)
			return strata_fail(error, STRATA_ERROR_INVALID,
				"a machine cannot be %u revisions behind", pull->behind);
		if (behind < pull->behind)
			behind = pull->behind;
	}
	if (behind > strata_series_revision_count(series))
		behind = strata_series_revision_count(series);
	measure->window = behind + 1;
	measure->history = strata_allocate(
		(size_t)measure->window * measure->image_count, sizeof(*measure->history));
	measure->slot_count = 1024;
	measure->stored = strata_allocate(measure->slot_count, sizeof(*measure->stored));
	return measure->history && measure->stored ? 0 : strata_fail_memory(error);
}

void strata_measure_release(struct strata_measure *measure)
{
	for (size_t i = 0; measure->history && i < (size_t)measure->window * measure->image_count;
		i++)
		free(measure->history[i].blobs);
	free(measure->history);
	free(measure->stored);
}

/* --- blobs ------------------------------------------------------------------------------------ */

/* The finalizer of SplitMix64: a bijection that leaves no pattern. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* Sums, so that the order of the items does not matter: it does not in a layer's tar stream. */
static void add_content(struct strata_blob *blob, uint32_t content)
{
	blob->key[0] += mix(content + UINT64_C(0x9e3779b97f4a7c15));
	blob->key[1] += mix(~(uint64_t)content * UINT64_C(0xd1342543de82ef95));
}

static bool is_same(const struct strata_blob *a, const struct strata_blob *b)
{
	return a->key[0] == b->key[0] && a->key[1] == b->key[1];
}

/* The slot where BLOB is, or belongs. Two zeros are no key. */
static struct strata_blob *find_slot(
	struct strata_blob *slots, size_t count, const struct strata_blob *blob)
{
	size_t at = (size_t)blob->key[0] & (count - 1);

	while ((slots[at].key[0] | slots[at].key[1]) != 0 && !is_same(&slots[at], blob))
		at = (at + 1) & (count - 1);
	return &slots[at];
}

static int grow_store(struct strata_measure *measure, struct strata_error *error)
{
	struct strata_blob *larger =
		strata_allocate(2 * measure->slot_count, sizeof(*measure->stored));

	if (!larger)
		return strata_fail_memory(error);
	for (size_t i = 0; i < measure->slot_count; i++) {
		const struct strata_blob *blob = &measure->stored[i];

		if ((blob->key[0] | blob->key[1]) != 0)
			*find_slot(larger, 2 * measure->slot_count, blob) = *blob;
	}
	free(measure->stored);
	measure->stored = larger;
	measure->slot_count *= 2;
	return 0;
}

static int store(struct strata_measure *measure, const struct strata_blob *blob, bool first,
	struct strata_error *error)
{
	struct strata_blob *slot;

	if (2 * (measure->stored_count + 1) > measure->slot_count && grow_store(measure, error) < 0)
		return STRATA_ERROR_MEMORY;
	slot = find_slot(measure->stored, measure->slot_count, blob);
	if (is_same(slot, blob))
		return 0;
	*slot = *blob;
	measure->stored_count++;
	measure->outcome->registry += blob->size;
	if (first)
		measure->outcome->first += blob->size;
	return 0;
}

/* --- pulls ------------------------------------------------------------------------------------ */

static bool has_blob(const struct strata_blobs *blobs, const struct strata_blob *wanted)
{
	for (uint32_t i = 0; i < blobs->count; i++) {
		if (is_same(&blobs->blobs[i], wanted))
			return true;
	}
	return false;
}

/* Count the pull of NEW by machines, WEIGHT of them, that have OLD. */
static void count_pull(struct strata_pull *pull, const struct strata_blobs *new,
	const struct strata_blobs *old, uint64_t weight)
{
	bool unbroken = true;

	pull->pairs += weight;
	for (uint32_t i = 0; i < new->count; i++) {
		const struct strata_blob *blob = &new->blobs[i];

		unbroken = unbroken && i < old->count && is_same(blob, &old->blobs[i]);
		if (unbroken)
			continue;
		pull->prefix += blob->size * weight;
		/* Layers lie mostly where they lay. */
		if ((i < old->count && is_same(blob, &old->blobs[i])) || has_blob(old, blob))
			continue;
		pull->digest += blob->size * weight;
		pull->requests += weight;
	}
}

static struct strata_blobs *remembered(
	const struct strata_measure *measure, uint32_t revision, uint32_t image)
{
	return &measure->history[(size_t)(revision % measure->window) * measure->image_count +
				 image];
}

void strata_measure_revision(struct strata_measure *measure, uint32_t revision)
{
	for (uint32_t i = 0; i < measure->image_count; i++)
		remembered(measure, revision, i)->present = false;
}

static int take_layers(struct strata_blobs *blobs, const struct strata_graph *graph,
	const struct strata_fleet_image *image, const uint32_t *contents,
	const struct strata_partition *partition, struct strata_error *error)
{
	uint32_t at = 0;

	if (strata_grow(&blobs->blobs, &blobs->capacity, partition->layer_count,
		    sizeof(*blobs->blobs)) < 0)
		return strata_fail_memory(error);
	blobs->count = partition->layer_count;
	blobs->present = true;
	for (uint32_t layer = 0; layer < partition->layer_count; layer++) {
		struct strata_blob blob = {{0}, 0};

		for (; at < partition->ends[layer]; at++) {
			uint32_t item = image->items[partition->order[at]];

			add_content(&blob, contents[item]);
			blob.size += strata_graph_item(graph, item)->size;
		}
		blobs->blobs[layer] = blob;
	}
	return 0;
}

int strata_measure_image(struct strata_measure *measure, uint32_t revision,
	const struct strata_state *state, size_t index, const uint32_t *contents,
	const struct strata_partition *partition, struct strata_error *error)
{
	const struct strata_fleet_image *image = &state->fleet->images[index];
	struct strata_outcome *outcome = measure->outcome;
	struct strata_blobs *blobs = remembered(measure, revision, state->numbers[index]);
	int status = take_layers(blobs, state->fleet->graph, image, contents, partition, error);

	for (uint32_t i = 0; status == 0 && i < blobs->count; i++)
		status = store(measure, &blobs->blobs[i], revision == 0, error);
	outcome->layer_sum += blobs->count;
	outcome->image_sum++;
	for (size_t p = 0; status == 0 && p < outcome->pull_count; p++) {
		struct strata_pull *pull = &outcome->pulls[p];
		const struct strata_blobs *old;

		if (pull->behind > revision)
			continue;
		old = remembered(measure, revision - pull->behind, state->numbers[index]);
		if (old->present)
			count_pull(pull, blobs, old, image->weight);
	}
	return status;
}
