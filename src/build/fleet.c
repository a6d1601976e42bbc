/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning a fleet: from its file to a plan for all of its images.
 */
#include "build/job.h"
#include "build/planning.h"
#include "build/sources.h"
#include "fleet/catalogue/catalogue.h"
#include "util/observer.h"

static int fill(void *data, struct strata_graph *graph, struct strata_error *error)
{
	return strata_fleet_fill(data, graph, error);
}

static int check_bounds(const struct strata_job *job, struct strata_error *error)
{
	const struct strata_fleet *fleet = job->fleet;

	for (size_t i = 0; i < fleet->image_count; i++) {
		int status = strata_job_check_count(job, fleet->images[i].max_layers, error);

		if (status < 0)
			return strata_context(error, status, "image '%s'", fleet->images[i].name);
	}
	return 0;
}

/* Read the graph that holds the items of all images. */
static int read_graph(struct strata_job *job, struct strata_error *error)
{
	struct strata_extra_source extra = {fill, job->fleet};
	const char *const *roots;
	size_t count;
	int status = strata_fleet_roots(job->fleet, &roots, &count, error);

	if (status == 0)
		status = strata_sources_read(
			&job->request, roots, count, &extra, &job->graph, error);
	if (status == 0)
		status = strata_fleet_resolve(job->fleet, job->graph, job->request.root, error);
	return status < 0 ? status : strata_check_cancelled(job->request.observer, error);
}

/* The weights that were asked for, or else those of the catalogue that is extended. */
static int choose_settings(
	struct strata_job *job, struct strata_fleet_options *settings, struct strata_error *error)
{
	const struct strata_request *request = &job->request;
	uint32_t bound = request->max_layers;

	settings->observer = request->observer;
	settings->storage_weight = STRATA_DEFAULT_STORAGE_WEIGHT;
	settings->request = STRATA_DEFAULT_REQUEST_BYTES;
	/* One layer is left for a customisation. */
	settings->max_layers = bound > 1 ? bound - 1 : bound;
	if (request->previous) {
		int status = strata_catalogue_load(request->previous, &job->previous, error);

		if (status < 0)
			return status;
		settings->previous = job->previous;
		settings->storage_weight = job->previous->storage_weight;
		settings->request = job->previous->request;
	}
	if (request->has_storage_weight)
		settings->storage_weight = request->storage_weight;
	return 0;
}

static int plan_fleet(struct strata_job *job, const char *path, struct strata_error *error)
{
	struct strata_fleet_options settings = {.observer = NULL};
	int status = strata_wrong_use(
		error, strata_job_check_count(job, job->request.max_layers, error));

	if (status == 0)
		status = strata_fleet_load(path, &job->fleet, error);
	if (status == 0)
		status = choose_settings(job, &settings, error);
	if (status == 0)
		status = check_bounds(job, error);
	if (status == 0)
		status = read_graph(job, error);
	if (status == 0)
		status = strata_planning_read_rates(job, job->graph, error);
	/* The storage weight is the fleet's, whose model is another. */
	job->changes.has_storage_weight = false;
	if (status == 0)
		status = strata_churn_new(job->graph, &job->changes, &job->fleet_churn, error);
	settings.churn = job->fleet_churn;
	if (status == 0)
		status = strata_fleet_plan(job->fleet, &settings, &job->fleet_plan, error);
	return status;
}

int strata_job_plan_fleet(const struct strata_request *request, const char *path,
	struct strata_job **job, struct strata_error *error)
{
	strata_autojob struct strata_job *made = strata_job_new(request, error);
	int status;

	if (!made)
		return error && error->status ? (int)error->status : STRATA_ERROR_MEMORY;
	status = plan_fleet(made, path, error);
	if (status == 0)
		*job = strata_take(made);
	return status;
}
