/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/search/layout.h"

#include <string.h>

/* What was given and taken since strata_layout_try(), in order. */
struct change {
	uint32_t layer;
	bool given;
};

struct strata_journal {
	struct change *changes;
	size_t count, capacity;
	uint64_t *images; /* of each change */
	size_t image_capacity;
	uint32_t layer_count; /* before */
};

int strata_layout_init(struct strata_layout *layout, const struct strata_fleet_model *model,
	const struct strata_atom *atoms, struct strata_error *error)
{
	*layout = (struct strata_layout){.model = model, .atoms = atoms};
	layout->lists = strata_allocate(model->image_count, sizeof(*layout->lists));
	if (!layout->lists || strata_layer_table_init(&layout->table) < 0)
		return strata_fail_memory(error);
	return 0;
}

static void release_layer(struct strata_fleet_layer *layer)
{
	free(strata_take(layer->atoms));
	free(strata_take(layer->images));
	free(strata_take(layer->published));
	strata_cause_set_release(&layer->causes);
}

static void release_journal(struct strata_layout *layout)
{
	struct strata_journal *journal = strata_take(layout->journal);

	if (!journal)
		return;
	free(journal->changes);
	free(journal->images);
	free(journal);
}

void strata_layout_release(struct strata_layout *layout)
{
	for (uint32_t l = 0; l < layout->layer_count; l++)
		release_layer(&layout->layers[l]);
	for (uint32_t i = 0; layout->lists && i < layout->model->image_count; i++) {
		for (int order = 0; order < STRATA_ORDERS; order++)
			free(layout->lists[i].layers[order]);
	}
	free(layout->layers);
	free(layout->lists);
	strata_layer_table_release(&layout->table);
	release_journal(layout);
	*layout = (struct strata_layout)STRATA_LAYOUT_INIT;
}

static int gather_causes(const struct strata_layout *layout, const uint32_t *atoms, uint32_t count,
	struct strata_cause_set *causes)
{
	for (uint32_t a = 0; a < count; a++) {
		const struct strata_cause_set *own =
			&layout->model->causes[layout->atoms[atoms[a]].class_index];
		struct strata_cause_set all = STRATA_CAUSE_SET_INIT;

		if (strata_cause_set_unite(&all, causes, own) < 0)
			return -1;
		strata_cause_set_release(causes);
		*causes = all;
	}
	return 0;
}

static uint64_t set_hash(const uint32_t *atoms, uint32_t count)
{
	uint64_t hash = 0;

	for (uint32_t a = 0; a < count; a++)
		hash += strata_atom_hash(atoms[a]);
	return hash;
}

/* Complete LAYER, which has atoms, causes and size, and put it into the table. */
static int add_layer(struct strata_layout *layout, struct strata_fleet_layer *layer,
	uint32_t *index, struct strata_error *error)
{
	const struct strata_fleet_model *model = layout->model;

	layer->hazard = strata_cause_set_added(
		model->hazards, &(struct strata_cause_set)STRATA_CAUSE_SET_INIT, &layer->causes);
	layer->dirty = strata_churn_dirty(model->churn, layer->hazard);
	layer->burden = strata_fleet_burden(layer->size, layer->dirty);
	layer->price = strata_fleet_model_price(model, layer->size, layer->dirty, false);
	layer->group = STRATA_LAYER_NONE;
	layer->hash = set_hash(layer->atoms, layer->atom_count);
	layer->images = strata_allocate(model->words, sizeof(*layer->images));
	if (!layer->images ||
		strata_grow(&layout->layers, &layout->layer_capacity,
			(size_t)layout->layer_count + 1, sizeof(*layer)) < 0 ||
		strata_layer_table_reserve(&layout->table, layout->layers, layout->layer_count) <
			0) {
		release_layer(layer);
		return strata_fail_memory(error);
	}
	*index = layout->layer_count;
	layout->layers[layout->layer_count++] = *layer;
	strata_layer_table_enter(&layout->table, layout->layers, *index);
	return 0;
}

