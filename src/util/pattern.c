/* SPDX-License-Identifier: Apache-2.0 */
#include "util/pattern.h"

#include <string.h>

#include "util/text.h"

/* Match BYTE against the set that begins behind a "[" at *PATTERN; *PATTERN moves behind its "]".
 * Where none ends it, the "[" stands for itself and *PATTERN stays. */
static bool match_set(const char **pattern, const char *end, unsigned char byte)
{
	const char *at = *pattern;
	bool is_negated = at < end && (*at == '!' || *at == '^');
	bool matches = false;
	const char *first;

	if (is_negated)
		at++;
	first = at;
	while (at < end && (*at != ']' || at == first)) {
		unsigned char low = (unsigned char)*at++, high = low;

		if (at + 1 < end && *at == '-' && at[1] != ']') {
			high = (unsigned char)at[1];
			at += 2;
		}
		matches = matches || (low <= byte && byte <= high);
	}
	if (at >= end)
		return byte == '[';
	*pattern = at + 1;
	return matches != is_negated;
}

/* Match one component, which has no slashes. After a failure, the last "*" takes one byte more. */
static bool match_component(
	const char *pattern, const char *pattern_end, const char *name, const char *name_end)
{
	const char *star = NULL, *star_name = NULL;

	while (name < name_end) {
		const char *next = pattern + 1;
		bool matches = false;

		if (pattern < pattern_end && *pattern == '*') {
			star = ++pattern;
			star_name = name;
			continue;
		}
		if (pattern < pattern_end && *pattern == '?')
			matches = true;
		else if (pattern < pattern_end && *pattern == '[')
			matches = match_set(&next, pattern_end, (unsigned char)*name);
		else if (pattern + 1 < pattern_end && *pattern == '\\')
			matches = *next++ == *name;
		else if (pattern < pattern_end)
			matches = *pattern == *name;
		if (matches) {
			pattern = next;
			name++;
		} else if (star) {
			pattern = star;
			name = ++star_name;
		} else {
			return false;
		}
	}
	while (pattern < pattern_end && *pattern == '*')
		pattern++;
	return pattern == pattern_end;
}

bool strata_pattern_matches(const char *pattern, const char *path)
{
	/* Both are at a slash or at their end. As with "*", only the last "**" needs to be tried
	 * again: it can take everything that an earlier one could take. */
	const char *star = NULL, *star_path = NULL;

	while (*path) {
		const char *pattern_end =
			*pattern ? pattern + 1 + strcspn(pattern + 1, "/") : pattern;
		const char *path_end = path + 1 + strcspn(path + 1, "/");

		if (pattern_end - pattern == 3 && memcmp(pattern, "/**", 3) == 0) {
			star = pattern = pattern_end;
			star_path = path;
			continue;
		}
		if (*pattern && match_component(pattern + 1, pattern_end, path + 1, path_end)) {
			pattern = pattern_end;
			path = path_end;
		} else if (star) {
			pattern = star;
			star_path += 1 + strcspn(star_path + 1, "/");
			path = star_path;
		} else {
			return false;
		}
	}
	while (strata_text_starts_with(pattern, "/**") && (!pattern[3] || pattern[3] == '/'))
		pattern += 3;
	return !*pattern;
}
