#include "base/json_token.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

/* Columns are bytes. */
int strata_json_fail_at(struct strata_json_text *text, const char *where, const char *words)
{
	const char *line = text->start;
	size_t number = 1;

	for (const char *at = line; at < where; at++) {
		if (*at == '\n') {
			number++;
			line = at + 1;
		}
	}
	return strata_fail(text->error, STRATA_ERROR_FORMAT,
		"not valid JSON: line %zu, column %zu: %s", number, (size_t)(where - line) + 1,
		words);
}

int strata_json_fail_due(struct strata_json_text *text, const char *what)
{
	strata_autobuffer struct strata_buffer words = STRATA_BUFFER_INIT;

	strata_buffer_format(&words, "%s is due, not ", what);
	if (text->at == text->end) {
		strata_buffer_string(&words, "the end of the text");
	} else if (*text->at == '\0') {
		strata_buffer_string(&words, "NUL");
	} else {
		char byte[2] = {*text->at, '\0'};

		strata_buffer_byte(&words, '\'');
		strata_text_visible(&words, byte);
		strata_buffer_byte(&words, '\'');
	}
	return strata_json_fail_at(text, text->at, words.data);
}

static bool take_digits(struct strata_json_text *text)
{
	const char *start = text->at;

	while (text->at < text->end && *text->at >= '0' && *text->at <= '9')
		text->at++;
	return text->at > start;
}

/*
 * Strings
 */

/* What lies between two quotes. */
struct string {
	const char *start;
	size_t length;
	bool has_escapes;
};

/* Take four hexadecimal digits; -1 where there are fewer. */
static int32_t take_unit(struct strata_json_text *text)
{
	int32_t unit = 0;

	for (int i = 0; i < 4; i++, text->at++) {
		char digit = text->at < text->end ? *text->at : '\0';

		if (digit >= '0' && digit <= '9')
			unit = unit * 16 + digit - '0';
		else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
			unit = unit * 16 + (digit | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return unit;
}

/* Take the character that the digits behind "\u" stand for: one, or a pair of surrogates. -1 where
 * there is none. */
static int32_t take_code_point(struct strata_json_text *text)
{
	int32_t unit = take_unit(text), second;

	if (unit < 0xd800 || unit > 0xdfff)
		return unit;
	if (unit > 0xdbff || !strata_json_take(text, '\\') || !strata_json_take(text, 'u'))
		return -1;
	second = take_unit(text);
	if (second < 0xdc00 || second > 0xdfff)
		return -1;
	return 0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00);
}

static char simple_escape(char letter)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *found = letter ? strchr(letters, letter) : NULL;

	return found ? meanings[found - letters] : '\0';
}

/* Pass over what follows a backslash. */
static int pass_escape(struct strata_json_text *text)
{
	const char *start = text->at++;
	int32_t code_point;

	if (strata_json_take(text, 'u')) {
		code_point = take_code_point(text);
		if (code_point < 0)
			return strata_json_fail_at(text, start, "the escape is no character");
		return code_point > 0
			       ? 0
			       : strata_json_fail_at(text, start, "NUL cannot be in a string");
	}
	if (text->at == text->end || !simple_escape(*text->at))
		return strata_json_fail_at(text, start, "there is no such escape");
	text->at++;
	return 0;
}

/* The first byte from AT on that is no plain character of a string: a quote, a backslash, a control
 * character, or END. Eight bytes at once show in their highest bits whether one may be among them:
 * taking away borrows into that of a byte that is smaller. */
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

int strata_json_take_string(struct strata_json_text *text, struct strata_json_string *string)
{
	const char *start = ++text->at;
	int status = 0;

	string->start = start;
	string->has_escapes = false;
	while (status == 0) {
		text->at = find_special(text->at, text->end);
		if (text->at == text->end)
			return strata_json_fail_at(text, start - 1, "the string has no end");
		if (*text->at == '"')
			break;
		if (*text->at != '\\')
			return strata_json_fail_at(
				text, text->at, "a control character in a string");
		string->has_escapes = true;
		status = pass_escape(text);
	}
	if (status < 0)
		return status;
	string->length = (size_t)(text->at - start);
	text->at++;
	if (!strata_text_is_utf8(start, string->length))
		return strata_json_fail_at(text, start - 1, "the string is not UTF-8");
	return 0;
}

