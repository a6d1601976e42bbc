/* SPDX-License-Identifier: Apache-2.0 */
#include "customisation/permissions.h"

#include <string.h>

#include "util/error.h"
#include "util/path.h"
#include "util/text.h"

enum {
	PERMISSION_BITS = 07777,
	EXECUTE_BITS = 0111,
};

bool strata_pattern_names(const char *pattern, const char *path)
{
	static const char all[] = "/**";
	size_t length = strlen(pattern), end = sizeof(all) - 1;

	while (length > end && strncmp(pattern + length - end, all, end) == 0)
		length -= end;
	return strcspn(pattern, "*?[\\") >= length && strlen(path) == length &&
	       strncmp(pattern, path, length) == 0;
}

/* The bits of all classes in *TEXT, which moves behind them; every class where none is named. */
static uint32_t read_classes(const char **text)
{
	uint32_t bits = 0;

	for (;; (*text)++) {
		switch (**text) {
		case 'u':
			bits |= 04700;
			break;
		case 'g':
			bits |= 02070;
			break;
		case 'o':
			bits |= 01007;
			break;
		case 'a':
			bits |= PERMISSION_BITS;
			break;
		default:
			return bits ? bits : PERMISSION_BITS;
		}
	}
}

/* The bits that the letters at *TEXT stand for in all classes; the sticky bit has no class. */
static uint32_t read_letters(
	const char **text, uint32_t current, bool is_directory, uint32_t *sticky)
{
	uint32_t bits = 0;

	for (;; (*text)++) {
		switch (**text) {
		case 'r':
			bits |= 0444;
			break;
		case 'w':
			bits |= 0222;
			break;
		case 'x':
			bits |= EXECUTE_BITS;
			break;
		case 'X':
			if (is_directory || (current & EXECUTE_BITS))
				bits |= EXECUTE_BITS;
			break;
		case 's':
			bits |= 06000;
			break;
		case 't':
			*sticky = 01000;
			break;
		default:
			return bits;
		}
	}
}

/* Apply one clause; *TEXT moves behind it. Returns false where it is none. */
static bool apply_clause(const char **text, uint32_t *bits, bool is_directory)
{
	uint32_t classes = read_classes(text);

	if (!**text || !strchr("+-=", **text))
		return false;
	while (**text && strchr("+-=", **text)) {
		char operation = *(*text)++;
		uint32_t sticky = 0;
		uint32_t letters = read_letters(text, *bits, is_directory, &sticky);
		uint32_t chosen = (letters & classes & ~01000u) | (sticky & classes);

		if (operation == '+')
			*bits |= chosen;
		else if (operation == '-')
			*bits &= ~chosen;
		else
			*bits = (*bits & ~classes) | chosen;
	}
	return true;
}

/* Apply TEXT to *BITS. Returns false where it is no mode. */
static bool apply_mode(const char *text, uint32_t *bits, bool is_directory)
{
	uint64_t number;

	if (strata_text_to_number(text, 8, &number)) {
		*bits = (uint32_t)number;
		return number <= PERMISSION_BITS;
	}
	while (apply_clause(&text, bits, is_directory)) {
		if (!*text)
			return true;
		if (*text++ != ',')
			return false;
	}
	return false;
}

bool strata_mode_is_valid(const char *text)
{
	uint32_t bits = 0;

	return apply_mode(text, &bits, false);
}

uint32_t strata_mode_apply(const char *text, uint32_t bits, bool is_directory)
{
	apply_mode(text, &bits, is_directory);
	return bits;
}

int strata_permission_check(const struct strata_permission *rule, struct strata_error *error)
{
	int status = strata_check_path(rule->paths, STRATA_ERROR_INVALID, error);

	if (status < 0)
		return status;
	if (rule->mode && !strata_mode_is_valid(rule->mode))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "'%s', the mode for '%s', is none",
				rule->mode, rule->paths),
			"write octal digits as 0750, or what chmod understands, as u+w,go=rX");
	if (!rule->mode && !rule->set_owner)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"the rule for '%s' says neither mode nor owner", rule->paths);
	return 0;
}
