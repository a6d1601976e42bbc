/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One relation of a Depends field: "name:arch (>= version)" (deb-control(5), Debian Policy 7.1).
 */
#include <string.h>

#include "graph/dpkg/dpkg.h"

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || (byte && strchr("+-._", byte));
}

bool strata_dpkg_is_name(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!is_name_byte(text[i]))
			return false;
	}
	/* "." and ".." are directories. */
	return length > 0 && text[0] != '.';
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* Take the run of bytes of a name at *AT; NULL in *NAME where it is none. */
static int take_name(
	const char **at, struct strata_arena *arena, const char **name, struct strata_error *error)
{
	size_t length = 0;

	while (is_name_byte((*at)[length]))
		length++;
	*name = NULL;
	if (!strata_dpkg_is_name(*at, length))
		return 0;
	*name = strata_arena_bytes(arena, *at, length);
	*at += length;
	return *name ? 0 : strata_fail_memory(error);
}

static const struct {
	const char *text;
	enum strata_dpkg_comparison comparison;
} operators[] = {
	{"<<", STRATA_DPKG_EARLIER},
	{"<=", STRATA_DPKG_EARLIER_OR_EQUAL},
	{"=", STRATA_DPKG_EQUAL},
	{">=", STRATA_DPKG_LATER_OR_EQUAL},
	{">>", STRATA_DPKG_LATER},
	/* Obsolete, and not what they look like. */
	{"<", STRATA_DPKG_EARLIER_OR_EQUAL},
	{">", STRATA_DPKG_LATER_OR_EQUAL},
};

/* "(>= 1.2)", of which the parenthesis has been seen. */
static int take_version(const char **at, struct strata_arena *arena,
	struct strata_dpkg_relation *relation, struct strata_error *error)
{
	size_t length, i;

	*at = skip_blanks(*at + 1);
	length = strspn(*at, "<=>");
	for (i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
		if (strlen(operators[i].text) == length &&
			strncmp(*at, operators[i].text, length) == 0)
			break;
	}
	/* Without an operator "=" is meant. */
	if (length > 0 && i == sizeof(operators) / sizeof(*operators))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"'%.*s' in the relation to '%s' is not one of <<, <=, =, >=, >>",
			(int)length, *at, relation->name);
	relation->comparison = length > 0 ? operators[i].comparison : STRATA_DPKG_EQUAL;
	*at = skip_blanks(*at + length);
	length = strcspn(*at, " \t)");
	relation->version = strata_arena_bytes(arena, *at, length);
	if (!relation->version)
		return strata_fail_memory(error);
	*at = skip_blanks(*at + length);
	if (length == 0 || **at != ')')
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"the version in the relation to '%s' is incomplete", relation->name);
	*at = skip_blanks(*at + 1);
	return 0;
}

int strata_dpkg_next_relation(const char **at, struct strata_arena *arena,
	struct strata_dpkg_relation *relation, struct strata_error *error)
{
	int status;

	*relation = (struct strata_dpkg_relation){0};
	*at += strspn(*at, " \t,");
	if (!**at)
		return 0;
	status = take_name(at, arena, &relation->name, error);
	if (status == 0 && !relation->name)
		status = strata_fail(
			error, STRATA_ERROR_FORMAT, "a package name is expected at '%.20s'", *at);
	if (status == 0 && **at == ':') {
		++*at;
		status = take_name(at, arena, &relation->architecture, error);
		if (status == 0 && !relation->architecture)
			status = strata_fail(error, STRATA_ERROR_FORMAT,
				"an architecture is expected behind '%s:'", relation->name);
	}
	*at = skip_blanks(*at);
	if (status == 0 && **at == '(')
		status = take_version(at, arena, relation, error);
	if (status < 0)
		return status;
	if (**at && **at != ',' && **at != '|')
		return strata_fail(error, STRATA_ERROR_FORMAT, "'%.20s' is unexpected behind '%s'",
			*at, relation->name);
	relation->has_alternative = **at == '|';
	if (**at)
		++*at;
	return 1;
}