static char *encode_utf8(char *out, int32_t code_point)
{
	static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
	int length = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;

	if (length == 1) {
		*out = (char)code_point;
		return out + 1;
	}
	for (int i = length - 1; i > 0; i--, code_point >>= 6)
		out[i] = (char)(0x80 | (code_point & 0x3f));
	*out = (char)(marks[length] | code_point);
	return out + length;
}

/* Escapes are longer than what they stand for. */
const char *strata_json_copy_string(
	struct strata_arena *arena, const struct strata_json_string *string)
{
	char *copy = strata_arena_bytes(arena, string->start, string->length), *out = copy;
	struct strata_json_text text = {.at = string->start, .end = string->start + string->length};

	if (!copy || !string->has_escapes)
		return copy;
	while (text.at < text.end) {
		if (!strata_json_take(&text, '\\'))
			*out++ = *text.at++;
		else if (strata_json_take(&text, 'u'))
			out = encode_utf8(out, take_code_point(&text));
		else
			*out++ = simple_escape(*text.at++);
	}
	*out = '\0';
	return copy;
}

/*
 * Numbers and names
 */

/* What the digits in START up to END say with their sign, where it fits. */
static bool to_integer(const char *start, const char *end, int64_t *integer)
{
	bool negative = *start == '-';

	*integer = 0;
	for (const char *at = start + negative; at < end; at++) {
		int digit = *at - '0';

		if (__builtin_mul_overflow(*integer, 10, integer) ||
			__builtin_add_overflow(*integer, negative ? -digit : digit, integer))
			return false;
	}
	return true;
}

/* The decimal point is a point whatever the locale. */
static int to_real(struct strata_json_text *text, const char *start, double *real)
{
	strata_autobuffer struct strata_buffer number = STRATA_BUFFER_INIT;
	locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);

	if (!locale)
		return strata_fail_memory(text->error);
	strata_buffer_append(&number, start, (size_t)(text->at - start));
	*real = strtod_l(number.data, NULL, locale);
	freelocale(locale);
	if (strata_buffer_check(&number, text->error) < 0)
		return STRATA_ERROR_MEMORY;
	return isfinite(*real) ? 0 : strata_json_fail_at(text, start, "the number is too large");
}

static int take_number(struct strata_json_text *text, struct strata_json *value)
{
	const char *start = text->at;
	bool is_real = false;

	(void)strata_json_take(text, '-');
	if (!strata_json_take(text, '0') && !take_digits(text))
		return strata_json_fail_due(text, "a digit");
	if (strata_json_take(text, '.')) {
		is_real = true;
		if (!take_digits(text))
			return strata_json_fail_due(text, "a digit");
	}
	if (strata_json_take(text, 'e') || strata_json_take(text, 'E')) {
		is_real = true;
		if (!strata_json_take(text, '+'))
			(void)strata_json_take(text, '-');
		if (!take_digits(text))
			return strata_json_fail_due(text, "a digit");
	}
	value->kind = is_real ? STRATA_JSON_REAL : STRATA_JSON_INTEGER;
	if (is_real)
		return to_real(text, start, &value->real);
	if (!to_integer(start, text->at, &value->integer))
		return strata_json_fail_at(text, start, "the number does not fit into 64 bits");
	return 0;
}

static int take_name(struct strata_json_text *text, struct strata_json *value)
{
	static const struct {
		const char *name;
		enum strata_json_kind kind;
	} names[] = {{"true", STRATA_JSON_BOOL}, {"false", STRATA_JSON_BOOL},
		{"null", STRATA_JSON_NULL}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t length = strlen(names[i].name);

		if ((size_t)(text->end - text->at) < length ||
			memcmp(text->at, names[i].name, length) != 0)
			continue;
		text->at += length;
		value->kind = names[i].kind;
		value->truth = i == 0;
		return 0;
	}
	return strata_json_fail_due(text, "a value");
}

int strata_json_take_scalar(struct strata_json_text *text, struct strata_json *value)
{
	if (text->at < text->end && (*text->at == '-' || (*text->at >= '0' && *text->at <= '9')))
		return take_number(text, value);
	return take_name(text, value);
}
