/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/search/inheritance.h"

#include <string.h>

#include "fleet/catalogue/keys.h"
#include "fleet/search/cost.h"
#include "util/compare.h"
#include "util/error.h"
#include "util/fixed_point.h"

/* A group of the catalogue as items of the graph. */
struct resolved {
	uint32_t *items; /* ascending */
	uint32_t count;
	bool whole;      /* every key stands for an item */
	bool unchanged;  /* with what it held when the catalogue was written */
	uint64_t burden; /* size x (1 + dirty); only of whole ones, and only where asked for */
	uint64_t size;
};

struct finding {
	struct strata_inheritance *inheritance;
	const struct strata_fleet *fleet;
	const struct strata_catalogue *catalogue;
	const struct strata_fleet_model *model;
	struct strata_keys keys;
	struct strata_arena arena;
	struct resolved *groups;
	uint32_t *by_burden; /* groups, the heaviest first; NULL until it is needed */

	struct strata_map known; /* images of the catalogue -> the first place in `known_groups` */
	uint32_t *next;          /* the next place of the same image */
	uint32_t *known_groups;
	uint32_t *group_of; /* item of the image that is looked at -> its group */
	uint32_t filled;    /* items of the inheritance */
};

#define NO_GROUP UINT32_MAX
#define FOREIGN (UINT32_MAX - 1)

static void release_finding(struct finding *finding)
{
	strata_keys_release(&finding->keys);
	strata_arena_free(&finding->arena);
	free(finding->groups);
	free(finding->by_burden);
	strata_map_release(&finding->known);
	free(finding->next);
	free(finding->known_groups);
	free(finding->group_of);
}

static int resolve_group(struct finding *finding, const struct strata_catalogue_group *group,
	struct resolved *resolved, struct strata_error *error)
{
	size_t count = 0, filled = 0;
	char content[STRATA_SHA256_HEX_SIZE];
	int status;

	resolved->whole = true;
	for (size_t k = 0; k < group->item_count; k++) {
		uint32_t item = strata_keys_find(&finding->keys, group->items[k]);

		if (item == STRATA_GRAPH_NONE)
			resolved->whole = false;
		for (; item != STRATA_GRAPH_NONE;
			item = strata_keys_next(&finding->keys, group->items[k], item))
			count++;
	}
	resolved->items = strata_arena_array(&finding->arena, count, sizeof(*resolved->items));
	if (!resolved->items)
		return strata_fail_memory(error);
	for (size_t k = 0; k < group->item_count; k++) {
		uint32_t item = strata_keys_find(&finding->keys, group->items[k]);

		for (; item != STRATA_GRAPH_NONE;
			item = strata_keys_next(&finding->keys, group->items[k], item))
			resolved->items[filled++] = item;
	}
	qsort(resolved->items, filled, sizeof(*resolved->items), strata_compare_indices);
	for (size_t i = 0; i < filled; i++) {
		if (i > 0 && resolved->items[i] == resolved->items[i - 1])
			continue;
		resolved->size +=
			strata_graph_item(finding->fleet->graph, resolved->items[i])->size;
		resolved->items[resolved->count++] = resolved->items[i];
	}
	if (!resolved->whole)
		return 0;
	status = strata_catalogue_content(
		finding->fleet->graph, resolved->items, resolved->count, content, error);
	resolved->unchanged = status == 0 && strcmp(content, group->content) == 0;
	return status;
}

static int resolve_groups(struct finding *finding, struct strata_error *error)
{
	size_t count = finding->catalogue->group_count;
	int status = strata_keys_make(&finding->keys, finding->fleet->graph, error);

	finding->groups = strata_allocate(count, sizeof(*finding->groups));
	if (!finding->groups)
		return strata_fail_memory(error);
	for (size_t g = 0; status == 0 && g < count; g++)
		status = resolve_group(
			finding, &finding->catalogue->groups[g], &finding->groups[g], error);
	return status;
}

/* List the groups of each image that the catalogue knows, in their order. */
static int list_known(struct finding *finding, struct strata_error *error)
{
	const struct strata_catalogue *catalogue = finding->catalogue;
	size_t count = 0;
	uint32_t at = 0;

	for (size_t g = 0; g < catalogue->group_count; g++)
		count += catalogue->groups[g].image_count;
	if (count >= FOREIGN)
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"the catalogue has too many layers of images");
	finding->next = strata_allocate(count, sizeof(*finding->next));
	finding->known_groups = strata_allocate(count, sizeof(*finding->known_groups));
	if (!finding->next || !finding->known_groups)
		return strata_fail_memory(error);
	for (size_t g = catalogue->group_count; g-- > 0;) {
		for (size_t i = 0; i < catalogue->groups[g].image_count; i++, at++) {
			const char *name = catalogue->groups[g].images[i];

			finding->known_groups[at] = (uint32_t)g;
			finding->next[at] = strata_map_get(&finding->known, name);
			if (strata_map_put(&finding->known, name, at) < 0)
				return strata_fail_memory(error);
		}
	}
	return 0;
}

