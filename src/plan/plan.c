/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a plan: how many layers items and customisation get, what lies below, and what the
 * strategy is asked.
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "customisation/customisation.h"
#include "graph/graph.h"
#include "model/causes.h"
#include "plan/layers_below.h"
#include "plan/plan.h"
#include "plan/previous_plan.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/memory.h"

struct strata_plan *strata_plan_new(struct strata_error *error)
{
	struct strata_plan *plan = calloc(1, sizeof(*plan));

	if (plan)
		plan->arena = calloc(1, sizeof(*plan->arena));
	if (plan && plan->arena)
		return plan;
	free(plan);
	strata_fail_memory(error);
	return NULL;
}

void strata_plan_free(struct strata_plan *plan)
{
	if (!plan)
		return;
	strata_arena_free(plan->arena);
	free(plan->arena);
	free(plan);
}

void strata_cleanup_plan(struct strata_plan **plan)
{
	strata_plan_free(*plan);
}

size_t strata_plan_image_layers(const struct strata_plan *plan)
{
	return plan->layer_count + (plan->customisation_layer ? 1 : 0);
}

static const char **copy_strings(
	struct strata_arena *arena, const char *const *strings, size_t count)
{
	const char **copies = strata_arena_array(arena, count, sizeof(*copies));

	for (size_t i = 0; copies && i < count; i++) {
		copies[i] = strata_arena_string(arena, strings[i]);
		if (!copies[i])
			return NULL;
	}
	return copies;
}

int strata_plan_copy_layer(struct strata_arena *arena, const struct strata_plan_layer *layer,
	struct strata_plan_layer *copy)
{
	*copy = (struct strata_plan_layer){
		.items = copy_strings(arena, layer->items, layer->item_count),
		.item_count = layer->item_count,
	};
	if (layer->versions)
		copy->versions = copy_strings(arena, layer->versions, layer->item_count);
	if (layer->compression)
		copy->compression = strata_arena_string(arena, layer->compression);
	return copy->items && (copy->versions || !layer->versions) &&
			       (copy->compression || !layer->compression)
		       ? 0
		       : -1;
}

/* Share out ROOM layers: how many the items get, and whether the customisation takes one. */
static uint32_t share_room(
	struct strata_plan *plan, const struct strata_strategy *strategy, bool items, uint32_t room)
{
	if (!strata_customisation_is_empty(&plan->customisation))
		plan->customisation_layer =
			!items || (!strategy->customisation_on_top_layer && room > 1);
	return plan->customisation_layer ? room - 1 : room;
}

/* Fail for want of layers. NEEDED is how many of them the items must have. */
static int fail_bound(const struct strata_plan *plan, const struct strata_strategy *strategy,
	uint32_t layers_below, uint32_t needed, struct strata_error *error)
{
	uint64_t layers = needed, beneath = (uint64_t)plan->base_layers + layers_below;
	int status;

	if (!strata_customisation_is_empty(&plan->customisation) && layers != 1 &&
		!strategy->customisation_on_top_layer)
		layers++;
	layers += beneath;
	if (plan->max_layers <= beneath)
		status = strata_fail(error, STRATA_ERROR_INVALID,
			"a bound of %u layers leaves no room above the %llu of the %s",
			plan->max_layers, (unsigned long long)beneath,
			layers_below == 0        ? "base image"
			: plan->base_layers == 0 ? "plan below"
						 : "base image and the plan below");
	else
		status = strata_fail(error, STRATA_ERROR_INVALID,
			"strategy '%s' needs %llu layers for this image, but the bound is %u",
			strategy->name, (unsigned long long)layers, plan->max_layers);
	return strata_hint(error, status, "use --max-layers %llu%s", (unsigned long long)layers,
		layers > STRATA_LARGEST_MAX_LAYERS ? ", or choose another strategy" : "");
}

/* The id of a store item changes with its content. Other items need their versions beside their
 * ids. */
static bool needs_version(const struct strata_item *item)
{
	return *item->id != '/' && *item->version;
}

static int copy_layer(struct strata_plan *plan, const struct strata_graph *graph,
	const uint32_t *items, uint32_t count, struct strata_plan_layer *layer)
{
	const char **ids = strata_arena_array(plan->arena, count, sizeof(*ids));
	const char **versions = NULL;

	for (uint32_t i = 0; ids && i < count; i++) {
		const struct strata_item *item = strata_graph_item(graph, items[i]);

		ids[i] = strata_arena_string(plan->arena, item->id);
		if (!ids[i])
			return -1;
		if (needs_version(item) && !versions) {
			versions = strata_arena_array(plan->arena, count, sizeof(*versions));
			for (uint32_t other = 0; versions && other < count; other++)
				versions[other] = "";
		}
		if (needs_version(item) && versions)
			versions[i] = strata_arena_string(plan->arena, item->version);
		if (needs_version(item) && (!versions || !versions[i]))
			return -1;
	}
	*layer =
		(struct strata_plan_layer){.items = ids, .item_count = count, .versions = versions};
	return ids ? 0 : -1;
}

static int copy_layers(struct strata_plan *plan, const struct strata_graph *graph,
	const struct strata_partition *partition, struct strata_error *error)
{
	uint32_t start = 0;

	plan->layers =
		strata_arena_array(plan->arena, partition->layer_count, sizeof(*plan->layers));
	if (!plan->layers)
		return strata_fail_memory(error);
	for (uint32_t layer = 0; layer < partition->layer_count; layer++) {
		if (copy_layer(plan, graph, partition->order + start,
			    partition->ends[layer] - start, &plan->layers[layer]) < 0)
			return strata_fail_memory(error);
		start = partition->ends[layer];
	}
	plan->layer_count = partition->layer_count;
	return 0;
}

