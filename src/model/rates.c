/* SPDX-License-Identifier: Apache-2.0 */
#include "model/rates.h"

#include "util/error.h"
#include "util/fixed_point.h"

struct strata_rates *strata_rates_new(struct strata_error *error)
{
	struct strata_rates *rates = calloc(1, sizeof(*rates));

	if (!rates) {
		strata_fail_memory(error);
		return NULL;
	}
	rates->rebuilds = STRATA_DEFAULT_REBUILDS;
	return rates;
}

void strata_rates_free(struct strata_rates *rates)
{
	if (!rates)
		return;
	strata_map_release(&rates->index);
	strata_arena_free(&rates->arena);
	free(rates->known);
	free(rates);
}

void strata_cleanup_rates(struct strata_rates **rates)
{
	strata_rates_free(*rates);
}

static struct strata_rate clamp(struct strata_rate rate)
{
	if (rate.per_year > STRATA_LARGEST_RATE * STRATA_FIXED_ONE)
		rate.per_year = STRATA_LARGEST_RATE * STRATA_FIXED_ONE;
	/* A cause that is certain to fire would have an infinite hazard. */
	if (rate.batch >= STRATA_FIXED_ONE)
		rate.batch = STRATA_FIXED_ONE - 1;
	return rate;
}

/* What is known of NAME, made where it is new; NULL where memory is out. */
static struct strata_known_rate *find_or_add(struct strata_rates *rates, const char *name)
{
	uint32_t index = strata_map_get(&rates->index, name);

	if (index == STRATA_MAP_NONE) {
		const char *copy = strata_arena_string(&rates->arena, name);

		index = (uint32_t)rates->count;
		if (!copy ||
			strata_grow(&rates->known, &rates->capacity, rates->count + 1,
				sizeof(*rates->known)) < 0 ||
			strata_map_put(&rates->index, copy, index) < 0)
			return NULL;
		rates->known[rates->count++] = (struct strata_known_rate){.name = copy};
	}
	return &rates->known[index];
}

int strata_rates_set(struct strata_rates *rates, const char *name, struct strata_rate rate,
	struct strata_error *error)
{
	struct strata_known_rate *known = find_or_add(rates, name);

	if (!known)
		return strata_fail_memory(error);
	known->rate = clamp(rate);
	known->has_rate = true;
	return 0;
}

int strata_rates_observe(struct strata_rates *rates, const char *name, uint64_t events,
	uint64_t years, struct strata_error *error)
{
	struct strata_known_rate *known = find_or_add(rates, name);

	if (!known)
		return strata_fail_memory(error);
	known->observation = (struct strata_observation){events, years};
	return 0;
}

void strata_rates_observe_others(struct strata_rates *rates, uint64_t years)
{
	rates->others_years = years;
}

uint64_t strata_rates_weigh(struct strata_observation observation, uint64_t expected_per_year)
{
	uint64_t years =
		strata_saturating_add(observation.years, STRATA_PRIOR_YEARS * STRATA_FIXED_ONE);
	uint64_t events = strata_saturating_add(
		strata_fixed_multiply(observation.events, STRATA_FIXED_ONE, 0),
		STRATA_PRIOR_YEARS * expected_per_year);
	uint64_t whole = events / years;

	/* In two steps, so that nothing is lost where the numbers are large. */
	if (whole >= STRATA_LARGEST_RATE)
		return STRATA_LARGEST_RATE * STRATA_FIXED_ONE;
	return (whole << 20) + strata_fixed_multiply(events % years, STRATA_FIXED_ONE, 0) / years;
}

void strata_rates_set_default(struct strata_rates *rates, struct strata_rate rate)
{
	rates->otherwise = clamp(rate);
	rates->has_otherwise = true;
}

int strata_rates_set_calendar(struct strata_rates *rates, uint32_t rebuilds, uint32_t batch_days,
	struct strata_error *error)
{
	if (rebuilds == 0)
		return strata_fail(
			error, STRATA_ERROR_INVALID, "images are rebuilt at least once a year");
	if ((uint64_t)rebuilds + batch_days > STRATA_LARGEST_REBUILDS)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"rebuilds and batch days together are at most %d a year",
			STRATA_LARGEST_REBUILDS);
	rates->rebuilds = rebuilds;
	rates->batch_days = batch_days;
	return 0;
}

const struct strata_known_rate *strata_rates_find(
	const struct strata_rates *rates, const char *name)
{
	uint32_t index = rates ? strata_map_get(&rates->index, name) : STRATA_MAP_NONE;

	return index == STRATA_MAP_NONE ? NULL : &rates->known[index];
}
