/* SPDX-License-Identifier: Apache-2.0 */
#include <stratapack/fleet.h>

#include "fuzz_file.h"

/* The input is the catalogue of a fleet. */
static void use(const char *path, struct strata_error *error)
{
	struct strata_catalogue *catalogue;

	(void)strata_catalogue_recognise(path);
	if (strata_catalogue_load(path, &catalogue, error) == 0)
		strata_catalogue_free(catalogue);
}

FUZZ_FILE(use)
