/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image has beyond its items: links, directories, copies, and permissions for them.
 */
#ifndef CLI_OPTIONS_CUSTOMISATION_OPTIONS_H
#define CLI_OPTIONS_CUSTOMISATION_OPTIONS_H

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "cli/options/option_table.h"
#include "util/arena.h"

struct strata_customisation_options {
	struct strata_used used;
	struct strata_entry *entries; /* relative link targets until they are resolved */
	size_t count, capacity;
	struct strata_copy *copies;
	size_t copy_count, copy_capacity;
	struct strata_permission *permissions;
	size_t permission_count, permission_capacity;
	bool no_tmp;
	struct strata_arena arena; /* owns the strings of the entries */
};
extern const struct strata_option_group strata_customisation_group;

/* Complete the entries: /tmp, unless refused or given otherwise, and the order; and the copies:
 * what lies under ROOT (NULL: "/") is named by its path there, other places by their real paths. A
 * path given twice is wrong use. */
int strata_customisation_check(struct strata_customisation_options *options, const char *root,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The customisation as the library takes it; it borrows OPTIONS. */
struct strata_customisation strata_customisation_of(
	const struct strata_customisation_options *options);

/* Make relative targets of links absolute: they lie in the first of the items asked for (FIRST,
 * NULL where none was named), which must be a path in GRAPH or lead to its only root. Failures are
 * wrong use. */
int strata_customisation_resolve(struct strata_customisation_options *options,
	const struct strata_graph *graph, const char *first,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_customisation_release(struct strata_customisation_options *options);

#endif
