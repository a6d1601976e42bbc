/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/churn/grouping.h"

#include <string.h>

#include "util/error.h"

enum {
	WORD_BITS = 64,
};

static void empty(struct strata_grouping *grouping)
{
	size_t causes = grouping->pieces->words > 0 ? grouping->pieces->churn->cause_count : 0;

	for (uint32_t p = 0; p < grouping->pieces->count; p++)
		grouping->group_of[p] = UINT32_MAX;
	memset(grouping->groups, 0, grouping->capacity * sizeof(*grouping->groups));
	memset(grouping->counts, 0, grouping->capacity * causes * sizeof(*grouping->counts));
	memset(grouping->sets, 0,
		grouping->capacity * grouping->pieces->words * sizeof(*grouping->sets));
}

int strata_grouping_new(const struct strata_pieces *pieces, uint32_t capacity,
	struct strata_grouping *grouping, struct strata_error *error)
{
	size_t causes = pieces->words > 0 ? pieces->churn->cause_count : 0;

	*grouping = (struct strata_grouping){.pieces = pieces, .capacity = capacity};
	grouping->group_of = strata_allocate(pieces->count, sizeof(*grouping->group_of));
	grouping->groups = strata_allocate(capacity, sizeof(*grouping->groups));
	grouping->counts = strata_allocate(capacity * causes, sizeof(*grouping->counts));
	grouping->sets = strata_allocate(capacity * pieces->words, sizeof(*grouping->sets));
	if (grouping->group_of && grouping->groups && grouping->counts && grouping->sets) {
		empty(grouping);
		return 0;
	}
	strata_grouping_release(grouping);
	return strata_fail_memory(error);
}

void strata_grouping_release(struct strata_grouping *grouping)
{
	free(grouping->group_of);
	free(grouping->groups);
	free(grouping->counts);
	free(grouping->sets);
	*grouping = (struct strata_grouping)STRATA_GROUPING_INIT;
}

/* The hazard of those causes of PIECE that exactly OTHERS pieces of GROUP have. With OTHERS 1,
 * PIECE is in GROUP, and is the only piece with them; with 0, PIECE is not, and GROUP has none of
 * them. */
static struct strata_hazard private_hazard(const struct strata_grouping *grouping,
	const struct strata_piece *piece, uint32_t group, uint32_t others)
{
	const struct strata_churn *churn = grouping->pieces->churn;
	const uint32_t *counts = grouping->counts + (size_t)group * churn->cause_count;
	struct strata_hazard sum = {0, 0};

	if (others == 0)
		return strata_churn_extra_hazard(
			churn, piece->causes, grouping->sets + group * grouping->pieces->words);
	for (size_t w = 0; w < grouping->pieces->words; w++) {
		for (uint64_t bits = piece->causes[w]; bits != 0; bits &= bits - 1) {
			size_t cause = w * WORD_BITS + (unsigned)__builtin_ctzll(bits);

			if (counts[cause] == others)
				sum = strata_hazard_add(sum, churn->causes[cause].hazard);
		}
	}
	return sum;
}

struct strata_hazard strata_grouping_hazard_with(
	const struct strata_grouping *grouping, uint32_t piece, uint32_t group)
{
	const struct strata_piece *moved = &grouping->pieces->pieces[piece];
	struct strata_hazard more = moved->hazard;

	if (grouping->pieces->words > 0)
		more = private_hazard(grouping, moved, group, 0);
	return strata_hazard_add(grouping->groups[group].hazard, more);
}

struct strata_hazard strata_grouping_hazard_without(
	const struct strata_grouping *grouping, uint32_t piece)
{
	const struct strata_piece *moved = &grouping->pieces->pieces[piece];
	uint32_t group = grouping->group_of[piece];
	struct strata_hazard less = moved->hazard, hazard = grouping->groups[group].hazard;

	if (grouping->pieces->words > 0)
		less = private_hazard(grouping, moved, group, 1);
	return (struct strata_hazard){hazard.single - less.single, hazard.batch - less.batch};
}

uint32_t strata_grouping_classes(
	const struct strata_grouping *grouping, uint32_t piece, uint32_t group)
{
	const struct strata_piece *pieces = grouping->pieces->pieces;

	for (uint32_t twin = pieces[piece].twin; twin != piece; twin = pieces[twin].twin) {
		if (grouping->group_of[twin] == group)
			return 0;
	}
	return pieces[piece].mixed ? 2 : 1;
}