int strata_layout_layer(struct strata_layout *layout, const uint32_t *atoms, uint32_t count,
	uint32_t *layer, struct strata_error *error)
{
	struct strata_fleet_layer added = {.atom_count = count, .causes = STRATA_CAUSE_SET_INIT};

	*layer = strata_layer_table_get(
		&layout->table, layout->layers, atoms, count, set_hash(atoms, count));
	if (*layer != STRATA_LAYER_NONE)
		return 0;
	added.atoms = strata_allocate(count, sizeof(*added.atoms));
	if (!added.atoms || gather_causes(layout, atoms, count, &added.causes) < 0) {
		release_layer(&added);
		return strata_fail_memory(error);
	}
	memcpy(added.atoms, atoms, count * sizeof(*atoms));
	for (uint32_t a = 0; a < count; a++)
		added.size += layout->atoms[atoms[a]].size;
	return add_layer(layout, &added, layer, error);
}

int strata_layout_union(struct strata_layout *layout, uint32_t left, uint32_t right,
	uint32_t *layer, struct strata_error *error)
{
	const struct strata_fleet_layer *a = &layout->layers[left], *b = &layout->layers[right];
	struct strata_fleet_layer added = {.causes = STRATA_CAUSE_SET_INIT};
	uint32_t x = 0, y = 0;

	added.size = a->size + b->size;
	added.atoms = strata_allocate((size_t)a->atom_count + b->atom_count, sizeof(*added.atoms));
	if (!added.atoms)
		return strata_fail_memory(error);
	while (x < a->atom_count || y < b->atom_count) {
		bool from_a =
			y == b->atom_count || (x < a->atom_count && a->atoms[x] < b->atoms[y]);

		added.atoms[added.atom_count++] = from_a ? a->atoms[x++] : b->atoms[y++];
	}
	*layer = strata_layer_table_get(
		&layout->table, layout->layers, added.atoms, added.atom_count, a->hash + b->hash);
	if (*layer != STRATA_LAYER_NONE) {
		release_layer(&added);
		return 0;
	}
	if (strata_cause_set_unite(&added.causes, &a->causes, &b->causes) < 0) {
		release_layer(&added);
		return strata_fail_memory(error);
	}
	return add_layer(layout, &added, layer, error);
}

static int compare_images(const uint64_t *left, const uint64_t *right, size_t words)
{
	for (size_t w = 0; w < words; w++) {
		if (left[w] != right[w])
			return left[w] > right[w] ? -1 : 1;
	}
	return 0;
}

/* Layers are numbered in an order that depends on the fleet alone, so numbers break ties. */
static int compare_layers(const struct strata_layout *layout, enum strata_layer_order order,
	uint32_t left, uint32_t right)
{
	const struct strata_fleet_layer *a = &layout->layers[left], *b = &layout->layers[right];
	int status = 0;

	if (left == right)
		return 0;
	if (order == STRATA_ORDER_IMAGES)
		status = compare_images(a->images, b->images, layout->model->words);
	if (status == 0 && order == STRATA_ORDER_BURDEN)
		status = (a->burden > b->burden) - (a->burden < b->burden);
	if (status == 0)
		status = (a->dirty > b->dirty) - (a->dirty < b->dirty);
	return status != 0 ? status : left < right ? -1 : 1;
}

uint32_t strata_layout_position(const struct strata_layout *layout, uint32_t image,
	enum strata_layer_order order, uint32_t layer)
{
	const struct strata_layer_list *list = &layout->lists[image];
	uint32_t start = 0, end = list->count;

	while (start < end) {
		uint32_t middle = start + (end - start) / 2;

		if (compare_layers(layout, order, list->layers[order][middle], layer) < 0)
			start = middle + 1;
		else
			end = middle;
	}
	return start;
}

/* Put LAYER into one order of IMAGE, COUNT layers long so far; or remove it. */
static void insert(struct strata_layout *layout, uint32_t image, enum strata_layer_order order,
	uint32_t layer, uint32_t count)
{
	uint32_t *layers = layout->lists[image].layers[order];
	uint32_t at = strata_layout_position(layout, image, order, layer);

	memmove(layers + at + 1, layers + at, (count - at) * sizeof(*layers));
	layers[at] = layer;
}

