/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lower bounds of the costs: docs/model.md proves them.
 */
#include "model/cost.h"
#include "util/error.h"

enum {
	GRID = 128, /* how many ends are tried for the run of items that gives the bound */
};

/* A class of items, with a hazard that adds up. The hazard of a cause that several classes have is
 * divided among them, so that no set of classes has a larger sum than its real hazard. */
struct piece {
	uint64_t size;
	uint64_t dirty; /* alone, with all of its causes */
	struct strata_hazard share;
	uint64_t joint;
	uint32_t class_index;
};

/* Sums over the first pieces of an order. */
struct sums {
	uint64_t ideal; /* cost alone */
	uint64_t roots; /* of size times expected events, in 1/16 of the root of a byte */
	struct strata_hazard share;
};

static int compare_classes(const struct piece *a, const struct piece *b)
{
	return (a->class_index > b->class_index) - (a->class_index < b->class_index);
}

static int compare_joint(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;

	int order = strata_cost_compare_prefix(a->size, a->joint, b->size, b->joint);

	return order != 0 ? order : compare_classes(a, b);
}

static int compare_single(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;

	int order = strata_cost_compare_prefix(a->size, a->share.single, b->size, b->share.single);

	return order != 0 ? order : compare_classes(a, b);
}

static int compare_batch(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;

	int order = strata_cost_compare_prefix(a->size, a->share.batch, b->size, b->share.batch);

	return order != 0 ? order : compare_classes(a, b);
}

/* This class's share of the hazard of CAUSES. COUNTS says how many classes have each cause. */
static struct strata_hazard share_hazard(
	const struct strata_churn *churn, const uint64_t *causes, const uint32_t *counts)
{
	struct strata_hazard sum = {0, 0};

	for (uint32_t cause = 0; cause < churn->cause_count; cause++) {
		if (causes[cause / 64] >> (cause % 64) & 1) {
			sum.single += churn->causes[cause].hazard.single / counts[cause];
			sum.batch += churn->causes[cause].hazard.batch / counts[cause];
		}
	}
	return sum;
}

static int share_causes(
	const struct strata_churn *churn, struct piece *pieces, struct strata_error *error)
{
	strata_autofree uint32_t *counts = strata_allocate(churn->cause_count, sizeof(*counts));

	if (!counts)
		return strata_fail_memory(error);
	for (uint32_t c = 0; c < churn->class_count; c++) {
		for (uint32_t cause = 0; cause < churn->cause_count; cause++)
			counts[cause] += churn->class_causes[c][cause / 64] >> (cause % 64) & 1;
	}
	for (uint32_t c = 0; c < churn->class_count; c++)
		pieces[c].share = share_hazard(churn, churn->class_causes[c], counts);
	return 0;
}

static int make_pieces(const struct strata_graph *graph, const struct strata_churn *churn,
	struct piece *pieces, struct strata_error *error)
{
	for (uint32_t i = 0; i < strata_graph_count(graph); i++) {
		struct piece *piece = &pieces[churn->class_of[i]];

		piece->size = strata_saturating_add(piece->size, strata_graph_item(graph, i)->size);
	}
	for (uint32_t c = 0; c < churn->class_count; c++)
		pieces[c].share = churn->class_hazards[c];
	if (churn->shared) {
		int status = share_causes(churn, pieces, error);

		if (status < 0)
			return status;
	}
	for (uint32_t c = 0; c < churn->class_count; c++) {
		pieces[c].dirty = strata_churn_dirty(churn, churn->class_hazards[c]);
		pieces[c].class_index = c;
		pieces[c].joint = strata_hazard_joint(churn, pieces[c].share);
	}
	return 0;
}

/* The cost under prefix reuse of the pieces in this order, counting one kind of event only: of an
 * order that is best for that kind. */
static uint64_t pile(
	const struct strata_churn *churn, const struct piece *pieces, uint32_t count, bool batch)
{
	struct strata_hazard below = {0, 0};
	uint64_t sum = 0;

	for (uint32_t p = 0; p < count; p++) {
		if (batch)
			below.batch += pieces[p].share.batch;
		else
			below.single += pieces[p].share.single;
		sum = strata_saturating_add(
			sum, strata_cost_of(pieces[p].size, strata_churn_dirty(churn, below)));
	}
	return sum;
}

/* Of expected events with these hazards, the part that no rebuild lumps together: the lesser of
 * (1 - exp(-x)) / x of both kinds, in 2^-32. It falls with X. */
