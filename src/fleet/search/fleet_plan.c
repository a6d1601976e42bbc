/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of a fleet: membership classes, agglomeration, local search and adoption in their
 * order, and the layers that come of them.
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/fleet.h>
#include <stratapack/plan.h>

#include "fleet/fleet.h"
#include "fleet/search/adoption.h"
#include "fleet/search/agglomeration.h"
#include "fleet/search/atoms.h"
#include "fleet/search/bounds.h"
#include "fleet/search/inheritance.h"
#include "fleet/search/local_search.h"
#include "fleet/search/one_at_a_time.h"
#include "fleet/search/prefix_order.h"
#include "util/arena.h"
#include "util/compare.h"
#include "util/error.h"
#include "util/memory.h"

static struct strata_fleet_plan *allocate_plan(struct strata_error *error)
{
	struct strata_fleet_plan *plan = calloc(1, sizeof(*plan));

	if (plan)
		plan->arena = calloc(1, sizeof(*plan->arena));
	if (plan && plan->arena)
		return plan;
	free(plan);
	strata_fail_memory(error);
	return NULL;
}

void strata_fleet_plan_free(struct strata_fleet_plan *plan)
{
	if (!plan)
		return;
	strata_arena_free(plan->arena);
	free(plan->arena);
	free(plan);
}

void strata_cleanup_fleet_plan(struct strata_fleet_plan **plan)
{
	strata_fleet_plan_free(*plan);
}

/* Every atom alone, in the images that have it. */
static int lay_out_atoms(
	struct strata_layout *layout, const struct strata_atoms *atoms, struct strata_error *error)
{
	int status = 0;

	for (uint32_t a = 0; status == 0 && a < atoms->count; a++) {
		uint32_t layer;

		status = strata_layout_layer(layout, &a, 1, &layer, error);
		if (status == 0)
			status = strata_layout_give(
				layout, layer, atoms->images + a * layout->model->words, error);
	}
	return status;
}

/* The layers of an image, sorted by rank. */
struct place {
	uint32_t rank, layer;
};

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	return (a->rank > b->rank) - (a->rank < b->rank);
}

/* Write down the partition of image INDEX. */
static int write_image(struct strata_fleet_plan *plan, const struct strata_layout *layout,
	const struct strata_atoms *atoms, const uint32_t *ranks, uint32_t index,
	struct strata_error *error)
{
	const struct strata_layer_list *list = &layout->lists[index];
	struct strata_partition *partition = &plan->partitions[index];
	uint32_t items = plan->fleet->images[index].item_count, filled = 0;
	uint32_t *numbers = strata_arena_array(plan->arena, list->count, sizeof(*numbers));
	strata_autofree struct place *places = strata_allocate(list->count, sizeof(*places));

	partition->order = strata_arena_array(plan->arena, items, sizeof(*partition->order));
	partition->ends = strata_arena_array(plan->arena, list->count, sizeof(*partition->ends));
	if (!places || !numbers || !partition->order || !partition->ends)
		return strata_fail_memory(error);
	for (uint32_t l = 0; l < list->count; l++) {
		uint32_t layer = list->layers[STRATA_ORDER_DIRTY][l];

		places[l] = (struct place){ranks[layer], layer};
	}
	qsort(places, list->count, sizeof(*places), compare_places);
	for (uint32_t l = 0; l < list->count; l++) {
		const struct strata_fleet_layer *layer = &layout->layers[places[l].layer];
		uint32_t start = filled;

		for (uint32_t a = 0; a < layer->atom_count; a++) {
			uint32_t atom = layer->atoms[a];

			for (uint32_t i = atoms->starts[atom]; i < atoms->starts[atom + 1]; i++)
				partition->order[filled++] = atoms->items[i];
		}
		qsort(partition->order + start, filled - start, sizeof(*partition->order),
			strata_compare_indices);
		partition->ends[l] = filled;
		numbers[l] = places[l].rank;
	}
	partition->item_count = filled;
	partition->layer_count = list->count;
	plan->layers[index] = numbers;
	return 0;
}

static int write_plan(struct strata_fleet_plan *plan, const struct strata_layout *layout,
	const struct strata_atoms *atoms, struct strata_error *error)
{
	size_t count = plan->fleet->image_count;
	strata_autofree uint32_t *ranks = strata_allocate(layout->layer_count, sizeof(*ranks));
	int status;

	plan->partitions = strata_arena_array(plan->arena, count, sizeof(*plan->partitions));
	plan->layers = strata_arena_array(plan->arena, count, sizeof(*plan->layers));
	if (!ranks || !plan->partitions || !plan->layers)
		return strata_fail_memory(error);
	status = strata_layout_rank(layout, ranks, &plan->layer_count, error);
	for (uint32_t i = 0; status == 0 && i < count; i++)
		status = write_image(plan, layout, atoms, ranks, i, error);
	return status;
}

