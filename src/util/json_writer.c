/* SPDX-License-Identifier: Apache-2.0 */
#include "util/json_writer.h"

#include <inttypes.h>
#include <string.h>

#include "util/json.h"
#include "util/text.h"

static void new_line(struct strata_json_writer *json)
{
	if (!json->indented)
		return;
	strata_buffer_byte(json->buffer, '\n');
	for (unsigned i = 0; i < json->depth; i++)
		strata_buffer_string(json->buffer, "  ");
}

static void before_value(struct strata_json_writer *json)
{
	if (json->after_key) {
		json->after_key = false;
		return;
	}
	if (json->needs_comma)
		strata_buffer_byte(json->buffer, ',');
	if (json->depth > 0)
		new_line(json);
}

static void begin(struct strata_json_writer *json, char bracket)
{
	before_value(json);
	strata_buffer_byte(json->buffer, bracket);
	json->depth++;
	json->needs_comma = false;
}

static void end(struct strata_json_writer *json, char bracket)
{
	bool empty = !json->needs_comma;

	json->depth--;
	if (!empty)
		new_line(json);
	strata_buffer_byte(json->buffer, bracket);
	json->needs_comma = true;
}

void strata_json_begin_object(struct strata_json_writer *json)
{
	begin(json, '{');
}

void strata_json_end_object(struct strata_json_writer *json)
{
	end(json, '}');
}

void strata_json_begin_array(struct strata_json_writer *json)
{
	begin(json, '[');
}

void strata_json_end_array(struct strata_json_writer *json)
{
	end(json, ']');
}

/* The first byte from AT on that needs an escape: a quote, a backslash, a control character; or
 * END. Eight bytes at once show in their highest bits whether one may be among them: taking away
 * borrows into that of a byte that is smaller. */
static const char *find_special(const char *at, const char *end)
{
	const uint64_t each = UINT64_MAX / 255;

	for (; end - at >= 8; at += 8) {
		uint64_t bytes, quotes, backslashes;

		memcpy(&bytes, at, 8);
		quotes = bytes ^ each * '"';
		backslashes = bytes ^ each * '\\';
		if ((((bytes - each * 0x20) & ~bytes) | ((quotes - each) & ~quotes) |
			    ((backslashes - each) & ~backslashes)) &
			each * 0x80)
			break;
	}
	while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* How many of the LENGTH bytes at TEXT no terminal obeys. *STEP is the length of what comes then.
 */
static size_t count_plain(const char *text, size_t length, size_t *step)
{
	size_t at = 0;

	*step = 0;
	while (at < length) {
		if ((unsigned char)text[at] >= 0x7f) {
			*step = strata_text_control(text + at, length - at);
			if (*step > 0)
				break;
		}
		at++;
	}
	return at;
}

/* Write TEXT, which has no byte that JSON wants escaped, with what terminals obey in escapes. */
static void write_visible(struct strata_buffer *buffer, const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t step, plain = count_plain(text + at, length - at, &step);
		const unsigned char *bytes = (const unsigned char *)text + at + plain;

		strata_buffer_append(buffer, text + at, plain);
		if (step == 1)
			strata_buffer_format(buffer, "\\u%04x", bytes[0]);
		else if (step == 2)
			strata_buffer_format(buffer, "\\u%04x",
				(unsigned)(bytes[0] & 0x1f) << 6 | (bytes[1] & 0x3f));
		else if (step > 2)
			strata_buffer_format(buffer, "\\u%04x",
				(unsigned)(bytes[0] & 0x0f) << 12 |
					(unsigned)(bytes[1] & 0x3f) << 6 | (bytes[2] & 0x3f));
		at += plain + step;
	}
}

/* Documents that people read are indented: those are written so that a terminal shows all of them.
 */
static void write_quoted(struct strata_json_writer *json, const char *text)
{
	struct strata_buffer *buffer = json->buffer;
	const char *at = text, *end = text + strlen(text);

	strata_buffer_byte(buffer, '"');
	for (; at < end; at++) {
		const char *special = find_special(at, end);

		if (json->indented)
			write_visible(buffer, at, (size_t)(special - at));
		else
			strata_buffer_append(buffer, at, (size_t)(special - at));
		at = special;
		if (at == end)
			break;
		if (*at == '"' || *at == '\\')
			strata_buffer_format(buffer, "\\%c", *at);
		else if (*at == '\n')
			strata_buffer_string(buffer, "\\n");
		else if (*at == '\t')
			strata_buffer_string(buffer, "\\t");
		else
			strata_buffer_format(buffer, "\\u%04x", (unsigned char)*at);
	}
	strata_buffer_byte(buffer, '"');
}

