/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job: from a request to a plan, to recipes, to digests, or to images in their places.
 *
 * A request says everything that an image depends on. A job carries it out, up to a goal. All goals
 * are stages of the same work, so what an earlier goal describes is what a later one makes. The
 * program uses this interface only: the library gives the same bytes for the same request.
 *
 *	struct strata_request request = STRATA_REQUEST_INIT;
 *	struct strata_error error = STRATA_ERROR_INIT;
 *	struct strata_job *job = NULL;
 *	const char *items[] = {"python3"};
 *
 *	request.items = items;
 *	request.item_count = 1;
 *	request.outputs = &destination;
 *	request.output_count = 1;
 *	if (strata_job_run(&request, STRATA_GOAL_IMAGE, &job, &error) == 0)
 *		puts(strata_image_id(strata_job_image(job))->text);
 *	strata_job_free(job);
 */
#ifndef STRATAPACK_BUILD_H
#define STRATAPACK_BUILD_H

#include "base_image.h"
#include "cache.h"
#include "fleet.h"
#include "forecast.h"
#include "graph.h"
#include "image.h"
#include "layer.h"
#include "observer.h"
#include "plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A file with a graph, and the function that reads it: strata_graph_read_references(),
 * strata_graph_read_nix_json() or strata_graph_read_json(). */
struct strata_source_file {
	const char *path; /* "-": standard input */
	int (*read)(struct strata_graph *graph, const char *path, struct strata_error *error);
};

/*
 * What is asked for. Begin with STRATA_REQUEST_INIT; zero and NULL are the defaults. Everything is
 * borrowed and must outlive the job. Members are added at the end; struct_size tells the library
 * which of them its caller knows.
 */
struct strata_request {
	size_t struct_size;

	/* Items: store paths, packages, ids of a graph. Where no source is named, each is looked up
	 * where such items are: paths in the store that holds them, names in the package database
	 * under `root`. */
	const char *root; /* where the items' paths are; NULL: "/" */
	const char *const *items;
	size_t item_count;
	const struct strata_source_file *source_files;
	size_t source_file_count;
	bool uses_store;            /* look paths up in the database of a store */
	const char *store_database; /* NULL: that of the store which holds the items */
	bool uses_dpkg;             /* look names up in the package database of a Debian system */
	bool essential;             /* add the essential packages */
	bool whole_system;          /* take every package, and what no package owns */
	const char *const *packages_indices; /* files of a Debian archive: to plan, not to build */
	size_t packages_index_count;
	const char *const *references_of; /* items whose references are roots, but not they */
	size_t references_of_count;

	/* How items are divided into layers. With `plan`, nothing else here may be set. */
	const char
		*plan; /* file of a plan to follow ("-": standard input); without items, its own */
	const struct strata_strategy *strategy; /* NULL: the default */
	const char *pipeline;                   /* file of steps instead of a strategy */
	const char *catalogue;                  /* file of a fleet's catalogue instead of one */
	const char *below;    /* file of a plan whose layers are taken as they are, at the bottom */
	const char *previous; /* plan or image whose layers are kept where that pays */
	uint32_t max_layers;  /* 0: STRATA_DEFAULT_MAX_LAYERS */
	bool bound_above_base;  /* max_layers does not count the layers of the base */
	bool allow_many_layers; /* more than STRATA_LARGEST_MAX_LAYERS are no error */
	bool layers_in_order;   /* joined layers stay in it; those without items may be more than
				   planned */
	bool has_storage_weight;
	uint32_t storage_weight; /* thousandths; strata_churn_set_storage_weight() */

	/* How items change. */
	const char *rates;          /* file of rates */
	const char *const *history; /* plans and images of the past, the oldest first */
	size_t history_count;
	bool no_changelogs; /* do not look into the changelogs of Debian packages */
	enum strata_propagation propagation;

	/* What lies below, and what it is for. */
	const char *base; /* an image, as strata_base_open() takes it */
	enum strata_base_items base_items;
	struct strata_platform platform;

	/* What an image has besides its items. Entries in any order, their paths distinct; relative
	 * targets of links lie in the first of the items. */
	struct strata_customisation customisation;
	bool no_tmp; /* /tmp with mode 1777 is not added */

	/* How layers are written. */
	struct strata_metadata_rules rules;
	const struct strata_compression *compression; /* NULL: gzip at its usual level */
	unsigned threads;                             /* 0: one for each processor */
	struct strata_cache *cache;                   /* where layers may be already, and go */

	/* What the image says of itself. Base and platform are taken from above. NULL: nothing, and
	 * the time of its making is 1. */
	const struct strata_image_config *config;

