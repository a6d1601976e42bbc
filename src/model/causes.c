/* SPDX-License-Identifier: Apache-2.0 */
#include "model/causes.h"

#include <string.h>

#include "graph/components.h"
#include "model/prior.h"
#include "model/rates.h"
#include "util/error.h"
#include "util/fixed_point.h"
#include "util/map.h"

enum {
	WORD_BITS = 64,
};

#define NO_CLASS UINT32_MAX

/* With this hazard, a change is certain in the fixed point. It limits hazards, so that sums over
 * any number of causes stay in range. */
#define CERTAIN (UINT64_C(64) << 32)

/* Data that is needed only while a churn is made. */
struct making {
	const struct strata_graph *graph;
	struct strata_churn *churn;
	uint32_t *cause_of; /* item -> cause */
};

void strata_churn_free(struct strata_churn *churn)
{
	if (!churn)
		return;
	free(churn->causes);
	free(churn->class_of);
	free(churn->class_causes);
	free(churn->class_hazards);
	free(churn->sets);
	free(churn);
}

void strata_cleanup_churn(struct strata_churn **churn)
{
	strata_churn_free(*churn);
}

static int compare_causes(const void *left, const void *right)
{
	const struct strata_cause *a = left, *b = right;

	return strcmp(a->name, b->name);
}

/* Number the causes in the order of their names. */
static int find_causes(struct making *making, struct strata_error *error)
{
	strata_automap struct strata_map numbers = STRATA_MAP_INIT;
	struct strata_churn *churn = making->churn;
	uint32_t count = strata_graph_count(making->graph);

	churn->causes = strata_allocate(count, sizeof(*churn->causes));
	if (!churn->causes)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++) {
		const char *name = strata_graph_item(making->graph, i)->cause;

		if (strata_map_get(&numbers, name) != STRATA_MAP_NONE)
			continue;
		if (strata_map_put(&numbers, name, churn->cause_count) < 0)
			return strata_fail_memory(error);
		churn->causes[churn->cause_count++].name = name;
	}
	qsort(churn->causes, churn->cause_count, sizeof(*churn->causes), compare_causes);
	for (uint32_t cause = 0; cause < churn->cause_count; cause++) {
		if (strata_map_put(&numbers, churn->causes[cause].name, cause) < 0)
			return strata_fail_memory(error);
	}
	for (uint32_t i = 0; i < count; i++)
		making->cause_of[i] =
			strata_map_get(&numbers, strata_graph_item(making->graph, i)->cause);
	return 0;
}

/* The greater of two rates of one cause. */
static void take_most(struct strata_known_rate *most, const struct strata_known_rate *known)
{
	if (known->has_rate) {
		if (!most->has_rate || most->rate.per_year < known->rate.per_year)
			most->rate.per_year = known->rate.per_year;
		if (!most->has_rate || most->rate.batch < known->rate.batch)
			most->rate.batch = known->rate.batch;
		most->has_rate = true;
	}
	if (known->observation.years > 0 &&
		(most->observation.years == 0 ||
			most->observation.events < known->observation.events))
		most->observation = known->observation;
}

/* Rates of an item apply to its cause. Rates of the cause itself take precedence. */
static void ask(const struct making *making, const struct strata_rates *rates,
	struct strata_known_rate *known)
{
	for (uint32_t i = 0; i < strata_graph_count(making->graph); i++) {
		const struct strata_known_rate *item =
			strata_rates_find(rates, strata_graph_item(making->graph, i)->name);

		if (item)
			take_most(&known[making->cause_of[i]], item);
	}
	for (uint32_t c = 0; c < making->churn->cause_count; c++) {
		const struct strata_known_rate *cause =
			strata_rates_find(rates, making->churn->causes[c].name);

		if (cause && cause->has_rate) {
			known[c].rate = cause->rate;
			known[c].has_rate = true;
		}
		if (cause && cause->observation.years > 0)
			known[c].observation = cause->observation;
	}
}

static struct strata_hazard hazard_of_rate(const struct strata_rate *rate, uint32_t rebuilds)
{
	struct strata_hazard hazard = {(rate->per_year << STRATA_HAZARD_SHIFT) / rebuilds, 0};

