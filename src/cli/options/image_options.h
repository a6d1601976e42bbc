/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the image says of itself: its config, annotations and names; and where it goes.
 */
#ifndef CLI_OPTIONS_IMAGE_OPTIONS_H
#define CLI_OPTIONS_IMAGE_OPTIONS_H

#include <stratapack/image.h>

#include "cli/options/option_table.h"
#include "util/arena.h"

struct strata_pairs {
	struct strata_pair *items;
	size_t count, capacity;
};

struct strata_image_options {
	struct strata_used used;
	struct strata_image_config config; /* its lists: strata_image_options_complete() */
	bool has_created, has_entrypoint, has_cmd;
	struct strata_strings entrypoint, cmd, env, exposed_ports, volumes;
	struct strata_pairs labels, annotations, members;
	struct strata_arena arena; /* owns the strings that are not the command line's */
};
extern const struct strata_option_group strata_image_group;

/* Let the config point to the lists, and fill in what the environment says. Failures are wrong
 * use. */
int strata_image_options_complete(
	struct strata_image_options *options, struct strata_error *error) STRATA_MUST_CHECK;
void strata_image_options_release(struct strata_image_options *options);

struct strata_output_options {
	struct strata_used used;
	struct strata_destination *destinations;
	size_t count, capacity;
	struct strata_strings names;
	bool strict_v1;
};
extern const struct strata_option_group strata_output_group;

/* Give the names to all destinations and check that these can be written together. Failures are
 * wrong use. */
int strata_output_options_complete(
	struct strata_output_options *options, struct strata_error *error) STRATA_MUST_CHECK;

/* Whether an archive goes to standard output, where nothing else may then appear. */
bool strata_output_options_use_stdout(const struct strata_output_options *options);

void strata_output_options_release(struct strata_output_options *options);

#endif
