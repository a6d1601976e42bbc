/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bills of materials that are written beside an image.
 */
#ifndef CLI_OPTIONS_SBOM_OPTIONS_H
#define CLI_OPTIONS_SBOM_OPTIONS_H

#include <stratapack/build.h>

#include "cli/options/option_table.h"
#include "util/file.h"

struct strata_sbom_options {
	struct strata_used used;
	const char *paths[2];            /* for each format; NULL: none */
	struct strata_output outputs[2]; /* begin with STRATA_OUTPUT_INIT */
};
extern const struct strata_option_group strata_sbom_group;

/* Find out, before an image is made, whether the files can be written. */
int strata_sbom_options_open(
	struct strata_sbom_options *options, struct strata_error *error) STRATA_MUST_CHECK;

/* Write what JOB made into them; they appear under their names now. */
int strata_sbom_options_write(struct strata_sbom_options *options, const struct strata_job *job,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Remove what was opened and not written. */
void strata_sbom_options_release(struct strata_sbom_options *options);

#endif
