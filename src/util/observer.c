/* SPDX-License-Identifier: Apache-2.0 */
#include "util/observer.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/memory.h"

void strata_note(const struct strata_observer *observer, const char *format, ...)
{
	strata_autofree char *text = NULL;
	va_list arguments;

	if (!observer || !observer->note)
		return;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (text)
		observer->note(observer->data, text);
}

void strata_report_progress(
	const struct strata_observer *observer, const struct strata_progress *progress)
{
	if (observer && observer->progress)
		observer->progress(observer->data, progress);
}

int strata_check_cancelled(const struct strata_observer *observer, struct strata_error *error)
{
	if (!observer || !observer->cancelled || !observer->cancelled(observer->data))
		return 0;
	return strata_fail(error, STRATA_ERROR_CANCELLED, "interrupted; nothing was written");
}
