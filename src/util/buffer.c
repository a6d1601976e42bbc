/* SPDX-License-Identifier: Apache-2.0 */
#include "util/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

char strata_buffer_empty[1] = "";

static bool make_room(struct strata_buffer *buffer, size_t more)
{
	char *data = buffer->capacity ? buffer->data : NULL;

	if (buffer->failed)
		return false;
	if (more < buffer->capacity - buffer->length)
		return true;
	if (more >= SIZE_MAX - buffer->length ||
		strata_grow(&data, &buffer->capacity, buffer->length + more + 1, 1) < 0) {
		buffer->failed = true;
		return false;
	}
	buffer->data = data;
	return true;
}

void strata_buffer_append(struct strata_buffer *buffer, const void *bytes, size_t length)
{
	if (!make_room(buffer, length))
		return;
	if (length > 0)
		memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void strata_buffer_string(struct strata_buffer *buffer, const char *text)
{
	strata_buffer_append(buffer, text, strlen(text));
}

void strata_buffer_byte(struct strata_buffer *buffer, char byte)
{
	strata_buffer_append(buffer, &byte, 1);
}

void strata_buffer_format(struct strata_buffer *buffer, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0) {
		buffer->failed = true;
		return;
	}
	if (!make_room(buffer, (size_t)length))
		return;
	va_start(arguments, format);
	vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
	va_end(arguments);
	buffer->length += (size_t)length;
}

void strata_buffer_truncate(struct strata_buffer *buffer, size_t length)
{
	if (length >= buffer->length)
		return;
	buffer->length = length;
	buffer->data[length] = '\0';
}

int strata_buffer_check(const struct strata_buffer *buffer, struct strata_error *error)
{
	return buffer->failed ? strata_fail_memory(error) : 0;
}

char *strata_buffer_take(struct strata_buffer *buffer)
{
	char *data = NULL;

	if (make_room(buffer, 0)) {
		data = buffer->data;
		data[buffer->length] = '\0';
		*buffer = (struct strata_buffer)STRATA_BUFFER_INIT;
	}
	strata_buffer_release(buffer);
	return data;
}

void strata_buffer_release(struct strata_buffer *buffer)
{
	if (buffer->capacity)
		free(buffer->data);
	*buffer = (struct strata_buffer)STRATA_BUFFER_INIT;
}
