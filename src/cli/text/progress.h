/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program's observer: notes on stderr, and on a terminal one line that says how far the work
 * has come.
 */
#ifndef CLI_TEXT_PROGRESS_H
#define CLI_TEXT_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <stratapack/observer.h>

struct strata_progress_line {
	struct strata_observer observer; /* give this to the library */
	pthread_mutex_t lock;            /* the library calls from several threads */
	bool quiet;
	bool drawing; /* stderr is a terminal */
	bool shown;   /* the line is on the terminal now */
	int64_t next; /* when to draw again, milliseconds */
};

/* Begin: the line appears only after half a second, so that quick work leaves no trace. */
void strata_progress_begin(struct strata_progress_line *line, bool quiet);

/* Wipe the line. The observer must not be used any more. */
void strata_progress_end(struct strata_progress_line *line);

#endif
