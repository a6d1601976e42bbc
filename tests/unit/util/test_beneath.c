/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening below a directory, with the kernel's help and without it.
 */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "util/beneath.h"
#include "util/file.h"

static int (*const ways[])(int directory, const char *path, int flags) = {
	strata_open_beneath, strata_walk_beneath};

/* What is read at PATH, or errno's name for why nothing is. */
static const char *read_at(struct scratch *scratch, size_t way, const char *path)
{
	strata_autoclose int directory = open(scratch->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	strata_autoclose int file = ways[way](directory, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char bytes[64];
	ssize_t length;

	assert_true(directory >= 0);
	if (file < 0)
		return strerrorname_np(errno);
	length = read(file, bytes, sizeof(bytes) - 1);
	if (length < 0)
		return strerrorname_np(errno);
	bytes[length] = '\0';
	return scratch_text(scratch, "%s", bytes);
}

static void test_nothing_leads_out(void **state)
{
	struct scratch *scratch = *state;
	char *longest = scratch_content(NAME_MAX + 1);

	memset(longest, 'x', NAME_MAX + 1);
	scratch_file(scratch, "/a/b/file", "inside", 0644);
	scratch_symlink(scratch, "/a/link", "b");
	scratch_symlink(scratch, "/out", "/");
	scratch_symlink(scratch, "/a/up", "../..");
	for (size_t way = 0; way < 2; way++) {
		assert_string_equal(read_at(scratch, way, "a/b/file"), "inside");
		assert_string_equal(read_at(scratch, way, "a/b"), "EISDIR");
		assert_string_equal(read_at(scratch, way, ""), "EISDIR");
		assert_string_equal(read_at(scratch, way, "a/c"), "ENOENT");
		assert_string_equal(read_at(scratch, way, "a/b/file/x"), "ENOTDIR");
		assert_string_equal(read_at(scratch, way, "a/../../etc/passwd"), "EXDEV");
		assert_string_equal(read_at(scratch, way, "a/link"), "ELOOP");
		assert_true(strchr("EL", read_at(scratch, way, "a/link/file")[0]) != NULL);
		assert_string_not_equal(read_at(scratch, way, "a/link/file"), "inside");
		assert_true(read_at(scratch, way, "out/etc/passwd")[0] == 'E');
		assert_true(read_at(scratch, way, "a/up/etc/passwd")[0] == 'E');
		assert_string_equal(
			read_at(scratch, way, scratch_text(scratch, "%.*s", NAME_MAX + 1, longest)),
			"ENAMETOOLONG");
	}
	free(longest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_nothing_leads_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
