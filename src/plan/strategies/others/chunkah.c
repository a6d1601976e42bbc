/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The algorithm of chunkah since April 2026: large sources alone, the others by how stable they are
 * and by a hash of their names, so that no layer but its own notices when a package comes or goes.
 *
 * A source is large from the median of sizes plus 1.5 times their median deviation on; at most 80 %
 * of the layers, less one where there are other sources, are for such. The others are of three
 * tiers, apart from each other by one standard deviation of their stability, the probability to
 * stay the same for a week. Tiers get layers by the numbers of their sources, rounded, one at
 * least, and the last one what is left. Empty layers get the largest source of any layer of the
 * tier that has more than one. Layers lie in the order of their stability, the highest at the
 * bottom. This follows src/packing.rs of chunkah 0.6.0 (4c8abc3, August 2026); what it does not
 * have are components without a package, and changelogs, whose place our rates take.
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "plan/strategies/others/bins.h"
#include "plan/strategies/others/sources.h"
#include "plan/strategies/strategies.h"
#include "util/error.h"
#include "util/fixed_point.h"
#include "util/memory.h"

enum { TIERS = 3 };

struct packing {
	const struct strata_source_groups *sources;
	uint32_t *bin_of;  /* source -> layer */
	uint32_t *members; /* of each layer */
	uint8_t *tier_of;  /* source -> tier, the most stable one 0; TIERS: alone */
	uint64_t *numbers; /* scratch, two for each source */
	uint32_t bin_count;
};

static void release_packing(struct packing *packing)
{
	free(packing->bin_of);
	free(packing->members);
	free(packing->tier_of);
	free(packing->numbers);
}

/* FNV-1a of 64 bits, of the name and a byte 0xff that ends it. */
static uint64_t hash_name(const char *name)
{
	const uint64_t prime = UINT64_C(1099511628211);
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * prime;
	return (hash ^ 0xff) * prime;
}

static uint64_t outlier_size(struct packing *packing)
{
	uint32_t count = packing->sources->count;
	uint64_t middle, deviation;

	for (uint32_t g = 0; g < count; g++)
		packing->numbers[g] = packing->sources->groups[g].size;
	middle = strata_median(packing->numbers, count);
	deviation =
		strata_median_deviation(packing->numbers, count, middle, packing->numbers + count);
	if (deviation < middle / 100)
		deviation = middle;
	return strata_saturating_add(middle, deviation + deviation / 2);
}

/* The largest source that has no layer yet. */
static uint32_t find_largest(const struct packing *packing)
{
	const struct strata_source_groups *sources = packing->sources;
	uint32_t found = UINT32_MAX;

	for (uint32_t g = 0; g < sources->count; g++) {
		if (packing->tier_of[g] != TIERS &&
			(found == UINT32_MAX ||
				sources->groups[g].size > sources->groups[found].size))
			found = g;
	}
	return found;
}

static void place(struct packing *packing, uint32_t source, uint32_t bin)
{
	packing->bin_of[source] = bin;
	packing->members[bin]++;
}

/* Large sources, the largest first, get layers of their own. All sources are of tier 0 here. */
static void place_outliers(struct packing *packing, uint32_t bound)
{
	const struct strata_source_groups *sources = packing->sources;
	uint64_t large = outlier_size(packing);
	uint32_t count = 0, room, most;

	for (uint32_t g = 0; g < sources->count; g++)
		count += sources->groups[g].size >= large;
	room = count < sources->count ? bound - 1 : bound;
	most = (uint32_t)((uint64_t)room * 8 / 10);
	while (packing->bin_count < most && packing->bin_count < count) {
		uint32_t source = find_largest(packing);

		packing->tier_of[source] = TIERS;
		place(packing, source, packing->bin_count++);
	}
}

static uint64_t stability(uint64_t hazard)
{
	return (UINT64_C(1) << 32) - strata_fixed_one_minus_exp(hazard);
}

