/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the command line to the part of a request that is about the image and its outputs, and the
 * report about them: what build and image share.
 */
#ifndef CLI_OPTIONS_RESULT_OPTIONS_H
#define CLI_OPTIONS_RESULT_OPTIONS_H

#include <stratapack/build.h>

#include "cli/options/base_options.h"
#include "cli/options/image_options.h"
#include "cli/options/option_table.h"

struct strata_report_options {
	struct strata_used used;
	bool json, table, describe;
};
extern const struct strata_option_group strata_report_group;

struct strata_result_options {
	struct strata_base_options base;
	struct strata_platform_options platform;
	struct strata_image_options image;
	struct strata_output_options output;
	struct strata_report_options report;
};

#define STRATA_RESULT_GROUPS(type, member)                                 \
	{&strata_base_group, offsetof(type, member.base)},                 \
		{&strata_output_group, offsetof(type, member.output)},     \
		{&strata_image_group, offsetof(type, member.image)},       \
		{&strata_platform_group, offsetof(type, member.platform)}, \
	{                                                                  \
		&strata_report_group, offsetof(type, member.report)        \
	}

/* Check that the options go together, and fill in what the environment says. Failures are wrong
 * use. */
int strata_result_options_complete(
	struct strata_result_options *options, struct strata_error *error) STRATA_MUST_CHECK;

/* Say in REQUEST what the options say. REQUEST borrows all of it. */
void strata_result_options_apply(
	const struct strata_result_options *options, struct strata_request *request);

/* The goal that the options ask for. */
enum strata_goal strata_result_options_goal(const struct strata_result_options *options);

void strata_result_options_release(struct strata_result_options *options);

#endif
