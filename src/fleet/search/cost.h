/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What layers cost over a fleet.
 *
 * Over a year, a layer of SIZE bytes that is renewed DIRTY times, in images of WEIGHT together,
 * costs
 *
 *	storage x size (1 + dirty) + pull x weight x (size x dirty + request (1 + dirty))
 *
 * and once, in images whose machines lack it, pull x weight x size. A layer that registry and
 * machines have already costs them nothing to begin with; that is what a plan that is kept is
 * worth. So a cost is linear in weights, and sums of costs are exact. They are in thousandths of a
 * byte for each unit of weight, shifted so that those of a whole fleet fit.
 */
#ifndef FLEET_SEARCH_COST_H
#define FLEET_SEARCH_COST_H

#include <stratapack/fleet.h>

#include "fleet/search/cause_set.h"
#include "fleet/search/image_set.h"
#include "util/error.h"
#include "util/fixed_point.h"

struct strata_fleet_model {
	const struct strata_churn *churn;
	struct strata_hazard *hazards;   /* of all causes */
	struct strata_cause_set *causes; /* of all classes of items that change together */

	uint32_t image_count;
	size_t words;          /* of a set of images */
	uint64_t *weights;     /* of the images; their mean is STRATA_WEIGHT_ONE */
	uint64_t (*sums)[256]; /* for every byte of a set, the weight of its images */
	uint32_t *factors;     /* for every number of images, 2^16 / its fourth root */

	uint64_t storage, pull; /* thousandths */
	uint64_t request;       /* bytes */
	uint64_t renewal;       /* how often what machines lack of a new layer counts */
	bool others_remain;     /* what the registry has, it goes on to have */
	unsigned shift;         /* of costs */
};

enum {
	STRATA_FIXED_SHIFT = 20, /* of STRATA_FIXED_ONE */
	STRATA_WEIGHT_BITS = 8,
	STRATA_WEIGHT_ONE = 1 << STRATA_WEIGHT_BITS,
};

#define STRATA_FLEET_MODEL_INIT                                                \
	{                                                                      \
		NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, 0, 0, 0, 0, false, 0 \
	}
#define strata_automodel STRATA_CLEANUP(strata_fleet_model_release)

/* Make the model of FLEET. FLEET and the churn in OPTIONS must outlive it. */
int strata_fleet_model_make(struct strata_fleet_model *model, const struct strata_fleet *fleet,
	const struct strata_fleet_options *options, struct strata_error *error) STRATA_MUST_CHECK;
void strata_fleet_model_release(struct strata_fleet_model *model);

/* The weight of all images in a set. */
uint64_t strata_fleet_model_weight(const struct strata_fleet_model *model, const uint64_t *images);

/* What weighs on registry and machines: SIZE x (1 + DIRTY). */
uint64_t strata_fleet_burden(uint64_t size, uint64_t dirty);

/* The price of a layer: in images of WEIGHT (0: there are none), of which machines of HAVING have
 * it already, it costs stored + WEIGHT x pulled - HAVING x spared. */
struct strata_layer_price {
	int64_t stored, pulled, spared;
};

/* strata_fixed_multiply(), in place where the compiler has numbers of 128 bits: this is where the
 * time goes. */
static inline uint64_t strata_fleet_multiply(uint64_t a, uint64_t b, unsigned shift)
{
#ifdef __SIZEOF_INT128__
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b >> shift;

	return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
#else
	return strata_fixed_multiply(a, b, shift);
#endif
}

/* The price of a layer of SIZE that is renewed DIRTY times a year. PUBLISHED: the registry has it.
 */
static inline struct strata_layer_price strata_fleet_model_price(
	const struct strata_fleet_model *model, uint64_t size, uint64_t dirty, bool published)
{
	uint64_t first = published ? 0 : STRATA_FIXED_ONE;
	uint64_t stored = published && model->others_remain ? 0 : first + dirty;
	uint64_t fetched = model->renewal * STRATA_FIXED_ONE;
	unsigned shift = STRATA_FIXED_SHIFT + model->shift;

	return (struct strata_layer_price){
		.stored = (int64_t)(strata_fleet_multiply(size, model->storage * stored, shift)
				    << STRATA_WEIGHT_BITS),
		.pulled = (int64_t)(strata_fleet_multiply(
					    size, model->pull * (dirty + fetched), shift) +
				    strata_fleet_multiply(model->request,
					    model->pull * (STRATA_FIXED_ONE + dirty), shift)),
		.spared = published ? (int64_t)strata_fleet_multiply(
					      size, model->pull * fetched, shift)
				    : 0,
	};
}

#endif
