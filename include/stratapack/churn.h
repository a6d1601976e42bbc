/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Churn: what makes items change, how often, and what a way of layering them therefore costs.
 *
 * An *update cause* (a source package, a derivation) fires now and then. When it does, every item
 * that depends on it changes, every layer with such an item is stored anew by a registry, and is
 * pulled anew by every machine that follows. On Debian an item changes with its own source
 * package. In Guix and Nix it changes with every cause in its closure, since what is above a
 * changed item gets a new name.
 *
 * An image is rebuilt so many times a year. A cause fires between two rebuilds as a Poisson event
 * (a security update), and on some days of the year many fire at once, each with a probability
 * of its own (a point release, a merged staging branch). A layer is *dirty* in a rebuild when any
 * of its causes fired. Expected over a year, with H rebuilds and B such batch days:
 *
 *	dirty(layer) = H (1 - exp(-sum of rates)) + B (1 - product of (1 - probabilities))
 *
 * docs/model.md derives the costs from it. All arithmetic is on integers and gives the same bits
 * on every machine.
 */
#ifndef STRATAPACK_CHURN_H
#define STRATAPACK_CHURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fixed point: events a year, probabilities, and expected dirty rebuilds count in 2^-20. */
#define STRATA_FIXED_ONE (UINT64_C(1) << 20)

enum {
	STRATA_DEFAULT_REBUILDS = 52,            /* weekly */
	STRATA_LARGEST_REBUILDS = 3652,          /* ten a day, batch days included */
	STRATA_LARGEST_RATE = 1 << 20,           /* events a year */
	STRATA_DEFAULT_STORAGE_WEIGHT = 1000,    /* thousandths */
	STRATA_LARGEST_STORAGE_WEIGHT = 1000000, /* thousandths */
};

struct strata_rate {
	uint64_t per_year; /* independent events, in 1 / STRATA_FIXED_ONE */
	uint64_t batch;    /* the probability to fire on a batch day, in 1 / STRATA_FIXED_ONE */
};

/*
 * What is known about rates, by the name of a cause, or by the name of an item (which says it of
 * the item's cause). There are two kinds of knowledge. A rate is taken as it is. An observation is
 * weighed against what the graph suggests, since no change within a short time proves little. What
 * is said later about a name replaces what was said before, of the same kind.
 */
struct strata_rates;

/* Nothing known. The caller owns it; NULL on error. */
STRATA_PUBLIC struct strata_rates *strata_rates_new(struct strata_error *error);
STRATA_PUBLIC void strata_rates_free(struct strata_rates *rates);

/* Say how often the cause, or the item, called NAME changes. */
STRATA_PUBLIC int strata_rates_set(struct strata_rates *rates, const char *name,
	struct strata_rate rate, struct strata_error *error);

/* Say that the cause, or the item, called NAME changed EVENTS times in a time of YEARS, which is in
 * 1 / STRATA_FIXED_ONE. */
STRATA_PUBLIC int strata_rates_observe(struct strata_rates *rates, const char *name,
	uint64_t events, uint64_t years, struct strata_error *error);

/* Say that everything without a rate or an observation was watched for YEARS, and did not change.
 */
STRATA_PUBLIC void strata_rates_observe_others(struct strata_rates *rates, uint64_t years);

/* Say how often everything without a rate changes, instead of what the graph suggests. */
STRATA_PUBLIC void strata_rates_set_default(struct strata_rates *rates, struct strata_rate rate);

/* Say how often a year images are rebuilt, and on how many days many causes fire at once. Together
 * at most STRATA_LARGEST_REBUILDS, and at least one rebuild: else STRATA_ERROR_INVALID. */
STRATA_PUBLIC int strata_rates_set_calendar(struct strata_rates *rates, uint32_t rebuilds,
	uint32_t batch_days, struct strata_error *error);

/* Read the rates file at PATH ("-": stdin), docs/rates.schema.json, into RATES. */
STRATA_PUBLIC int strata_rates_load(
	struct strata_rates *rates, const char *path, struct strata_error *error);

/* Observe the last year of Debian packages: the days on which their changelogs, in the system under
 * ROOT (NULL: "/"), have an entry. The year ends with the newest entry of all. */
STRATA_PUBLIC int strata_rates_read_changelogs(struct strata_rates *rates,
	const struct strata_graph *graph, const char *root, struct strata_error *error);

enum strata_propagation {
	STRATA_PROPAGATION_BY_CONTENT, /* own for files, closure for store content */
	STRATA_PROPAGATION_OWN,        /* an item changes with its own cause */
	STRATA_PROPAGATION_CLOSURE,    /* and with every cause in its closure */
};

struct strata_churn_options {
	enum strata_propagation propagation;
	const struct strata_rates *rates; /* NULL: nothing is known but the graph */
	/* As strata_churn_set_storage_weight() takes it. */
	bool has_storage_weight;
	uint32_t storage_weight;
};

/*
 * The causes of a graph, with rates, and the causes of each of its items. Immutable. Causes are
 * numbered in the order of their names (bytewise). Sets of causes are bit sets of
 * strata_churn_words() words: cause C is bit C % 64 of word C / 64.
 */
struct strata_churn;

