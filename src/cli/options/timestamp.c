/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/timestamp.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"

/* 9999-12-31T23:59:59Z: what RFC 3339 can write. */
#define LATEST INT64_C(253402300799)

/* Read exactly COUNT digits at TEXT. */
static bool read_digits(const char *text, size_t count, unsigned *number)
{
	*number = 0;
	for (size_t at = 0; at < count; at++) {
		if (text[at] < '0' || text[at] > '9')
			return false;
		*number = *number * 10 + (unsigned)(text[at] - '0');
	}
	return true;
}

static bool is_leap_year(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_of_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

static int64_t days_since_epoch(unsigned year, unsigned month, unsigned day)
{
	int64_t past = (int64_t)year - 1; /* whole years since the year 1 */
	int64_t days = past * 365 + past / 4 - past / 100 + past / 400;

	for (unsigned earlier = 1; earlier < month; earlier++)
		days += days_of_month(year, earlier);
	return days + day - 1 - 719162; /* from 0001-01-01 to 1970-01-01 */
}

static bool parse_rfc3339(const char *text, int64_t *seconds)
{
	unsigned year, month, day, hour, minute, second;

	if (strlen(text) != strlen("2024-05-01T12:00:00Z") || text[4] != '-' || text[7] != '-' ||
		text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z')
		return false;
	if (!read_digits(text, 4, &year) || !read_digits(text + 5, 2, &month) ||
		!read_digits(text + 8, 2, &day) || !read_digits(text + 11, 2, &hour) ||
		!read_digits(text + 14, 2, &minute) || !read_digits(text + 17, 2, &second))
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) ||
		hour > 23 || minute > 59 || second > 59)
		return false;
	*seconds = ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
	return true;
}

bool strata_timestamp_parse(const char *text, int64_t *seconds)
{
	uint64_t number;

	if (!strata_text_to_number(text, 10, &number))
		return parse_rfc3339(text, seconds);
	if (number > (uint64_t)LATEST)
		return false;
	*seconds = (int64_t)number;
	return true;
}

int strata_timestamp_from_environment(bool *is_set, int64_t *seconds, struct strata_error *error)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	uint64_t number;

	/* Builders without a date set it to nothing. */
	*is_set = text && *text;
	if (!*is_set)
		return 0;
	if (!strata_text_to_number(text, 10, &number) || number > (uint64_t)LATEST)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"SOURCE_DATE_EPOCH in the environment is '%s', which is no number "
				"of seconds",
				text),
			"unset it, or set it to seconds since 1970-01-01 UTC");
	*seconds = (int64_t)number;
	return 0;
}
