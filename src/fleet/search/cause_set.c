/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/search/cause_set.h"

#include <string.h>

static int reserve(struct strata_cause_set *set, size_t count)
{
	set->words = strata_allocate(count, sizeof(*set->words));
	set->places = strata_allocate(count, sizeof(*set->places));
	if (set->words && set->places)
		return 0;
	strata_cause_set_release(set);
	return -1;
}

int strata_cause_set_gather(struct strata_cause_set *set, const uint64_t *words, size_t count)
{
	uint32_t used = 0;

	for (size_t w = 0; w < count; w++)
		used += words[w] != 0;
	if (reserve(set, used) < 0)
		return -1;
	set->count = 0;
	for (size_t w = 0; w < count; w++) {
		if (words[w] == 0)
			continue;
		set->words[set->count] = words[w];
		set->places[set->count++] = (uint32_t)w;
	}
	return 0;
}

int strata_cause_set_unite(struct strata_cause_set *unite, const struct strata_cause_set *left,
	const struct strata_cause_set *right)
{
	uint32_t l = 0, r = 0;

	if (reserve(unite, (size_t)left->count + right->count) < 0)
		return -1;
	unite->count = 0;
	while (l < left->count || r < right->count) {
		bool has_left = l < left->count &&
				(r == right->count || left->places[l] <= right->places[r]);
		bool has_right = r < right->count &&
				 (l == left->count || right->places[r] <= left->places[l]);

		unite->places[unite->count] = has_left ? left->places[l] : right->places[r];
		unite->words[unite->count++] =
			(has_left ? left->words[l] : 0) | (has_right ? right->words[r] : 0);
		l += has_left;
		r += has_right;
	}
	return 0;
}

static void add_bits(struct strata_hazard *sum, const struct strata_hazard *hazards, uint32_t place,
	uint64_t bits)
{
	for (; bits != 0; bits &= bits - 1) {
		const struct strata_hazard *hazard =
			&hazards[(size_t)place * 64 + (unsigned)__builtin_ctzll(bits)];

		sum->single += hazard->single;
		sum->batch += hazard->batch;
	}
}

/* The index of the first word from START on whose place is PLACE or later. */
static uint32_t seek(const struct strata_cause_set *set, uint32_t start, uint32_t place)
{
	uint32_t end = set->count;

	while (start < end) {
		uint32_t middle = start + (end - start) / 2;

		if (set->places[middle] < place)
			start = middle + 1;
		else
			end = middle;
	}
	return start;
}

struct strata_hazard strata_cause_set_added(const struct strata_hazard *hazards,
	const struct strata_cause_set *base, const struct strata_cause_set *other)
{
	enum { MUCH_LARGER = 8 };
	bool leap = other->count < base->count / MUCH_LARGER;
	struct strata_hazard sum = {0, 0};
	uint32_t b = 0;

	for (uint32_t o = 0; o < other->count; o++) {
		uint32_t place = other->places[o];
		uint64_t bits = other->words[o];

		if (leap)
			b = seek(base, b, place);
		while (b < base->count && base->places[b] < place)
			b++;
		if (b < base->count && base->places[b] == place)
			bits &= ~base->words[b];
		add_bits(&sum, hazards, place, bits);
	}
	return sum;
}

void strata_cause_set_release(struct strata_cause_set *set)
{
	free(set->words);
	free(set->places);
	*set = (struct strata_cause_set)STRATA_CAUSE_SET_INIT;
}
