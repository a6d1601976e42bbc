/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job from the inside: the request, made complete, and what has come of it so far.
 */
#ifndef BUILD_JOB_H
#define BUILD_JOB_H

#include <stratapack/build.h>

#include "layer/record/layer_set.h"
#include "util/arena.h"

struct strata_job {
	struct strata_request request; /* with every default filled in */
	struct strata_customisation customisation;
	struct strata_image_config config;
	struct strata_compression compression;
	struct strata_churn_options changes; /* its rates are `rates` */
	struct strata_arena arena;           /* of the customisation */

	struct strata_base *base;
	struct strata_listing *base_files; /* where there is a base */
	struct strata_graph *graph;
	struct strata_rates *rates;
	struct strata_plan *plan;
	struct strata_graph *rest; /* what the base does not hold, where that is asked for */
	struct strata_recipe **recipes;
	size_t recipe_count;
	struct strata_layer_set layers;
	struct strata_image *image;

	struct strata_fleet *fleet;
	struct strata_catalogue *previous;
	struct strata_churn *fleet_churn;
	struct strata_fleet_plan *fleet_plan;
};

#define strata_autojob STRATA_CLEANUP(strata_cleanup_job)
void strata_cleanup_job(struct strata_job **job);

/* A job for REQUEST, with its defaults filled in; NULL on error. */
struct strata_job *strata_job_new(const struct strata_request *request, struct strata_error *error);

/* Open the base where there is one. */
int strata_job_open_base(struct strata_job *job, struct strata_error *error) STRATA_MUST_CHECK;

/* Fail where an image of LAYERS is more than the request allows. */
int strata_job_check_count(
	const struct strata_job *job, size_t layers, struct strata_error *error) STRATA_MUST_CHECK;

#endif
