/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside pipelines: what flows through them, and what is done to parts of a graph.
 */
#ifndef PLAN_STRATEGIES_PIPELINE_PIPELINE_H
#define PLAN_STRATEGIES_PIPELINE_PIPELINE_H

#include <stratapack/pipeline.h>

#include "util/arena.h"
#include "util/json.h"
#include "util/memory.h"

enum strata_flow_kind {
	STRATA_FLOW_PART, /* items, with all references between them */
	STRATA_FLOW_LIST,
	STRATA_FLOW_NAMED, /* a list whose members have names */
};

/* What flows through a pipeline. The arrays belong to the arena of the run. */
struct strata_flow {
	enum strata_flow_kind kind;
	uint32_t *items; /* of a part: from small to large, then by id */
	uint32_t item_count;
	struct strata_flow *members; /* of the others */
	const char **names;          /* of named members */
	size_t member_count;
};

/* A set of items: those whose mark is the current one. */
struct strata_marks {
	uint32_t *of_item;
	uint32_t current;
};

/* What a run of a pipeline needs. */
struct strata_flow_run {
	const struct strata_graph *graph;
	struct strata_arena arena;
	uint32_t *referrers, *referrer_starts; /* of each item */
	struct strata_marks part, named, reached, below;
	uint32_t *stack;
};

#define strata_autoflowrun STRATA_CLEANUP(strata_flow_run_release)

#define strata_autopipeline STRATA_CLEANUP(strata_cleanup_pipeline)
void strata_cleanup_pipeline(struct strata_pipeline **pipeline);

/* Prepare RUN, zeroed before, for GRAPH, and make *WHOLE all of it. */
int strata_flow_run_start(struct strata_flow_run *run, const struct strata_graph *graph,
	struct strata_flow *whole, struct strata_error *error) STRATA_MUST_CHECK;
void strata_flow_run_release(struct strata_flow_run *run);

/* What nixpkgs calls so. PATHS is a string, {"children_of": ...}, or an array of these; strings are
 * ids of items, paths within items, or names. FLOW is a part and becomes what comes of it. */
int strata_flow_subcomponent(struct strata_flow_run *run, const struct strata_json *paths,
	bool upwards, struct strata_flow *flow, struct strata_error *error) STRATA_MUST_CHECK;
int strata_flow_split_paths(struct strata_flow_run *run, const struct strata_json *paths,
	struct strata_flow *flow, struct strata_error *error) STRATA_MUST_CHECK;
int strata_flow_remove_paths(struct strata_flow_run *run, const struct strata_json *paths,
	struct strata_flow *flow, struct strata_error *error) STRATA_MUST_CHECK;
int strata_flow_popularity(struct strata_flow_run *run, struct strata_flow *flow,
	struct strata_error *error) STRATA_MUST_CHECK;
int strata_flow_split_every(struct strata_flow_run *run, uint32_t size, struct strata_flow *flow,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Make FLOW, which may be nested, a list of its parts, without empty ones. */
int strata_flow_flatten(struct strata_flow_run *run, struct strata_flow *flow,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Keep COUNT - 1 members of the list FLOW, and make one part of all others. COUNT is at least 1. */
int strata_flow_limit(struct strata_flow_run *run, uint64_t count, struct strata_flow *flow,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
