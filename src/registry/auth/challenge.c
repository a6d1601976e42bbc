/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/auth/challenge.h"

#include <string.h>
#include <strings.h>

#include "util/buffer.h"

/* The characters of a token (RFC 9110, section 5.6.2). */
static const char token_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789!#$%&'*+-.^_`|~";

static const char *skip(const char *text, const char *characters)
{
	return text + strspn(text, characters);
}

/* Append the value of a parameter: a token or a quoted string. Returns what is behind it, or NULL
 * where it is neither. */
static const char *read_value(const char *text, struct strata_buffer *value)
{
	if (*text != '"') {
		/* Some write URLs and scopes without quotes. */
		size_t length = strcspn(text, ", \t\"");

		strata_buffer_append(value, text, length);
		return length > 0 ? text + length : NULL;
	}
	for (text++; *text && *text != '"'; text++) {
		if (*text == '\\' && text[1])
			text++;
		strata_buffer_byte(value, *text);
	}
	return *text ? text + 1 : NULL;
}

static bool is_named(const char *text, size_t length, const char *name)
{
	return strlen(name) == length && strncasecmp(text, name, length) == 0;
}

/* Where parameter NAME of CHALLENGE goes, or NULL. */
static char **place_of(struct strata_challenge *challenge, const char *name, size_t length)
{
	if (is_named(name, length, "realm"))
		return &challenge->realm;
	if (is_named(name, length, "service"))
		return &challenge->service;
	if (is_named(name, length, "scope"))
		return &challenge->scope;
	return is_named(name, length, "error") ? &challenge->error : NULL;
}

/* Read the parameters of CHALLENGE. Returns what is behind them, or NULL where memory is out. */
static const char *read_parameters(const char *text, struct strata_challenge *challenge)
{
	for (;;) {
		strata_autobuffer struct strata_buffer value = STRATA_BUFFER_INIT;
		const char *name = skip(text, " \t,"), *end = skip(name, token_characters);
		const char *equals = skip(end, " \t"), *behind;
		char **place;

		/* What has no "=" is the next challenge, or the end. */
		if (end == name || *equals != '=')
			return text;
		behind = read_value(skip(equals + 1, " \t"), &value);
		if (!behind)
			return skip(equals + 1, "=");
		place = place_of(challenge, name, (size_t)(end - name));
		if (place && !*place)
			*place = strata_buffer_take(&value);
		if (value.failed || (place && !*place))
			return NULL;
		text = behind;
	}
}

static bool is_better(const struct strata_challenge *left, const struct strata_challenge *right)
{
	if (left->scheme == STRATA_AUTH_BEARER && !left->realm)
		return false;
	return left->scheme > right->scheme;
}

int strata_challenge_read(const char *header, struct strata_challenge *challenge)
{
	for (const char *text = skip(header, " \t,"); *text; text = skip(text, " \t,")) {
		const char *end = skip(text, token_characters);
		strata_autochallenge struct strata_challenge next = {.scheme = STRATA_AUTH_NONE};
		size_t length = (size_t)(end - text);

		if (is_named(text, length, "Bearer"))
			next.scheme = STRATA_AUTH_BEARER;
		else if (is_named(text, length, "Basic"))
			next.scheme = STRATA_AUTH_BASIC;
		if (length == 0) {
			text++;
			continue;
		}
		text = read_parameters(end, &next);
		if (!text)
			return -1;
		if (is_better(&next, challenge)) {
			struct strata_challenge worse = *challenge;

			*challenge = next;
			next = worse;
		}
	}
	return 0;
}

void strata_challenge_release(struct strata_challenge *challenge)
{
	free(challenge->realm);
	free(challenge->service);
	free(challenge->scope);
	free(challenge->error);
	*challenge = (struct strata_challenge){.scheme = STRATA_AUTH_NONE};
}