	if (hazard.single > CERTAIN)
		hazard.single = CERTAIN;
	if (rate->batch > 0)
		hazard.batch = strata_fixed_minus_log_one_minus(rate->batch << STRATA_HAZARD_SHIFT);
	return hazard;
}

/* Decide the rate of a cause: RATES says KNOWN of it, and the graph suggests EXPECTED. */
static void settle(struct strata_cause *cause, const struct strata_rates *rates,
	const struct strata_known_rate *known, struct strata_rate expected)
{
	struct strata_observation observation = known->observation;

	cause->source = STRATA_RATE_EXPECTED;
	cause->rate = expected;
	if (rates && rates->has_otherwise) {
		cause->source = STRATA_RATE_GIVEN;
		cause->rate = rates->otherwise;
	}
	if (observation.years == 0 && rates)
		observation = (struct strata_observation){0, rates->others_years};
	if (observation.years > 0) {
		cause->source = STRATA_RATE_OBSERVED;
		cause->rate.per_year = strata_rates_weigh(observation, cause->rate.per_year);
	}
	if (known->has_rate) {
		cause->source = STRATA_RATE_GIVEN;
		cause->rate = known->rate;
	}
}

static int find_rates(
	struct making *making, const struct strata_rates *rates, struct strata_error *error)
{
	struct strata_churn *churn = making->churn;
	strata_autofree struct strata_rate *expected =
		strata_allocate(churn->cause_count, sizeof(*expected));
	strata_autofree struct strata_known_rate *known =
		strata_allocate(churn->cause_count, sizeof(*known));
	int status;

	if (!expected || !known)
		return strata_fail_memory(error);
	status = strata_prior_rates(
		making->graph, making->cause_of, expected, churn->cause_count, error);
	if (status < 0)
		return status;
	if (rates)
		ask(making, rates, known);
	for (uint32_t c = 0; c < churn->cause_count; c++) {
		settle(&churn->causes[c], rates, &known[c], expected[c]);
		churn->causes[c].hazard = hazard_of_rate(&churn->causes[c].rate, churn->rebuilds);
	}
	return 0;
}

static bool propagates(const struct strata_item *item, enum strata_propagation propagation)
{
	if (propagation == STRATA_PROPAGATION_BY_CONTENT)
		return item->content == STRATA_CONTENT_STORE;
	return propagation == STRATA_PROPAGATION_CLOSURE;
}

static void add_cause(uint64_t *set, uint32_t cause)
{
	set[cause / WORD_BITS] |= UINT64_C(1) << (cause % WORD_BITS);
}

/* Fill the set of each component with the causes of all that it reaches. */
static void reach_causes(const struct making *making, const struct strata_components *components)
{
	size_t words = making->churn->words;

	for (uint32_t c = 0; c < components->count; c++) {
		uint64_t *set = making->churn->sets + c * words;

		for (uint32_t m = components->member_starts[c];
			m < components->member_starts[c + 1]; m++)
			add_cause(set, making->cause_of[components->members[m]]);
		for (uint32_t r = components->reference_starts[c];
			r < components->reference_starts[c + 1]; r++) {
			const uint64_t *below =
				making->churn->sets + components->references[r] * words;

			for (size_t w = 0; w < words; w++)
				set[w] |= below[w];
		}
	}
}

/* Classes by their sets: a table with open addressing. */
struct class_table {
	uint32_t *slots; /* class, or NO_CLASS */
	size_t capacity; /* a power of two */
};

static size_t hash_set(const uint64_t *set, size_t words)
{
	uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);

	for (size_t w = 0; w < words; w++) {
		hash = (hash ^ set[w]) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	return (size_t)hash;
}

/* The class of the items whose causes are SET; made where it is new. */
static uint32_t class_of_set(
	struct strata_churn *churn, struct class_table *table, const uint64_t *set)
{
	size_t slot = hash_set(set, churn->words);