struct heavy {
	uint64_t burden;
	uint32_t group;
};

static int compare_heavy(const void *left, const void *right)
{
	const struct heavy *a = left, *b = right;

	if (a->burden != b->burden)
		return a->burden < b->burden ? 1 : -1;
	return (a->group > b->group) - (a->group < b->group);
}

/* What a whole group weighs: size x (1 + dirty). */
static int weigh_group(
	const struct finding *finding, struct resolved *group, struct strata_error *error)
{
	const struct strata_fleet_model *model = finding->model;
	struct strata_cause_set causes = STRATA_CAUSE_SET_INIT;
	struct strata_hazard hazard;

	for (uint32_t i = 0; i < group->count; i++) {
		uint32_t class_index = strata_churn_class(model->churn, group->items[i]);
		struct strata_cause_set all;

		if (strata_cause_set_unite(&all, &causes, &model->causes[class_index]) < 0) {
			strata_cause_set_release(&causes);
			return strata_fail_memory(error);
		}
		strata_cause_set_release(&causes);
		causes = all;
	}
	hazard = strata_cause_set_added(
		model->hazards, &(struct strata_cause_set)STRATA_CAUSE_SET_INIT, &causes);
	strata_cause_set_release(&causes);
	group->burden = strata_fleet_burden(group->size, strata_churn_dirty(model->churn, hazard));
	return 0;
}

static int sort_by_burden(struct finding *finding, struct strata_error *error)
{
	size_t count = finding->catalogue->group_count;
	strata_autofree struct heavy *heavy = strata_allocate(count, sizeof(*heavy));

	finding->by_burden = strata_allocate(count, sizeof(*finding->by_burden));
	if (!heavy || !finding->by_burden)
		return strata_fail_memory(error);
	for (size_t g = 0; g < count; g++) {
		int status = weigh_group(finding, &finding->groups[g], error);

		if (status < 0)
			return status;
		heavy[g] = (struct heavy){finding->groups[g].burden, (uint32_t)g};
	}
	qsort(heavy, count, sizeof(*heavy), compare_heavy);
	for (size_t g = 0; g < count; g++)
		finding->by_burden[g] = heavy[g].group;
	return 0;
}

/* Whether the current image has all items of GROUP, and none of them is in another group yet. */
static bool fits(const struct finding *finding, uint32_t group)
{
	const struct resolved *resolved = &finding->groups[group];

	if (!resolved->whole || resolved->count == 0)
		return false;
	for (uint32_t i = 0; i < resolved->count; i++) {
		if (finding->group_of[resolved->items[i]] != NO_GROUP)
			return false;
	}
	return true;
}

static void take(const struct finding *finding, uint32_t group)
{
	const struct resolved *resolved = &finding->groups[group];

	for (uint32_t i = 0; i < resolved->count; i++)
		finding->group_of[resolved->items[i]] = group;
}

/* What the current image has in common with a known one: the groups of which it has all items. */
struct likeness {
	const char *image; /* NULL: there is none */
	uint64_t bytes;
	uint32_t items, groups;
};

/* Find the known image with which most bytes are shared. */
static int most_like(struct finding *finding, struct likeness *best, struct strata_error *error)
{
	const struct strata_catalogue *catalogue = finding->catalogue;
	size_t places = 0;
	struct likeness *all;

	for (size_t g = 0; g < catalogue->group_count; g++)
		places += catalogue->groups[g].image_count;
	*best = (struct likeness){NULL, 0, 0, 0};
	all = strata_allocate(places, sizeof(*all));
	if (!all)
		return strata_fail_memory(error);
	for (size_t g = 0; g < catalogue->group_count; g++) {
		const struct strata_catalogue_group *group = &catalogue->groups[g];

		for (size_t i = 0; fits(finding, (uint32_t)g) && i < group->image_count; i++) {
			uint32_t at = strata_map_get(&finding->known, group->images[i]);

			all[at].image = group->images[i];
			all[at].bytes += finding->groups[g].size;
			all[at].items += finding->groups[g].count;
			all[at].groups++;
		}
	}
	for (size_t at = 0; at < places; at++) {
		if (all[at].image && (!best->image || all[at].bytes > best->bytes ||
					     (all[at].bytes == best->bytes &&
						     strcmp(all[at].image, best->image) < 0)))
			*best = all[at];
	}
	free(all);
	return 0;
}

