/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/text/report.h"
#include "util/text.h"

enum {
	FIRST_DELAY = 500, /* milliseconds */
	DELAY = 100,
};

static int64_t milliseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wipe(struct strata_progress_line *line)
{
	if (line->shown)
		fputs("\r\033[K", stderr);
	line->shown = false;
}

static void show_note(void *data, const char *text)
{
	struct strata_progress_line *line = data;
	strata_autobuffer struct strata_buffer visible = STRATA_BUFFER_INIT;

	if (line->quiet)
		return;
	strata_text_visible(&visible, text);
	pthread_mutex_lock(&line->lock);
	wipe(line);
	fprintf(stderr, "stratapack: note: %s\n", visible.data);
	pthread_mutex_unlock(&line->lock);
}

static void draw(struct strata_progress_line *line, const struct strata_progress *progress)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	strata_buffer_format(&text, "%u of %u layers, ", (unsigned)progress->layers_done,
		(unsigned)progress->layers_total);
	strata_text_size(&text, progress->bytes_done);
	if (progress->bytes_total) {
		strata_buffer_string(&text, " of ");
		strata_text_size(&text, progress->bytes_total);
	}
	strata_buffer_string(&text, " read");
	fprintf(stderr, "\r\033[K%s", text.data);
	fflush(stderr);
	line->shown = true;
}

static void show_progress(void *data, const struct strata_progress *progress)
{
	struct strata_progress_line *line = data;
	int64_t now;

	if (!line->drawing)
		return;
	now = milliseconds_now();
	pthread_mutex_lock(&line->lock);
	if (now >= line->next) {
		draw(line, progress);
		line->next = now + DELAY;
	}
	pthread_mutex_unlock(&line->lock);
}

static bool is_cancelled(void *data)
{
	return strata_signals_caught() != 0;
}

void strata_progress_begin(struct strata_progress_line *line, bool quiet)
{
	memset(line, 0, sizeof(*line));
	pthread_mutex_init(&line->lock, NULL);
	line->quiet = quiet;
	line->drawing = !quiet && strata_terminal_is_capable();
	line->next = milliseconds_now() + FIRST_DELAY;
	line->observer.note = show_note;
	line->observer.progress = show_progress;
	line->observer.cancelled = is_cancelled;
	line->observer.data = line;
}

void strata_progress_end(struct strata_progress_line *line)
{
	wipe(line);
	pthread_mutex_destroy(&line->lock);
}
