/*
 * What is known about the rates of causes and items.
 */
#ifndef PLAN_RATES_H
#define PLAN_RATES_H

#include <stratapack/churn.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/map.h"

struct strata_known_rate {
	const char *name;
	struct strata_rate rate;
};

struct strata_rates {
	struct strata_arena arena; /* the names */
	struct strata_map index;   /* name -> known */
	struct strata_known_rate *known;
	size_t count, capacity;
	struct strata_rate otherwise;
	bool has_otherwise;
	uint32_t rebuilds, batch_days;
};

#define strata_autorates STRATA_CLEANUP(strata_cleanup_rates)
void strata_cleanup_rates(struct strata_rates **rates);

/* The rate of what is called NAME, or NULL. RATES may be NULL. */
const struct strata_rate *strata_rates_find(const struct strata_rates *rates, const char *name);

/* Read the rates in DOCUMENT into RATES. */
int strata_rates_read(struct strata_rates *rates, const struct strata_json *document,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