/* The churn of a finished graph, which must outlive it. OPTIONS may be NULL. The caller owns it. */
STRATA_PUBLIC int strata_churn_new(const struct strata_graph *graph,
	const struct strata_churn_options *options, struct strata_churn **churn,
	struct strata_error *error);
STRATA_PUBLIC void strata_churn_free(struct strata_churn *churn);

STRATA_PUBLIC uint32_t strata_churn_cause_count(const struct strata_churn *churn);
STRATA_PUBLIC const char *strata_churn_cause_name(const struct strata_churn *churn, uint32_t cause);
STRATA_PUBLIC struct strata_rate strata_churn_cause_rate(
	const struct strata_churn *churn, uint32_t cause);
/* What a rate comes from. */
enum strata_rate_source {
	STRATA_RATE_EXPECTED, /* the graph: sizes, versions that count updates */
	STRATA_RATE_OBSERVED, /* changes that were counted */
	STRATA_RATE_GIVEN,    /* somebody said so */
	STRATA_RATE_SOURCES,
};
STRATA_PUBLIC enum strata_rate_source strata_churn_cause_source(
	const struct strata_churn *churn, uint32_t cause);

STRATA_PUBLIC uint32_t strata_churn_rebuilds(const struct strata_churn *churn);
STRATA_PUBLIC uint32_t strata_churn_batch_days(const struct strata_churn *churn);

/* Items with the same set of causes are one class; classes are numbered by their first item. Items
 * of one class always change together: to put them into one layer costs nothing. */
STRATA_PUBLIC uint32_t strata_churn_class_count(const struct strata_churn *churn);
STRATA_PUBLIC uint32_t strata_churn_class(const struct strata_churn *churn, uint32_t item);
STRATA_PUBLIC const uint64_t *strata_churn_class_causes(
	const struct strata_churn *churn, uint32_t class_index);
STRATA_PUBLIC size_t strata_churn_words(const struct strata_churn *churn);

/* Whether some cause is in more than one class. Where none is, hazards of classes add up. */
STRATA_PUBLIC bool strata_churn_is_shared(const struct strata_churn *churn);

/* The exponents of the formula above: sums over causes, so those of disjoint sets add up. In 2^-32;
 * sums are far from overflowing. */
struct strata_hazard {
	uint64_t single; /* of the rates, for one rebuild */
	uint64_t batch;  /* of -log(1 - probability) */
};

STRATA_PUBLIC struct strata_hazard strata_churn_cause_hazard(
	const struct strata_churn *churn, uint32_t cause);
STRATA_PUBLIC struct strata_hazard strata_churn_class_hazard(
	const struct strata_churn *churn, uint32_t class_index);
STRATA_PUBLIC struct strata_hazard strata_churn_set_hazard(
	const struct strata_churn *churn, const uint64_t *causes);

/* Expected dirty rebuilds in a year of a layer with this hazard, in 1 / STRATA_FIXED_ONE: below
 * 2^32. */
STRATA_PUBLIC uint64_t strata_churn_dirty(
	const struct strata_churn *churn, struct strata_hazard hazard);

/*
 * Costs of one image over a year, in bytes as the graph counts them (not compressed).
 */
struct strata_cost {
	uint64_t registry;      /* all distinct layers that a registry comes to hold */
	uint64_t pulled;        /* what a machine that follows pulls, reusing layers by digest */
	uint64_t pulled_prefix; /* the same where only an unbroken prefix is reused */
	uint64_t requests;      /* layers that it asks for, in 1 / STRATA_FIXED_ONE */
	uint64_t planned;       /* what the planner lowers, see below */
};

/*
 * The planner looks for the plan with the least sum of these costs:
 *
 * - The bytes that machines pull. One machine in three pulls after every rebuild. The other two
 * pull after every 13th rebuild only, when more has changed at once.
 * - 8,192 bytes for each of their requests, and for each layer.
 * - The bytes that a registry stores for this image alone, divided by 50 and
 * times the storage weight. These are the bytes in layers of several classes: a layer of one class
 * is the same in every image that has the class.
 */

/* Set the storage weight, in thousandths: how much the planner counts the bytes that a registry
 * stores, compared with its default. 0 counts pulls alone; STRATA_LARGEST_STORAGE_WEIGHT is the
 * most. */
STRATA_PUBLIC void strata_churn_set_storage_weight(struct strata_churn *churn, uint32_t weight);

/* Lower bounds: no way of layering costs less. */
struct strata_cost_bound {
	struct strata_cost ideal; /* every class of items alone, in the best order */
	uint64_t pulled;          /* with at most the given number of layers */
};

/* Find the COST of a plan that puts item I of the graph into layer LAYER_OF[I]. There are
 * LAYER_COUNT layers, numbered from the bottom. */
STRATA_PUBLIC int strata_cost_layers(const struct strata_graph *graph,
	const struct strata_churn *churn, const uint32_t *layer_of, uint32_t layer_count,
	struct strata_cost *cost, struct strata_error *error);

/* Find the lower BOUND of the costs of GRAPH in at most LAYER_COUNT layers (at least 1). */
STRATA_PUBLIC int strata_cost_bound(const struct strata_graph *graph,
	const struct strata_churn *churn, uint32_t layer_count, struct strata_cost_bound *bound,
	struct strata_error *error);

#ifdef __cplusplus
}
#endif

#endif
