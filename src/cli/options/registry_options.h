/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How registries are spoken with.
 */
#ifndef CLI_OPTIONS_REGISTRY_OPTIONS_H
#define CLI_OPTIONS_REGISTRY_OPTIONS_H

#include <stratapack/registry.h>

#include "cli/options/option_table.h"
#include "cli/text/progress.h"

struct strata_registry_choices {
	struct strata_used used;
	struct strata_registry_options options;
	struct strata_strings plain_hosts;
	struct strata_progress_line progress;
	struct strata_registry *registry; /* NULL until it is opened */
};
extern const struct strata_option_group strata_registry_group;

/* Open the registry client, and let names like docker://... be read with it. Notes go to stderr
 * unless QUIET. */
int strata_registry_choices_open(struct strata_registry_choices *choices, bool quiet,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The same, but only where one of COUNT TEXTS names an image in a registry. */
int strata_registry_choices_open_for(struct strata_registry_choices *choices, char *const *texts,
	size_t count, bool quiet, struct strata_error *error) STRATA_MUST_CHECK;

void strata_registry_choices_release(struct strata_registry_choices *choices);

#endif
