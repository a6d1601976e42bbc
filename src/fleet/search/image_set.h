/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of images: image I is bit I % 64 of word I / 64.
 */
#ifndef FLEET_SEARCH_IMAGE_SET_H
#define FLEET_SEARCH_IMAGE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
#define STRATA_FOR_EACH_IMAGE(image, images, words)                                           \
	for (size_t image##_word = 0; image##_word < (words); image##_word++)                 \
		for (uint64_t image##_bits = (images)[image##_word], image = 0;               \
			image##_bits != 0 &&                                                  \
			(image = image##_word * 64 + (unsigned)__builtin_ctzll(image##_bits), \
			true);                                                                \
			image##_bits &= image##_bits - 1)

#endif
