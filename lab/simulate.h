/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator: what a way of layering costs a registry and the machines that follow it.
 *
 * A *series* is a fleet of images over time. Each of its *revisions* is one rebuild of all images.
 * Items have contents, and an item's content may differ from revision to revision; a layer is new
 * where any of its items is. A series is made from several observed states (graphs, or indices of
 * an archive), or from one state and the *updates* that follow it.
 *
 * A *contender* plans every revision. The simulator counts the bytes of all distinct layers that
 * the registry comes to hold, and the bytes that a machine with an earlier revision of its image
 * pulls, with both rules of reuse. It compares these with the ideal, in which every content of an
 * item is stored once and pulled once, in any number of layers.
 *
 * Sizes are those of the graphs; that of a layer is the sum of its items'.
 */
#ifndef LAB_SIMULATE_H
#define LAB_SIMULATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stratapack/churn.h>
#include <stratapack/error.h>
#include <stratapack/fleet.h>
#include <stratapack/observer.h>
#include <stratapack/plan.h>

enum {
	STRATA_LARGEST_SERIES = 10000, /* revisions */
};

struct strata_series;

/* An empty series. Where PROPAGATE is set, a change of an item also changes everything that refers
 * to it, directly or not, as in Guix and Nix. The caller owns it; NULL on error. */
struct strata_series *strata_series_new(bool propagate, struct strata_error *error);
void strata_series_free(struct strata_series *series);

/* Add a revision: a state of the fleet, whose images are resolved, and which must outlive the
 * series, as its graph must. The same image has the same name in all states. An item's content is
 * what its identity says, or where that is unknown, its version. */
int strata_series_add(
	struct strata_series *series, const struct strata_fleet *fleet, struct strata_error *error);

/* When causes fire. */
struct strata_updates;

/* Read updates from the file at PATH ("-": stdin), docs/updates.schema.json. *UPDATES is the
 * caller's. */
int strata_updates_load(
	const char *path, struct strata_updates **updates, struct strata_error *error);
void strata_updates_free(struct strata_updates *updates);

/* Continue the series with the revisions that UPDATES make of the last state. Random choices depend
 * on SEED and on the name of the cause only. Each further call adds another *run*: another way in
 * which the same series could continue. No state may be added afterwards. */
int strata_series_update(struct strata_series *series, const struct strata_updates *updates,
	uint64_t seed, struct strata_error *error);

/* How many runs there are: one where nothing was updated. */
uint32_t strata_series_run_count(const struct strata_series *series);

/* The revisions of each run, the states included. */
uint32_t strata_series_revision_count(const struct strata_series *series);

/* Who plans. */
struct strata_contender {
	const char *name;
	const struct strata_strategy *strategy; /* each image alone; NULL: see below */
	bool fleet; /* all images together; with neither of both: every item alone */
	/* See struct strata_fleet_options, and strata_churn_set_storage_weight() for one image. */
	uint32_t storage_weight;
	bool sticky;                      /* each state's plan extends that of the state before */
	const struct strata_rates *rates; /* NULL: nothing is known but the graph */
	uint32_t max_layers;              /* with items, of each image */
};

/* Machines that pull a revision while they have the one so many revisions before. Sums over all
 * images, times their weights, and over all such pairs of revisions. */
struct strata_pull {
	uint32_t behind;   /* revisions; given by the caller */
	uint64_t pairs;    /* of revisions of an image, times weights */
	uint64_t digest;   /* bytes, where a layer is reused wherever it is */
	uint64_t prefix;   /* bytes, where only the layers below the lowest new one are reused */
	uint64_t requests; /* layers asked for, with reuse by digest */
};

struct strata_outcome {
	uint64_t registry;   /* bytes of all distinct layers */
	uint64_t first;      /* of those in the first revision */
	uint64_t layer_sum;  /* layers of all images in all revisions ... */
	uint64_t image_sum;  /* ... of so many images */
	uint64_t plan_count; /* how many times the fleet was planned ... */
	uint64_t plan_time;  /* ... and the microseconds that it took, of one processor */
	struct strata_pull *pulls;
	size_t pull_count;
};

/* Let CONTENDER plan SERIES. There is one outcome for each run; their pulls are the caller's, who
 * has set `behind` in them. */
int strata_simulate(struct strata_series *series, const struct strata_contender *contender,
	struct strata_outcome *outcomes, struct strata_error *error);

/* The least and the largest of some runs, in thousandths of the ideal. */
struct strata_range {
	uint64_t least, most;
};

struct strata_result {
	const char *name;
	uint32_t max_layers;
	struct strata_outcome sum; /* of all runs; the plans are the same in all */
	struct strata_range registry;
	struct strata_range *digest, *prefix; /* one for each pull */
};

/* Several contenders with several bounds over one series. */
struct strata_contest {
	uint32_t run_count, revision_count, image_count;
	struct strata_outcome ideal; /* the sum of all runs */
	struct strata_result *results;
	size_t result_count;
	struct strata_arena *arena; /* owns everything above */
};

struct strata_contest_options {
	const struct strata_contender *contenders; /* their bounds are not looked at */
	size_t contender_count;
	const uint32_t *max_layers;
	size_t max_layers_count;
	const uint32_t *behind; /* which pulls are counted: machines so many revisions behind */
	size_t behind_count;
	const struct strata_observer *observer;
};

/* Simulate SERIES with every contender and every bound. *CONTEST is the caller's. */
int strata_contest_run(struct strata_series *series, const struct strata_contest_options *options,
	struct strata_contest **contest, struct strata_error *error);
void strata_contest_free(struct strata_contest *contest);

/* VALUE in thousandths of IDEAL, rounded; 1000 where both are 0. */
uint64_t strata_contest_multiple(uint64_t value, uint64_t ideal);

/* Write the results to PATH ("-": stdout), whole or not at all: as JSON,
 * docs/simulation.schema.json, or as a picture, SVG. */
int strata_contest_save(
	const struct strata_contest *contest, const char *path, struct strata_error *error);
int strata_contest_save_plot(
	const struct strata_contest *contest, const char *path, struct strata_error *error);

#endif
