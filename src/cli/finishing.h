/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From layers to images in their places, and the report about them: what build and image share.
 */
#ifndef CLI_FINISHING_H
#define CLI_FINISHING_H

#include <stratapack/plan.h>

#include "cli/options/base_options.h"
#include "cli/options/image_options.h"
#include "cli/options/option_table.h"

struct strata_report_options {
	struct strata_used used;
	bool json, table, describe;
};
extern const struct strata_option_group strata_report_group;

struct strata_finishing {
	struct strata_base_options base;
	struct strata_platform_options platform;
	struct strata_image_options image;
	struct strata_output_options output;
	struct strata_report_options report;
	struct strata_sink **sinks; /* one for each output, once they are open */
	struct strata_blob_file
		*files; /* of the outputs that blobs are written to as they are made */
	char *versions; /* the text of the label with the versions of the items, or NULL */
	struct strata_pair *labels; /* with that label */
};

#define STRATA_FINISHING_GROUPS(type, member)                              \
	{&strata_base_group, offsetof(type, member.base)},                 \
		{&strata_output_group, offsetof(type, member.output)},     \
		{&strata_image_group, offsetof(type, member.image)},       \
		{&strata_platform_group, offsetof(type, member.platform)}, \
	{                                                                  \
		&strata_report_group, offsetof(type, member.report)        \
	}

/* Check the options. Failures are wrong use. */
int strata_finishing_prepare(
	struct strata_finishing *finishing, struct strata_error *error) STRATA_MUST_CHECK;

/* The directory where the first output that is a file grows: its blobs are best gathered on the
 * same file system. Malloced; NULL where memory is out. */
char *strata_finishing_staging_parent(const struct strata_output_options *output);

/* Open the base, where there is one, for the image to inherit from. */
int strata_finishing_open_base(
	struct strata_finishing *finishing, struct strata_error *error) STRATA_MUST_CHECK;

/* Gather the layers of the base in the directory STAGING, where they are written at all, into
 * LAYERS, and give them to the outputs, which must be open. */
int strata_finishing_add_base(struct strata_finishing *finishing, const char *staging,
	const struct strata_build_options *options, struct strata_layer *layers,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Let the image tell the versions of the items of PLAN, for --previous and diff. */
int strata_finishing_tell_versions(struct strata_finishing *finishing,
	const struct strata_plan *plan, struct strata_error *error) STRATA_MUST_CHECK;

/* Open all outputs. Layers can then be given to them, bottom first. */
int strata_finishing_open(
	struct strata_finishing *finishing, struct strata_error *error) STRATA_MUST_CHECK;

/* Whether there is an output that blobs can be written to as they are made. */
bool strata_finishing_takes_places(const struct strata_finishing *finishing);

/* What strata_build_options calls; FINISHING_DATA is the finishing. */
int strata_finishing_place(void *finishing_data, const struct strata_layer *layers, size_t count,
	struct strata_placement *placement, struct strata_error *error) STRATA_MUST_CHECK;
int strata_finishing_add_layer(void *finishing_data, const struct strata_layer *layer,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Join LAYERS, which all outputs have by now, into an image and complete the outputs. GRAPH (may be
 * NULL) knows the items' short names. *RESULT, an empty buffer, receives what belongs on standard
 * output, *SUMMARY what a person at a terminal may want to see. */
int strata_finishing_run(const struct strata_finishing *finishing,
	const struct strata_layer *layers, size_t count, const struct strata_graph *graph,
	struct strata_buffer *result, struct strata_buffer *summary,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Write the image to LAYOUT, an OCI layout, too, under the names of the first output; one without a
 * name is not kept. */
int strata_finishing_keep(const struct strata_finishing *finishing,
	const struct strata_layer *layers, size_t count, const char *layout,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Show what strata_finishing_run() made: RESULT on standard output, SUMMARY on stderr where that is
 * a terminal and QUIET does not forbid it. */
int strata_finishing_show(const struct strata_buffer *result, const struct strata_buffer *summary,
	bool quiet, struct strata_error *error) STRATA_MUST_CHECK;

void strata_finishing_release(struct strata_finishing *finishing);

#endif
