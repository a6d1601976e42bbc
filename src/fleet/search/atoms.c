/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/search/atoms.h"

#include "util/error.h"

/* A partition of the items that is refined, set by set (Paige and Tarjan 1987): each set splits
 * the blocks that it has a part of. */
struct refinement {
	uint32_t *block_of; /* item -> block */
	uint32_t *sizes;    /* of the blocks; there are never more than items */
	uint32_t *hits;     /* items of the block in the set */
	uint32_t *targets;  /* the block that they move to */
	uint32_t *seen;     /* the last set that hit the block */
	uint32_t *moved;    /* the last set that chose a target for it */
	uint32_t block_count;
	uint32_t set;
};

static void release_refinement(struct refinement *refinement)
{
	free(refinement->block_of);
	free(refinement->sizes);
	free(refinement->hits);
	free(refinement->targets);
	free(refinement->seen);
	free(refinement->moved);
}

/* Begin with one block for each class of items that change together. */
static int begin(struct refinement *refinement, const struct strata_churn *churn, uint32_t count,
	struct strata_error *error)
{
	refinement->block_of = strata_allocate(count, sizeof(uint32_t));
	refinement->sizes = strata_allocate(count, sizeof(uint32_t));
	refinement->hits = strata_allocate(count, sizeof(uint32_t));
	refinement->targets = strata_allocate(count, sizeof(uint32_t));
	refinement->seen = strata_allocate(count, sizeof(uint32_t));
	refinement->moved = strata_allocate(count, sizeof(uint32_t));
	if (!refinement->block_of || !refinement->sizes || !refinement->hits ||
		!refinement->targets || !refinement->seen || !refinement->moved)
		return strata_fail_memory(error);
	refinement->block_count = strata_churn_class_count(churn);
	for (uint32_t i = 0; i < count; i++) {
		refinement->block_of[i] = strata_churn_class(churn, i);
		refinement->sizes[refinement->block_of[i]]++;
	}
	return 0;
}

static void refine(struct refinement *refinement, const uint32_t *items, uint32_t count)
{
	refinement->set++;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t block = refinement->block_of[items[i]];

		if (refinement->seen[block] != refinement->set)
			refinement->hits[block] = 0;
		refinement->seen[block] = refinement->set;
		refinement->hits[block]++;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t block = refinement->block_of[items[i]];

		if (refinement->moved[block] != refinement->set) {
			bool whole = refinement->hits[block] == refinement->sizes[block];

			refinement->moved[block] = refinement->set;
			refinement->targets[block] = whole ? block : refinement->block_count++;
			/* What is moved there is not moved on. */
			refinement->moved[refinement->targets[block]] = refinement->set;
			refinement->targets[refinement->targets[block]] =
				refinement->targets[block];
		}
		refinement->sizes[block]--;
		refinement->block_of[items[i]] = refinement->targets[block];
		refinement->sizes[refinement->targets[block]]++;
	}
}

static int allocate(
	struct strata_atoms *atoms, const struct strata_fleet *fleet, struct strata_error *error)
{
	uint32_t count = strata_graph_count(fleet->graph);

	atoms->of_item = strata_allocate(count, sizeof(*atoms->of_item));
	atoms->items = strata_allocate(count, sizeof(*atoms->items));
	atoms->atoms = strata_allocate(count, sizeof(*atoms->atoms));
	atoms->starts = strata_allocate((size_t)count + 1, sizeof(*atoms->starts));
	return atoms->of_item && atoms->items && atoms->atoms && atoms->starts
		       ? 0
		       : strata_fail_memory(error);
}

/* Number the blocks by their first items; leave out items that are in no image. */
static int number(struct strata_atoms *atoms, const struct refinement *refinement,
	const struct strata_fleet *fleet, const struct strata_churn *churn,
	struct strata_error *error)
{
	uint32_t count = strata_graph_count(fleet->graph), filled = 0;
	strata_autofree bool *used = strata_allocate(count, sizeof(*used));
	strata_autofree uint32_t *numbers = strata_allocate(count, sizeof(*numbers));

	if (!used || !numbers)
		return strata_fail_memory(error);
	for (size_t image = 0; image < fleet->image_count; image++) {
		for (uint32_t i = 0; i < fleet->images[image].item_count; i++)
			used[fleet->images[image].items[i]] = true;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t *known = &numbers[refinement->block_of[i]];

		atoms->of_item[i] = STRATA_ATOM_NONE;
		if (!used[i])
			continue;
		if (*known == 0) {
			atoms->atoms[atoms->count] = (struct strata_atom){
				.class_index = strata_churn_class(churn, i), .first = i};
			*known = ++atoms->count;
		}
		atoms->of_item[i] = *known - 1;
		atoms->atoms[*known - 1].size += strata_graph_item(fleet->graph, i)->size;
		atoms->starts[*known]++;
	}
	for (uint32_t a = 0; a < atoms->count; a++) {
		numbers[a] = filled;
		filled += atoms->starts[a + 1];
		atoms->starts[a + 1] = filled;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (used[i])
			atoms->items[numbers[atoms->of_item[i]]++] = i;
	}
	return 0;
}

static int find_images(
	struct strata_atoms *atoms, const struct strata_fleet *fleet, struct strata_error *error)
{
	size_t words = (fleet->image_count + 63) / 64;

	atoms->images = strata_allocate(atoms->count * words, sizeof(*atoms->images));
	if (!atoms->images)
		return strata_fail_memory(error);
	for (size_t image = 0; image < fleet->image_count; image++) {
		for (uint32_t i = 0; i < fleet->images[image].item_count; i++) {
			uint32_t atom = atoms->of_item[fleet->images[image].items[i]];

			strata_images_add(atoms->images + atom * words, (uint32_t)image);
		}
	}
	return 0;
}

int strata_atoms_find(struct strata_atoms *atoms, const struct strata_fleet *fleet,
	const struct strata_churn *churn, const struct strata_item_set *sets, size_t count,
	struct strata_error *error)
{
	STRATA_CLEANUP(release_refinement) struct refinement refinement = {.block_of = NULL};
	int status = begin(&refinement, churn, strata_graph_count(fleet->graph), error);

	if (status == 0)
		status = allocate(atoms, fleet, error);
	if (status < 0)
		return status;
	for (size_t i = 0; i < fleet->image_count; i++)
		refine(&refinement, fleet->images[i].items, fleet->images[i].item_count);
	for (size_t s = 0; s < count; s++)
		refine(&refinement, sets[s].items, sets[s].count);
	status = number(atoms, &refinement, fleet, churn, error);
	return status < 0 ? status : find_images(atoms, fleet, error);
}

void strata_atoms_release(struct strata_atoms *atoms)
{
	free(atoms->atoms);
	free(atoms->of_item);
	free(atoms->items);
	free(atoms->starts);
	free(atoms->images);
	*atoms = (struct strata_atoms)STRATA_ATOMS_INIT;
}
