/*
 * The first algorithm of chunkah (until April 2026): the packages of one source are a group; the
 * two groups are merged whose union loses least, until they are few enough.
 *
 * A group is worth the bytes of it that are expected to be reused in a week: its size times the
 * probability that nothing in it changes. Of equal losses, the groups merge whose names come first.
 * Layers lie in the order of that probability, the most stable one at the bottom.
 */
#include "base/error.h"
#include "base/fixed.h"
#include "plan/competitors/bins.h"
#include "plan/competitors/sources.h"
#include "plan/internal.h"

struct merging {
	uint64_t *sizes;
	uint64_t *hazards;
	uint32_t *into;    /* the group that one was merged into; itself while it is there */
	uint32_t *partner; /* the best group of a higher number to merge with, or UINT32_MAX */
	uint64_t *losses;  /* what that loses */
	uint32_t count;
};

static void release_merging(struct merging *merging)
{
	free(merging->sizes);
	free(merging->hazards);
	free(merging->into);
	free(merging->partner);
	free(merging->losses);
}

static uint64_t loss_of(const struct merging *merging, uint32_t a, uint32_t b)
{
	const uint64_t one = UINT64_C(1) << 32;
	uint64_t a_dirty = strata_fixed_one_minus_exp(merging->hazards[a]);
	uint64_t b_dirty = strata_fixed_one_minus_exp(merging->hazards[b]);
	uint64_t a_lost = strata_fixed_multiply(one - a_dirty, b_dirty, 32);
	uint64_t b_lost = strata_fixed_multiply(one - b_dirty, a_dirty, 32);

	/* In 1/256 byte, so that small groups are told apart too. */
	return strata_saturating_add(strata_fixed_multiply(merging->sizes[a], a_lost, 24),
		strata_fixed_multiply(merging->sizes[b], b_lost, 24));
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

/* Merge the pair that loses least, the group of the higher number into the other one. */
static void merge_best(struct merging *merging)
{
	uint32_t best = UINT32_MAX, other;

	for (uint32_t g = 0; g < merging->count; g++) {
		if (merging->into[g] == g && merging->partner[g] != UINT32_MAX &&
			(best == UINT32_MAX || merging->losses[g] < merging->losses[best]))
			best = g;
	}
	other = merging->partner[best];
	merging->sizes[best] = strata_saturating_add(merging->sizes[best], merging->sizes[other]);
	merging->hazards[best] += merging->hazards[other];
	merging->into[other] = best;
	for (uint32_t g = 0; g < best; g++) {
		uint64_t loss;

		if (merging->into[g] != g)
			continue;
		if (merging->partner[g] == best || merging->partner[g] == other) {
			find_partner(merging, g);
			continue;
		}
		/* The merged group may be a better partner than either part was. */
		loss = loss_of(merging, g, best);
		if (loss < merging->losses[g] ||
			(loss == merging->losses[g] && best < merging->partner[g])) {
			merging->losses[g] = loss;
			merging->partner[g] = best;
		}
	}
	for (uint32_t g = best; g < other; g++) {
		if (merging->into[g] == g && (g == best || merging->partner[g] == other))
			find_partner(merging, g);
	}
}

static int begin(struct merging *merging, const struct strata_source_groups *sources,
	struct strata_error *error)
{
	uint32_t count = sources->count;

	merging->count = count;
	merging->sizes = strata_allocate(count, sizeof(*merging->sizes));
	merging->hazards = strata_allocate(count, sizeof(*merging->hazards));
	merging->into = strata_allocate(count, sizeof(*merging->into));
	merging->partner = strata_allocate(count, sizeof(*merging->partner));
	merging->losses = strata_allocate(count, sizeof(*merging->losses));
	if (!merging->sizes || !merging->hazards || !merging->into || !merging->partner ||
		!merging->losses)
		return strata_fail_memory(error);
	for (uint32_t g = 0; g < count; g++) {
		merging->sizes[g] = sources->groups[g].size;
		merging->hazards[g] = sources->groups[g].hazard;
		merging->into[g] = g;
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

static int partition_by_merging(const struct strata_graph *graph, const struct strata_churn *churn,
	uint32_t bound, struct strata_partition *partition, struct strata_error *error)
{
	strata_autosourcegroups struct strata_source_groups sources = STRATA_SOURCE_GROUPS_INIT;
	STRATA_CLEANUP(release_merging) struct merging merging = {0};
	int status = strata_source_groups_find(graph, churn, &sources, error);

	if (status == 0)
		status = begin(&merging, &sources, error);
	if (status < 0)
		return status;
	for (uint32_t g = 0; sources.count > bound && g < sources.count; g++)
		find_partner(&merging, g);
	for (uint32_t left = sources.count; left > bound; left--)
		merge_best(&merging);
	return write_groups(&merging, &sources, partition, error);
}

const struct strata_strategy strata_strategy_merge = {
	.name = "merge",
	.summary = "chunkah's first: merge the sources whose union loses least reuse",
	.trade_off =
		"Close to the best for one image, if it is known how often its packages change. "
		"A small difference may merge everything in another way, and images share little.",
	.uses_churn = true,
	.partition = partition_by_merging,
};