/* Take groups of the known image from index AT on that fit, LIMIT at most. Returns how many fit. */
static uint32_t take_known(struct finding *finding, uint32_t at, uint32_t limit)
{
	uint32_t count = 0;

	for (; at != STRATA_MAP_NONE; at = finding->next[at]) {
		if (fits(finding, finding->known_groups[at]) && count++ < limit)
			take(finding, finding->known_groups[at]);
	}
	return count;
}

/* Choose groups for an image that the catalogue does not know. */
static int choose(struct finding *finding, const struct strata_fleet_image *image, uint32_t bound,
	struct strata_error *error)
{
	uint32_t limit = bound - (bound + 3) / 4, taken, at;
	struct likeness likeness = {NULL, 0, 0, 0};
	int status = finding->by_burden ? 0 : sort_by_burden(finding, error);

	if (status == 0)
		status = most_like(finding, &likeness, error);
	if (status < 0)
		return status;
	at = likeness.image ? strata_map_get(&finding->known, likeness.image) : STRATA_MAP_NONE;
	/* An image that is there already, by whatever name, has all of its layers. */
	if (likeness.items == image->item_count && likeness.groups <= bound)
		limit = bound;
	else
		finding->inheritance->complete = false;
	taken = take_known(finding, at, limit);
	for (size_t g = 0; g < finding->catalogue->group_count && taken < limit; g++) {
		if (fits(finding, finding->by_burden[g])) {
			take(finding, finding->by_burden[g]);
			taken++;
		}
	}
	return 0;
}

/* The groups of an image that the catalogue knows. */
static void keep(struct finding *finding, uint32_t at)
{
	for (; at != STRATA_MAP_NONE; at = finding->next[at]) {
		const struct resolved *group = &finding->groups[finding->known_groups[at]];

		for (uint32_t i = 0; i < group->count; i++) {
			if (finding->group_of[group->items[i]] == NO_GROUP)
				finding->group_of[group->items[i]] = finding->known_groups[at];
		}
	}
}

struct assigned {
	uint32_t group, item;
};

static int compare_assigned(const void *left, const void *right)
{
	const struct assigned *a = left, *b = right;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return (a->item > b->item) - (a->item < b->item);
}

/* Write down the layers of image INDEX: its items by group. */
static int write_layers(
	struct finding *finding, uint32_t index, bool known, struct strata_error *error)
{
	const struct strata_fleet_image *image = &finding->fleet->images[index];
	struct strata_inheritance *inheritance = finding->inheritance;
	strata_autofree struct assigned *assigned =
		strata_allocate(image->item_count, sizeof(*assigned));
	uint32_t count = 0;

	if (!assigned)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < image->item_count; i++) {
		uint32_t group = finding->group_of[image->items[i]];

		if (group != NO_GROUP)
			assigned[count++] = (struct assigned){group, image->items[i]};
	}
	qsort(assigned, count, sizeof(*assigned), compare_assigned);
	for (uint32_t a = 0, end; a < count; a = end) {
		uint32_t *items = inheritance->items + finding->filled;
		const struct resolved *group = &finding->groups[assigned[a].group];
		struct strata_inherited layer = {
			.image = index, .group = assigned[a].group, .was_there = known};

		for (end = a; end < count && assigned[end].group == assigned[a].group; end++)
			items[end - a] = assigned[end].item;
		layer.set = (struct strata_item_set){items, end - a};
		/* The other images with the group will have the same versions soon. */
		layer.unchanged =
			(group->unchanged || (group->whole && finding->model->others_remain)) &&
			layer.set.count == group->count;
		finding->filled += layer.set.count;
		if (strata_grow(&inheritance->layers, &inheritance->capacity,
			    inheritance->count + 1, sizeof(layer)) < 0)
			return strata_fail_memory(error);
		inheritance->layers[inheritance->count++] = layer;
	}
	return 0;
}

static int inherit(
	struct finding *finding, uint32_t index, uint32_t bound, struct strata_error *error)
{
	const struct strata_fleet_image *image = &finding->fleet->images[index];
	uint32_t known = strata_map_get(&finding->known, image->name);
	int status = 0;