static void erase(struct strata_layout *layout, uint32_t image, enum strata_layer_order order,
	uint32_t layer, uint32_t count)
{
	uint32_t *layers = layout->lists[image].layers[order];
	uint32_t at = strata_layout_position(layout, image, order, layer);

	memmove(layers + at, layers + at + 1, (count - at - 1) * sizeof(*layers));
}

/* The first order depends on the images of a layer: where they change, it is taken out of it
 * before and put back behind. */
static void erase_by_images(struct strata_layout *layout, uint32_t layer)
{
	STRATA_FOR_EACH_IMAGE(image, layout->layers[layer].images, layout->model->words)
	erase(layout, (uint32_t)image, STRATA_ORDER_IMAGES, layer, layout->lists[image].count--);
}

static void insert_by_images(struct strata_layout *layout, uint32_t layer)
{
	STRATA_FOR_EACH_IMAGE(image, layout->layers[layer].images, layout->model->words)
	{
		insert(layout, (uint32_t)image, STRATA_ORDER_IMAGES, layer,
			layout->lists[image].count);
		layout->lists[image].count++;
	}
}

static int make_room(
	struct strata_layout *layout, const uint64_t *images, struct strata_error *error)
{
	STRATA_FOR_EACH_IMAGE(image, images, layout->model->words)
	{
		struct strata_layer_list *list = &layout->lists[image];
		size_t capacity = 0;

		if (list->count < list->capacity)
			continue;
		for (int order = 0; order < STRATA_ORDERS; order++) {
			capacity = list->capacity;
			if (strata_grow(&list->layers[order], &capacity, (size_t)list->count + 1,
				    sizeof(*list->layers[order])) < 0)
				return strata_fail_memory(error);
		}
		list->capacity = (uint32_t)capacity;
	}
	return 0;
}

/* Note a change that is tried. */
static int note(struct strata_layout *layout, uint32_t layer, const uint64_t *images, bool given,
	struct strata_error *error)
{
	struct strata_journal *journal = layout->journal;
	size_t words = layout->model->words;

	if (!journal)
		return 0;
	if (strata_grow(&journal->changes, &journal->capacity, journal->count + 1,
		    sizeof(*journal->changes)) < 0 ||
		strata_grow(&journal->images, &journal->image_capacity,
			(journal->count + 1) * words, sizeof(*journal->images)) < 0)
		return strata_fail_memory(error);
	memcpy(journal->images + journal->count * words, images, words * sizeof(*images));
	journal->changes[journal->count++] = (struct change){layer, given};
	return 0;
}

/* What LAYER costs for IMAGES, of WEIGHT together, but for storing it. */
static int64_t price_of_pulls(const struct strata_layout *layout,
	const struct strata_fleet_layer *layer, const uint64_t *images, uint64_t weight)
{
	int64_t cost = (int64_t)weight * layer->price.pulled;

	if (layer->published)
		cost -= (int64_t)strata_layout_having(layout, layer, images) * layer->price.spared;
	return cost;
}

/* Note the time of a change of LAYER in IMAGES. */
static void stamp(struct strata_layout *layout, uint32_t layer, const uint64_t *images)
{
	layout->layers[layer].version = ++layout->time;
	STRATA_FOR_EACH_IMAGE(image, images, layout->model->words)
	layout->lists[image].version = layout->time;
}

/* Give LAYER to IMAGES, in whose lists there is room for it. */
static void add_to(struct strata_layout *layout, uint32_t layer, const uint64_t *images)
{
	struct strata_fleet_layer *given = &layout->layers[layer];
	uint64_t weight = strata_fleet_model_weight(layout->model, images);

	STRATA_FOR_EACH_IMAGE(image, images, layout->model->words)
	{
		uint32_t count = layout->lists[image].count;

		insert(layout, (uint32_t)image, STRATA_ORDER_DIRTY, layer, count);
		insert(layout, (uint32_t)image, STRATA_ORDER_BURDEN, layer, count);
	}
	erase_by_images(layout, layer);
	for (size_t w = 0; w < layout->model->words; w++)
		given->images[w] |= images[w];
	insert_by_images(layout, layer);
	layout->cost += price_of_pulls(layout, given, images, weight);
	if (!given->alive)
		layout->cost += given->price.stored;
	given->weight += weight;
	given->alive = true;
	stamp(layout, layer, images);
}

