/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/churn/greedy_merging.h"

#include <string.h>

#include "util/error.h"

enum {
	ALL_PAIRS = 160, /* up to this many groups, all pairs are tried */
	WINDOW = 12,     /* of more groups, each with this many neighbours in each order */
	ORDERS = 3,
};

/* A merge that may be made: both groups must still be as they were. */
struct candidate {
	uint64_t loss; /* of cost, plus what all costs may differ by: never negative */
	uint32_t a, b;
	uint32_t version_a, version_b;
};

struct group {
	uint64_t size, cost;
	struct strata_hazard hazard;
	uint64_t *causes; /* NULL where hazards add up */
	uint32_t version;
	bool alive;
	/* In each order, the groups beside this one. */
	uint32_t before[ORDERS], after[ORDERS];
};

#define NOBODY UINT32_MAX

struct heap {
	struct candidate *candidates;
	size_t count, capacity;
};

struct merger {
	const struct strata_pieces *pieces;
	struct group *groups;
	uint64_t *sets;
	struct heap heap;
};

/* The loss of a merge that neither costs nor saves. Losses have this added, so that a saving is not
 * negative: the larger the saving, the smaller the number. */
#define NO_LOSS (UINT64_C(1) << 63)

static bool is_before(const struct candidate *a, const struct candidate *b)
{
	if (a->loss != b->loss)
		return a->loss < b->loss;
	if (a->a != b->a)
		return a->a < b->a;
	return a->b < b->b;
}

static int push(struct heap *heap, struct candidate candidate)
{
	size_t at = heap->count;

	if (strata_grow(&heap->candidates, &heap->capacity, at + 1, sizeof(candidate)) < 0)
		return -1;
	heap->count++;
	while (at > 0 && is_before(&candidate, &heap->candidates[(at - 1) / 2])) {
		heap->candidates[at] = heap->candidates[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->candidates[at] = candidate;
	return 0;
}

static struct candidate pop(struct heap *heap)
{
	struct candidate first = heap->candidates[0], last = heap->candidates[--heap->count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count &&
			is_before(&heap->candidates[child + 1], &heap->candidates[child]))
			child++;
		if (!is_before(&heap->candidates[child], &last))
			break;
		heap->candidates[at] = heap->candidates[child];
		at = child;
	}
	heap->candidates[at] = last;
	return first;
}

static struct strata_hazard joint_hazard(
	const struct merger *merger, const struct group *a, const struct group *b)
{
	if (merger->pieces->words == 0)
		return strata_hazard_add(a->hazard, b->hazard);
	/* Of what changes less often, the other one lacks fewer causes. */
	if (a->hazard.single > b->hazard.single)
		return joint_hazard(merger, b, a);
	return strata_hazard_add(
		b->hazard, strata_churn_extra_hazard(merger->pieces->churn, a->causes, b->causes));
}

static int propose(struct merger *merger, uint32_t a, uint32_t b)
{
	const struct group *x = &merger->groups[a], *y = &merger->groups[b];
	uint64_t cost = strata_cost_planned(merger->pieces->churn,
		strata_saturating_add(x->size, y->size), joint_hazard(merger, x, y), true);

	return push(&merger->heap, (struct candidate){
					   .loss = NO_LOSS + cost - x->cost - y->cost,
					   .a = a < b ? a : b,
					   .b = a < b ? b : a,
					   .version_a = a < b ? x->version : y->version,
					   .version_b = a < b ? y->version : x->version,
				   });
}

/* Propose GROUP with its neighbours after it in every order, and where BOTH is set, before it. */
static int propose_neighbours(struct merger *merger, uint32_t group, bool both)
{
	for (unsigned order = 0; order < ORDERS; order++) {
		uint32_t other = merger->groups[group].after[order];

		for (unsigned step = 0; step < WINDOW && other != NOBODY; step++) {
			if (propose(merger, group, other) < 0)
				return -1;
			other = merger->groups[other].after[order];
		}
		other = both ? merger->groups[group].before[order] : NOBODY;
		for (unsigned step = 0; step < WINDOW && other != NOBODY; step++) {
			if (propose(merger, group, other) < 0)
				return -1;
			other = merger->groups[other].before[order];
		}
	}
	return 0;
}

static int propose_all(struct merger *merger, uint32_t group)
{
	for (uint32_t other = 0; other < merger->pieces->count; other++) {
		if (other != group && merger->groups[other].alive &&
			propose(merger, group, other) < 0)
			return -1;
	}
	return 0;
}

/* The second and third order: by hazard, and by cost alone. */
struct ranked {
	uint64_t key;
	uint32_t piece;
};

static int compare_ranked(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->piece > b->piece) - (a->piece < b->piece);
}

