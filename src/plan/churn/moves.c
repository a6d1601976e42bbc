/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local search: moves and swaps, and splits where there is room for another layer.
 */
#include "plan/churn/grouping.h"

enum {
	MOST_PASSES = 8,
};

/* What the group of PIECE costs without it. */
static uint64_t cost_without(const struct strata_grouping *grouping, uint32_t piece)
{
	uint32_t home = grouping->group_of[piece];
	const struct strata_group *group = &grouping->groups[home];

	if (group->piece_count == 1)
		return 0;
	return strata_cost_planned(grouping->pieces->churn,
		group->size - grouping->pieces->pieces[piece].size,
		strata_grouping_hazard_without(grouping, piece),
		group->class_count - strata_grouping_classes(grouping, piece, home) > 1);
}

/* The cost of group TO with PIECE, which is in another group. */
static uint64_t cost_with(const struct strata_grouping *grouping, uint32_t piece, uint32_t to)
{
	const struct strata_group *group = &grouping->groups[to];

	return strata_cost_planned(grouping->pieces->churn,
		group->size + grouping->pieces->pieces[piece].size,
		strata_grouping_hazard_with(grouping, piece, to),
		group->class_count + strata_grouping_classes(grouping, piece, to) > 1);
}

/* Move PIECE to where it costs least. Returns whether it moved. */
static bool move_to_best(struct strata_grouping *grouping, uint32_t piece)
{
	const struct strata_piece *moved = &grouping->pieces->pieces[piece];
	uint32_t from = grouping->group_of[piece], best = from;
	/* What may be spent elsewhere. */
	uint64_t limit = grouping->groups[from].cost - cost_without(grouping, piece);

	for (uint32_t g = 0; g < grouping->count; g++) {
		const struct strata_group *group = &grouping->groups[g];
		uint64_t more;

		/* In another group, it costs at least what its bytes cost there without a new
		 * cause. */
		if (g == from || strata_cost_of(moved->size, group->pulls) >= limit)
			continue;
		more = cost_with(grouping, piece, g) - group->cost;
		if (more < limit) {
			limit = more;
			best = g;
		}
	}
	if (best == from)
		return false;
	strata_grouping_move(grouping, piece, best);
	return true;
}

static bool is_alone(const struct strata_grouping *grouping, uint32_t piece)
{
	return grouping->groups[grouping->group_of[piece]].piece_count == 1;
}

static bool swap_all(struct strata_grouping *grouping)
{
	uint32_t count = grouping->pieces->count;
	bool any = false;

	for (uint32_t a = 0; a < count; a++) {
		for (uint32_t b = a + 1; b < count; b++) {
			if (grouping->group_of[a] != grouping->group_of[b] &&
				!(is_alone(grouping, a) && is_alone(grouping, b)) &&
				strata_grouping_exchange(grouping, a, b))
				any = true;
		}
	}
	return any;
}

void strata_grouping_improve(struct strata_grouping *grouping, const uint32_t *order)
{
	for (unsigned pass = 0; pass < MOST_PASSES; pass++) {
		bool any = false;

		for (uint32_t p = grouping->pieces->count; p-- > 0;)
			any |= move_to_best(grouping, order[p]);
		if (!any && !swap_all(grouping))
			break;
	}
}
