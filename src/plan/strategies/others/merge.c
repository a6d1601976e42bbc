/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first algorithm of chunkah (until April 2026): the packages of one source are a group; the
 * two groups are merged whose union loses least, until they are few enough.
 *
 * A group is worth the bytes of it that are expected to be reused in a week: its size times the
 * probability that nothing in it changes. Of equal losses, the groups merge whose names come first.
 * Layers lie in the order of that probability, the most stable one at the bottom.
 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <stdlib.h>

#include "plan/strategies/others/bins.h"
#include "plan/strategies/others/sources.h"
#include "plan/strategies/strategies.h"
#include "util/error.h"
#include "util/fixed_point.h"
#include "util/memory.h"

struct merging {
	uint64_t *sizes;
	uint64_t *hazards;
	/* What a group is worth, in bytes shifted by `shift`, and the probability that it changes,
	 * in 2^-20: their products and sums of two fit into 64 bits. */
	uint64_t *values;
	uint64_t *dirty;
	int shift;
	uint32_t *into; /* the group that one was merged into; itself while it is there */
	/* The best group of a higher number to merge with; UINT32_MAX: to be found, or none. */
	uint32_t *partner;
	bool *alone;      /* there is none */
	uint64_t *losses; /* what that loses */
	uint32_t count;
};

enum {
	VALUE_BITS = 42,
	DIRTY_BITS = 20,
};

static void release_merging(struct merging *merging)
{
	free(merging->sizes);
	free(merging->hazards);
	free(merging->values);
	free(merging->dirty);
	free(merging->into);
	free(merging->partner);
	free(merging->alone);
	free(merging->losses);
}

/* Find what GROUP is worth. */
static void appraise(struct merging *merging, uint32_t group)
{
	uint64_t dirty = strata_fixed_one_minus_exp(merging->hazards[group]);

	merging->dirty[group] = dirty >> (32 - DIRTY_BITS);
	merging->values[group] = strata_fixed_multiply(merging->sizes[group],
		(UINT64_C(1) << 32) - dirty, (unsigned)(32 - merging->shift));
}

/* Each of both loses the bytes of weeks in which it stays the same and the other one changes. */
static uint64_t loss_of(const struct merging *merging, uint32_t a, uint32_t b)
{
	return merging->values[a] * merging->dirty[b] + merging->values[b] * merging->dirty[a];
}

static void find_partner(struct merging *merging, uint32_t group)
{
	merging->partner[group] = UINT32_MAX;
	merging->losses[group] = UINT64_MAX;
	for (uint32_t other = group + 1; other < merging->count; other++) {
		uint64_t loss;

		if (merging->into[other] != other)
			continue;
		loss = loss_of(merging, group, other);
		if (loss < merging->losses[group] || merging->partner[group] == UINT32_MAX) {
			merging->losses[group] = loss;
			merging->partner[group] = other;
		}
	}
}

/* The group to merge with its partner. What a group lost with a partner that is gone is a lower
 * bound of what it loses now: only where that would be the least, the partner is looked for anew.
 */
static uint32_t find_best(struct merging *merging)
{
	for (;;) {
		uint32_t best = UINT32_MAX;

		for (uint32_t g = 0; g < merging->count; g++) {
			if (merging->into[g] == g && !merging->alone[g] &&
				(best == UINT32_MAX || merging->losses[g] < merging->losses[best]))
				best = g;
		}
		if (merging->partner[best] != UINT32_MAX)
			return best;
		find_partner(merging, best);
		merging->alone[best] = merging->partner[best] == UINT32_MAX;
	}
}

/* Merge the pair that loses least, the group of the higher number into the other one. */
static void merge_best(struct merging *merging)
{
	uint32_t best = find_best(merging), other = merging->partner[best];

	merging->sizes[best] = strata_saturating_add(merging->sizes[best], merging->sizes[other]);
	merging->hazards[best] += merging->hazards[other];
	merging->into[other] = best;
	appraise(merging, best);
	for (uint32_t g = 0; g < other; g++) {
		if (merging->partner[g] == best || merging->partner[g] == other)
			merging->partner[g] = UINT32_MAX;
	}
	find_partner(merging, best);
	merging->alone[best] = merging->partner[best] == UINT32_MAX;
	/* The merged group may be a better partner than either part was. */
	for (uint32_t g = 0; g < best; g++) {
		uint64_t loss;

		if (merging->into[g] != g)
			continue;
		loss = loss_of(merging, g, best);
		if (loss < merging->losses[g] ||
			(loss == merging->losses[g] && merging->partner[g] != UINT32_MAX &&
				best < merging->partner[g])) {
			merging->losses[g] = loss;
			merging->partner[g] = best;
		}
	}
}

