/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splits: where there is room for another layer, the group that gains most by becoming two.
 */
#include <string.h>

#include "plan/churn/grouping.h"
#include "util/error.h"

struct split {
	uint64_t gain;
	uint32_t kept; /* how many of the group's pieces stay: the first in the order */
};

struct splitter {
	struct strata_grouping *grouping;
	const uint32_t *order; /* of all pieces */
	struct split *splits;
	uint32_t *members; /* of the group at hand */
	uint64_t *costs;   /* of its first so many pieces */
	uint64_t *set;
};

static uint32_t list_members(const struct splitter *splitter, uint32_t group)
{
	uint32_t count = 0;

	for (uint32_t place = 0; place < splitter->grouping->pieces->count; place++) {
		if (splitter->grouping->group_of[splitter->order[place]] == group)
			splitter->members[count++] = splitter->order[place];
	}
	return count;
}

/* A group that grows piece by piece, beginning with FIRST. */
static uint64_t grow(const struct splitter *splitter, uint32_t member, bool first, uint64_t *size,
	struct strata_hazard *hazard)
{
	const struct strata_pieces *pieces = splitter->grouping->pieces;
	const struct strata_piece *piece = &pieces->pieces[member];
	struct strata_hazard more = piece->hazard;

	if (pieces->words > 0)
		more = strata_churn_extra_hazard(pieces->churn, piece->causes, splitter->set);
	for (size_t w = 0; w < pieces->words; w++)
		splitter->set[w] |= piece->causes[w];
	*size = strata_saturating_add(*size, piece->size);
	*hazard = strata_hazard_add(*hazard, more);
	return strata_cost_planned(pieces->churn, *size, *hazard, !first || piece->mixed);
}

/* Find the best cut of GROUP in the order. */
static void find_split(const struct splitter *splitter, uint32_t group)
{
	size_t set_size = splitter->grouping->pieces->words * sizeof(*splitter->set);
	uint32_t count = list_members(splitter, group);
	uint64_t whole = splitter->grouping->groups[group].cost, size = 0;
	struct strata_hazard hazard = {0, 0};
	struct split *best = &splitter->splits[group];

	*best = (struct split){0, count};
	memset(splitter->set, 0, set_size);
	for (uint32_t m = 0; m < count; m++)
		splitter->costs[m] = grow(splitter, splitter->members[m], m == 0, &size, &hazard);
	memset(splitter->set, 0, set_size);
	size = 0;
	hazard = (struct strata_hazard){0, 0};
	for (uint32_t m = count; m-- > 1;) {
		uint64_t cost = strata_saturating_add(splitter->costs[m - 1],
			grow(splitter, splitter->members[m], m + 1 == count, &size, &hazard));

		if (cost < whole && best->gain < whole - cost)
			*best = (struct split){whole - cost, m};
	}
}

/* Move what is behind the cut of GROUP into the empty group TO. */
static void carry_out(const struct splitter *splitter, uint32_t group, uint32_t to)
{
	uint32_t count = list_members(splitter, group);

	for (uint32_t m = splitter->splits[group].kept; m < count; m++)
		strata_grouping_move(splitter->grouping, splitter->members[m], to);
	find_split(splitter, group);
	find_split(splitter, to);
}

static void split_best(const struct splitter *splitter, uint32_t count)
{
	struct strata_grouping *grouping = splitter->grouping;

	for (uint32_t g = 0; g < grouping->count; g++)
		find_split(splitter, g);
	for (;;) {
		uint32_t best = 0, to = 0;

		for (uint32_t g = 1; g < grouping->count; g++) {
			if (splitter->splits[g].gain > splitter->splits[best].gain)
				best = g;
		}
		while (to < grouping->count && grouping->groups[to].piece_count > 0)
			to++;
		if (splitter->splits[best].gain == 0 || to >= count)
			return;
		if (to == grouping->count)
			grouping->count++;
		carry_out(splitter, best, to);
	}
}

int strata_grouping_split(struct strata_grouping *grouping, const uint32_t *order, uint32_t count,
	struct strata_error *error)
{
	uint32_t pieces = grouping->pieces->count;
	strata_autofree struct split *splits = strata_allocate(count, sizeof(*splits));
	strata_autofree uint32_t *members = strata_allocate(pieces, sizeof(*members));
	strata_autofree uint64_t *costs = strata_allocate(pieces, sizeof(*costs));
	strata_autofree uint64_t *set = strata_allocate(grouping->pieces->words, sizeof(*set));
	struct splitter splitter = {grouping, order, splits, members, costs, set};

	if (!splits || !members || !costs || !set)
		return strata_fail_memory(error);
	split_best(&splitter, count);
	return 0;
}
