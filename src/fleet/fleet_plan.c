#include <string.h>

#include "base/error.h"
#include "fleet/atoms.h"
#include "fleet/internal.h"
#include "fleet/merge.h"
#include "fleet/order.h"

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

static int fail_bound(const struct strata_fleet_image *image, struct strata_error *error)
{
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID, "image '%s' has a bound of no layers",
			image->name),
		"allow it at least one");
}

static int find_bounds(const struct strata_fleet *fleet, const struct strata_fleet_options *options,
	uint32_t *bounds, struct strata_error *error)
{
	for (size_t i = 0; i < fleet->image_count; i++) {
		bounds[i] = options->max_layers ? options->max_layers : fleet->images[i].max_layers;
		if (bounds[i] == 0)
			return fail_bound(&fleet->images[i], error);
	}
	return 0;
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

static int compare_indices(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
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
			compare_indices);
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

static int plan_fleet(struct strata_fleet_plan *plan, struct strata_error *error)
{
	const struct strata_fleet *fleet = plan->fleet;
	const struct strata_fleet_options *options = &plan->options;
	strata_automodel struct strata_fleet_model model = STRATA_FLEET_MODEL_INIT;
	strata_autoatoms struct strata_atoms atoms = STRATA_ATOMS_INIT;
	strata_autolayout struct strata_layout layout = STRATA_LAYOUT_INIT;
	strata_autofree uint32_t *bounds = strata_allocate(fleet->image_count, sizeof(*bounds));
	int status;

	if (!bounds)
		return strata_fail_memory(error);
	status = find_bounds(fleet, options, bounds, error);
	if (status == 0)
		status = strata_fleet_model_make(&model, fleet, options, error);
	if (status == 0)
		status = strata_atoms_find(&atoms, fleet, options->churn, NULL, 0, error);
	if (status == 0)
		status = strata_layout_init(&layout, &model, atoms.atoms, error);
	if (status == 0)
		status = lay_out_atoms(&layout, &atoms, error);
	if (status == 0)
		status = strata_fleet_merge(&layout, bounds, options->observer, error);
	return status < 0 ? status : write_plan(plan, &layout, &atoms, error);
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
