/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calling an observer (include/stratapack/observer.h). A NULL observer is ignored.
 */
#ifndef UTIL_OBSERVER_H
#define UTIL_OBSERVER_H

#include <stratapack/observer.h>

#include "util/error.h"

void strata_note(const struct strata_observer *observer, const char *format, ...)
	STRATA_PRINTF(2, 3);
void strata_report_progress(
	const struct strata_observer *observer, const struct strata_progress *progress);

/* STRATA_ERROR_CANCELLED where the observer wants to stop, else 0. */
int strata_check_cancelled(
	const struct strata_observer *observer, struct strata_error *error) STRATA_MUST_CHECK;

#endif
