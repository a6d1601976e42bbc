#include "base/path.h"

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

int strata_check_path(const char *path, struct strata_error *error)
{
	if (strata_path_is_normal(path))
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_FORMAT,
			"'%s' is not an absolute path in normal form", path),
		"write it from the root, without '.', '..', doubled or trailing slashes");
}