static uint64_t distinct_part(struct strata_hazard hazard)
{
	uint64_t x = hazard.single > hazard.batch ? hazard.single : hazard.batch;

	if (x == 0)
		return UINT64_C(1) << 32;
	return (strata_fixed_one_minus_exp(x) << 31) / x << 1;
}

/* No K layers of the pieces between two sums cost less: Cauchy and Schwarz, twice, of what single
 * events would cost, less what rebuilds lump together. */
static uint64_t bound_between(const struct sums *from, const struct sums *to, uint32_t layer_count)
{
	uint64_t roots = to->roots - from->roots;
	struct strata_hazard hazard = {
		to->share.single - from->share.single, to->share.batch - from->share.batch};

	return strata_fixed_multiply(
		strata_fixed_multiply(roots, roots, 0) / layer_count, distinct_part(hazard), 32);
}

static void sum_up(const struct strata_churn *churn, const struct piece *pieces, uint32_t count,
	struct sums *sums)
{
	for (uint32_t p = 0; p < count; p++) {
		const struct piece *piece = &pieces[p];
		uint64_t events = (churn->rebuilds * piece->share.single +
					  churn->batch_days * piece->share.batch) >>
				  12;

		sums[p + 1] = (struct sums){
			.ideal = strata_saturating_add(
				sums[p].ideal, strata_cost_of(piece->size, piece->dirty)),
			.roots = sums[p].roots +
				 strata_fixed_root(strata_cost_of(piece->size, events)),
			.share = strata_hazard_add(sums[p].share, piece->share),
		};
	}
}

/* The best bound that a run of pieces in the order gives, if each other piece is alone. */
static uint64_t bound_pulled(const struct sums *sums, uint32_t count, uint32_t layer_count)
{
	uint64_t ideal = sums[count].ideal, best = ideal;
	uint32_t steps = count < GRID ? count : GRID;

	for (uint32_t i = 0; i < steps; i++) {
		const struct sums *from = &sums[(uint64_t)count * i / steps];

		for (uint32_t j = i + 1; j <= steps; j++) {
			const struct sums *to = &sums[(uint64_t)count * j / steps];
			uint64_t bound = strata_saturating_add(ideal - (to->ideal - from->ideal),
				bound_between(from, to, layer_count));

			if (best < bound)
				best = bound;
		}
	}
	return best;
}

static struct strata_hazard hazard_of_all(const struct strata_churn *churn)
{
	struct strata_hazard sum = {0, 0};

	for (uint32_t cause = 0; cause < churn->cause_count; cause++)
		sum = strata_hazard_add(sum, churn->causes[cause].hazard);
	return sum;
}

int strata_cost_bound(const struct strata_graph *graph, const struct strata_churn *churn,
	uint32_t layer_count, struct strata_cost_bound *bound, struct strata_error *error)
{
	uint32_t count = churn->class_count;
	strata_autofree struct piece *pieces = strata_allocate(count, sizeof(*pieces));
	strata_autofree struct sums *sums = strata_allocate((size_t)count + 1, sizeof(*sums));
	uint64_t total = 0, prefix;
	int status;

	*bound = (struct strata_cost_bound){{0}, 0};
	if (!pieces || !sums)
		return strata_fail_memory(error);
	status = make_pieces(graph, churn, pieces, error);
	if (status < 0)
		return status;
	for (uint32_t p = 0; p < count; p++)
		total = strata_saturating_add(total, pieces[p].size);
	qsort(pieces, count, sizeof(*pieces), compare_single);
	prefix = pile(churn, pieces, count, false);
	if (churn->batch_days > 0) {
		qsort(pieces, count, sizeof(*pieces), compare_batch);
		prefix = strata_saturating_add(prefix, pile(churn, pieces, count, true));
	}
	qsort(pieces, count, sizeof(*pieces), compare_joint);
	sum_up(churn, pieces, count, sums);
	if (prefix < sums[count].ideal)
		prefix = sums[count].ideal;
	bound->pulled = bound_pulled(sums, count, layer_count) >> STRATA_COST_SHIFT;
	bound->ideal.pulled = sums[count].ideal >> STRATA_COST_SHIFT;
	bound->ideal.pulled_prefix = prefix >> STRATA_COST_SHIFT;
	bound->ideal.registry = strata_saturating_add(total, bound->ideal.pulled);
	bound->ideal.requests = strata_churn_dirty(churn, hazard_of_all(churn));
	return 0;
}
