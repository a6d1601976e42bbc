/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rates as JSON (docs/rates.schema.json).
 */
#include "model/rates.h"
#include "util/error.h"

enum {
	FORMAT_VERSION = 1,
	SIZE_LIMIT = 256 * 1024 * 1024,
	LONGEST_YEARS = 1000,
};

/* Read a number that is not negative and at most LIMIT into VALUE, in fixed point. */
static int read_fixed(const struct strata_json *value, uint64_t limit, uint64_t *fixed,
	struct strata_error *error)
{
	double number = strata_json_real(value);

	if ((strata_json_kind(value) != STRATA_JSON_INTEGER &&
		    strata_json_kind(value) != STRATA_JSON_REAL) ||
		!(number >= 0) || number > (double)limit)
		return strata_fail(error, STRATA_ERROR_FORMAT, "expected a number from 0 to %llu",
			(unsigned long long)limit);
	/* Exact: a power of two, then cut. */
	*fixed = (uint64_t)(number * (double)STRATA_FIXED_ONE);
	return 0;
}

static int read_member(const struct strata_json *object, const char *key, uint64_t limit,
	uint64_t *fixed, struct strata_error *error)
{
	const struct strata_json *value = strata_json_member(object, key);
	int status;

	if (!value)
		return 0;
	status = read_fixed(value, limit, fixed, error);
	return status < 0 ? strata_context(error, status, "member \"%s\"", key) : 0;
}

/* A number of events a year, or an object that has it and the probability on batch days. */
static int read_rate(
	const struct strata_json *value, struct strata_rate *rate, struct strata_error *error)
{
	static const char *const keys[] = {"perYear", "batch", NULL};
	int status;

	*rate = (struct strata_rate){0, 0};
	if (strata_json_kind(value) != STRATA_JSON_OBJECT)
		return read_fixed(value, STRATA_LARGEST_RATE, &rate->per_year, error);
	status = strata_json_check_keys(value, keys, error);
	if (status == 0)
		status = read_member(value, "perYear", STRATA_LARGEST_RATE, &rate->per_year, error);
	if (status == 0)
		status = read_member(value, "batch", 1, &rate->batch, error);
	return status;
}

static int read_calendar(
	struct strata_rates *rates, const struct strata_json *document, struct strata_error *error)
{
	uint64_t rebuilds = rates->rebuilds, batch_days = rates->batch_days;
	int status = strata_json_get_size(document, "rebuildsPerYear", false, &rebuilds, error);

	if (status == 0)
		status = strata_json_get_size(
			document, "batchDaysPerYear", false, &batch_days, error);
	if (status < 0)
		return status;
	if (rebuilds > STRATA_LARGEST_REBUILDS || batch_days > STRATA_LARGEST_REBUILDS)
		rebuilds = batch_days = STRATA_LARGEST_REBUILDS;
	return strata_rates_set_calendar(rates, (uint32_t)rebuilds, (uint32_t)batch_days, error);
}

static int read_named(
	struct strata_rates *rates, const struct strata_json *document, struct strata_error *error)
{
	const struct strata_json *named = NULL, *value;
	const char *name;
	void *position = NULL;
	int status = strata_json_get_object(document, "rates", false, &named, error);

	while (status == 0 && strata_json_next(named, &position, &name, &value)) {
		struct strata_rate rate;

		status = read_rate(value, &rate, error);
		if (status < 0)
			return strata_context(error, status, "the rate of '%s'", name);
		status = strata_rates_set(rates, name, rate, error);
	}
	return status;
}

/* Read changes that were counted over some years. Items that are not named did not change. */
static int read_observed(
	struct strata_rates *rates, const struct strata_json *observed, struct strata_error *error)
{
	static const char *const keys[] = {"years", "changes", NULL};
	const struct strata_json *changes = NULL, *value;
	const char *name;
	void *position = NULL;
	uint64_t years = 0;
	int status = strata_json_check_keys(observed, keys, error);

	if (status == 0)
		status = strata_json_get_object(observed, "changes", true, &changes, error);
	if (status == 0)
		status = read_member(observed, "years", LONGEST_YEARS, &years, error);
	if (status < 0)
		return status;
	if (years == 0)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"member \"years\" must say for how long changes were counted");
	while (strata_json_next(changes, &position, &name, &value)) {
		if (strata_json_kind(value) != STRATA_JSON_INTEGER ||
			strata_json_integer(value) < 0)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"the changes of '%s' must be a number that is not negative", name);
		status = strata_rates_observe(
			rates, name, (uint64_t)strata_json_integer(value), years, error);
		if (status < 0)
			return status;
	}
	strata_rates_observe_others(rates, years);
	return 0;
}

int strata_rates_read(
	struct strata_rates *rates, const struct strata_json *document, struct strata_error *error)
{
	static const char *const keys[] = {"stratapackRates", "rebuildsPerYear", "batchDaysPerYear",
		"default", "rates", "observed", NULL};
	const struct strata_json *otherwise, *observed = NULL;
	struct strata_rate rate;
	uint64_t version = FORMAT_VERSION;
	int status = strata_json_get_size(document, "stratapackRates", true, &version, error);

	if (status < 0)
		return status;
	if (version != FORMAT_VERSION)
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"the rates have format version %llu, but only version %d is known",
			(unsigned long long)version, FORMAT_VERSION);
	status = strata_json_check_keys(document, keys, error);
	if (status == 0)
		status = read_calendar(rates, document, error);
	if (status == 0)
		status = read_named(rates, document, error);
	if (status == 0)
		status = strata_json_get_object(document, "observed", false, &observed, error);
	if (status == 0 && observed) {
		status = read_observed(rates, observed, error);
		if (status < 0)
			return strata_context(error, status, "member \"observed\"");
	}
	otherwise = strata_json_member(document, "default");
	if (status < 0 || !otherwise)
		return status;
	status = read_rate(otherwise, &rate, error);
	if (status < 0)
		return strata_context(error, status, "member \"default\"");
	strata_rates_set_default(rates, rate);
	return 0;
}

int strata_rates_load(struct strata_rates *rates, const char *path, struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;
	int status = strata_json_load(path, SIZE_LIMIT, &document, error);

	if (status < 0)
		return status;
	status = strata_rates_read(rates, document, error);
	return status < 0 ? strata_context(error, status, "%s", path) : 0;
}
