/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about the rates of causes and items.
 */
#ifndef MODEL_RATES_H
#define MODEL_RATES_H

#include <stratapack/churn.h>

#include "util/arena.h"
#include "util/json.h"
#include "util/map.h"

enum {
	STRATA_PRIOR_YEARS = 2,
};

struct strata_observation {
	uint64_t events;
	uint64_t years; /* in 1 / STRATA_FIXED_ONE; 0: none */
};

struct strata_known_rate {
	const char *name;
	bool has_rate;
	struct strata_rate rate;
	struct strata_observation observation;
};

struct strata_rates {
	struct strata_arena arena; /* the names */
	struct strata_map index;   /* name -> known */
	struct strata_known_rate *known;
	size_t count, capacity;
	struct strata_rate otherwise;
	bool has_otherwise;
	uint64_t others_years;
	uint32_t rebuilds, batch_days;
};

#define strata_autorates STRATA_CLEANUP(strata_cleanup_rates)
void strata_cleanup_rates(struct strata_rates **rates);

/* What is known of what is called NAME, or NULL. RATES may be NULL. */
const struct strata_known_rate *strata_rates_find(
	const struct strata_rates *rates, const char *name);

/* The events a year that follow from an observation and an expectation, which counts like another
 * one, of STRATA_PRIOR_YEARS: the mean of the posterior of a Poisson process with a Gamma prior. */
uint64_t strata_rates_weigh(struct strata_observation observation, uint64_t expected_per_year);

/* Whether LINE ends an entry of a changelog; *NUMBER counts its day from some day on. */
bool strata_changelog_day(const char *line, int32_t *number);

/* Read the rates in DOCUMENT into RATES. */
int strata_rates_read(struct strata_rates *rates, const struct strata_json *document,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