static void link_order(struct merger *merger, const uint32_t *order, unsigned which)
{
	uint32_t count = merger->pieces->count;

	for (uint32_t place = 0; place < count; place++) {
		struct group *group = &merger->groups[order[place]];

		group->before[which] = place > 0 ? order[place - 1] : NOBODY;
		group->after[which] = place + 1 < count ? order[place + 1] : NOBODY;
	}
}

static int link_orders(struct merger *merger, struct strata_error *error)
{
	uint32_t count = merger->pieces->count;
	strata_autofree uint32_t *order = strata_allocate(count, sizeof(*order));
	strata_autofree struct ranked *ranked = strata_allocate(count, sizeof(*ranked));
	int status;

	if (!order || !ranked)
		return strata_fail_memory(error);
	status = strata_pieces_order(merger->pieces, order, error);
	if (status < 0)
		return status;
	link_order(merger, order, 0);
	for (unsigned which = 1; which < ORDERS; which++) {
		for (uint32_t p = 0; p < count; p++) {
			const struct group *group = &merger->groups[p];

			ranked[p].piece = p;
			ranked[p].key = which == 1 ? strata_hazard_joint(
							     merger->pieces->churn, group->hazard)
						   : group->cost;
		}
		qsort(ranked, count, sizeof(*ranked), compare_ranked);
		for (uint32_t p = 0; p < count; p++)
			order[p] = ranked[p].piece;
		link_order(merger, order, which);
	}
	return 0;
}

static int prepare(struct merger *merger, struct strata_error *error)
{
	const struct strata_pieces *pieces = merger->pieces;

	merger->groups = strata_allocate(pieces->count, sizeof(*merger->groups));
	merger->sets = strata_allocate(pieces->count * pieces->words, sizeof(*merger->sets));
	if (!merger->groups || !merger->sets)
		return strata_fail_memory(error);
	for (uint32_t p = 0; p < pieces->count; p++) {
		const struct strata_piece *piece = &pieces->pieces[p];
		struct group *group = &merger->groups[p];

		group->size = piece->size;
		group->hazard = piece->hazard;
		group->cost = strata_cost_planned(
			pieces->churn, piece->size, piece->hazard, piece->mixed);
		group->alive = true;
		if (pieces->words > 0) {
			group->causes = merger->sets + p * pieces->words;
			memcpy(group->causes, piece->causes,
				pieces->words * sizeof(*group->causes));
		}
	}
	return link_orders(merger, error);
}

/* Take B out of the orders, and propose the groups that become neighbours, so that candidates never
 * run out. */
static int unlink_group(struct merger *merger, uint32_t b)
{
	for (unsigned order = 0; order < ORDERS; order++) {
		uint32_t before = merger->groups[b].before[order];
		uint32_t after = merger->groups[b].after[order];

		if (before != NOBODY)
			merger->groups[before].after[order] = after;
		if (after != NOBODY)
			merger->groups[after].before[order] = before;
		if (before != NOBODY && after != NOBODY && propose(merger, before, after) < 0)
			return -1;
	}
	return 0;
}

/* Put what B has into A. */
static int join(struct merger *merger, uint32_t a, uint32_t b)
{
	struct group *into = &merger->groups[a], *from = &merger->groups[b];

	into->hazard = joint_hazard(merger, from, into);
	into->size = strata_saturating_add(into->size, from->size);
	for (size_t w = 0; w < merger->pieces->words; w++)
		into->causes[w] |= from->causes[w];
	into->cost = strata_cost_planned(merger->pieces->churn, into->size, into->hazard, true);
	into->version++;
	from->alive = false;
	return unlink_group(merger, b);
}

