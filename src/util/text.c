/* SPDX-License-Identifier: Apache-2.0 */
#include "util/text.h"

#include <string.h>
#include <time.h>

/* The length of the well-formed UTF-8 sequence at BYTES, or 0. */
static size_t sequence_length(const unsigned char *bytes, size_t length)
{
	static const struct {
		unsigned char first, last, second_low, second_high, length;
	} forms[] = {
		{0x00, 0x7f, 0, 0, 1},
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (bytes[0] < forms[i].first || bytes[0] > forms[i].last)
			continue;
		if (forms[i].length > length)
			return 0;
		for (size_t k = 1; k < forms[i].length; k++) {
			unsigned char low = k == 1 ? forms[i].second_low : 0x80;
			unsigned char high = k == 1 ? forms[i].second_high : 0xbf;

			if (bytes[k] < low || bytes[k] > high)
				return 0;
		}
		return forms[i].length;
	}
	return 0;
}

/* The length of what is ASCII at the start of BYTES, of which eight are looked at together. */
static size_t ascii_length(const char *bytes, size_t length)
{
	size_t at = 0;
	uint64_t word;

	for (; length - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, bytes + at, sizeof(word));
		if (word & UINT64_MAX / 255 * 0x80)
			break;
	}
	while (at < length && (unsigned char)bytes[at] < 0x80)
		at++;
	return at;
}

bool strata_text_is_utf8(const char *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t step = ascii_length(bytes + at, length - at);

		if (step == 0)
			step = sequence_length((const unsigned char *)bytes + at, length - at);
		if (step == 0)
			return false;
		at += step;
	}
	return true;
}

bool strata_text_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool strata_text_ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text), wanted = strlen(suffix);

	return length >= wanted && memcmp(text + length - wanted, suffix, wanted) == 0;
}

int strata_text_hex_digit(char byte)
{
	char letter = (char)(byte | 0x20);

	if (byte >= '0' && byte <= '9')
		return byte - '0';
	return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

bool strata_text_to_number(const char *text, int base, uint64_t *number)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text >= '0' + base)
			return false;
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
			__builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	}
	*number = value;
	return true;
}

void strata_text_size(struct strata_buffer *buffer, uint64_t bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
	size_t unit = 0;
	uint64_t divisor = 1000, tenths;

	if (bytes < 1000) {
		strata_buffer_format(buffer, "%u B", (unsigned)bytes);
		return;
	}
	while (bytes / divisor >= 1000) {
		divisor *= 1000;
		unit++;
	}
	tenths = bytes / (divisor / 10);
	if (tenths >= 1000)
		strata_buffer_format(buffer, "%u %s", (unsigned)(tenths / 10), units[unit]);
	else
		strata_buffer_format(buffer, "%u.%u %s", (unsigned)(tenths / 10),
			(unsigned)(tenths % 10), units[unit]);
}

/* Whether the character at BYTES, of LENGTH bytes, is one that a terminal obeys, or that changes
 * the order or the lines in which others are shown: C0 and C1 controls, marks of direction,
 * separators of lines. */
static bool is_control(const unsigned char *bytes, size_t length)
{
	uint32_t code;

	if (length == 1)
		return bytes[0] < 0x20 || bytes[0] == 0x7f;
	if (length == 2) {
		code = (uint32_t)(bytes[0] & 0x1f) << 6 | (bytes[1] & 0x3f);
		return code < 0xa0 || code == 0x61c;
	}
	if (length == 4)
		return false;
	code = (uint32_t)(bytes[0] & 0x0f) << 12 | (uint32_t)(bytes[1] & 0x3f) << 6 |
	       (bytes[2] & 0x3f);
	return (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

size_t strata_text_control(const char *text, size_t length)
{
	size_t step = sequence_length((const unsigned char *)text, length);

	return step > 0 && is_control((const unsigned char *)text, step) ? step : 0;
}

static void append_visible(struct strata_buffer *buffer, const char *text, bool keeps_lines)
{
	size_t length = strlen(text);

	for (size_t at = 0; at < length;) {
		const unsigned char *bytes = (const unsigned char *)text + at;
		size_t step = sequence_length(bytes, length - at);
		bool line = keeps_lines && (*bytes == '\n' || *bytes == '\t');

		if (step > 0 && (line || !is_control(bytes, step))) {
			strata_buffer_append(buffer, text + at, step);
			at += step;
			continue;
		}
		for (size_t end = at + (step > 0 ? step : 1); at < end; at++)
			strata_buffer_format(buffer, "\\x%02x", (unsigned char)text[at]);
	}
}

void strata_text_visible(struct strata_buffer *buffer, const char *text)
{
	append_visible(buffer, text, false);
}

void strata_text_visible_lines(struct strata_buffer *buffer, const char *text)
{
	append_visible(buffer, text, true);
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void strata_text_base64(struct strata_buffer *buffer, const void *bytes, size_t length)
{
	const unsigned char *in = bytes;

	for (size_t at = 0; at < length; at += 3) {
		size_t left = length - at;
		uint32_t group = (uint32_t)in[at] << 16;

		if (left > 1)
			group |= (uint32_t)in[at + 1] << 8;
		if (left > 2)
			group |= in[at + 2];
		strata_buffer_byte(buffer, base64_digits[group >> 18]);
		strata_buffer_byte(buffer, base64_digits[group >> 12 & 63]);
		strata_buffer_byte(buffer, left > 1 ? base64_digits[group >> 6 & 63] : '=');
		strata_buffer_byte(buffer, left > 2 ? base64_digits[group & 63] : '=');
	}
}

bool strata_text_from_base64(struct strata_buffer *buffer, const char *text)
{
	size_t length = strlen(text);

	if (length % 4 != 0)
		return false;
	for (size_t at = 0; at < length; at += 4) {
		uint32_t group = 0;
		size_t padding = 0;

		for (size_t k = 0; k < 4; k++) {
			char digit = text[at + k];
			const char *found = strchr(base64_digits, digit);

			if (digit == '=' && at + 4 == length && k >= 2) {
				padding++;
				group <<= 6;
			} else if (found && padding == 0) {
				group = group << 6 | (uint32_t)(found - base64_digits);
			} else {
				return false;
			}
		}
		for (size_t k = 0; k + padding < 3; k++)
			strata_buffer_byte(buffer, (char)(group >> (16 - 8 * k)));
	}
	return true;
}

bool strata_text_time(struct strata_buffer *buffer, int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm parts;

	if (!gmtime_r(&time, &parts) || parts.tm_year < -1900 || parts.tm_year > 9999 - 1900)
		return false;
	strata_buffer_format(buffer, "%04d-%02d-%02dT%02d:%02d:%02dZ", 1900 + parts.tm_year,
		1 + parts.tm_mon, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
	return true;
}