static int begin(struct merging *merging, const struct strata_source_groups *sources,
	struct strata_error *error)
{
	uint32_t count = sources->count;
	uint64_t total = 1;

	merging->count = count;
	merging->sizes = strata_allocate(count, sizeof(*merging->sizes));
	merging->hazards = strata_allocate(count, sizeof(*merging->hazards));
	merging->values = strata_allocate(count, sizeof(*merging->values));
	merging->dirty = strata_allocate(count, sizeof(*merging->dirty));
	merging->into = strata_allocate(count, sizeof(*merging->into));
	merging->partner = strata_allocate(count, sizeof(*merging->partner));
	merging->alone = strata_allocate(count, sizeof(*merging->alone));
	merging->losses = strata_allocate(count, sizeof(*merging->losses));
	if (!merging->sizes || !merging->hazards || !merging->values || !merging->dirty ||
		!merging->into || !merging->partner || !merging->losses)
		return strata_fail_memory(error);
	for (uint32_t g = 0; g < count; g++)
		total = strata_saturating_add(total, sources->groups[g].size);
	merging->shift = VALUE_BITS - (64 - __builtin_clzll(total));
	if (merging->shift > 32)
		merging->shift = 32;
	for (uint32_t g = 0; g < count; g++) {
		merging->sizes[g] = sources->groups[g].size;
		merging->hazards[g] = sources->groups[g].hazard;
		merging->into[g] = g;
		appraise(merging, g);
	}
	return 0;
}

struct stable {
	uint64_t hazard;
	uint32_t group;
};

static int compare_stable(const void *left, const void *right)
{
	const struct stable *a = left, *b = right;

	if (a->hazard != b->hazard)
		return a->hazard < b->hazard ? -1 : 1;
	return (a->group > b->group) - (a->group < b->group);
}

static int write_groups(const struct merging *merging, const struct strata_source_groups *sources,
	struct strata_partition *partition, struct strata_error *error)
{
	strata_autofree struct stable *sorted = strata_allocate(merging->count, sizeof(*sorted));
	strata_autofree uint32_t *bin_of = strata_allocate(merging->count, sizeof(*bin_of));
	strata_autofree uint32_t *bins = strata_allocate(partition->item_count, sizeof(*bins));
	uint32_t kept = 0;

	if (!sorted || !bin_of || !bins)
		return strata_fail_memory(error);
	for (uint32_t g = 0; g < merging->count; g++) {
		if (merging->into[g] == g)
			sorted[kept++] = (struct stable){merging->hazards[g], g};
	}
	qsort(sorted, kept, sizeof(*sorted), compare_stable);
	for (uint32_t k = 0; k < kept; k++)
		bin_of[sorted[k].group] = k;
	for (uint32_t i = 0; i < partition->item_count; i++) {
		uint32_t group = sources->of_item[i];

		while (merging->into[group] != group)
			group = merging->into[group];
		bins[i] = bin_of[group];
	}
	return strata_bins_write(partition, bins, kept, error);
}

static int partition_by_merging(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	strata_autosourcegroups struct strata_source_groups sources = STRATA_SOURCE_GROUPS_INIT;
	STRATA_CLEANUP(release_merging) struct merging merging = {0};
	int status = strata_source_groups_find(graph, churn, &sources, error);

	if (status == 0)
		status = begin(&merging, &sources, error);
	if (status < 0)
		return status;
	for (uint32_t g = 0; sources.count > bound && g < sources.count; g++) {
		find_partner(&merging, g);
		merging.alone[g] = merging.partner[g] == UINT32_MAX;
	}
	for (uint32_t left = sources.count; left > bound; left--)
		merge_best(&merging);
	return write_groups(&merging, &sources, partition, error);
}

const struct strata_strategy strata_strategy_merge = {
	.name = "merge",
	.summary = "chunkah's first: merge the sources whose union loses least reuse",
	.trade_off =
		"Close to the best for one image, if it is known how often its packages change. A "
		"small difference may merge everything in another way, and images share little.",
	.uses_churn = true,
	.partition = partition_by_merging,
};