/* Propose every pair of groups. */
static int propose_pairs(struct merger *merger)
{
	for (uint32_t a = 0; a < merger->pieces->count; a++) {
		if (!merger->groups[a].alive)
			continue;
		for (uint32_t b = a + 1; b < merger->pieces->count; b++) {
			if (merger->groups[b].alive && propose(merger, a, b) < 0)
				return -1;
		}
	}
	return 0;
}

/* Carry out the best merge that is still possible. Returns the group that grew, or NOBODY where
 * memory is out. */
static uint32_t merge_best(struct merger *merger, struct strata_merging *merging)
{
	for (;;) {
		struct candidate best = pop(&merger->heap);
		uint32_t merged = merging->merge_count;

		if (!merger->groups[best.a].alive || !merger->groups[best.b].alive ||
			merger->groups[best.a].version != best.version_a ||
			merger->groups[best.b].version != best.version_b)
			continue;
		if (join(merger, best.a, best.b) < 0)
			return NOBODY;
		merging->merges[merged] = (struct strata_merge){best.a, best.b};
		merging->costs[merged + 1] = merging->costs[merged] + best.loss - NO_LOSS;
		merging->merge_count++;
		return best.a;
	}
}

static int merge_down(struct merger *merger, uint32_t least, struct strata_merging *merging)
{
	uint32_t count = merger->pieces->count;

	for (uint32_t p = 0; p < count && count > ALL_PAIRS; p++) {
		if (propose_neighbours(merger, p, false) < 0)
			return -1;
	}
	for (uint32_t alive = count; alive > least; alive--) {
		uint32_t grown;

		if ((alive == count || alive == ALL_PAIRS) && alive <= ALL_PAIRS &&
			propose_pairs(merger) < 0)
			return -1;
		grown = merge_best(merger, merging);
		if (grown == NOBODY)
			return -1;
		if (alive <= ALL_PAIRS ? propose_all(merger, grown) < 0
				       : propose_neighbours(merger, grown, true) < 0)
			return -1;
	}
	return 0;
}

int strata_merging_run(const struct strata_pieces *pieces, uint32_t least,
	struct strata_merging *merging, struct strata_error *error)
{
	struct merger merger = {.pieces = pieces};
	int status;

	*merging = (struct strata_merging){.piece_count = pieces->count};
	merging->merges = strata_allocate(pieces->count, sizeof(*merging->merges));
	merging->costs = strata_allocate(pieces->count, sizeof(*merging->costs));
	status = merging->merges && merging->costs ? prepare(&merger, error)
						   : strata_fail_memory(error);
	for (uint32_t p = 0; status == 0 && p < pieces->count; p++)
		merging->costs[0] = strata_saturating_add(merging->costs[0], merger.groups[p].cost);
	if (status == 0 && merge_down(&merger, least, merging) < 0)
		status = strata_fail_memory(error);
	free(merger.groups);
	free(merger.sets);
	free(merger.heap.candidates);
	return status;
}

void strata_merging_groups(const struct strata_merging *merging, uint32_t count, uint32_t *group_of)
{
	uint32_t numbered = 0;

	/* A group points to what it was merged into, which has a lower number. */
	for (uint32_t p = 0; p < merging->piece_count; p++)
		group_of[p] = p;
	for (uint32_t m = 0; m < merging->piece_count - count; m++)
		group_of[merging->merges[m].from] = merging->merges[m].into;
	for (uint32_t p = 0; p < merging->piece_count; p++)
		group_of[p] = group_of[p] == p ? numbered++ : group_of[group_of[p]];
}

void strata_merging_release(struct strata_merging *merging)
{
	free(merging->merges);
	free(merging->costs);
	*merging = (struct strata_merging)STRATA_MERGING_INIT;
}