/* Count the causes of PIECE in (STEP 1) or out of (STEP -1) GROUP. */
static void count_causes(const struct strata_grouping *grouping, const struct strata_piece *piece,
	uint32_t group, int step)
{
	uint32_t *counts = grouping->counts + (size_t)group * grouping->pieces->churn->cause_count;
	uint64_t *set = grouping->sets + group * grouping->pieces->words;

	for (size_t w = 0; w < grouping->pieces->words; w++) {
		for (uint64_t bits = piece->causes[w]; bits != 0; bits &= bits - 1) {
			uint32_t *count = &counts[w * WORD_BITS + (unsigned)__builtin_ctzll(bits)];

			*count += (uint32_t)step;
			if (*count == 0)
				set[w] &= ~(bits & -bits);
		}
		if (step > 0)
			set[w] |= piece->causes[w];
	}
}

static void update_cost(const struct strata_grouping *grouping, struct strata_group *group)
{
	const struct strata_churn *churn = grouping->pieces->churn;
	uint64_t dirty = strata_churn_dirty(churn, group->hazard);

	group->pulls = strata_churn_pulls(churn, group->hazard, dirty);
	group->cost = group->piece_count == 0 ? 0
					      : strata_cost_planned_of(churn, group->size, dirty,
							group->pulls, group->class_count > 1);
}

static void add_piece(struct strata_grouping *grouping, uint32_t piece, uint32_t group)
{
	const struct strata_piece *added = &grouping->pieces->pieces[piece];
	struct strata_group *into = &grouping->groups[group];

	into->hazard = strata_grouping_hazard_with(grouping, piece, group);
	into->size = strata_saturating_add(into->size, added->size);
	into->piece_count++;
	into->class_count += strata_grouping_classes(grouping, piece, group);
	if (grouping->pieces->words > 0)
		count_causes(grouping, added, group, 1);
	grouping->group_of[piece] = group;
}

static void remove_piece(struct strata_grouping *grouping, uint32_t piece)
{
	const struct strata_piece *removed = &grouping->pieces->pieces[piece];
	uint32_t group = grouping->group_of[piece];
	struct strata_group *from = &grouping->groups[group];

	from->hazard = strata_grouping_hazard_without(grouping, piece);
	from->size -= removed->size;
	from->piece_count--;
	from->class_count -= strata_grouping_classes(grouping, piece, group);
	if (grouping->pieces->words > 0)
		count_causes(grouping, removed, group, -1);
}

void strata_grouping_set(struct strata_grouping *grouping, const uint32_t *group_of, uint32_t count)
{
	grouping->count = count;
	empty(grouping);
	for (uint32_t p = 0; p < grouping->pieces->count; p++)
		add_piece(grouping, p, group_of[p]);
	for (uint32_t g = 0; g < count; g++)
		update_cost(grouping, &grouping->groups[g]);
}

void strata_grouping_add(struct strata_grouping *grouping, uint32_t piece, uint32_t group)
{
	add_piece(grouping, piece, group);
	update_cost(grouping, &grouping->groups[group]);
}

uint64_t strata_grouping_cost(const struct strata_grouping *grouping)
{
	uint64_t sum = 0;

	for (uint32_t g = 0; g < grouping->count; g++)
		sum = strata_saturating_add(sum, grouping->groups[g].cost);
	return sum;
}

void strata_grouping_move(struct strata_grouping *grouping, uint32_t piece, uint32_t to)
{
	uint32_t from = grouping->group_of[piece];

	remove_piece(grouping, piece);
	update_cost(grouping, &grouping->groups[from]);
	add_piece(grouping, piece, to);
	update_cost(grouping, &grouping->groups[to]);
}

bool strata_grouping_exchange(struct strata_grouping *grouping, uint32_t a, uint32_t b)
{
	uint32_t home = grouping->group_of[a], other = grouping->group_of[b];
	struct strata_group old_home = grouping->groups[home], old_other = grouping->groups[other];

	remove_piece(grouping, a);
	remove_piece(grouping, b);
	add_piece(grouping, a, other);
	add_piece(grouping, b, home);
	update_cost(grouping, &grouping->groups[home]);
	update_cost(grouping, &grouping->groups[other]);
	if (grouping->groups[home].cost + grouping->groups[other].cost <
		old_home.cost + old_other.cost)
		return true;
	remove_piece(grouping, a);
	remove_piece(grouping, b);
	add_piece(grouping, a, home);
	add_piece(grouping, b, other);
	grouping->groups[home] = old_home;
	grouping->groups[other] = old_other;
	return false;
}
