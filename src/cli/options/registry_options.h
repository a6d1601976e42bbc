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
};
extern const struct strata_option_group strata_registry_group;

/* Open the registry client of the process by CHOICES, which it takes over, and let names like
 * docker://... be read and written with it. Notes go to stderr unless QUIET. It is *REGISTRY. */
int strata_registry_choices_open(struct strata_registry_choices *choices, bool quiet,
	struct strata_registry **registry, struct strata_error *error) STRATA_MUST_CHECK;

/* The same, but only where one of COUNT TEXTS speaks of an image in a registry. */
int strata_registry_choices_open_for(struct strata_registry_choices *choices, char *const *texts,
	size_t count, bool quiet, struct strata_error *error) STRATA_MUST_CHECK;

/* What was opened; NULL: nothing. */
struct strata_registry *strata_registry_choices_opened(void);

/* Close what was opened, if anything was. */
void strata_registry_choices_shut(void);

#endif