struct planning {
	const struct strata_fleet *fleet;
	const struct strata_fleet_options *options;
	struct strata_fleet_model model;
	struct strata_inheritance inheritance;
	struct strata_atoms atoms;
	uint32_t *bounds;
};

static void release_planning(struct planning *planning)
{
	strata_atoms_release(&planning->atoms);
	strata_inheritance_release(&planning->inheritance);
	strata_fleet_model_release(&planning->model);
	free(planning->bounds);
}

static int prepare(struct planning *planning, struct strata_error *error)
{
	const struct strata_fleet *fleet = planning->fleet;
	const struct strata_fleet_options *options = planning->options;
	int status;

	planning->bounds = strata_allocate(fleet->image_count, sizeof(*planning->bounds));
	if (!planning->bounds)
		return strata_fail_memory(error);
	status = strata_bounds_find(fleet, options, planning->bounds, error);
	if (status == 0)
		status = strata_fleet_model_make(&planning->model, fleet, options, error);
	if (status == 0 && options->previous)
		status = strata_inheritance_find(&planning->inheritance, fleet, options->previous,
			&planning->model, planning->bounds, error);
	if (status == 0)
		status = strata_atoms_find(&planning->atoms, fleet, options->churn,
			planning->inheritance.sets, planning->inheritance.count, error);
	return status;
}

/* Sizes of fleets, by the atoms that their images have together. The smaller the fleet, the more is
 * tried. In large fleets, planning images one at a time was never better. */
enum {
	SMALL = 4096,   /* images are planned apart, too */
	MEDIUM = 20000, /* merges are tried in two orders */
	LARGE = 65536,  /* layers are adopted */
};

/* How many atoms the images have. */
static uint64_t count_members(const struct planning *planning)
{
	uint64_t members = 0;

	for (size_t w = 0; w < planning->atoms.count * planning->model.words; w++)
		members += (uint64_t)__builtin_popcountll(planning->atoms.images[w]);
	return members;
}

/* Fill LAYOUT, from the layers in INHERITING or afresh, and merge and improve it. */
static int lay_out(const struct planning *planning, bool inheriting, bool eager,
	struct strata_layout *layout, struct strata_error *error)
{
	const struct strata_observer *observer = planning->options->observer;
	int status = strata_layout_init(layout, &planning->model, planning->atoms.atoms, error);

	if (status == 0)
		status = strata_inheritance_publish(
			&planning->inheritance, &planning->atoms, layout, error);
	if (inheriting)
		layout->settled = planning->inheritance.settled;
	if (status == 0 && inheriting)
		status = strata_inheritance_lay_out(
			&planning->inheritance, &planning->atoms, layout, error);
	else if (status == 0)
		status = lay_out_atoms(layout, &planning->atoms, error);
	do {
		if (status == 0)
			status = strata_fleet_merge(layout, planning->bounds,
				&(struct strata_merge_options){.eager = eager}, observer, error);
	} while (status == 0 && strata_inheritance_unlock(layout, planning->bounds));
	if (status == 0)
		status = strata_fleet_improve(layout, planning->bounds, 0, observer, error);
	if (status == 0 && count_members(planning) <= LARGE)
		status = strata_fleet_adopt(
			layout, planning->atoms.count, planning->bounds, observer, error);
	return status;
}

/* Make BETTER the cheaper of the two. */
static void keep_better(struct strata_layout *better, struct strata_layout *other)
{
	struct strata_layout cheaper = *other;

	if (better->cost <= other->cost)
		return;
	*other = *better;
	*better = cheaper;
}

/* Plan images one at a time, and improve LAYOUT by their layers. Where that plan costs less than
 * LAYOUT, it becomes LAYOUT. */
static int compare_apart(
	const struct planning *planning, struct strata_layout *layout, struct strata_error *error)
{
	strata_autolayout struct strata_layout apart = STRATA_LAYOUT_INIT;
	const struct strata_observer *observer = planning->options->observer;
	int status = strata_layout_init(&apart, &planning->model, planning->atoms.atoms, error);

	if (status == 0)
		status = strata_apart_lay_out(
			&apart, &planning->atoms, planning->bounds, observer, error);
	if (status == 0)
		status = strata_apart_adopt(layout, &apart, error);
	if (status == 0)
		status = strata_fleet_improve(layout, planning->bounds, 0, observer, error);
	if (status == 0)
		status = strata_fleet_adopt(
			layout, planning->atoms.count, planning->bounds, observer, error);
	if (status == 0)
		status = strata_fleet_adopt(
			&apart, planning->atoms.count, planning->bounds, observer, error);
	if (status == 0)
		keep_better(layout, &apart);
	return status;
}

