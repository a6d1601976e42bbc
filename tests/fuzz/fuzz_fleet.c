/* SPDX-License-Identifier: Apache-2.0 */
#include <stratapack/fleet.h>

#include "fuzz_file.h"

/* The input is the description of a fleet. */
static void use(const char *path, struct strata_error *error)
{
	struct strata_fleet *fleet;

	if (strata_fleet_load(path, &fleet, error) == 0)
		strata_fleet_free(fleet);
}

FUZZ_FILE(use)