	/* Where it goes. */
	const struct strata_destination *outputs;
	size_t output_count;

	const struct strata_observer *observer;

	/* Items may hide files of the base that are not theirs, and additions may replace
	 * directories. */
	bool force_overlap;

	/* Of the packages of a Debian system; see struct strata_dpkg_options. */
	enum strata_generated_choice generated;
	const char *generated_table;
	const char *const *include;
	size_t include_count;
	enum strata_package_database package_database;
};

#define STRATA_REQUEST_INIT                                  \
	{                                                    \
		.struct_size = sizeof(struct strata_request) \
	}

/* Where a job ends. */
enum strata_goal {
	STRATA_GOAL_PLAN,     /* the graph and a plan for it; the plan of a base is not checked */
	STRATA_GOAL_RECIPES,  /* and the recipes of its layers, with fingerprints */
	STRATA_GOAL_DESCRIBE, /* and every digest and size, without writing anything */
	STRATA_GOAL_IMAGE,    /* and the image in all outputs */
};

struct strata_job;

/* Do what REQUEST asks, up to GOAL. *JOB, with the results, is the caller's; on failure there is
 * none, and no output. STRATA_ERROR_INVALID where the request contradicts itself or cannot be met.
 * error->wrong_use is set where the request is wrong whatever it is applied to. */
STRATA_PUBLIC int strata_job_run(const struct strata_request *request, enum strata_goal goal,
	struct strata_job **job, struct strata_error *error);

/* Join layers that were made one by one (strata_layer_save()) in COUNT directories into the image
 * of request->plan. The bytes are those of strata_job_run() with the same request. The request's
 * sources and planning options are ignored. GOAL is STRATA_GOAL_DESCRIBE or STRATA_GOAL_IMAGE. */
STRATA_PUBLIC int strata_job_join(const struct strata_request *request,
	const char *const *directories, size_t count, enum strata_goal goal,
	struct strata_job **job, struct strata_error *error);

/* Plan all images that the fleet file at PATH names, with the sources and the planning of REQUEST;
 * its `previous` is a catalogue. */
STRATA_PUBLIC int strata_job_plan_fleet(const struct strata_request *request, const char *path,
	struct strata_job **job, struct strata_error *error);

/* NULL is fine. */
STRATA_PUBLIC void strata_job_free(struct strata_job *job);

/* The results, which belong to the job. They are NULL, or a count of 0, where the job's goal comes
 * before them. */
STRATA_PUBLIC const struct strata_graph *strata_job_graph(const struct strata_job *job);
STRATA_PUBLIC const struct strata_plan *strata_job_plan(const struct strata_job *job);
STRATA_PUBLIC const struct strata_fleet_plan *strata_job_fleet_plan(const struct strata_job *job);
STRATA_PUBLIC struct strata_recipe *const *strata_job_recipes(
	const struct strata_job *job, size_t *count);
/* The layers of the base image come first. */
STRATA_PUBLIC const struct strata_layer *strata_job_layers(
	const struct strata_job *job, size_t *count);
STRATA_PUBLIC const struct strata_image *strata_job_image(const struct strata_job *job);

/* Forecast a year of the job's plan. *CHURN and FORECAST are the caller's: strata_churn_free(),
 * strata_forecast_release(). *CHURN covers the items that the base does not hold. The job must
 * outlive it. */
STRATA_PUBLIC int strata_job_forecast(struct strata_job *job, struct strata_churn **churn,
	struct strata_forecast *forecast, struct strata_error *error);

/* The image as JSON (docs/image.schema.json): its digests, its layers and where they went. A
 * malloced string; NULL where memory is out. */
STRATA_PUBLIC char *strata_job_json(const struct strata_job *job);

enum strata_sbom_format {
	STRATA_SBOM_SPDX_JSON,      /* SPDX 2.3 */
	STRATA_SBOM_CYCLONEDX_JSON, /* CycloneDX 1.6 */
};

/* The bill of materials of the image that JOB has made or described: its items and what they need,
 * and the layers that hold them. Its time is that of the image, and its identifiers are made of
 * digests. *TEXT is malloced. STRATA_ERROR_INVALID where JOB has no graph, or no image. */
STRATA_PUBLIC int strata_job_sbom(const struct strata_job *job, enum strata_sbom_format format,
	char **text, struct strata_error *error);

/* STRATA_ERROR_INVALID where an image would have more LAYERS than every client takes
 * (STRATA_LARGEST_MAX_LAYERS). */
STRATA_PUBLIC int strata_layer_count_check(size_t layers, struct strata_error *error);

#ifdef __cplusplus
}
#endif

#endif