void strata_json_key(struct strata_json_writer *json, const char *key)
{
	before_value(json);
	write_quoted(json, key);
	strata_buffer_string(json->buffer, json->indented ? ": " : ":");
	json->after_key = true;
}

void strata_json_write_string(struct strata_json_writer *json, const char *text)
{
	before_value(json);
	write_quoted(json, text);
	json->needs_comma = true;
}

void strata_json_write_number(struct strata_json_writer *json, int64_t number)
{
	before_value(json);
	strata_buffer_format(json->buffer, "%" PRId64, number);
	json->needs_comma = true;
}

void strata_json_write_size(struct strata_json_writer *json, uint64_t size)
{
	before_value(json);
	strata_buffer_format(json->buffer, "%" PRIu64, size);
	json->needs_comma = true;
}

void strata_json_write_bool(struct strata_json_writer *json, bool value)
{
	before_value(json);
	strata_buffer_string(json->buffer, value ? "true" : "false");
	json->needs_comma = true;
}

void strata_json_write_null(struct strata_json_writer *json)
{
	before_value(json);
	strata_buffer_string(json->buffer, "null");
	json->needs_comma = true;
}

void strata_json_write_bytes(struct strata_json_writer *json, const char *text)
{
	size_t length = strlen(text);

	if (strata_text_is_utf8(text, length)) {
		strata_json_write_string(json, text);
		return;
	}
	strata_json_begin_object(json);
	strata_json_key(json, "base64");
	before_value(json);
	strata_buffer_byte(json->buffer, '"');
	strata_text_base64(json->buffer, text, length);
	strata_buffer_byte(json->buffer, '"');
	json->needs_comma = true;
	strata_json_end_object(json);
}

void strata_json_write_raw(struct strata_json_writer *json, const char *text)
{
	before_value(json);
	strata_buffer_string(json->buffer, text);
	json->needs_comma = true;
}

static int write_object(struct strata_json_writer *json, const struct strata_json *value,
	struct strata_error *error)
{
	const struct strata_json *member;
	const char *key;
	void *position = NULL;
	int status = 0;

	strata_json_begin_object(json);
	while (status == 0 && strata_json_next(value, &position, &key, &member)) {
		strata_json_key(json, key);
		status = strata_json_write_value(json, member, error);
	}
	strata_json_end_object(json);
	return status;
}

static int write_array(struct strata_json_writer *json, const struct strata_json *value,
	struct strata_error *error)
{
	int status = 0;

	strata_json_begin_array(json);
	for (size_t i = 0; status == 0 && i < strata_json_count(value); i++)
		status = strata_json_write_value(json, strata_json_at(value, i), error);
	strata_json_end_array(json);
	return status;
}

/* The depth is that of a document which was parsed, so it is bounded. */
int strata_json_write_value(struct strata_json_writer *json, const struct strata_json *value,
	struct strata_error *error)
{
	switch (strata_json_kind(value)) {
	case STRATA_JSON_OBJECT:
		return write_object(json, value, error);
	case STRATA_JSON_ARRAY:
		return write_array(json, value, error);
	case STRATA_JSON_STRING:
		strata_json_write_string(json, strata_json_string(value));
		return 0;
	case STRATA_JSON_INTEGER:
		strata_json_write_number(json, strata_json_integer(value));
		return 0;
	case STRATA_JSON_BOOL:
		strata_json_write_bool(json, strata_json_is_true(value));
		return 0;
	case STRATA_JSON_NULL:
		strata_json_write_null(json);
		return 0;
	case STRATA_JSON_REAL:
		break;
	}
	return strata_fail(error, STRATA_ERROR_UNSUPPORTED, "a number that is no integer");
}

void strata_json_member_string(struct strata_json_writer *json, const char *key, const char *text)
{
	if (!text)
		return;
	strata_json_key(json, key);
	strata_json_write_string(json, text);
}

void strata_json_member_size(struct strata_json_writer *json, const char *key, uint64_t size)
{
	strata_json_key(json, key);
	strata_json_write_size(json, size);
}

void strata_json_member_bool(struct strata_json_writer *json, const char *key, bool value)
{
	strata_json_key(json, key);
	strata_json_write_bool(json, value);
}
