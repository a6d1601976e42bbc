/* SPDX-License-Identifier: Apache-2.0 */
#include "image/read/findings.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/text.h"

static void report(struct strata_findings *findings, const char *text)
{
	strata_autobuffer struct strata_buffer visible = STRATA_BUFFER_INIT;

	findings->count++;
	strata_text_visible(&visible, text);
	if (visible.failed) {
		findings->failed = true;
		return;
	}
	if (findings->report)
		findings->report(findings->data, visible.data);
	if (!findings->first) {
		findings->first = strata_buffer_take(&visible);
		findings->failed = findings->failed || !findings->first;
	}
}

void strata_finding(struct strata_findings *findings, const char *format, ...)
{
	strata_autofree char *text = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		text = NULL;
		findings->failed = true;
		findings->count++;
		return;
	}
	report(findings, text);
}

void strata_finding_error(
	struct strata_findings *findings, const char *where, struct strata_error *error)
{
	strata_finding(findings, "%s: %s", where, error->message ? error->message : "damaged");
	strata_error_clear(error);
}

bool strata_is_finding(int status)
{
	return status == STRATA_ERROR_FORMAT || status == STRATA_ERROR_UNSUPPORTED ||
	       status == STRATA_ERROR_MISMATCH || status == STRATA_ERROR_NOT_FOUND;
}

void strata_findings_release(struct strata_findings *findings)
{
	free(findings->first);
	findings->first = NULL;
}