	for (;; slot++) {
		uint32_t *found = &table->slots[slot & (table->capacity - 1)];

		if (*found == NO_CLASS) {
			churn->class_causes[churn->class_count] = set;
			*found = churn->class_count++;
		} else if (memcmp(churn->class_causes[*found], set, churn->words * sizeof(*set)) !=
			   0) {
			continue;
		}
		return *found;
	}
}

/* Give every item its class. SET_OF has the index of its set in churn->sets. */
static int find_classes(
	const struct making *making, const uint32_t *set_of, struct strata_error *error)
{
	struct strata_churn *churn = making->churn;
	uint32_t count = strata_graph_count(making->graph);
	strata_autofree uint32_t *slots = NULL;
	struct class_table table = {.capacity = 2};

	while (table.capacity < (size_t)count * 2)
		table.capacity *= 2;
	slots = strata_allocate(table.capacity, sizeof(*slots));
	churn->class_causes = strata_allocate(count, sizeof(*churn->class_causes));
	churn->class_hazards = strata_allocate(count, sizeof(*churn->class_hazards));
	if (!slots || !churn->class_causes || !churn->class_hazards)
		return strata_fail_memory(error);
	memset(slots, 0xff, table.capacity * sizeof(*slots));
	table.slots = slots;
	for (uint32_t i = 0; i < count; i++)
		churn->class_of[i] =
			class_of_set(churn, &table, churn->sets + set_of[i] * churn->words);
	for (uint32_t c = 0; c < churn->class_count; c++)
		churn->class_hazards[c] = strata_churn_set_hazard(churn, churn->class_causes[c]);
	return 0;
}

/* Find the causes of every item: first the sets of components, then a set for each single cause. */
static int find_sets(
	struct making *making, enum strata_propagation propagation, struct strata_error *error)
{
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	struct strata_churn *churn = making->churn;
	uint32_t count = strata_graph_count(making->graph), own;
	strata_autofree uint32_t *set_of = strata_allocate(count, sizeof(*set_of));
	bool any_own = false, any_closure = false;
	int status;

	if (!set_of)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++) {
		if (propagates(strata_graph_item(making->graph, i), propagation))
			any_closure = true;
		else
			any_own = true;
	}
	status = any_closure ? strata_components_find(making->graph, &components, error) : 0;
	if (status < 0)
		return status;
	own = components.count;
	churn->sets =
		strata_allocate(((size_t)own + (any_own ? churn->cause_count : 0)) * churn->words,
			sizeof(*churn->sets));
	if (!churn->sets)
		return strata_fail_memory(error);
	reach_causes(making, &components);
	for (uint32_t cause = 0; any_own && cause < churn->cause_count; cause++)
		add_cause(churn->sets + ((size_t)own + cause) * churn->words, cause);
	for (uint32_t i = 0; i < count; i++)
		set_of[i] = propagates(strata_graph_item(making->graph, i), propagation)
				    ? components.of_item[i]
				    : own + making->cause_of[i];
	churn->shared = any_closure;
	return find_classes(making, set_of, error);
}

static int fill(struct making *making, const struct strata_churn_options *options,
	struct strata_error *error)
{
	struct strata_churn *churn = making->churn;
	uint32_t count = strata_graph_count(making->graph);
	int status;

	strata_churn_set_storage_weight(churn, options->has_storage_weight
						       ? options->storage_weight
						       : STRATA_DEFAULT_STORAGE_WEIGHT);
	churn->rebuilds = options->rates ? options->rates->rebuilds : STRATA_DEFAULT_REBUILDS;
	churn->batch_days = options->rates ? options->rates->batch_days : 0;
	churn->class_of = strata_allocate(count, sizeof(*churn->class_of));
	if (!churn->class_of)
		return strata_fail_memory(error);
	status = find_causes(making, error);
	if (status == 0)
		status = find_rates(making, options->rates, error);
	churn->words = (churn->cause_count + WORD_BITS - 1) / WORD_BITS;
	return status < 0 ? status : find_sets(making, options->propagation, error);
}

int strata_churn_new(const struct strata_graph *graph, const struct strata_churn_options *options,
	struct strata_churn **churn, struct strata_error *error)
{
	static const struct strata_churn_options nothing_known = {.rates = NULL};
	strata_autochurn struct strata_churn *made = calloc(1, sizeof(*made));
	strata_autofree uint32_t *cause_of =
		strata_allocate(strata_graph_count(graph), sizeof(*cause_of));
	struct making making = {graph, made, cause_of};
	int status;

