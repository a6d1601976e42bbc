/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout that a fleet with an earlier catalogue begins with, and which of the inherited layers
 * may be divided.
 */
#include <string.h>

#include "fleet/search/inheritance.h"
#include "util/compare.h"
#include "util/error.h"

/* The layer of LAYOUT with exactly the items of SET. ATOMS has room for all of them. */
static int find_layer(struct strata_layout *layout, const struct strata_atoms *atoms,
	const struct strata_item_set *set, uint32_t *list, uint32_t *layer,
	struct strata_error *error)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < set->count; i++) {
		uint32_t atom = atoms->of_item[set->items[i]];

		/* Once for each atom: it is there with all of its items. */
		if (atoms->atoms[atom].first == set->items[i])
			list[count++] = atom;
	}
	qsort(list, count, sizeof(*list), strata_compare_indices);
	return strata_layout_layer(layout, list, count, layer, error);
}

int strata_inheritance_publish(const struct strata_inheritance *inheritance,
	const struct strata_atoms *atoms, struct strata_layout *layout, struct strata_error *error)
{
	size_t words = layout->model->words;
	strata_autofree uint64_t *images = strata_allocate(words, sizeof(*images));
	strata_autofree uint32_t *list = strata_allocate(atoms->count, sizeof(*list));

	if (!images || !list)
		return strata_fail_memory(error);
	for (size_t l = 0; l < inheritance->count; l++) {
		const struct strata_inherited *inherited = &inheritance->layers[l];
		uint32_t layer;
		int status;

		if (!inherited->unchanged)
			continue;
		status = find_layer(layout, atoms, &inherited->set, list, &layer, error);
		memset(images, 0, words * sizeof(*images));
		if (inherited->was_there)
			strata_images_add(images, inherited->image);
		if (status == 0)
			status = strata_layout_publish(layout, layer, images, error);
		if (status < 0)
			return status;
		layout->layers[layer].group = inherited->group;
	}
	return 0;
}

/* Sets of images for layers, gathered before any is given. */
struct gathered {
	uint64_t *images; /* `words` for each layer */
	size_t capacity, words;
};

static uint64_t *images_of(struct gathered *gathered, size_t index)
{
	size_t before = gathered->capacity;

	if (strata_grow(&gathered->images, &gathered->capacity, (index + 1) * gathered->words,
		    sizeof(*gathered->images)) < 0)
		return NULL;
	memset(gathered->images + before, 0,
		(gathered->capacity - before) * sizeof(*gathered->images));
	return gathered->images + index * gathered->words;
}

static void release_gathered(struct gathered *gathered)
{
	free(gathered->images);
}

/* Find for each inherited layer, and for each atom that is in none, the images with it. */
static int gather(const struct strata_inheritance *inheritance, const struct strata_atoms *atoms,
	struct strata_layout *layout, uint64_t *alone, struct gathered *gathered,
	struct strata_error *error)
{
	strata_autofree uint32_t *list = strata_allocate(atoms->count, sizeof(*list));

	if (!list)
		return strata_fail_memory(error);
	for (size_t l = 0; l < inheritance->count; l++) {
		const struct strata_inherited *inherited = &inheritance->layers[l];
		uint64_t *images;
		uint32_t layer;
		int status = find_layer(layout, atoms, &inherited->set, list, &layer, error);

		if (status < 0)
			return status;
		images = images_of(gathered, layer);
		if (!images)
			return strata_fail_memory(error);
		strata_images_add(images, inherited->image);
		layout->layers[layer].group = inherited->group;
		for (uint32_t a = 0; a < layout->layers[layer].atom_count; a++)
			strata_images_remove(
				alone + layout->layers[layer].atoms[a] * gathered->words,
				inherited->image);
	}
	return 0;
}

int strata_inheritance_lay_out(const struct strata_inheritance *inheritance,
	const struct strata_atoms *atoms, struct strata_layout *layout, struct strata_error *error)
{
	size_t words = layout->model->words;
	STRATA_CLEANUP(release_gathered) struct gathered gathered = {.words = words};
	strata_autofree uint64_t *alone = strata_allocate(atoms->count * words, sizeof(*alone));
	int status;

	if (!alone)
		return strata_fail_memory(error);
	memcpy(alone, atoms->images, atoms->count * words * sizeof(*alone));
	status = gather(inheritance, atoms, layout, alone, &gathered, error);
	for (uint32_t a = 0; status == 0 && a < atoms->count; a++) {
		uint64_t *images;
		uint32_t layer;

		if (strata_images_are_none(alone + a * words, words))
			continue;
		status = strata_layout_layer(layout, &a, 1, &layer, error);
		if (status < 0)
			return status;
		images = images_of(&gathered, layer);
		if (!images)
			return strata_fail_memory(error);
		for (size_t w = 0; w < words; w++)
			images[w] |= alone[a * words + w];
	}
	for (uint32_t l = 0; status == 0 && (size_t)l * words < gathered.capacity; l++) {
		if (l < layout->layer_count && layout->model->others_remain)
			layout->layers[l].locked = layout->layers[l].group != STRATA_LAYER_NONE;
		if (l < layout->layer_count &&
			!strata_images_are_none(gathered.images + l * words, words))
			status = strata_layout_give(layout, l, gathered.images + l * words, error);
	}
	return status;
}

/* Unlock the lightest layers of IMAGE until two of them can be merged. Returns false where nothing
 * was locked. */
static bool unlock_lightest(struct strata_layout *layout, uint32_t image)
{
	const struct strata_layer_list *list = &layout->lists[image];
	uint32_t locked = 0;
	bool unlocked = false;

	for (uint32_t l = 0; l < list->count; l++)
		locked += layout->layers[list->layers[STRATA_ORDER_BURDEN][l]].locked;
	for (uint32_t l = 0; l < list->count && locked + 1 >= list->count; l++) {
		struct strata_fleet_layer *layer =
			&layout->layers[list->layers[STRATA_ORDER_BURDEN][l]];

		locked -= layer->locked;
		unlocked = unlocked || layer->locked;
		layer->locked = false;
	}
	return unlocked;
}

bool strata_inheritance_unlock(struct strata_layout *layout, const uint32_t *bounds)
{
	bool unlocked = false;

	for (uint32_t i = 0; layout->model->others_remain && i < layout->model->image_count; i++) {
		if (layout->lists[i].count > bounds[i] && unlock_lightest(layout, i))
			unlocked = true;
	}
	return unlocked;
}
