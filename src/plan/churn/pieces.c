/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/churn/pieces.h"

#include <string.h>

#include "plan/churn/greedy_merging.h"
#include "util/error.h"

struct sortable {
	const struct strata_piece *piece;
	uint64_t joint;
	uint32_t index;
};

static int compare_sortable(const void *left, const void *right)
{
	const struct sortable *a = left, *b = right;
	int order = strata_cost_compare_prefix(a->piece->size, a->joint, b->piece->size, b->joint);

	return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

int strata_pieces_order(
	const struct strata_pieces *pieces, uint32_t *order, struct strata_error *error)
{
	strata_autofree struct sortable *sorted = strata_allocate(pieces->count, sizeof(*sorted));

	if (!sorted)
		return strata_fail_memory(error);
	for (uint32_t p = 0; p < pieces->count; p++)
		sorted[p] = (struct sortable){&pieces->pieces[p],
			strata_hazard_joint(pieces->churn, pieces->pieces[p].hazard), p};
	qsort(sorted, pieces->count, sizeof(*sorted), compare_sortable);
	for (uint32_t p = 0; p < pieces->count; p++)
		order[p] = sorted[p].index;
	return 0;
}

/* A piece for each class of which some item is not left out, in the order of the classes. */
static int find_classes(const struct strata_graph *graph, const bool *skip,
	struct strata_pieces *pieces, struct strata_error *error)
{
	const struct strata_churn *churn = pieces->churn;
	strata_autofree bool *present = strata_allocate(churn->class_count, sizeof(*present));

	pieces->words = churn->shared ? churn->words : 0;
	pieces->pieces =
		strata_arena_array(&pieces->arena, churn->class_count, sizeof(*pieces->pieces));
	pieces->piece_of =
		strata_arena_array(&pieces->arena, churn->class_count, sizeof(*pieces->piece_of));
	if (!present || !pieces->pieces || !pieces->piece_of)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < strata_graph_count(graph); i++)
		present[churn->class_of[i]] |= !skip || !skip[i];
	for (uint32_t c = 0; c < churn->class_count; c++) {
		if (!present[c])
			continue;
		pieces->pieces[pieces->count].hazard = churn->class_hazards[c];
		pieces->pieces[pieces->count].causes =
			churn->shared ? churn->class_causes[c] : NULL;
		pieces->pieces[pieces->count].twin = pieces->count;
		pieces->piece_of[c] = pieces->count++;
	}
	for (uint32_t i = 0; i < strata_graph_count(graph); i++) {
		struct strata_piece *piece = &pieces->pieces[pieces->piece_of[churn->class_of[i]]];

		if (!skip || !skip[i])
			piece->size = strata_saturating_add(
				piece->size, strata_graph_item(graph, i)->size);
	}
	return 0;
}

/* Add what PIECE has to INTO, whose causes are SET. */
static void unite(const struct strata_pieces *pieces, const struct strata_piece *piece,
	struct strata_piece *into, uint64_t *set)
{
	into->size = strata_saturating_add(into->size, piece->size);
	for (size_t w = 0; w < pieces->words; w++)
		set[w] |= piece->causes[w];
	if (pieces->words == 0)
		into->hazard = strata_hazard_add(into->hazard, piece->hazard);
}

/* Replace the pieces by COUNT merged ones. */
static int merge_pieces(struct strata_pieces *pieces, const uint32_t *merged_of, uint32_t count,
	struct strata_error *error)
{
	struct strata_piece *merged = strata_arena_array(&pieces->arena, count, sizeof(*merged));
	uint64_t *sets = strata_arena_array(&pieces->arena, count * pieces->words, sizeof(*sets));

	if (!merged || !sets)
		return strata_fail_memory(error);
	for (uint32_t m = 0; m < count; m++)
		merged[m].twin = UINT32_MAX;
	for (uint32_t p = 0; p < pieces->count; p++) {
		struct strata_piece *into = &merged[merged_of[p]];

		unite(pieces, &pieces->pieces[p], into, sets + merged_of[p] * pieces->words);
		into->mixed = into->twin != UINT32_MAX;
		into->twin = merged_of[p];
	}
	for (uint32_t m = 0; m < count && pieces->words > 0; m++) {
		merged[m].causes = sets + m * pieces->words;
		merged[m].hazard = strata_churn_set_hazard(pieces->churn, merged[m].causes);
	}
	for (uint32_t c = 0; c < pieces->churn->class_count; c++)
		pieces->piece_of[c] = merged_of[pieces->piece_of[c]];
	pieces->pieces = merged;
	pieces->count = count;
	return 0;
}

int strata_pieces_find(const struct strata_graph *graph, const struct strata_churn *churn,
	const bool *skip, uint32_t limit, struct strata_pieces *pieces, struct strata_error *error)
{
	strata_autofree uint32_t *merged_of =
		strata_allocate(churn->class_count, sizeof(*merged_of));
	strata_automerging struct strata_merging merging = STRATA_MERGING_INIT;
	int status;

	*pieces = (struct strata_pieces)STRATA_PIECES_INIT;
	pieces->churn = churn;
	if (!merged_of)
		return strata_fail_memory(error);
	status = find_classes(graph, skip, pieces, error);
	if (status < 0 || pieces->count <= limit)
		return status;
	status = strata_merging_run(pieces, limit, &merging, error);
	if (status < 0)
		return status;
	strata_merging_groups(&merging, limit, merged_of);
	return merge_pieces(pieces, merged_of, limit, error);
}

void strata_pieces_release(struct strata_pieces *pieces)
{
	strata_arena_free(&pieces->arena);
	*pieces = (struct strata_pieces)STRATA_PIECES_INIT;
}