	for (uint32_t i = 0; i < image->item_count; i++)
		finding->group_of[image->items[i]] = NO_GROUP;
	if (known != STRATA_MAP_NONE)
		keep(finding, known);
	else
		status = choose(finding, image, bound, error);
	if (status == 0)
		status = write_layers(finding, index, known != STRATA_MAP_NONE, error);
	for (uint32_t i = 0; i < image->item_count; i++)
		finding->group_of[image->items[i]] = FOREIGN;
	return status;
}

static int inherit_all(struct finding *finding, const uint32_t *bounds, struct strata_error *error)
{
	struct strata_inheritance *inheritance = finding->inheritance;
	const struct strata_fleet *fleet = finding->fleet;
	uint32_t count = strata_graph_count(fleet->graph);
	size_t total = 0;
	int status = 0;

	for (size_t i = 0; i < fleet->image_count; i++)
		total += fleet->images[i].item_count;
	inheritance->items = strata_allocate(total, sizeof(*inheritance->items));
	finding->group_of = strata_allocate(count, sizeof(*finding->group_of));
	if (!inheritance->items || !finding->group_of)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++)
		finding->group_of[i] = FOREIGN;
	for (uint32_t i = 0; status == 0 && i < fleet->image_count; i++)
		status = inherit(finding, i, bounds[i], error);
	return status;
}

/* Find the images that have all of their items in unchanged layers, as before. */
static int find_settled(struct finding *finding, const uint32_t *bounds, struct strata_error *error)
{
	enum { LITTLE = 32 }; /* less than this part of all bytes */
	struct strata_inheritance *inheritance = finding->inheritance;
	const struct strata_fleet *fleet = finding->fleet;
	strata_autofree uint32_t *items = strata_allocate(fleet->image_count, sizeof(*items));
	strata_autofree uint32_t *layers = strata_allocate(fleet->image_count, sizeof(*layers));
	uint64_t all = 0, same = 0;

	inheritance->settled =
		strata_allocate(finding->model->words, sizeof(*inheritance->settled));
	if (!items || !layers || !inheritance->settled)
		return strata_fail_memory(error);
	for (size_t l = 0; l < inheritance->count; l++) {
		const struct strata_inherited *layer = &inheritance->layers[l];

		if (!layer->unchanged || !layer->was_there)
			continue;
		layers[layer->image]++;
		items[layer->image] += layer->set.count;
		same = strata_saturating_add(same, finding->groups[layer->group].size);
	}
	for (uint32_t i = 0; i < fleet->image_count; i++) {
		const struct strata_fleet_image *image = &fleet->images[i];

		for (uint32_t n = 0; n < image->item_count; n++)
			all = strata_saturating_add(
				all, strata_graph_item(fleet->graph, image->items[n])->size);
		if (items[i] == image->item_count && layers[i] <= bounds[i])
			strata_images_add(inheritance->settled, i);
	}
	inheritance->little = all - same < all / LITTLE;
	return 0;
}

int strata_inheritance_find(struct strata_inheritance *inheritance,
	const struct strata_fleet *fleet, const struct strata_catalogue *catalogue,
	const struct strata_fleet_model *model, const uint32_t *bounds, struct strata_error *error)
{
	STRATA_CLEANUP(release_finding)
	struct finding finding = {
		.inheritance = inheritance,
		.fleet = fleet,
		.catalogue = catalogue,
		.model = model,
		.keys = STRATA_KEYS_INIT,
		.arena = STRATA_ARENA_INIT,
		.known = STRATA_MAP_INIT,
	};
	int status = resolve_groups(&finding, error);

	inheritance->complete = true;
	if (status == 0)
		status = list_known(&finding, error);
	if (status == 0)
		status = inherit_all(&finding, bounds, error);
	if (status == 0)
		status = find_settled(&finding, bounds, error);
	if (status < 0)
		return status;
	inheritance->sets = strata_allocate(inheritance->count, sizeof(*inheritance->sets));
	if (!inheritance->sets)
		return strata_fail_memory(error);
	for (size_t l = 0; l < inheritance->count; l++)
		inheritance->sets[l] = inheritance->layers[l].set;
	return 0;
}

void strata_inheritance_release(struct strata_inheritance *inheritance)
{
	free(inheritance->layers);
	free(inheritance->settled);
	free(inheritance->sets);
	free(inheritance->items);
	*inheritance = (struct strata_inheritance)STRATA_INHERITANCE_INIT;
}
