/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/strategies/others/closures.h"

#include <string.h>

#include "util/error.h"
#include "util/fixed_point.h"

enum {
	/* Targets are looked at in blocks, with one bit for each target of the block. */
	BLOCK = 64,
	BYTES = BLOCK / 8,
	BYTE_VALUES = 256,
};

/* For each byte of a mask and each value of it, the sizes of the targets that it stands for. */
struct byte_sums {
	uint64_t of[BYTES][BYTE_VALUES];
};

/* The sizes of the targets of the block from START to END, summed up for each value of each byte of
 * a mask. */
static void sum_sizes(const uint64_t *sizes, uint32_t start, uint32_t end, struct byte_sums *sums)
{
	for (uint32_t byte = 0; byte < BYTES; byte++) {
		sums->of[byte][0] = 0;
		for (uint32_t value = 1; value < BYTE_VALUES; value++) {
			uint32_t bit = (uint32_t)__builtin_ctz(value);
			uint32_t target = start + byte * 8 + bit;

			sums->of[byte][value] =
				strata_saturating_add(sums->of[byte][value & (value - 1)],
					target < end ? sizes[target] : 0);
		}
	}
}

/* Set MASKS for the targets from START to END: whoever refers to a component has a higher number,
 * so lower ones reach none of them. */
static void reach_block(
	const struct strata_components *components, uint64_t *masks, uint32_t start, uint32_t end)
{
	for (uint32_t c = start; c < components->count; c++) {
		uint64_t mask = c < end ? UINT64_C(1) << (c - start) : 0;

		for (uint32_t r = components->reference_starts[c + 1];
			r-- > components->reference_starts[c];) {
			if (components->references[r] < start)
				break;
			mask |= masks[components->references[r]];
		}
		masks[c] = mask;
	}
}

static void add_block(struct strata_closure *closure, uint64_t mask, const struct byte_sums *sums)
{
	closure->components += (uint32_t)__builtin_popcountll(mask);
	for (uint32_t byte = 0; mask != 0; byte++, mask >>= 8)
		closure->size = strata_saturating_add(closure->size, sums->of[byte][mask & 0xff]);
}

int strata_closures_measure(const struct strata_graph *graph,
	const struct strata_components *components, const uint32_t *class_of, uint32_t class_count,
	struct strata_closure *closures, struct strata_error *error)
{
	uint32_t count = components->count;
	strata_autofree uint64_t *sizes = strata_allocate(count, sizeof(*sizes));
	strata_autofree uint64_t *masks = strata_allocate(count, sizeof(*masks));
	strata_autofree uint64_t *united = strata_allocate(class_count, sizeof(*united));
	struct byte_sums sums;

	if (!sizes || !masks || !united)
		return strata_fail_memory(error);
	memset(closures, 0, class_count * sizeof(*closures));
	for (uint32_t i = 0; i < strata_graph_count(graph); i++) {
		uint64_t *size = &sizes[components->of_item[i]];

		*size = strata_saturating_add(*size, strata_graph_item(graph, i)->size);
	}
	for (uint32_t start = 0; start < count; start += BLOCK) {
		uint32_t end = count - start < BLOCK ? count : start + BLOCK;

		sum_sizes(sizes, start, end, &sums);
		reach_block(components, masks, start, end);
		memset(united, 0, class_count * sizeof(*united));
		for (uint32_t c = start; c < count; c++)
			united[class_of[c]] |= masks[c];
		for (uint32_t k = 0; k < class_count; k++)
			add_block(&closures[k], united[k], &sums);
	}
	return 0;
}