	if (!made || !cause_of)
		return strata_fail_memory(error);
	status = fill(&making, options ? options : &nothing_known, error);
	if (status < 0)
		return status;
	*churn = strata_take(made);
	return 0;
}

uint32_t strata_churn_cause_count(const struct strata_churn *churn)
{
	return churn->cause_count;
}

const char *strata_churn_cause_name(const struct strata_churn *churn, uint32_t cause)
{
	return churn->causes[cause].name;
}

struct strata_rate strata_churn_cause_rate(const struct strata_churn *churn, uint32_t cause)
{
	return churn->causes[cause].rate;
}

enum strata_rate_source strata_churn_cause_source(const struct strata_churn *churn, uint32_t cause)
{
	return churn->causes[cause].source;
}

uint32_t strata_churn_rebuilds(const struct strata_churn *churn)
{
	return churn->rebuilds;
}

uint32_t strata_churn_batch_days(const struct strata_churn *churn)
{
	return churn->batch_days;
}

uint32_t strata_churn_class_count(const struct strata_churn *churn)
{
	return churn->class_count;
}

uint32_t strata_churn_class(const struct strata_churn *churn, uint32_t item)
{
	return churn->class_of[item];
}

const uint64_t *strata_churn_class_causes(const struct strata_churn *churn, uint32_t class_index)
{
	return churn->class_causes[class_index];
}

size_t strata_churn_words(const struct strata_churn *churn)
{
	return churn->words;
}

bool strata_churn_is_shared(const struct strata_churn *churn)
{
	return churn->shared;
}

struct strata_hazard strata_churn_cause_hazard(const struct strata_churn *churn, uint32_t cause)
{
	return churn->causes[cause].hazard;
}

struct strata_hazard strata_churn_class_hazard(
	const struct strata_churn *churn, uint32_t class_index)
{
	return churn->class_hazards[class_index];
}

struct strata_hazard strata_churn_extra_hazard(
	const struct strata_churn *churn, const uint64_t *a, const uint64_t *b)
{
	struct strata_hazard sum = {0, 0};

	for (size_t w = 0; w < churn->words; w++) {
		for (uint64_t bits = b ? a[w] & ~b[w] : a[w]; bits != 0; bits &= bits - 1)
			sum = strata_hazard_add(
				sum, churn->causes[w * WORD_BITS + (unsigned)__builtin_ctzll(bits)]
					     .hazard);
	}
	return sum;
}

struct strata_hazard strata_churn_set_hazard(
	const struct strata_churn *churn, const uint64_t *causes)
{
	return strata_churn_extra_hazard(churn, causes, NULL);
}

uint64_t strata_churn_dirty(const struct strata_churn *churn, struct strata_hazard hazard)
{
	/* Fewer than 2^12 rebuilds, of 2^-32: still 2^44, and 2^32 in the fixed point. */
	uint64_t dirty = churn->rebuilds * strata_fixed_one_minus_exp(hazard.single);

	if (churn->batch_days > 0)
		dirty += churn->batch_days * strata_fixed_one_minus_exp(hazard.batch);
	return dirty >> STRATA_HAZARD_SHIFT;
}

void strata_churn_set_storage_weight(struct strata_churn *churn, uint32_t weight)
{
	churn->storage_share =
		weight * STRATA_FIXED_ONE / (STRATA_STORAGE_SHARE * STRATA_DEFAULT_STORAGE_WEIGHT);
}

uint64_t strata_churn_pulls(
	const struct strata_churn *churn, struct strata_hazard hazard, uint64_t dirty)
{
	uint64_t joint = STRATA_SELDOM * strata_hazard_joint(churn, hazard);
	uint64_t seldom = churn->rebuilds * strata_fixed_one_minus_exp(joint) / STRATA_SELDOM;

	return (dirty + 2 * (seldom >> STRATA_HAZARD_SHIFT)) / 3;
}
