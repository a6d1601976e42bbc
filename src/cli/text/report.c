/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text/report.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/buffer.h"
#include "util/text.h"

static atomic_int caught_signal;

bool strata_terminal_is_capable(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDERR_FILENO) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

bool strata_terminal_has_colour(void)
{
	const char *refused = getenv("NO_COLOR");

	return strata_terminal_is_capable() && !(refused && *refused);
}

int strata_report(const struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	bool coloured = strata_terminal_has_colour();

	strata_buffer_format(&text, "stratapack: %serror:%s ", coloured ? "\033[1;31m" : "",
		coloured ? "\033[0m" : "");
	strata_text_visible(&text, error->message ? error->message : "out of memory");
	if (error->hint) {
		strata_buffer_string(&text, "\n  hint: ");
		strata_text_visible(&text, error->hint);
	}
	strata_buffer_byte(&text, '\n');
	if (text.failed)
		fputs("stratapack: error: out of memory\n", stderr);
	else
		fputs(text.data, stderr);
	return STRATA_EXIT_FAILED;
}

int strata_report_failure(const struct strata_error *error)
{
	return error->wrong_use ? strata_report_use(error) : strata_report(error);
}

int strata_report_use(const struct strata_error *error)
{
	int code = strata_report(error);

	switch (error->status) {
	case STRATA_ERROR_MEMORY:
	case STRATA_ERROR_IO:
	case STRATA_ERROR_CANCELLED:
		return code;
	default:
		return STRATA_EXIT_WRONG_USE;
	}
}

static void remember_signal(int number)
{
	atomic_store(&caught_signal, number);
}

void strata_signals_catch(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action;

	signal(SIGPIPE, SIG_IGN);
	/* A file that may not grow further is like a full disk: an error, not an end. */
	signal(SIGXFSZ, SIG_IGN);
	for (size_t index = 0; index < sizeof(numbers) / sizeof(*numbers); index++) {
		/* nohup and background jobs have reasons for what they ignore. */
		if (sigaction(numbers[index], NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			continue;
		memset(&action, 0, sizeof(action));
		action.sa_handler = remember_signal;
		action.sa_flags = (int)SA_RESETHAND;
		sigaction(numbers[index], &action, NULL);
	}
}

int strata_signals_caught(void)
{
	return atomic_load(&caught_signal);
}

int strata_signals_check(struct strata_error *error)
{
	if (!strata_signals_caught())
		return 0;
	return strata_fail(error, STRATA_ERROR_CANCELLED, "stopped by a signal");
}

void strata_signals_deliver(void)
{
	int number = strata_signals_caught();

	if (number) {
		signal(number, SIG_DFL);
		raise(number);
	}
}