/* Find the tiers of those that are not alone; COUNTS becomes how many are in each. */
static void find_tiers(struct packing *packing, uint32_t counts[TIERS])
{
	const struct strata_source_groups *sources = packing->sources;
	uint64_t mean, deviation;
	uint32_t count = 0;

	for (uint32_t g = 0; g < sources->count; g++) {
		if (packing->tier_of[g] != TIERS)
			packing->numbers[count++] = stability(sources->groups[g].hazard) >> 10;
	}
	strata_mean_deviation(packing->numbers, count, &mean, &deviation);
	for (uint32_t g = 0; g < sources->count; g++) {
		uint64_t value = stability(sources->groups[g].hazard) >> 10;

		if (packing->tier_of[g] == TIERS)
			continue;
		packing->tier_of[g] = 1;
		if (value >= mean + deviation)
			packing->tier_of[g] = 0;
		else if (value + deviation <= mean)
			packing->tier_of[g] = 2;
		counts[packing->tier_of[g]]++;
	}
}

/* Share ROOM layers out among tiers of COUNTS sources. Returns false where there are not enough for
 * each tier. */
static bool share_out(const uint32_t counts[TIERS], uint32_t room, uint32_t shares[TIERS])
{
	uint64_t total = (uint64_t)counts[0] + counts[1] + counts[2];
	uint32_t tiers = (counts[0] > 0) + (counts[1] > 0) + (counts[2] > 0);

	if (room < tiers)
		return false;
	for (int t = 0; t < TIERS; t++) {
		uint64_t share = (2 * (uint64_t)room * counts[t] + total) / (2 * total);
		uint32_t left = room;

		for (int before = 0; before < t; before++)
			left -= shares[before];
		if (counts[t] == 0)
			continue;
		tiers--;
		share = share == 0 ? 1 : share;
		shares[t] = tiers == 0 || share > left - tiers ? left - tiers : (uint32_t)share;
	}
	return true;
}

/* The largest source of TIER that is not alone in its layer, or UINT32_MAX. */
static uint32_t find_crowded(const struct packing *packing, uint8_t tier)
{
	const struct strata_source_groups *sources = packing->sources;
	uint32_t found = UINT32_MAX;

	for (uint32_t g = 0; g < sources->count; g++) {
		if (packing->tier_of[g] != tier || packing->members[packing->bin_of[g]] < 2)
			continue;
		if (found == UINT32_MAX || sources->groups[g].size > sources->groups[found].size ||
			(sources->groups[g].size == sources->groups[found].size &&
				packing->bin_of[g] >= packing->bin_of[found]))
			found = g;
	}
	return found;
}

/* Give each empty layer of TIER, the last one first, the largest source that is not alone. */
static void refill(struct packing *packing, uint8_t tier, uint32_t first, uint32_t count)
{
	for (uint32_t bin = first + count; bin-- > first;) {
		uint32_t source;

		if (packing->members[bin] > 0)
			continue;
		source = find_crowded(packing, tier);
		if (source == UINT32_MAX)
			return;
		packing->members[packing->bin_of[source]]--;
		place(packing, source, bin);
	}
}

/* Give every source of TIER a layer of COUNT by its name. */
static void place_tier(struct packing *packing, uint8_t tier, uint32_t count)
{
	const struct strata_source_groups *sources = packing->sources;

	for (uint32_t g = 0; g < sources->count; g++) {
		if (packing->tier_of[g] == tier)
			place(packing, g,
				packing->bin_count +
					(uint32_t)(hash_name(sources->groups[g].name) % count));
	}
	refill(packing, tier, packing->bin_count, count);
	packing->bin_count += count;
}

