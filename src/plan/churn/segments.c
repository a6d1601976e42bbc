/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/churn/segments.h"

#include <string.h>

#include "util/error.h"

struct cutter {
	const struct strata_pieces *pieces;
	const uint32_t *order;
	uint32_t count;
	uint64_t *costs;  /* [start * (count + 1) + end]: of one segment */
	uint64_t *before; /* [end]: of the first END pieces in one group less */
	uint64_t *now;
	uint16_t *starts;
};

/* The costs of all segments. */
static int measure_segments(struct cutter *cutter, struct strata_error *error)
{
	const struct strata_pieces *pieces = cutter->pieces;
	strata_autofree uint64_t *set = strata_allocate(pieces->words, sizeof(*set));

	if (!set)
		return strata_fail_memory(error);
	for (uint32_t start = 0; start < cutter->count; start++) {
		uint64_t *costs = cutter->costs + (size_t)start * (cutter->count + 1);
		struct strata_hazard hazard = {0, 0};
		uint64_t size = 0;

		memset(set, 0, pieces->words * sizeof(*set));
		for (uint32_t end = start; end < cutter->count; end++) {
			const struct strata_piece *piece = &pieces->pieces[cutter->order[end]];
			struct strata_hazard more = piece->hazard;

			if (pieces->words > 0)
				more = strata_churn_extra_hazard(pieces->churn, piece->causes, set);
			for (size_t w = 0; w < pieces->words; w++)
				set[w] |= piece->causes[w];
			size = strata_saturating_add(size, piece->size);
			hazard = strata_hazard_add(hazard, more);
			costs[end + 1] = strata_cost_planned(
				pieces->churn, size, hazard, end > start || piece->mixed);
		}
	}
	return 0;
}

/* Fill the row for ends from FIRST to LAST, whose best starts are from LOW to HIGH. */
static void fill_row(
	struct cutter *cutter, uint32_t first, uint32_t last, uint32_t low, uint32_t high)
{
	while (first <= last) {
		uint32_t end = first + (last - first) / 2, best = low;
		uint64_t least = UINT64_MAX;

		for (uint32_t start = low; start <= high && start < end; start++) {
			uint64_t cost = strata_saturating_add(cutter->before[start],
				cutter->costs[(size_t)start * (cutter->count + 1) + end]);

			if (cost < least) {
				least = cost;
				best = start;
			}
		}
		cutter->now[end] = least;
		cutter->starts[end] = (uint16_t)best;
		/* The lower half by recursion, which is as deep as the logarithm. */
		if (end > first)
			fill_row(cutter, first, end - 1, low, best);
		first = end + 1;
		low = best;
	}
}

static void cut(struct cutter *cutter, struct strata_segments *segments)
{
	uint32_t count = cutter->count;

	for (uint32_t end = 1; end <= count; end++)
		cutter->before[end] = cutter->costs[end];
	segments->costs[0] = cutter->before[count];
	for (uint32_t groups = 2; groups <= segments->most; groups++) {
		uint64_t *swapped;

		cutter->starts = segments->starts + (size_t)(groups - 1) * (count + 1);
		for (uint32_t end = 0; end < groups; end++)
			cutter->now[end] = UINT64_MAX;
		fill_row(cutter, groups, count, groups - 1, count - 1);
		segments->costs[groups - 1] = cutter->now[count];
		swapped = cutter->before;
		cutter->before = cutter->now;
		cutter->now = swapped;
	}
}

int strata_segments_find(const struct strata_pieces *pieces, const uint32_t *order, uint32_t most,
	struct strata_segments *segments, struct strata_error *error)
{
	size_t row = (size_t)pieces->count + 1;
	strata_autofree uint64_t *costs = strata_allocate(pieces->count * row, sizeof(*costs));
	strata_autofree uint64_t *rows = strata_allocate(2 * row, sizeof(*rows));
	struct cutter cutter = {.pieces = pieces,
		.order = order,
		.count = pieces->count,
		.costs = costs,
		.before = rows,
		.now = rows ? rows + row : NULL};
	int status;

	*segments = (struct strata_segments){
		.piece_count = pieces->count, .most = most, .order = order};
	segments->costs = strata_allocate(most, sizeof(*segments->costs));
	segments->starts = strata_allocate(most * row, sizeof(*segments->starts));
	if (!costs || !rows || !segments->costs || !segments->starts)
		return strata_fail_memory(error);
	status = measure_segments(&cutter, error);
	if (status < 0)
		return status;
	cut(&cutter, segments);
	return 0;
}

void strata_segments_groups(
	const struct strata_segments *segments, uint32_t count, uint32_t *group_of)
{
	uint32_t end = segments->piece_count;

	for (uint32_t group = count; group-- > 0;) {
		uint32_t start =
			segments->starts[(size_t)group * (segments->piece_count + 1) + end];

		for (uint32_t place = start; place < end; place++)
			group_of[segments->order[place]] = group;
		end = start;
	}
}

void strata_segments_release(struct strata_segments *segments)
{
	free(segments->costs);
	free(segments->starts);
	*segments = (struct strata_segments)STRATA_SEGMENTS_INIT;
}
