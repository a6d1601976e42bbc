/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte string.
 *
 * Appending never fails on the spot: running out of memory is remembered, further appends do
 * nothing, and the one who uses the result asks strata_buffer_check() once. `data` is always a
 * NUL-terminated string, also when nothing was appended.
 *
 *	strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;
 *	strata_buffer_format(&buffer, "%s/%s", directory, name);
 *	if (strata_buffer_check(&buffer, error) < 0)
 *		return error->status;
 */
#ifndef UTIL_BUFFER_H
#define UTIL_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"
#include "util/memory.h"

struct strata_buffer {
	char *data;
	size_t length;
	size_t capacity; /* 0 while data points to the shared empty string */
	bool failed;
};

extern char strata_buffer_empty[1];
#define STRATA_BUFFER_INIT                       \
	{                                        \
		strata_buffer_empty, 0, 0, false \
	}
#define strata_autobuffer STRATA_CLEANUP(strata_buffer_release)

void strata_buffer_append(struct strata_buffer *buffer, const void *bytes, size_t length);
void strata_buffer_string(struct strata_buffer *buffer, const char *text);
void strata_buffer_byte(struct strata_buffer *buffer, char byte);
void strata_buffer_format(struct strata_buffer *buffer, const char *format, ...)
	STRATA_PRINTF(2, 3);

/* Forget the content from LENGTH on and keep the memory. */
void strata_buffer_truncate(struct strata_buffer *buffer, size_t length);

/* 0 when every append succeeded, else a memory error. */
int strata_buffer_check(const struct strata_buffer *buffer, struct strata_error *error);

/* Give the string away: malloced, owned by the caller; NULL where memory was out. The buffer is
 * empty afterwards. */
char *strata_buffer_take(struct strata_buffer *buffer);

void strata_buffer_release(struct strata_buffer *buffer);

#endif
