/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the graph comes from: the options that name sources.
 */
#ifndef CLI_OPTIONS_SOURCE_OPTIONS_H
#define CLI_OPTIONS_SOURCE_OPTIONS_H

#include <stratapack/build.h>

#include "cli/options/option_table.h"

struct strata_root_options {
	struct strata_used used;
	const char *root; /* NULL: "/" */
};
extern const struct strata_option_group strata_root_group;

struct strata_source_options {
	struct strata_used used;
	struct strata_source_file *files;
	size_t file_count, file_capacity;
	bool store;
	const char *store_database; /* NULL: the one of the store that holds the items */
	bool dpkg, essential, all;
	enum strata_generated_choice generated;
	const char *generated_table; /* NULL: none */
	struct strata_strings include;
	enum strata_package_database database;
	struct strata_strings indices;   /* Packages indices */
	struct strata_strings referring; /* items whose references are roots */
};
extern const struct strata_option_group strata_source_group;

/* Add a file that READ can read. PATH must outlive OPTIONS. */
int strata_source_options_add_file(struct strata_source_options *options, const char *path,
	int (*read)(struct strata_graph *, const char *, struct strata_error *),
	struct strata_error *error) STRATA_MUST_CHECK;

/* Say in REQUEST what the options say. */
void strata_source_options_apply(
	const struct strata_source_options *options, struct strata_request *request);

void strata_source_options_release(struct strata_source_options *options);

#endif
