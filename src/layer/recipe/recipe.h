/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recipes as JSON (docs/recipe.schema.json) and their keys.
 */
#ifndef LAYER_RECIPE_RECIPE_H
#define LAYER_RECIPE_RECIPE_H

#include <stratapack/layer.h>

#include "util/arena.h"
#include "util/json.h"
#include "util/json_writer.h"

#define strata_autorecipe STRATA_CLEANUP(strata_cleanup_recipe)
void strata_cleanup_recipe(struct strata_recipe **recipe);

/* Write RECIPE's JSON. Its compact form is canonical: the recipe key is the digest of it. */
void strata_recipe_write(struct strata_json_writer *json, const struct strata_recipe *recipe);

/* Compute RECIPE's key. */
int strata_recipe_seal(struct strata_recipe *recipe, struct strata_error *error) STRATA_MUST_CHECK;

/* The member "entries" of ITEM, where it has some, and the other way round. */
void strata_recipe_write_entries(
	struct strata_json_writer *json, const struct strata_recipe_item *item);
int strata_recipe_read_entries(struct strata_arena *arena, const struct strata_json *object,
	struct strata_recipe_item *item, struct strata_error *error) STRATA_MUST_CHECK;

/* An empty recipe with its arena; NULL on error. */
struct strata_recipe *strata_recipe_new(struct strata_error *error);

#endif
