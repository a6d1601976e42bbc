/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image has beyond its items: links, directories, copies, and permissions for them.
 */
#ifndef CLI_OPTIONS_CUSTOMISATION_OPTIONS_H
#define CLI_OPTIONS_CUSTOMISATION_OPTIONS_H

#include <stratapack/build.h>

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

/* Name what is copied: what lies under ROOT (NULL: "/") by its path there, other places by their
 * real paths. Failures are wrong use. */
int strata_customisation_check(struct strata_customisation_options *options, const char *root,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Say in REQUEST what the options say; it borrows OPTIONS. */
void strata_customisation_apply(
	const struct strata_customisation_options *options, struct strata_request *request);

void strata_customisation_release(struct strata_customisation_options *options);

#endif
