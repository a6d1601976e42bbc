/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/tree/xattrs.h"

#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "util/error.h"
#include "util/text.h"

static bool is_kept(const char *name)
{
	return strcmp(name, "security.capability") == 0 || strata_text_starts_with(name, "user.");
}

static int compare_names(const void *left, const void *right)
{
	const struct strata_xattr *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static int read_value(const char *place, struct strata_arena *arena, struct strata_xattr *xattr,
	struct strata_error *error)
{
	ssize_t size = lgetxattr(place, xattr->name, NULL, 0);
	char *value;

	if (size >= 0) {
		value = strata_arena_allocate(arena, (size_t)size + 1);
		if (!value)
			return strata_fail_memory(error);
		xattr->value = value;
		/* Never a size of 0: it would ask for the length again, which may have grown. */
		size = lgetxattr(place, xattr->name, value, (size_t)size + 1);
	}
	if (size < 0)
		return strata_fail_errno(
			error, "cannot read the attribute '%s' of '%s'", xattr->name, place);
	xattr->size = (size_t)size;
	return 0;
}

int strata_xattrs_read(const char *place, struct strata_arena *arena,
	const struct strata_xattr **xattrs, size_t *count, struct strata_error *error)
{
	char fixed[1024];
	strata_autofree char *large = NULL;
	char *names = fixed;
	ssize_t length = llistxattr(place, fixed, sizeof(fixed));
	struct strata_xattr *kept = NULL;
	size_t capacity = 0;

	*count = 0;
	if (length < 0 && errno == ERANGE) {
		large = malloc(XATTR_LIST_MAX);
		if (!large)
			return strata_fail_memory(error);
		names = large;
		length = llistxattr(place, large, XATTR_LIST_MAX);
	}
	if (length < 0 && errno == ENOTSUP)
		return 0;
	if (length < 0)
		return strata_fail_errno(error, "cannot list the attributes of '%s'", place);
	for (const char *name = names; name < names + length; name += strlen(name) + 1)
		capacity += is_kept(name);
	if (capacity == 0)
		return 0;
	kept = strata_arena_array(arena, capacity, sizeof(*kept));
	if (!kept)
		return strata_fail_memory(error);
	for (const char *name = names; name < names + length; name += strlen(name) + 1) {
		struct strata_xattr *xattr = &kept[*count];
		int status;

		if (!is_kept(name))
			continue;
		if (strchr(name, '='))
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_UNSUPPORTED,
					"the attribute '%s' of '%s' cannot be packed: a '=' ends "
					"its name in tar",
					name, place),
				"remove the attribute with setfattr -x");
		xattr->name = strata_arena_string(arena, name);
		if (!xattr->name)
			return strata_fail_memory(error);
		status = read_value(place, arena, xattr, error);
		if (status < 0)
			return status;
		(*count)++;
	}
	qsort(kept, *count, sizeof(*kept), compare_names);
	*xattrs = kept;
	return 0;
}
