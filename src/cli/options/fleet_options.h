/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning a fleet: the options, and where the results go.
 */
#ifndef CLI_OPTIONS_FLEET_OPTIONS_H
#define CLI_OPTIONS_FLEET_OPTIONS_H

#include <stratapack/fleet.h>

#include "cli/options/planning_options.h"

struct strata_fleet_planning_options {
	struct strata_used used;
	const char *fleet; /* the fleet file; NULL: one image is planned */
	const char *plans; /* a directory for the plans of the images; NULL: none */
};
extern const struct strata_option_group strata_fleet_group;

/* Check the options; COUNT is of the items named. Failures are wrong use. */
int strata_fleet_options_check(const struct strata_fleet_planning_options *options,
	const struct strata_planning_options *planning, size_t count,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Write the catalogue of PLAN to OUTPUT (NULL: nowhere), and the plans of its images where the
 * options say. */
int strata_fleet_results_write(const struct strata_fleet_planning_options *options,
	const struct strata_fleet_plan *plan, const char *output,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
