/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/strategies/popularity_scores.h"

#include <string.h>

#include "util/error.h"

enum {
	/* Targets are scored in blocks, with one bit for each target of the block. */
	MASK_WORDS = 4,
	BLOCK = MASK_WORDS * 64,
	BYTES = BLOCK / 8,
	BYTE_VALUES = 256,
};

/* The targets of the current block that a component reaches, as bits. */
struct mask {
	uint64_t words[MASK_WORDS];
};

/* Add ADDEND to SUM, both of WORDS words. Returns the carry. */
static bool add(uint64_t *sum, const uint64_t *addend, uint32_t words)
{
	bool carry = false;

	for (uint32_t w = 0; w < words; w++) {
		uint64_t part;
		bool over = __builtin_add_overflow(sum[w], addend[w], &part);

		over |= __builtin_add_overflow(part, (uint64_t)carry, &sum[w]);
		carry = over;
	}
	return carry;
}

/* Fill PATHS with the numbers of paths from the virtual root, and TOTAL with their sum, which no
 * score exceeds. Returns false where the sum does not fit into WORDS words. */
static bool count_paths(const struct strata_components *components, uint64_t *paths,
	uint64_t *total, uint32_t words)
{
	/* Whoever refers to a component has a higher number: going down, each number of paths is
	 * complete before it is passed on. */
	for (uint32_t c = components->count; c-- > 0;) {
		uint64_t *mine = paths + (size_t)c * words;
		bool source = true;

		for (uint32_t w = 0; w < words && source; w++)
			source = mine[w] == 0;
		if (source)
			mine[0] = 1;
		if (add(total, mine, words))
			return false;
		for (uint32_t r = components->reference_starts[c];
			r < components->reference_starts[c + 1]; r++) {
			if (add(paths + (size_t)components->references[r] * words, mine, words))
				return false;
		}
	}
	return true;
}

/* Find the least power of two of words that holds every score, and count the paths in it. */
static int find_paths(const struct strata_components *components, uint64_t **paths, uint32_t *words,
	struct strata_error *error)
{
	for (*words = 1; *words <= STRATA_SCORE_WORDS_LIMIT; *words *= 2) {
		uint64_t total[STRATA_SCORE_WORDS_LIMIT] = {0};

		*paths = strata_allocate((size_t)components->count * *words, sizeof(**paths));
		if (!*paths)
			return strata_fail_memory(error);
		if (count_paths(components, *paths, total, *words))
			return 0;
		free(strata_take(*paths));
	}
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"the graph has so many paths that the popularity of its items needs "
			"numbers of more than %d bits",
			STRATA_SCORE_WORDS_LIMIT * 64),
		"choose another strategy, for example --strategy size");
}

/* Set MASKS for the block of targets from START to END: the masks of components from START on,
 * since lower ones reach no target. */
static void reach_block(const struct strata_components *components, struct mask *masks,
	uint32_t start, uint32_t end)
{
	for (uint32_t c = start; c < components->count; c++) {
		struct mask mask = {{0}};

		if (c < end)
			mask.words[(c - start) / 64] = UINT64_C(1) << ((c - start) % 64);
		for (uint32_t r = components->reference_starts[c + 1];
			r-- > components->reference_starts[c];) {
			uint32_t below = components->references[r];

			if (below < start)
				break;
			for (uint32_t w = 0; w < MASK_WORDS; w++)
				mask.words[w] |= masks[below].words[w];
		}
		masks[c] = mask;
	}
}

/* Instead of adding a component's paths to each of up to 8 targets of a byte of its mask, add them
 * once, to the sum for that value of the byte: sums[byte][value]. Those of a component that reaches
 * all of the block, as in a large graph most do, are added once to ALL. */
static void sum_by_value(const uint64_t *paths, const struct mask *masks, uint32_t start,
	uint32_t end, uint32_t words, uint64_t *sums, uint64_t *all)
{
	struct mask full;

	memset(&full, 0xff, sizeof(full));
	for (uint32_t c = start; c < end; c++) {
		const uint64_t *mine = paths + (size_t)c * words;

		if (memcmp(&masks[c], &full, sizeof(full)) == 0) {
			add(all, mine, words);
			continue;
		}
		for (uint32_t w = 0; w < MASK_WORDS; w++) {
			uint64_t bits = masks[c].words[w];

			for (uint32_t byte = w * 8; bits != 0; byte++, bits >>= 8) {
				uint32_t value = bits & 0xff;

				if (value != 0)
					add(sums + ((size_t)byte * BYTE_VALUES + value) * words,
						mine, words);
			}
		}
	}
}

/* The score of the target of bit B of a byte is the sum over all values with that bit. Values are
 * folded from the top: once a bit is counted, a value and the one without that bit are one. */
static void fold_sums(
	uint64_t *sums, uint32_t words, uint64_t *scores, uint32_t start, uint32_t end)
{
	for (uint32_t byte = 0; byte < BYTES && start + byte * 8 < end; byte++) {
		uint64_t *table = sums + (size_t)byte * BYTE_VALUES * words;

		for (uint32_t bit = 8; bit-- > 0;) {
			uint32_t half = 1u << bit, target = start + byte * 8 + bit;

			for (uint32_t value = half; value < 2 * half; value++) {
				const uint64_t *sum = table + (size_t)value * words;

				if (target < end)
					add(scores + (size_t)target * words, sum, words);
				add(table + (size_t)(value - half) * words, sum, words);
			}
		}
	}
}

int strata_scores_count(const struct strata_components *components, struct strata_scores *scores,
	struct strata_error *error)
{
	uint32_t count = components->count;
	size_t sums_size;
	strata_autofree uint64_t *paths = NULL;
	strata_autofree uint64_t *sums = NULL;
	strata_autofree uint64_t *values = NULL;
	strata_autofree struct mask *masks = strata_allocate(count, sizeof(*masks));
	int status = find_paths(components, &paths, &scores->words, error);

	if (status < 0)
		return status;
	sums_size = (size_t)BYTES * BYTE_VALUES * scores->words;
	sums = strata_allocate(sums_size, sizeof(*sums));
	values = strata_allocate((size_t)count * scores->words, sizeof(*values));
	if (!masks || !sums || !values)
		return strata_fail_memory(error);
	for (uint32_t start = 0; start < count; start += BLOCK) {
		uint32_t end = count - start < BLOCK ? count : start + BLOCK;
		uint64_t all[STRATA_SCORE_WORDS_LIMIT] = {0};

		reach_block(components, masks, start, end);
		memset(sums, 0, sums_size * sizeof(*sums));
		sum_by_value(paths, masks, start, count, scores->words, sums, all);
		for (uint32_t c = start; c < end; c++)
			memcpy(values + (size_t)c * scores->words, all,
				scores->words * sizeof(*all));
		fold_sums(sums, scores->words, values, start, end);
	}
	scores->values = strata_take(values);
	return 0;
}

int strata_scores_compare(const struct strata_scores *scores, uint32_t left, uint32_t right)
{
	const uint64_t *a = scores->values + (size_t)left * scores->words;
	const uint64_t *b = scores->values + (size_t)right * scores->words;

	for (uint32_t w = scores->words; w-- > 0;) {
		if (a[w] != b[w])
			return a[w] < b[w] ? -1 : 1;
	}
	return 0;
}

void strata_scores_release(struct strata_scores *scores)
{
	free(scores->values);
	*scores = (struct strata_scores)STRATA_SCORES_INIT;
}