/* Merge in the other order, too. Where the result costs less than LAYOUT, it becomes LAYOUT. */
static int compare_eager(
	const struct planning *planning, struct strata_layout *layout, struct strata_error *error)
{
	strata_autolayout struct strata_layout eager = STRATA_LAYOUT_INIT;
	int status = lay_out(planning, false, true, &eager, error);

	if (status == 0)
		keep_better(layout, &eager);
	return status;
}

/* Plan without the previous catalogue. The smaller the fleet, the more is tried. In large fleets,
 * whose images share much, planning images one at a time was never better. */
static int plan_afresh(
	const struct planning *planning, struct strata_layout *layout, struct strata_error *error)
{
	uint64_t members = count_members(planning);
	int status = lay_out(planning, false, false, layout, error);

	if (status == 0 && members <= MEDIUM)
		status = compare_eager(planning, layout, error);
	if (status == 0 && members <= SMALL)
		status = compare_apart(planning, layout, error);
	return status;
}

/* Whether there is nothing to decide: all images are in the catalogue as they are. */
static bool is_settled(const struct planning *planning)
{
	return planning->options->previous && planning->options->others_remain &&
	       planning->inheritance.complete;
}

/* Whether some image has much less than the layers that it may have: its bound was raised. */
static bool has_room(const struct planning *planning, const struct strata_layout *layout)
{
	for (size_t i = 0; i < planning->fleet->image_count; i++) {
		if (layout->lists[i].count < planning->bounds[i] / 2)
			return true;
	}
	return false;
}

/* Whether KEPT costs not much more than FRESH. Rates are estimates, so a small saving is not worth
 * a change, since others would follow. Where little changed in the fleet, the same saving was
 * possible before, so more is asked. */
static bool is_worth_keeping(const struct planning *planning, const struct strata_layout *kept,
	const struct strata_layout *fresh)
{
	enum { PART = 32, LARGE_PART = 8 };
	int64_t saved = kept->cost - fresh->cost;

	if (!planning->inheritance.little)
		return saved <= kept->cost / PART;
	return saved <= kept->cost / LARGE_PART || !has_room(planning, kept);
}

/* The groups of the previous catalogue that are still layers, unchanged. */
static uint64_t count_kept(const struct strata_layout *layout)
{
	uint64_t count = 0;

	for (uint32_t l = 0; l < layout->layer_count; l++)
		count += layout->layers[l].alive && layout->layers[l].published;
	return count;
}

static int plan_fleet(struct strata_fleet_plan *plan, struct strata_error *error)
{
	STRATA_CLEANUP(release_planning)
	struct planning planning = {
		.fleet = plan->fleet,
		.options = &plan->options,
		.model = STRATA_FLEET_MODEL_INIT,
		.inheritance = STRATA_INHERITANCE_INIT,
		.atoms = STRATA_ATOMS_INIT,
	};
	strata_autolayout struct strata_layout fresh = STRATA_LAYOUT_INIT;
	strata_autolayout struct strata_layout kept = STRATA_LAYOUT_INIT;
	const struct strata_layout *best = &fresh;
	int status = prepare(&planning, error);

	if (status == 0 && plan->options.previous)
		status = lay_out(&planning, true, false, &kept, error);
	if (status == 0 && !is_settled(&planning))
		status = plan_afresh(&planning, &fresh, error);
	if (status < 0)
		return status;
	if (plan->options.previous &&
		(is_settled(&planning) || is_worth_keeping(&planning, &kept, &fresh)))
		best = &kept;
	plan->kept = count_kept(best);
	status = strata_bounds_check(plan->fleet, planning.bounds, best, error);
	return status < 0 ? status : write_plan(plan, best, &planning.atoms, error);
}

int strata_fleet_plan(const struct strata_fleet *fleet, const struct strata_fleet_options *options,
	struct strata_fleet_plan **plan, struct strata_error *error)
{
	strata_autofleetplan struct strata_fleet_plan *made = allocate_plan(error);
	int status;

	if (!made)
		return STRATA_ERROR_MEMORY;
	made->fleet = fleet;
	made->options = *options;
	status = plan_fleet(made, error);
	if (status < 0)
		return status;
	*plan = strata_take(made);
	return 0;
}
