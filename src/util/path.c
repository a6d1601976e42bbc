/* SPDX-License-Identifier: Apache-2.0 */
#include "util/path.h"

#include <string.h>

bool strata_path_is_normal(const char *path)
{
	if (*path != '/')
		return false;
	while (*path == '/') {
		size_t length = strcspn(++path, "/");

		if (length == 0 || (length == 1 && path[0] == '.') ||
			(length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += length;
	}
	return true;
}

int strata_check_path(const char *path, enum strata_status status, struct strata_error *error)
{
	if (strata_path_is_normal(path))
		return 0;
	return strata_hint(error,
		strata_fail(error, status, "'%s' is not an absolute path in normal form", path),
		"write it from the root, without '.', '..', doubled or trailing slashes");
}

/* The end of a path comes before a slash, and that before every other byte. */
static int rank(char byte)
{
	return byte == '\0' ? 0 : byte == '/' ? 1 : (unsigned char)byte + 1;
}

int strata_path_compare(const char *left, const char *right)
{
	while (*left && *left == *right) {
		left++;
		right++;
	}
	return rank(*left) - rank(*right);
}
