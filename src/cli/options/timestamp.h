/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points in time as users and the environment write them.
 */
#ifndef CLI_OPTIONS_TIMESTAMP_H
#define CLI_OPTIONS_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

/* Read seconds since the epoch, or a time of RFC 3339 in UTC ("2024-05-01T12:00:00Z"), up to the
 * end of the year 9999. Returns false where TEXT is neither. */
bool strata_timestamp_parse(const char *text, int64_t *seconds);

/* Read SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/) from the
 * environment. *IS_SET says whether it is there; a value that is no number is
 * STRATA_ERROR_INVALID. */
int strata_timestamp_from_environment(bool *is_set, int64_t *seconds, struct strata_error *error)
	__attribute__((warn_unused_result));

#endif
