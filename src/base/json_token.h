/*
 * The tokens of JSON (RFC 8259), to the letter. What the RFC leaves to programs is decided against
 * surprises: lone surrogates, NUL, and numbers that do not fit are refused.
 */
#ifndef BASE_JSON_TOKEN_H
#define BASE_JSON_TOKEN_H

#include "base/json_value.h"

/* A text that is being read: what is taken has been passed. */
struct strata_json_text {
	const char *start; /* from here lines are counted */
	const char *at;
	const char *end;
	struct strata_error *error;
};

/* Fail with WORDS at WHERE in the text. */
int strata_json_fail_at(struct strata_json_text *text, const char *where, const char *words);

/* Fail because WHAT should come next. */
int strata_json_fail_due(struct strata_json_text *text, const char *what);

static inline void strata_json_skip_blanks(struct strata_json_text *text)
{
	const char *at = text->at;

	while (at < text->end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
		at++;
	text->at = at;
}

/* Take BYTE, if it comes next. */
static inline bool strata_json_take(struct strata_json_text *text, char byte)
{
	if (text->at == text->end || *text->at != byte)
		return false;
	text->at++;
	return true;
}

/* What lies between two quotes, well-formed. */
struct strata_json_string {
	const char *start;
	size_t length;
	bool has_escapes;
};

/* Take a string; a quote comes next. */
int strata_json_take_string(
	struct strata_json_text *text, struct strata_json_string *string) STRATA_MUST_CHECK;

/* A copy of STRING in the arena, escapes replaced; NULL where memory is out. */
const char *strata_json_copy_string(
	struct strata_arena *arena, const struct strata_json_string *string);

/* Take a number, or true, false or null. */
int strata_json_take_scalar(
	struct strata_json_text *text, struct strata_json *value) STRATA_MUST_CHECK;

#endif
