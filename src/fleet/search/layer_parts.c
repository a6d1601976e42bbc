/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/search/layer_parts.h"

#include "model/causes.h"

int strata_parts_init(
	struct strata_parts *parts, const struct strata_layout *layout, struct strata_error *error)
{
	*parts = (struct strata_parts){.layout = layout};
	parts->uses =
		strata_allocate(strata_churn_cause_count(layout->model->churn), sizeof(uint32_t));
	return parts->uses ? 0 : strata_fail_memory(error);
}

void strata_parts_release(struct strata_parts *parts)
{
	free(parts->list);
	free(parts->order);
	free(parts->uses);
}

static void count_uses(struct strata_parts *parts, const struct strata_cause_set *causes, int step)
{
	for (uint32_t w = 0; w < causes->count; w++) {
		for (uint64_t bits = causes->words[w]; bits != 0; bits &= bits - 1)
			parts->uses[(size_t)causes->places[w] * 64 +
				    (unsigned)__builtin_ctzll(bits)] += (uint32_t)step;
	}
}

/* The hazard of the causes that only COUNT atoms with CAUSES bring into the layer. */
static struct strata_hazard own_hazard(
	const struct strata_parts *parts, const struct strata_cause_set *causes, uint32_t count)
{
	struct strata_hazard sum = {0, 0};

	for (uint32_t w = 0; w < causes->count; w++) {
		for (uint64_t bits = causes->words[w]; bits != 0; bits &= bits - 1) {
			size_t cause =
				(size_t)causes->places[w] * 64 + (unsigned)__builtin_ctzll(bits);

			if (parts->uses[cause] == count)
				sum = strata_hazard_add(sum, parts->layout->model->hazards[cause]);
		}
	}
	return sum;
}

/* Add the part of COUNT atoms from START of the order, with CAUSES. */
static int add_part(struct strata_parts *parts, const struct strata_fleet_layer *layer,
	const struct strata_cause_set *causes, uint32_t start, uint32_t count,
	struct strata_error *error)
{
	const struct strata_layout *layout = parts->layout;
	struct strata_layer_part part = {.start = start, .count = count, .causes = causes};
	struct strata_fleet_layer rest = {.hazard = layer->hazard};
	struct strata_hazard own;

	for (uint32_t a = start; a < start + count; a++) {
		part.size += layout->atoms[parts->order[a]].size;
		part.hash += strata_atom_hash(parts->order[a]);
	}
	part.dirty = strata_churn_dirty(layout->model->churn,
		strata_cause_set_added(layout->model->hazards,
			&(struct strata_cause_set)STRATA_CAUSE_SET_INIT, causes));
	own = own_hazard(parts, causes, count);
	rest.size = layer->size - part.size;
	rest.hash = layer->hash - part.hash;
	rest.atom_count = layer->atom_count - count;
	rest.hazard.single -= own.single;
	rest.hazard.batch -= own.batch;
	rest.dirty = strata_churn_dirty(layout->model->churn, rest.hazard);
	part.rest = strata_prospect_find(layout, &rest);
	if (strata_grow(&parts->list, &parts->capacity, parts->count + 1, sizeof(part)) < 0)
		return strata_fail_memory(error);
	parts->list[parts->count++] = part;
	return 0;
}

/* The whole layer is the last part: to move it is to merge. */
static int add_whole(struct strata_parts *parts, const struct strata_fleet_layer *layer,
	struct strata_error *error)
{
	struct strata_layer_part part = {.count = layer->atom_count,
		.size = layer->size,
		.hash = layer->hash,
		.dirty = layer->dirty,
		.causes = &layer->causes};

	if (strata_grow(&parts->list, &parts->capacity, parts->count + 1, sizeof(part)) < 0)
		return strata_fail_memory(error);
	parts->list[parts->count++] = part;
	return 0;
}

/* Sort the atoms of LAYER by class, by counting insertion: they are few. */
static int sort_atoms(struct strata_parts *parts, const struct strata_fleet_layer *layer,
	struct strata_error *error)
{
	const struct strata_atom *atoms = parts->layout->atoms;

	if (strata_grow(&parts->order, &parts->order_capacity, layer->atom_count,
		    sizeof(*parts->order)) < 0)
		return strata_fail_memory(error);
	for (uint32_t a = 0; a < layer->atom_count; a++) {
		uint32_t atom = layer->atoms[a], at = a;

		while (at > 0 &&
			atoms[parts->order[at - 1]].class_index > atoms[atom].class_index) {
			parts->order[at] = parts->order[at - 1];
			at--;
		}
		parts->order[at] = atom;
	}
	return 0;
}

int strata_parts_find(struct strata_parts *parts, const struct strata_fleet_layer *layer,
	struct strata_error *error)
{
	const struct strata_layout *layout = parts->layout;
	const struct strata_cause_set *causes = layout->model->causes;
	int status = sort_atoms(parts, layer, error);

	parts->count = 0;
	if (status < 0)
		return status;
	for (uint32_t a = 0; a < layer->atom_count; a++)
		count_uses(parts, &causes[layout->atoms[layer->atoms[a]].class_index], 1);
	for (uint32_t a = 0, end; status == 0 && a < layer->atom_count; a = end) {
		uint32_t class_index = layout->atoms[parts->order[a]].class_index;

		for (end = a + 1; end < layer->atom_count &&
				  layout->atoms[parts->order[end]].class_index == class_index;)
			end++;
		if (end - a < layer->atom_count)
			status = add_part(parts, layer, &causes[class_index], a, end - a, error);
		for (uint32_t one = a; status == 0 && end - a > 1 && one < end; one++)
			status = add_part(parts, layer, &causes[class_index], one, 1, error);
	}
	for (uint32_t a = 0; a < layer->atom_count; a++)
		count_uses(parts, &causes[layout->atoms[layer->atoms[a]].class_index], -1);
	return status < 0 ? status : add_whole(parts, layer, error);
}
