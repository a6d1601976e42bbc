/* SPDX-License-Identifier: Apache-2.0 */
#include <stratapack/churn.h>

#include "fuzz_file.h"

/* The input is a file of rates. */
static void use(const char *path, struct strata_error *error)
{
	struct strata_rates *rates = strata_rates_new(error);

	if (rates)
		(void)strata_rates_load(rates, path, error);
	strata_rates_free(rates);
}

FUZZ_FILE(use)
