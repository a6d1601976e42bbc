/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the graph comes from: the options that name sources, and the default source for items
 * without one.
 */
#ifndef CLI_OPTIONS_SOURCE_OPTIONS_H
#define CLI_OPTIONS_SOURCE_OPTIONS_H

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "cli/options/option_table.h"

struct strata_root_options {
	struct strata_used used;
	const char *root; /* NULL: "/" */
};
extern const struct strata_option_group strata_root_group;

/* A file with a graph, and the function that reads it. */
struct strata_source_file {
	const char *path;
	int (*read)(struct strata_graph *graph, const char *path, struct strata_error *error);
};

struct strata_source_options {
	struct strata_used used;
	struct strata_source_file *files;
	size_t file_count, file_capacity;
	bool store;
	const char *store_database; /* NULL: the one of the store that holds the items */
	bool dpkg, essential, all;
	struct strata_strings indices;   /* Packages indices */
	struct strata_strings referring; /* items whose references are roots */

	/* A source that no option names: adds its records to GRAPH before that is finished. NULL:
	 * none. */
	int (*extra)(void *data, struct strata_graph *graph, struct strata_error *error);
	void *extra_data;

	/* The items asked for, by the source that they go to: strata_source_options_choose(). */
	struct strata_strings store_items, packages, index_packages, roots;
};
extern const struct strata_option_group strata_source_group;

/* Add a file that READ can read. PATH must outlive OPTIONS. */
int strata_source_options_add_file(struct strata_source_options *options, const char *path,
	int (*read)(struct strata_graph *, const char *, struct strata_error *),
	struct strata_error *error) STRATA_MUST_CHECK;

/* Find the source of each of COUNT items, which must outlive OPTIONS. Failures are wrong use. */
int strata_source_options_choose(struct strata_source_options *options, const char *root,
	const char *const *items, size_t count, struct strata_error *error) STRATA_MUST_CHECK;

/* The same for the items of a plan, where no items were named. */
int strata_source_options_choose_planned(struct strata_source_options *options, const char *root,
	const struct strata_plan *plan, struct strata_error *error) STRATA_MUST_CHECK;

/* Read all sources. *GRAPH is finished, and the caller's. */
int strata_source_options_read(const struct strata_source_options *options, const char *root,
	const struct strata_observer *observer, struct strata_graph **graph,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_source_options_release(struct strata_source_options *options);

#endif
