/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image below: --base, and the platform that the image and its base are for.
 */
#ifndef CLI_OPTIONS_BASE_OPTIONS_H
#define CLI_OPTIONS_BASE_OPTIONS_H

#include <stratapack/base_image.h>

#include "cli/options/image_options.h"
#include "cli/options/option_table.h"

struct strata_platform_options {
	struct strata_used used;
	struct strata_platform platform;
	struct strata_platform whole; /* what --platform says, which the others may not deny */
};
extern const struct strata_option_group strata_platform_group;

/* Which items that the base holds are left out of a plan. */
struct strata_base_items_options {
	struct strata_used used;
	enum strata_base_items kind;
};
extern const struct strata_option_group strata_base_items_group;

/* Whether items may hide files of the base, and additions may replace directories. */
struct strata_overlap_options {
	struct strata_used used;
	bool force;
};
extern const struct strata_option_group strata_overlap_group;

struct strata_base_options {
	struct strata_used used;
	const char *source; /* NULL: no base */
};
extern const struct strata_option_group strata_base_group;

#endif
