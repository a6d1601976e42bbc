/* SPDX-License-Identifier: Apache-2.0 */
#include "build/planning.h"

#include <stratapack/fleet.h>
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "build/additions.h"
#include "build/sources.h"
#include "fleet/catalogue/catalogue.h"
#include "model/causes.h"
#include "model/rates.h"
#include "plan/layers_below.h"
#include "plan/strategies/pipeline/pipeline.h"
#include "util/error.h"
#include "util/memory.h"
#include "util/observer.h"

int strata_planning_read_rates(
	struct strata_job *job, const struct strata_graph *graph, struct strata_error *error)
{
	const struct strata_request *request = &job->request;
	int status = 0;

	job->rates = strata_rates_new(error);
	if (!job->rates)
		return STRATA_ERROR_MEMORY;
	if (!request->no_changelogs)
		status = strata_rates_read_changelogs(job->rates, graph, request->root, error);
	if (status == 0 && request->rates)
		status = strata_rates_load(job->rates, request->rates, error);
	if (status == 0 && request->history_count > 0)
		status = strata_rates_read_history(
			job->rates, request->history, request->history_count, error);
	job->changes.rates = job->rates;
	return status;
}

/* What planning borrows from files. */
struct inputs {
	struct strata_pipeline *pipeline;
	struct strata_catalogue *catalogue;
	struct strata_plan *below, *previous, *held;
	struct strata_strategy strategy;
};

#define autoinputs STRATA_CLEANUP(release_inputs)

static void release_inputs(struct inputs *inputs)
{
	strata_pipeline_free(inputs->pipeline);
	strata_catalogue_free(inputs->catalogue);
	strata_plan_free(inputs->below);
	strata_plan_free(inputs->previous);
	strata_plan_free(inputs->held);
}

/* A catalogue is the previous plan of a fleet. */
static const char *catalogue_of(const struct strata_request *request)
{
	if (request->catalogue)
		return request->catalogue;
	return request->previous && strata_catalogue_recognise(request->previous)
		       ? request->previous
		       : NULL;
}

static int choose_strategy(const struct strata_request *request, struct inputs *inputs,
	struct strata_plan_options *options, struct strata_error *error)
{
	const char *catalogue = catalogue_of(request);
	int status = 0;

	if (request->pipeline) {
		status = strata_pipeline_load(request->pipeline, &inputs->pipeline, error);
		inputs->strategy = strata_pipeline_strategy(inputs->pipeline);
	} else if (catalogue) {
		status = strata_catalogue_load(catalogue, &inputs->catalogue, error);
		inputs->strategy = strata_catalogue_strategy(inputs->catalogue);
	} else {
		inputs->strategy =
			*(request->strategy ? request->strategy : strata_strategies()[0]);
	}
	options->strategy = &inputs->strategy;
	return status;
}

static int read_inputs(struct strata_job *job, struct inputs *inputs,
	struct strata_plan_options *options, struct strata_error *error)
{
	const struct strata_request *request = &job->request;
	int status = choose_strategy(request, inputs, options, error);

	if (status == 0 && request->below)
		status = strata_plan_load(request->below, &inputs->below, error);
	if (status == 0 && request->previous && request->previous != catalogue_of(request))
		status = strata_image_plan(request->previous, &inputs->previous, error);
	if (status == 0)
		status = strata_base_held(
			job->base, job->graph, request->base_items, &inputs->held, error);
	options->below = inputs->below;
	options->previous = inputs->previous;
	options->base_items = inputs->held;
	return status;
}

static int make_plan(struct strata_job *job, struct strata_error *error)
{
	const struct strata_request *request = &job->request;
	autoinputs struct inputs inputs = {.pipeline = NULL};
	struct strata_plan_options options = {
		.max_layers = request->max_layers,
		.base_layers = (uint32_t)strata_base_layer_count(job->base),
		.customisation = job->customisation,
		.base_files = job->base_files,
		.root = request->root,
		.force_overlap = request->force_overlap,
		.changes = &job->changes,
	};
	int status = read_inputs(job, &inputs, &options, error);

	if (status == 0 && request->bound_above_base) {
		options.max_layers += options.base_layers;
		status = strata_job_check_count(job, options.max_layers, error);
	}
	if (status == 0 && (inputs.strategy.uses_churn || inputs.previous))
		status = strata_planning_read_rates(job, job->graph, error);
	if (status == 0)
		status = strata_plan_make(job->graph, &options, &job->plan, error);
	return status;
}

static int check_plan(const struct strata_job *job, struct strata_error *error)
{
	int status = strata_plan_check(job->plan, job->graph, error);

	if (status < 0)
		return strata_context(error, status, "the plan '%s'", job->request.plan);
	return strata_job_check_count(
		job, job->plan->base_layers + strata_plan_image_layers(job->plan), error);
}

/* The plan, where one is given, names the items where the request does not. */
static int read_graph(struct strata_job *job, struct strata_error *error)
{
	const struct strata_request *request = &job->request;
	int status = 0;

	if (request->plan)
		status = strata_plan_load(request->plan, &job->plan, error);
	if (status < 0)
		return status;
	if (job->plan && request->item_count == 0)
		return strata_sources_read_planned(request, job->plan, &job->graph, error);
	return strata_sources_read(
		request, request->items, request->item_count, NULL, &job->graph, error);
}

/* Tell which files of the base are hidden: the first by name, --json and --table tell all. */
static void tell_hidden(const struct strata_hidden *hidden, const struct strata_observer *observer)
{
	if (hidden->count == 1)
		strata_note(observer, "'%s' of the base image is hidden by %s",
			hidden->files[0].path, hidden->files[0].by);
	else if (hidden->count > 1)
		strata_note(observer,
			"'%s' of the base image is hidden by %s, and %zu more like it: --json lists them",
			hidden->files[0].path, hidden->files[0].by, hidden->count - 1);
}

static int check_overlap(struct strata_job *job, struct strata_error *error)
{
	int status = strata_base_check_overlap(job->base, job->base_files, job->graph,
		job->request.root, job->request.force_overlap, job->plan, error);

	if (status == 0)
		tell_hidden(&job->plan->hidden, job->request.observer);
	return status;
}

int strata_planning_run(struct strata_job *job, struct strata_error *error)
{
	int status = read_graph(job, error);

	if (status == 0)
		status = strata_check_cancelled(job->request.observer, error);
	if (status < 0)
		return status;
	status = strata_base_list_files(job->base, job->request.cache, &job->base_files, error);
	if (status < 0)
		return status;
	if (job->plan) {
		status = check_plan(job, error);
	} else {
		status = strata_additions_resolve(job, error);
		if (status == 0)
			status = make_plan(job, error);
	}
	return status < 0 ? status : check_overlap(job, error);
}

int strata_job_forecast(struct strata_job *job, struct strata_churn **churn,
	struct strata_forecast *forecast, struct strata_error *error)
{
	strata_autochurn struct strata_churn *made = NULL;
	const struct strata_graph *graph = job->graph;
	int status = 0;

	/* What is left to the base costs the image nothing. */
	if (job->plan->base_items.item_count > 0 && !job->rest)
		status = strata_plan_rest_above_base(job->plan, graph, &job->rest, error);
	if (job->rest)
		graph = job->rest;
	if (status == 0 && !job->rates)
		status = strata_planning_read_rates(job, graph, error);
	if (status == 0)
		status = strata_churn_new(graph, &job->changes, &made, error);
	if (status == 0)
		status = strata_plan_forecast(job->plan, graph, made, forecast, error);
	if (status == 0)
		*churn = strata_take(made);
	return status;
}
