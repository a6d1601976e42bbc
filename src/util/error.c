/* SPDX-License-Identifier: Apache-2.0 */
#include "util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strata_error_clear(struct strata_error *error)
{
	if (!error)
		return;
	free(error->message);
	free(error->hint);
	*error = (struct strata_error)STRATA_ERROR_INIT;
}

static char *format_text(const char *format, va_list arguments)
{
	char *text = NULL;

	return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

int strata_fail(struct strata_error *error, enum strata_status status, const char *format, ...)
{
	va_list arguments;

	if (!error)
		return status;
	strata_error_clear(error);
	error->status = status;
	va_start(arguments, format);
	error->message = format_text(format, arguments);
	va_end(arguments);
	return status;
}

int strata_fail_errno(struct strata_error *error, const char *format, ...)
{
	int system_error = errno;
	char words[128];
	char *what, *message = NULL;
	va_list arguments;

	if (!error)
		return STRATA_ERROR_IO;
	va_start(arguments, format);
	what = format_text(format, arguments);
	va_end(arguments);
	if (what && asprintf(&message, "%s: %s", what,
			    strerror_r(system_error, words, sizeof(words))) < 0)
		message = NULL;
	free(what);
	strata_error_clear(error);
	error->status = STRATA_ERROR_IO;
	error->system_error = system_error;
	error->message = message;
	return STRATA_ERROR_IO;
}

int strata_fail_memory(struct strata_error *error)
{
	return strata_fail(error, STRATA_ERROR_MEMORY, "out of memory");
}

int strata_hint(struct strata_error *error, int status, const char *format, ...)
{
	va_list arguments;

	if (!error)
		return status;
	free(error->hint);
	va_start(arguments, format);
	error->hint = format_text(format, arguments);
	va_end(arguments);
	return status;
}

int strata_context(struct strata_error *error, int status, const char *format, ...)
{
	char *context, *message = NULL;
	va_list arguments;

	if (!error || !error->message)
		return status;
	va_start(arguments, format);
	context = format_text(format, arguments);
	va_end(arguments);
	if (context && asprintf(&message, "%s: %s", context, error->message) >= 0) {
		free(error->message);
		error->message = message;
	}
	free(context);
	return status;
}

int strata_wrong_use(struct strata_error *error, int status)
{
	if (error && status < 0)
		error->wrong_use = true;
	return status;
}
