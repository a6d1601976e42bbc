/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amounts as people write them.
 */
#ifndef CLI_OPTIONS_QUANTITY_H
#define CLI_OPTIONS_QUANTITY_H

#include <stdint.h>

#include "util/error.h"

/* Read a size: "500M", "2G", "1000000"; k, M, G and T are powers of 1000. */
int strata_quantity_size(
	const char *text, uint64_t *bytes, struct strata_error *error) STRATA_MUST_CHECK;

/* Read a time span: "30d", "12h", "5m", "90" or "90s". */
int strata_quantity_span(
	const char *text, int64_t *seconds, struct strata_error *error) STRATA_MUST_CHECK;

/* Read a decimal number of at most LIMIT thousandths, with up to three digits behind the point. */
int strata_quantity_thousandths(const char *text, uint32_t limit, uint32_t *thousandths,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
