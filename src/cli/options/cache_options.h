/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where layers that were built before are.
 */
#ifndef CLI_OPTIONS_CACHE_OPTIONS_H
#define CLI_OPTIONS_CACHE_OPTIONS_H

#include <stratapack/cache.h>
#include <stratapack/observer.h>

#include "cli/options/option_table.h"

struct strata_cache_options {
	struct strata_used used;
	const char *path;
	bool none, verify;
};
extern const struct strata_option_group strata_cache_group;

#define strata_autocache STRATA_CLEANUP(strata_cleanup_cache)
void strata_cleanup_cache(struct strata_cache **cache);

/* Open the cache that the options, $STRATAPACK_CACHE (empty: none) or the user's directories name.
 * *CACHE is the caller's. It is NULL where no cache is wanted, or where the default one cannot be
 * made: a builder without a home directory works without a cache. */
int strata_cache_options_open(const struct strata_cache_options *options,
	struct strata_cache **cache, struct strata_error *error) STRATA_MUST_CHECK;

#endif
