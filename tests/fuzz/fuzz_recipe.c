/* SPDX-License-Identifier: Apache-2.0 */
#include <stratapack/layer.h>

#include "fuzz_file.h"

/* The input is the recipe of a layer. */
static void use(const char *path, struct strata_error *error)
{
	struct strata_recipe *recipe;

	if (strata_recipe_load(path, &recipe, error) < 0)
		return;
	(void)strata_recipe_save(recipe, "/dev/null", error);
	strata_recipe_free(recipe);
}

FUZZ_FILE(use)
