/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of update causes, sparse: unions of many layers are weighed, and most share few causes.
 */
#ifndef FLEET_SEARCH_CAUSE_SET_H
#define FLEET_SEARCH_CAUSE_SET_H

#include <stratapack/churn.h>

#include "util/memory.h"

/* The words of a bit set that are not zero, with their places, ascending. */
struct strata_cause_set {
	uint64_t *words;
	uint32_t *places;
	uint32_t count;
};

#define STRATA_CAUSE_SET_INIT \
	{                     \
		NULL, NULL, 0 \
	}

/* Fill SET with the causes in a bit set of COUNT words. Returns 0, or -1 where memory is out. */
int strata_cause_set_gather(struct strata_cause_set *set, const uint64_t *words, size_t count);

/* Fill UNITE with the causes of both sets. Returns 0, or -1 where memory is out. */
int strata_cause_set_unite(struct strata_cause_set *unite, const struct strata_cause_set *left,
	const struct strata_cause_set *right);

/* The hazard of the causes in OTHER that are not in BASE. HAZARDS are those of all causes. */
struct strata_hazard strata_cause_set_added(const struct strata_hazard *hazards,
	const struct strata_cause_set *base, const struct strata_cause_set *other);

void strata_cause_set_release(struct strata_cause_set *set);

#endif