static int plan_items(struct strata_plan *plan, const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_plan_options *options, uint32_t bound,
	struct strata_error *error)
{
	strata_autochurn struct strata_churn *made = NULL;
	const struct strata_churn *churn = options->churn;
	uint32_t count = strata_graph_count(graph);
	strata_autofree uint32_t *order = strata_allocate(count, sizeof(*order));
	strata_autofree uint32_t *ends = strata_allocate(count, sizeof(*ends));
	struct strata_partition partition = {.order = order, .item_count = count, .ends = ends};
	int status = 0;

	if (!order || !ends)
		return strata_fail_memory(error);
	if (!churn && (strategy->uses_churn || options->previous)) {
		status = strata_churn_new(graph, options->changes, &made, error);
		churn = made;
	}
	if (status == 0)
		status = strategy->partition(strategy, graph, churn, bound, &partition, error);
	if (status == 0 && options->previous)
		status = strata_sticky_choose(graph, churn, options->previous, bound,
			strategy->keeps_previous, &partition, error);
	if (status == 0 && partition.layer_count > bound)
		status = strata_hint(error,
			strata_fail(error, STRATA_ERROR_UNSUPPORTED,
				"strategy '%s' made %u layers where %u are allowed", strategy->name,
				partition.layer_count, bound),
			"this is a fault of stratapack: please report it; with another bound it "
			"may not show");
	return status < 0 ? status : copy_layers(plan, graph, &partition, error);
}

/* GRAPH has all items of the image. */
static int copy_customisation(struct strata_plan *plan, const struct strata_graph *graph,
	const struct strata_plan_options *options, struct strata_error *error)
{
	const struct strata_surroundings surroundings = {.base = options->base_files,
		.graph = graph,
		.root = options->root,
		.force_overlap = options->force_overlap};
	struct strata_customisation placed;
	int status = strata_customisation_place(
		&options->customisation, &surroundings, plan->arena, &placed, &plan->hidden, error);

	if (status == 0)
		status = strata_customisation_copy(
			&placed, plan->arena, &plan->customisation, error);
	return status < 0 ? strata_context(error, status, "customisation") : 0;
}

/* Plan GRAPH, which has the items that neither the base image nor the LAYERS_BELOW layers of the
 * plan below hold. WHOLE has all items above the base. */
static int plan_graph(const struct strata_graph *graph, const struct strata_graph *whole,
	const struct strata_plan_options *options, uint32_t layers_below, struct strata_plan **plan,
	struct strata_error *error)
{
	const struct strata_strategy *strategy =
		options->strategy ? options->strategy : strata_strategies()[0];
	strata_autoplan struct strata_plan *made = strata_plan_new(error);
	uint32_t count = strata_graph_count(graph), needed = 1, bound;
	int status;

	if (!made)
		return STRATA_ERROR_MEMORY;
	made->max_layers = options->max_layers ? options->max_layers : STRATA_DEFAULT_MAX_LAYERS;
	made->strategy = strata_arena_string(made->arena, strategy->name);
	if (!made->strategy)
		return strata_fail_memory(error);
	status = copy_customisation(made, whole, options, error);
	if (status < 0)
		return status;
	if (count > 0 && strategy->least_layers)
		needed = strategy->least_layers(graph);
	made->base_layers = options->base_layers;
	if (made->max_layers <= options->base_layers ||
		made->max_layers - options->base_layers <= layers_below)
		return fail_bound(made, strategy, layers_below, needed, error);
	bound = share_room(
		made, strategy, count > 0, made->max_layers - options->base_layers - layers_below);
	if (count > 0 && bound < needed)
		return fail_bound(made, strategy, layers_below, needed, error);
	if (count > 0) {
		status = plan_items(made, strategy, graph, options, bound, error);
		if (status < 0)
			return status;
	}
	*plan = strata_take(made);
	return 0;
}

/* Plan the items that the layers of the plan below do not hold, and put those layers below them. */
static int plan_above_layers(const struct strata_graph *graph,
	const struct strata_plan_options *options, struct strata_plan **plan,
	struct strata_error *error)
{
	const struct strata_plan *below = options->below;
	strata_autograph struct strata_graph *rest = NULL;
	strata_autoplan struct strata_plan *made = NULL;
	struct strata_plan_options above = *options;
	int status;

	if (!below)
		return plan_graph(graph, graph, options, 0, plan, error);
	status = strata_plan_rest(below, graph, &rest, error);
	if (status < 0)
		return strata_context(error, status, "the plan below");
	above.churn = NULL;
	status = plan_graph(rest, graph, &above, (uint32_t)below->layer_count, &made, error);
	if (status == 0)
		status = strata_plan_put_below(made, below, error);
	if (status == 0)
		*plan = strata_take(made);
	return status;
}

int strata_plan_make(const struct strata_graph *graph, const struct strata_plan_options *options,
	struct strata_plan **plan, struct strata_error *error)
{
	const struct strata_plan *held = options->base_items;
	strata_autograph struct strata_graph *rest = NULL;
	strata_autoplan struct strata_plan *made = NULL;
	struct strata_plan_options above = *options;
	int status;

	if (!held || held->layer_count == 0)
		return plan_above_layers(graph, options, plan, error);
	status = strata_plan_rest(held, graph, &rest, error);
	if (status < 0)
		return status;
	above.churn = NULL;
	status = plan_above_layers(rest, &above, &made, error);
	if (status < 0 && options->below)
		return strata_hint(error, status,
			"items that the base holds need no layer; --base-items none packs them all "
			"the same");
	if (status == 0)
		status = strata_plan_leave_to_base(made, held, error);
	if (status == 0)
		*plan = strata_take(made);
	return status;
}
