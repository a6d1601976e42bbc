/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How layers are written: metadata rules, compression, threads.
 */
#ifndef CLI_OPTIONS_LAYER_OPTIONS_H
#define CLI_OPTIONS_LAYER_OPTIONS_H

#include <stratapack/build.h>

#include "cli/options/option_table.h"

struct strata_layer_options {
	struct strata_used used;
	struct strata_metadata_rules rules;
	bool has_mtime;
	struct strata_compression compression;
	bool has_compression;
	struct strata_strings exclude; /* what rules.exclude is of */
};
extern const struct strata_option_group strata_layer_group;

struct strata_thread_options {
	struct strata_used used;
	unsigned threads; /* 0: one for each processor */
};
extern const struct strata_option_group strata_thread_group;

void strata_layer_options_release(struct strata_layer_options *options);

/* Fill in what no option said, from the environment and the defaults. Failures are wrong use. */
int strata_layer_options_complete(
	struct strata_layer_options *options, struct strata_error *error) STRATA_MUST_CHECK;

/* Say in REQUEST what the options say; it borrows OPTIONS. */
void strata_layer_options_apply(
	const struct strata_layer_options *options, struct strata_request *request);

#endif
