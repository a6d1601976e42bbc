/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/cache_options.h"

#include <stdlib.h>

static int apply_cache(void *target, const char *value, struct strata_error *error)
{
	(void)error;
	((struct strata_cache_options *)target)->path = value;
	((struct strata_cache_options *)target)->none = false;
	return 0;
}

static const struct strata_option cache_options[] = {
	{.name = "cache",
		.argument = "DIR",
		.value = STRATA_VALUE_DIRECTORY,
		.help = "take layers that were built before from here, and put new ones here "
			"(default: STRATAPACK_CACHE, else stratapack in the user's cache directory)",
		.apply = apply_cache},
	{.name = "no-cache",
		.help = "build every layer anew",
		STRATA_STORES_FLAG(struct strata_cache_options, none)},
	{.name = "verify-cache",
		.help = "read every file again, and replace cache entries that differ",
		STRATA_STORES_FLAG(struct strata_cache_options, verify)},
	{.name = NULL},
};

const struct strata_option_group strata_cache_group = {"Cache", cache_options};

void strata_cleanup_cache(struct strata_cache **cache)
{
	strata_cache_close(*cache);
}

int strata_cache_options_open(const struct strata_cache_options *options,
	struct strata_cache **cache, struct strata_error *error)
{
	const char *named = options->path ? options->path : getenv("STRATAPACK_CACHE");
	strata_autofree char *usual = NULL;
	int status;

	*cache = NULL;
	if (options->none || (named && !*named))
		return 0;
	if (named) {
		status = strata_cache_open(named, cache, error);
		if (status < 0)
			return status;
	} else {
		usual = strata_cache_default_path();
		if (usual && strata_cache_open(usual, cache, NULL) < 0)
			*cache = NULL;
	}
	if (*cache && options->verify)
		strata_cache_read_again(*cache);
	return 0;
}
