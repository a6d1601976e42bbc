/* SPDX-License-Identifier: Apache-2.0 */
#include "tar/xattrs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "util/error.h"
#include "util/text.h"

bool strata_xattr_is_overlay_mark(const char *name)
{
	return strata_text_starts_with(name, "trusted.overlay.") ||
	       strata_text_starts_with(name, "user.overlay.");
}

static bool is_kept(const char *name)
{
	return strcmp(name, "security.capability") == 0 ||
	       (strata_text_starts_with(name, "user.") && !strata_xattr_is_overlay_mark(name));
}

static int compare_names(const void *left, const void *right)
{
	const struct strata_xattr *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static int read_value(int descriptor, const char *place, struct strata_arena *arena,
	struct strata_xattr *xattr, struct strata_error *error)
{
	ssize_t size = fgetxattr(descriptor, xattr->name, NULL, 0);
	char *value;

	if (size >= 0) {
		value = strata_arena_allocate(arena, (size_t)size + 1);
		if (!value)
			return strata_fail_memory(error);
		xattr->value = value;
		/* Never a size of 0: it would ask for the length again, which may have grown. */
		size = fgetxattr(descriptor, xattr->name, value, (size_t)size + 1);
	}
	if (size < 0)
		return strata_fail_errno(
			error, "cannot read the attribute '%s' of '%s'", xattr->name, place);
	xattr->size = (size_t)size;
	return 0;
}

/* Read the names of all attributes into FIXED, which has SIZE bytes, or where that is too small
 * into *LARGE, which is the caller's. *LENGTH is how long they are together. */
static int list_names(int descriptor, const char *place, char *fixed, size_t size, char **large,
	ssize_t *length, struct strata_error *error)
{
	*length = flistxattr(descriptor, fixed, size);
	if (*length < 0 && errno == ERANGE) {
		*large = malloc(XATTR_LIST_MAX);
		if (!*large)
			return strata_fail_memory(error);
		*length = flistxattr(descriptor, *large, XATTR_LIST_MAX);
	}
	if (*length < 0 && errno == ENOTSUP)
		*length = 0;
	if (*length < 0)
		return strata_fail_errno(error, "cannot list the attributes of '%s'", place);
	return 0;
}

static int add_attribute(int descriptor, const char *name, const char *place,
	struct strata_arena *arena, struct strata_xattr *xattr, struct strata_error *error)
{
	if (strchr(name, '='))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_UNSUPPORTED,
				"the attribute '%s' of '%s' cannot be packed: a '=' ends its name "
				"in tar",
				name, place),
			"remove the attribute with setfattr -x");
	xattr->name = strata_arena_string(arena, name);
	if (!xattr->name)
		return strata_fail_memory(error);
	return read_value(descriptor, place, arena, xattr, error);
}

int strata_xattrs_read_open(int descriptor, const char *place, struct strata_arena *arena,
	const struct strata_xattr **xattrs, size_t *count, struct strata_error *error)
{
	char fixed[1024];
	strata_autofree char *large = NULL;
	struct strata_xattr *kept;
	ssize_t length;
	size_t capacity = 0;
	int status = list_names(descriptor, place, fixed, sizeof(fixed), &large, &length, error);
	const char *names = large ? large : fixed;

	*count = 0;
	if (status < 0)
		return status;
	for (const char *name = names; name < names + length; name += strlen(name) + 1)
		capacity += is_kept(name);
	if (capacity == 0)
		return 0;
	kept = strata_arena_array(arena, capacity, sizeof(*kept));
	if (!kept)
		return strata_fail_memory(error);
	for (const char *name = names; status == 0 && name < names + length;
		name += strlen(name) + 1) {
		if (is_kept(name))
			status = add_attribute(
				descriptor, name, place, arena, &kept[(*count)++], error);
	}
	if (status < 0)
		return status;
	qsort(kept, *count, sizeof(*kept), compare_names);
	*xattrs = kept;
	return 0;
}

int strata_xattrs_read(int directory, const char *name, const char *place,
	struct strata_arena *arena, const struct strata_xattr **xattrs, size_t *count, bool *marks,
	struct strata_error *error)
{
	char names[1024];
	strata_autoclose int descriptor = -1;
	ssize_t length;
	bool any = false;

	*count = 0;
	/* No system call lists attributes by a name in an open directory. A look by the whole path
	 * is quick, and says whether there is anything to read. Where somebody exchanges
	 * directories meanwhile, attributes may be missed, but none are taken from other files. */
	length = llistxattr(place, names, sizeof(names));
	for (const char *at = names; length > 0 && !any && at < names + length;
		at += strlen(at) + 1) {
		any = is_kept(at);
		if (marks && strata_xattr_is_overlay_mark(at))
			*marks = true;
	}
	if (length < 0 && errno == ENOTSUP)
		return 0;
	if (length < 0 && errno != ERANGE)
		return strata_fail_errno(error, "cannot list the attributes of '%s'", place);
	if (length >= 0 && !any)
		return 0;
	descriptor = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (descriptor < 0)
		return strata_fail_errno(error, "cannot read the attributes of '%s'", place);
	return strata_xattrs_read_open(descriptor, place, arena, xattrs, count, error);
}

bool strata_xattrs_equal(const struct strata_xattr *left, size_t left_count,
	const struct strata_xattr *right, size_t right_count)
{
	if (left_count != right_count)
		return false;
	for (size_t i = 0; i < left_count; i++) {
		if (strcmp(left[i].name, right[i].name) != 0 || left[i].size != right[i].size ||
			memcmp(left[i].value, right[i].value, left[i].size) != 0)
			return false;
	}
	return true;
}

static uint32_t read_little_endian(const unsigned char *bytes, size_t count)
{
	uint32_t number = 0;

	for (size_t i = count; i-- > 0;)
		number = number << 8 | bytes[i];
	return number;
}

/* The attribute, as acl(5) and the kernel's posix_acl_xattr.h have it: a version, then for each
 * entry a tag, its permissions and an id. */
int strata_xattrs_read_group(const char *place, uint32_t *bits, struct strata_error *error)
{
	enum { VERSION = 2, HEADER = 4, ENTRY = 8, GROUP = 0x04, MASK = 0x10, LARGEST = 64 * 1024 };
	unsigned char list[LARGEST];
	ssize_t length = lgetxattr(place, "system.posix_acl_access", list, sizeof(list));
	uint32_t mask = 07;

	*bits = 0;
	if (length < 0 && (errno == ENODATA || errno == ENOTSUP))
		return 0;
	if (length < 0)
		return strata_fail_errno(
			error, "cannot read the access control list of '%s'", place);
	if (length < HEADER || read_little_endian(list, HEADER) != VERSION)
		return 0;
	for (ssize_t at = HEADER; at + ENTRY <= length; at += ENTRY) {
		uint32_t tag = read_little_endian(list + at, 2);
		uint32_t allowed = read_little_endian(list + at + 2, 2) & 07;

		if (tag == GROUP)
			*bits = allowed;
		else if (tag == MASK)
			mask = allowed;
	}
	*bits &= mask;
	return 1;
}