static void remove_from(struct strata_layout *layout, uint32_t layer, const uint64_t *images)
{
	struct strata_fleet_layer *taken = &layout->layers[layer];
	uint64_t weight = strata_fleet_model_weight(layout->model, images);

	STRATA_FOR_EACH_IMAGE(image, images, layout->model->words)
	{
		uint32_t count = layout->lists[image].count;

		erase(layout, (uint32_t)image, STRATA_ORDER_DIRTY, layer, count);
		erase(layout, (uint32_t)image, STRATA_ORDER_BURDEN, layer, count);
	}
	erase_by_images(layout, layer);
	for (size_t w = 0; w < layout->model->words; w++)
		taken->images[w] &= ~images[w];
	insert_by_images(layout, layer);
	layout->cost -= price_of_pulls(layout, taken, images, weight);
	taken->weight -= weight;
	taken->alive = !strata_images_are_none(taken->images, layout->model->words);
	if (!taken->alive)
		layout->cost -= taken->price.stored;
	stamp(layout, layer, images);
}

/* Forget LAYER if no image has it, nor any machine. */
static void retire(struct strata_layout *layout, uint32_t layer)
{
	struct strata_fleet_layer *retired = &layout->layers[layer];

	if (retired->alive || retired->published || !retired->atoms)
		return;
	strata_layer_table_leave(&layout->table, layout->layers, layer);
	release_layer(retired);
}

int strata_layout_give(struct strata_layout *layout, uint32_t layer, const uint64_t *images,
	struct strata_error *error)
{
	int status = make_room(layout, images, error);

	if (status == 0)
		status = note(layout, layer, images, true, error);
	if (status == 0)
		add_to(layout, layer, images);
	return status;
}

int strata_layout_take(struct strata_layout *layout, uint32_t layer, const uint64_t *images,
	struct strata_error *error)
{
	int status = note(layout, layer, images, false, error);

	if (status < 0)
		return status;
	remove_from(layout, layer, images);
	if (!layout->journal)
		retire(layout, layer);
	return 0;
}

int strata_layout_try(struct strata_layout *layout, struct strata_error *error)
{
	layout->journal = calloc(1, sizeof(*layout->journal));
	if (!layout->journal)
		return strata_fail_memory(error);
	layout->journal->layer_count = layout->layer_count;
	return 0;
}

void strata_layout_keep(struct strata_layout *layout)
{
	for (size_t c = 0; c < layout->journal->count; c++)
		retire(layout, layout->journal->changes[c].layer);
	release_journal(layout);
}

void strata_layout_undo(struct strata_layout *layout)
{
	const struct strata_journal *journal = layout->journal;
	size_t words = layout->model->words;

	/* In the lists there is room: so many layers were in them before. */
	for (size_t c = journal->count; c-- > 0;) {
		const struct change *change = &journal->changes[c];

		if (change->given)
			remove_from(layout, change->layer, journal->images + c * words);
		else
			add_to(layout, change->layer, journal->images + c * words);
	}
	while (layout->layer_count > journal->layer_count)
		retire(layout, --layout->layer_count);
	release_journal(layout);
}

int strata_layout_publish(struct strata_layout *layout, uint32_t layer, const uint64_t *images,
	struct strata_error *error)
{
	struct strata_fleet_layer *published = &layout->layers[layer];

	if (!published->published)
		published->published =
			strata_allocate(layout->model->words, sizeof(*published->published));
	if (!published->published)
		return strata_fail_memory(error);
	for (size_t w = 0; w < layout->model->words; w++)
		published->published[w] |= images[w];
	published->price =
		strata_fleet_model_price(layout->model, published->size, published->dirty, true);
	return 0;
}

uint64_t strata_layout_having(const struct strata_layout *layout,
	const struct strata_fleet_layer *layer, const uint64_t *images)
{
	const struct strata_fleet_model *model = layout->model;
	uint64_t weight = 0;

	for (size_t w = 0; w < model->words; w++) {
		uint64_t bits = images[w] & layer->published[w];

		for (size_t byte = w * 8; bits != 0; byte++, bits >>= 8)
			weight += model->sums[byte][bits & 0xff];
	}
	return weight;
}
