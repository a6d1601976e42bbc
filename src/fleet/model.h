/*
 * What layers cost over a fleet, and sets of images.
 *
 * Over a year, a layer of SIZE bytes that is renewed DIRTY times, in images of WEIGHT together,
 * costs
 *
 *	storage x size (1 + dirty) + pull x weight x (size x dirty + request (1 + dirty))
 *
 * A layer that registry and machines have already costs them nothing to begin with; that is what a
 * plan that is kept is worth. Costs are in thousandths of a byte, shifted so that those of a whole
 * fleet fit.
 */
#ifndef FLEET_MODEL_H
#define FLEET_MODEL_H

#include <stratapack/fleet.h>

#include "base/error.h"
#include "fleet/causes.h"

struct strata_fleet_model {
	const struct strata_churn *churn;
	struct strata_hazard *hazards;   /* of all causes */
	struct strata_cause_set *causes; /* of all classes of items that change together */

	uint32_t image_count;
	size_t words;          /* of a set of images: image I is bit I % 64 of word I / 64 */
	uint64_t *weights;     /* of the images; their mean is STRATA_WEIGHT_ONE */
	uint64_t (*sums)[256]; /* for every byte of a set, the weight of its images */

	uint64_t storage, pull; /* thousandths */
	uint64_t request;       /* bytes */
	uint64_t renewal;       /* how often what machines lack of a new layer counts */
	bool others_remain;     /* what the registry has, it goes on to have */
	unsigned shift;         /* of costs */
};

enum { STRATA_WEIGHT_ONE = 256 };

#define STRATA_FLEET_MODEL_INIT                                                                    \
	{                                                                                          \
		NULL, NULL, NULL, 0, 0, NULL, NULL, 0, 0, 0, 0, false, 0                           \
	}
#define strata_automodel STRATA_CLEANUP(strata_fleet_model_release)

/* The model of FLEET. CHURN, which must outlive it, is that of its graph. */
int strata_fleet_model_make(struct strata_fleet_model *model, const struct strata_fleet *fleet,
	const struct strata_fleet_options *options, struct strata_error *error) STRATA_MUST_CHECK;
void strata_fleet_model_release(struct strata_fleet_model *model);

/* The weight of all images in a set. */
uint64_t strata_fleet_model_weight(const struct strata_fleet_model *model, const uint64_t *images);

/* What weighs on registry and machines: SIZE x (1 + DIRTY). */
uint64_t strata_fleet_burden(uint64_t size, uint64_t dirty);

struct strata_layer_cost {
	uint64_t size, dirty;
	uint64_t weight;  /* of the images with the layer; 0: there is none */
	uint64_t lacking; /* of those whose machines do not have it yet */
	bool published;   /* the registry has it */
};
int64_t strata_fleet_model_cost(
	const struct strata_fleet_model *model, const struct strata_layer_cost *layer);

/* Sets of images. */
static inline bool strata_images_has(const uint64_t *images, uint32_t image)
{
	return images[image / 64] >> (image % 64) & 1;
}

static inline void strata_images_add(uint64_t *images, uint32_t image)
{
	images[image / 64] |= UINT64_C(1) << (image % 64);
}

static inline void strata_images_remove(uint64_t *images, uint32_t image)
{
	images[image / 64] &= ~(UINT64_C(1) << (image % 64));
}

static inline bool strata_images_are_none(const uint64_t *images, size_t words)
{
	for (size_t w = 0; w < words; w++) {
		if (images[w] != 0)
			return false;
	}
	return true;
}

static inline uint32_t strata_images_count(const uint64_t *images, size_t words)
{
	uint32_t count = 0;

	for (size_t w = 0; w < words; w++)
		count += (uint32_t)__builtin_popcountll(images[w]);
	return count;
}

/* For every image in the set: declares IMAGE. */
#define STRATA_FOR_EACH_IMAGE(image, images, words)                                                \
	for (size_t image##_word = 0; image##_word < (words); image##_word++)                      \
		for (uint64_t image##_bits = (images)[image##_word], image = 0;                    \
			image##_bits != 0 &&                                                       \
			(image = image##_word * 64 + (unsigned)__builtin_ctzll(image##_bits),      \
			true);                                                                     \
			image##_bits &= image##_bits - 1)

#endif
