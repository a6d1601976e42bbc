/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/quantity.h"

#include <string.h>

#include "util/memory.h"
#include "util/text.h"

struct unit {
	char letter;
	uint64_t factor;
};

/* A whole number and at most one letter of UNITS. Returns false for anything else. */
static bool read_quantity(
	const char *text, const struct unit *units, size_t unit_count, uint64_t *result)
{
	size_t digits = strspn(text, "0123456789");
	strata_autofree char *number = strndup(text, digits);
	uint64_t factor = 0;

	if (!number || !strata_text_to_number(number, 10, result))
		return false;
	if (!text[digits])
		return true;
	for (size_t i = 0; i < unit_count; i++) {
		if (units[i].letter == text[digits] && !text[digits + 1])
			factor = units[i].factor;
	}
	return factor > 0 && !__builtin_mul_overflow(*result, factor, result);
}

int strata_quantity_size(const char *text, uint64_t *bytes, struct strata_error *error)
{
	static const struct unit units[] = {
		{'k', 1000}, {'M', 1000000}, {'G', 1000000000}, {'T', 1000000000000}};

	if (read_quantity(text, units, sizeof(units) / sizeof(*units), bytes))
		return 0;
	return strata_hint(error, strata_fail(error, STRATA_ERROR_INVALID, "'%s' is no size", text),
		"write bytes, or a number with k, M, G or T: 500M");
}

int strata_quantity_span(const char *text, int64_t *seconds, struct strata_error *error)
{
	static const struct unit units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	uint64_t result;

	if (read_quantity(text, units, sizeof(units) / sizeof(*units), &result) &&
		result <= INT64_MAX) {
		*seconds = (int64_t)result;
		return 0;
	}
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID, "'%s' is no span of time", text),
		"write seconds, or a number with m, h or d: 30d");
}

/* Digits, and perhaps a point and one to three more. */
static bool read_thousandths(const char *text, uint64_t *result)
{
	size_t digits = strspn(text, "0123456789");
	size_t behind = text[digits] == '.' ? strspn(text + digits + 1, "0123456789") : 0;
	strata_autofree char *number = strndup(text, digits);

	if (!number || !strata_text_to_number(number, 10, result) || behind > 3 ||
		__builtin_mul_overflow(*result, UINT64_C(1000), result))
		return false;
	if (!text[digits])
		return true;
	if (behind == 0 || text[digits + 1 + behind])
		return false;
	for (uint64_t place = 100, i = 0; i < behind; i++, place /= 10)
		*result += place * (uint64_t)(text[digits + 1 + i] - '0');
	return true;
}

int strata_quantity_thousandths(
	const char *text, uint32_t limit, uint32_t *thousandths, struct strata_error *error)
{
	uint64_t result;

	if (read_thousandths(text, &result) && result <= limit) {
		*thousandths = (uint32_t)result;
		return 0;
	}
	return strata_fail(error, STRATA_ERROR_INVALID,
		"'%s' is no number from 0 to %u, with at most three digits behind the point", text,
		(unsigned)(limit / 1000));
}