static void place_tiers(struct packing *packing, uint32_t room)
{
	const struct strata_source_groups *sources = packing->sources;
	uint32_t counts[TIERS] = {0}, shares[TIERS] = {0};

	find_tiers(packing, counts);
	if (!share_out(counts, room, shares)) {
		shares[0] = room;
		shares[1] = shares[2] = 0;
		for (uint32_t g = 0; g < sources->count; g++) {
			if (packing->tier_of[g] != TIERS)
				packing->tier_of[g] = 0;
		}
	}
	for (uint8_t t = 0; t < TIERS; t++) {
		if (shares[t] > 0)
			place_tier(packing, t, shares[t]);
	}
}

/* What is left fits: each source gets a layer. */
static void place_singly(struct packing *packing)
{
	for (uint32_t g = 0; g < packing->sources->count; g++) {
		if (packing->tier_of[g] != TIERS)
			place(packing, g, packing->bin_count++);
	}
}

struct stable {
	uint64_t hazard;
	uint32_t first; /* source */
	uint32_t bin;
};

static int compare_stable(const void *left, const void *right)
{
	const struct stable *a = left, *b = right;

	if (a->hazard != b->hazard)
		return a->hazard < b->hazard ? -1 : 1;
	return (a->first > b->first) - (a->first < b->first);
}

static int write_packing(const struct packing *packing, struct strata_partition *partition,
	struct strata_error *error)
{
	const struct strata_source_groups *sources = packing->sources;
	strata_autofree struct stable *sorted =
		strata_allocate(packing->bin_count, sizeof(*sorted));
	strata_autofree uint32_t *rank = strata_allocate(packing->bin_count, sizeof(*rank));
	strata_autofree uint32_t *bins = strata_allocate(partition->item_count, sizeof(*bins));

	if (!sorted || !rank || !bins)
		return strata_fail_memory(error);
	for (uint32_t b = 0; b < packing->bin_count; b++)
		sorted[b].bin = b;
	for (uint32_t g = sources->count; g-- > 0;) {
		struct stable *bin = &sorted[packing->bin_of[g]];

		bin->first = g;
		bin->hazard = strata_saturating_add(bin->hazard, sources->groups[g].hazard);
	}
	qsort(sorted, packing->bin_count, sizeof(*sorted), compare_stable);
	for (uint32_t b = 0; b < packing->bin_count; b++)
		rank[sorted[b].bin] = b;
	for (uint32_t i = 0; i < partition->item_count; i++)
		bins[i] = rank[packing->bin_of[sources->of_item[i]]];
	return strata_bins_write(partition, bins, packing->bin_count, error);
}

static int partition_as_chunkah(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	strata_autosourcegroups struct strata_source_groups sources = STRATA_SOURCE_GROUPS_INIT;
	STRATA_CLEANUP(release_packing) struct packing packing = {.sources = &sources};
	int status = strata_source_groups_find(graph, churn, &sources, error);
	uint32_t most = sources.count < bound ? sources.count : bound;

	if (status < 0)
		return status;
	packing.bin_of = strata_allocate(sources.count, sizeof(*packing.bin_of));
	packing.members = strata_allocate(most, sizeof(*packing.members));
	packing.tier_of = strata_allocate(sources.count, sizeof(*packing.tier_of));
	packing.numbers = strata_allocate((size_t)2 * sources.count, sizeof(*packing.numbers));
	if (!packing.bin_of || !packing.members || !packing.tier_of || !packing.numbers)
		return strata_fail_memory(error);
	if (sources.count > bound)
		place_outliers(&packing, bound);
	if (sources.count <= bound)
		place_singly(&packing);
	else
		place_tiers(&packing, bound - packing.bin_count);
	return write_packing(&packing, partition, error);
}

const struct strata_strategy strata_strategy_chunkah = {
	.name = "chunkah",
	.summary =
		"chunkah's own: large sources alone, the rest by stability and a hash of the name",
	.trade_off = "A package stays in its layer whatever comes and goes beside it, without any "
		     "memory. Which packages share a layer is left to a hash, so those that change "
		     "renew others.",
	.uses_churn = true,
	.partition = partition_as_chunkah,
};
