/* SPDX-License-Identifier: Apache-2.0 */
#include <stratapack/plan.h>

#include "fuzz_file.h"

/* The input is a plan, which is written again where it was read. */
static void use(const char *path, struct strata_error *error)
{
	struct strata_plan *plan;

	if (strata_plan_load(path, &plan, error) < 0)
		return;
	(void)strata_plan_save(plan, "/dev/null", error);
	strata_plan_free(plan);
}

FUZZ_FILE(use)
