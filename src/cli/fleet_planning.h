/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning a fleet: the options, and the way from its file to a catalogue and plans.
 */
#ifndef CLI_FLEET_PLANNING_H
#define CLI_FLEET_PLANNING_H

#include <stratapack/fleet.h>

#include "cli/planning.h"

struct strata_fleet_planning_options {
	struct strata_used used;
	const char *fleet; /* the fleet file; NULL: one image is planned */
	const char *plans; /* a directory for the plans of the images; NULL: none */
};
extern const struct strata_option_group strata_fleet_group;

/* Check the options; COUNT is of the items named. Failures are wrong use. */
int strata_fleet_planning_prepare(const struct strata_fleet_planning_options *options,
	const struct strata_planning *planning, size_t count,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Plan the fleet; write its catalogue to OUTPUT (NULL: nowhere) and the plans. *WRONG_USE tells
 * what a failure is. */
int strata_fleet_planning_run(const struct strata_fleet_planning_options *options,
	struct strata_planning *planning, const char *output,
	const struct strata_observer *observer, bool *wrong_use,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
