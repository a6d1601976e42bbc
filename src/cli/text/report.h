/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the program ends: exit codes, messages on stderr, signals.
 */
#ifndef CLI_TEXT_REPORT_H
#define CLI_TEXT_REPORT_H

#include <stdbool.h>

#include "util/error.h"
#include "util/memory.h"

enum strata_exit {
	STRATA_EXIT_DONE = 0,
	STRATA_EXIT_FAILED = 1,
	STRATA_EXIT_WRONG_USE = 2,
	STRATA_EXIT_MISMATCH = 3, /* what was verified is not what it says */
};

#define strata_autoerror STRATA_CLEANUP(strata_error_clear)

/* Print ERROR and its hint. Returns STRATA_EXIT_FAILED. */
int strata_report(const struct strata_error *error);

/* The same for an error in what the user asked for: returns STRATA_EXIT_WRONG_USE, unless the
 * system failed meanwhile. */
int strata_report_use(const struct strata_error *error);

/* The one or the other, as the error itself says. */
int strata_report_failure(const struct strata_error *error);

/* Whether stderr is a terminal that understands control sequences, and whether it may be coloured
 * (https://no-color.org). */
bool strata_terminal_is_capable(void);
bool strata_terminal_has_colour(void);

/* From here on SIGINT, SIGTERM and SIGHUP are remembered instead of ending the process, so that
 * clean-up runs; a second one of the same kind ends it. SIGPIPE is ignored: a closed pipe is an
 * error of the write. */
void strata_signals_catch(void);

/* The signal that asked us to stop, or 0. */
int strata_signals_caught(void);

/* STRATA_ERROR_CANCELLED after such a signal, else 0. */
int strata_signals_check(struct strata_error *error) STRATA_MUST_CHECK;

/* End as that signal would have ended the process, so that a shell sees it too. Returns where
 * there was none. */
void strata_signals_deliver(void);

#endif
