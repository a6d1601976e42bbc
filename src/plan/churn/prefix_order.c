/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/churn/prefix_order.h"

#include <string.h>

#include "util/error.h"

enum {
	MOST_PASSES = 32,
};

struct pile {
	const struct strata_churn *churn;
	const struct strata_piece *layers;
	uint32_t *order;
	uint32_t count;
	uint64_t *below; /* the causes of what lies below; NULL where hazards add up */
};

/* What LAYER adds to the hazard of what lies below it. */
static struct strata_hazard added_hazard(const struct pile *pile, uint32_t layer)
{
	const struct strata_piece *piece = &pile->layers[layer];

	return piece->causes ? strata_churn_extra_hazard(pile->churn, piece->causes, pile->below)
			     : piece->hazard;
}

static void lay(const struct pile *pile, uint32_t layer)
{
	const uint64_t *causes = pile->layers[layer].causes;

	for (size_t w = 0; causes && w < pile->churn->words; w++)
		pile->below[w] |= causes[w];
}

/* From the bottom up, always the layer that adds the fewest changes for its bytes. */
static void choose(const struct pile *pile)
{
	memset(pile->below, 0, pile->churn->words * sizeof(*pile->below));
	for (uint32_t place = 0; place < pile->count; place++) {
		uint32_t best = place, layer;
		uint64_t least = 0;

		for (uint32_t at = place; at < pile->count; at++) {
			uint64_t hazard = strata_hazard_joint(
				pile->churn, added_hazard(pile, pile->order[at]));

			if (at == place ||
				strata_cost_compare_prefix(pile->layers[pile->order[at]].size,
					hazard, pile->layers[pile->order[best]].size, least) < 0) {
				best = at;
				least = hazard;
			}
		}
		layer = pile->order[best];
		memmove(pile->order + place + 1, pile->order + place,
			(best - place) * sizeof(*pile->order));
		pile->order[place] = layer;
		lay(pile, layer);
	}
}

/* Whether B below A costs less than A below B, where what is below both has the hazard BELOW. */
static bool is_better_below(
	const struct pile *pile, uint32_t b, uint32_t a, struct strata_hazard below)
{
	struct strata_hazard with_a = strata_hazard_add(below, added_hazard(pile, a));
	struct strata_hazard with_b = strata_hazard_add(below, added_hazard(pile, b));
	uint64_t size_a = pile->layers[a].size, size_b = pile->layers[b].size;
	uint64_t dirty_a = strata_churn_dirty(pile->churn, with_a);
	uint64_t dirty_b = strata_churn_dirty(pile->churn, with_b), dirty_both;
	struct strata_hazard both = strata_hazard_add(with_a, pile->layers[b].hazard);

	if (pile->layers[a].causes) {
		for (size_t w = 0; w < pile->churn->words; w++)
			pile->below[pile->churn->words + w] =
				pile->below[w] | pile->layers[a].causes[w];
		both = strata_hazard_add(
			with_a, strata_churn_extra_hazard(pile->churn, pile->layers[b].causes,
					pile->below + pile->churn->words));
	}
	dirty_both = strata_churn_dirty(pile->churn, both);
	return strata_saturating_add(
		       strata_cost_of(size_b, dirty_b), strata_cost_of(size_a, dirty_both)) <
	       strata_saturating_add(
		       strata_cost_of(size_a, dirty_a), strata_cost_of(size_b, dirty_both));
}

/* Exchange neighbours where that is better. Returns whether any were. */
static bool exchange(const struct pile *pile)
{
	struct strata_hazard below = {0, 0};
	bool any = false;

	memset(pile->below, 0, pile->churn->words * sizeof(*pile->below));
	for (uint32_t place = 0; place + 1 < pile->count; place++) {
		uint32_t a = pile->order[place], b = pile->order[place + 1];

		if (is_better_below(pile, b, a, below)) {
			pile->order[place] = b;
			pile->order[place + 1] = a;
			any = true;
		}
		below = strata_hazard_add(below, added_hazard(pile, pile->order[place]));
		lay(pile, pile->order[place]);
	}
	return any;
}

int strata_pile_order(const struct strata_churn *churn, const struct strata_piece *layers,
	uint32_t count, uint32_t *order, struct strata_error *error)
{
	strata_autofree uint64_t *below = strata_allocate(2 * churn->words, sizeof(*below));
	struct pile pile = {churn, layers, order, count, below};

	if (!below)
		return strata_fail_memory(error);
	for (uint32_t layer = 0; layer < count; layer++)
		order[layer] = layer;
	choose(&pile);
	/* With disjoint causes and one kind of events, the order is the best one already. */
	for (unsigned pass = 0; pass < MOST_PASSES && exchange(&pile); pass++)
		;
	return 0;
}
