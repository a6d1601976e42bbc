/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tar/writer.h"

/* Where the fields of a ustar header are (POSIX.1-2017, pax). */
enum {
	NAME = 0,
	MODE = 100,
	UID = 108,
	GID = 116,
	SIZE = 124,
	MTIME = 136,
	CHECKSUM = 148,
	TYPE = 156,
	LINK = 157,
	MAGIC = 257,
	MAJOR = 329,
	MINOR = 337,
	PREFIX = 345,
};

static const struct strata_tar_entry plain = {
	.path = "bin/tool", .mode = S_IFREG | 0555, .size = 1234, .mtime = 1};

/* A field of LENGTH bytes, without the NULs at its end. */
static void assert_field(const char *header, size_t offset, size_t length, const char *expected)
{
	assert_true(strlen(expected) <= length);
	assert_memory_equal(header + offset, expected, strlen(expected));
	for (size_t i = strlen(expected); i < length; i++)
		assert_int_equal(header[offset + i], '\0');
}

static void test_plain_file_is_one_exact_block(void **state)
{
	strata_autobuffer struct strata_buffer header = STRATA_BUFFER_INIT;
	char expected[STRATA_TAR_BLOCK] = {0};

	(void)state;
	memcpy(expected + NAME, "bin/tool", 8);
	memcpy(expected + MODE, "0000555", 8);
	memcpy(expected + UID, "0000000", 8);
	memcpy(expected + GID, "0000000", 8);
	memcpy(expected + SIZE, "00000002322", 12);
	memcpy(expected + MTIME, "00000000001", 12);
	memcpy(expected + CHECKSUM, "010656\0 ", 8);
	expected[TYPE] = '0';
	memcpy(expected + MAGIC, "ustar\00000", 8);
	memcpy(expected + MAJOR, "0000000", 8);
	memcpy(expected + MINOR, "0000000", 8);
	strata_tar_write_header(&header, &plain);
	assert_int_equal(header.length, STRATA_TAR_BLOCK);
	assert_memory_equal(header.data, expected, sizeof(expected));
}

/* Write ENTRY as an archive of its own, without content. */
static void write_archive(struct strata_buffer *tar, const struct strata_tar_entry *entry)
{
	static const char end[STRATA_TAR_END];

	strata_buffer_truncate(tar, 0);
	strata_tar_write_header(tar, entry);
	assert_int_equal(tar->length % STRATA_TAR_BLOCK, 0);
	assert_int_equal(strata_tar_header_size(entry), tar->length);
	strata_buffer_append(tar, end, sizeof(end));
	assert_int_equal(strata_buffer_check(tar, NULL), 0);
}

/* The PAX records in TAR, a string, or "" where it begins with the entry itself. */
static const char *records(struct scratch *scratch, const struct strata_buffer *tar)
{
	char digits[12];

	if (tar->data[TYPE] != 'x')
		return "";
	memcpy(digits, tar->data + SIZE, sizeof(digits));
	return scratch_text(
		scratch, "%.*s", (int)strtoul(digits, NULL, 8), tar->data + STRATA_TAR_BLOCK);
}

static const char *made_path(struct scratch *scratch, size_t length, size_t slash)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;

	for (size_t i = 0; i < length; i++)
		strata_buffer_byte(&path, slash > 0 && i == slash ? '/' : (char)('a' + i % 26));
	return scratch_text(scratch, "%s", path.data);
}

static void test_paths_are_split_or_else_recorded(void **state)
{
	static const struct {
		size_t length, slash;
		bool directory, recorded;
	} cases[] = {
		{99, 0, false, false},
		{100, 0, false, false},
		{100, 50, false, false},
		{101, 0, false, true},
		{101, 1, false, false},
		{102, 1, false, false},
		{103, 1, false, true},
		{101, 99, false, false},
		{155, 54, false, false},
		{155, 53, false, true},
		{155, 153, false, false},
		{157, 155, false, false},
		{158, 156, false, true},
		{255, 154, false, false},
		{255, 155, false, false},
		{256, 155, false, false},
		{256, 154, false, true},
		{256, 156, false, true},
		{257, 155, false, true},
		{257, 156, false, true},
		{300, 155, false, true},
		{99, 0, true, false},
		{100, 0, true, true},
		{100, 1, true, false},
		{155, 0, true, true},
		{156, 0, true, true},
		{157, 155, true, false},
		{254, 155, true, false},
		{255, 155, true, false},
		{255, 154, true, true},
		{256, 155, true, true},
		{300, 155, true, true},
	};
	struct scratch *scratch = *state;
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;

	each_case(i, cases) {
		bool directory = cases[i].directory;
		const char *path = made_path(scratch, cases[i].length, cases[i].slash);
		size_t whole = strlen(path) + directory;
		struct strata_tar_entry entry = {
			.path = path, .mode = (directory ? S_IFDIR : S_IFREG) | 0755};

		write_archive(&tar, &entry);
		assert_string_equal(scratch_list(scratch, tar.data, tar.length),
			scratch_text(scratch, "%s 0755 0:0 0 @0 %s%s\n", directory ? "d" : "-",
				path, directory ? "/" : ""));
		if ((tar.data[TYPE] == 'x') != cases[i].recorded)
			fail_msg("%zu bytes, slash at %zu", cases[i].length, cases[i].slash);
		if (!cases[i].recorded && whole > 100)
			assert_field(tar.data, PREFIX, 155,
				scratch_text(scratch, "%.*s", (int)cases[i].slash, path));
		if (cases[i].recorded)
			assert_memory_equal(
				tar.data + tar.length - STRATA_TAR_END - STRATA_TAR_BLOCK, path,
				whole < 100 ? whole : 99);
	}
}

static void test_last_slash_that_fits_splits(void **state)
{
	struct scratch *scratch = *state;
	strata_autobuffer struct strata_buffer header = STRATA_BUFFER_INIT;
	const char *first = made_path(scratch, 80, 0);
	const char *path = scratch_text(scratch, "%s/%s/%s", first, "b", made_path(scratch, 90, 0));
	struct strata_tar_entry entry = {.path = path, .mode = S_IFREG | 0644};

	strata_tar_write_header(&header, &entry);
	assert_field(header.data, PREFIX, 155, scratch_text(scratch, "%s/b", first));
	assert_field(header.data, NAME, 100, made_path(scratch, 90, 0));
}

static void test_link_targets_longer_than_100_bytes_are_recorded(void **state)
{
	struct scratch *scratch = *state;
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;

	each_number(size_t, length, 99, 101 + 1) {
		each_number(unsigned, hard, 0, 2) {
			const char *target = made_path(scratch, length, 0);
			struct strata_tar_entry entry = {.path = "a",
				.target = target,
				.hard_link = hard,
				.size = 5,
				.mode = (hard ? S_IFREG : S_IFLNK) | 0777};

			write_archive(&tar, &entry);
			assert_string_equal(scratch_list(scratch, tar.data, tar.length),
				scratch_text(scratch, "%s 0777 0:0 0 @0 a -> %s\n",
					hard ? "h" : "l", target));
			assert_string_equal(records(scratch, &tar),
				length <= 100 ? ""
					      : scratch_text(scratch, "115 linkpath=%s\n", target));
		}
	}
}

static void test_large_and_negative_numbers_are_recorded(void **state)
{
	static const uint64_t gibibytes = (uint64_t)8 << 30;
	static const struct {
		struct strata_tar_entry entry;
		const char *records;
		size_t offset, length;
		const char *field;
	} cases[] = {
		{{.size = 8589934591, .mode = S_IFREG}, "", SIZE, 12, "77777777777"},
		{{.size = 8589934592, .mode = S_IFREG}, "19 size=8589934592\n", SIZE, 12,
			"00000000000"},
		{{.uid = 2097151}, "", UID, 8, "7777777"},
		{{.uid = 2097152}, "15 uid=2097152\n", UID, 8, "0000000"},
		{{.uid = 4000000000}, "18 uid=4000000000\n", UID, 8, "0000000"},
		{{.gid = 2097151}, "", GID, 8, "7777777"},
		{{.gid = 2097152}, "15 gid=2097152\n", GID, 8, "0000000"},
		{{.gid = 4000000000}, "18 gid=4000000000\n", GID, 8, "0000000"},
		{{.mtime = -1}, "12 mtime=-1\n", MTIME, 12, "00000000000"},
		{{.mtime = INT64_MIN}, "30 mtime=-9223372036854775808\n", MTIME, 12, "00000000000"},
		{{.mtime = 8589934591}, "", MTIME, 12, "77777777777"},
		{{.mtime = 8589934592}, "20 mtime=8589934592\n", MTIME, 12, "00000000000"},
	};
	struct scratch *scratch = *state;
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;

	assert_int_equal(cases[1].entry.size, gibibytes);
	each_case(i, cases) {
		struct strata_tar_entry entry = cases[i].entry;

		entry.path = "a";
		entry.mode = entry.mode ? entry.mode : S_IFIFO;
		write_archive(&tar, &entry);
		assert_string_equal(records(scratch, &tar), cases[i].records);
		assert_field(tar.data + tar.length - STRATA_TAR_END - STRATA_TAR_BLOCK,
			cases[i].offset, cases[i].length, cases[i].field);
	}
}

static void test_record_lengths_count_themselves(void **state)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	struct scratch *scratch = *state;
	strata_autofree char *value = scratch_content(1100);

	each_number(size_t, size, 0, 1100 + 1) {
		struct strata_xattr xattr = {"user.x", value, size};
		struct strata_tar_entry entry = {
			.path = "a", .mode = S_IFREG, .xattrs = &xattr, .xattr_count = 1};
		const char *text;
		size_t length;

		write_archive(&tar, &entry);
		text = records(scratch, &tar);
		length = strlen(text);
		assert_int_equal(strtoul(text, NULL, 10), length);
		/* The shortest way to say it: 97 bytes and two digits, not three. */
		assert_true(length != 100 && length != 1000);
	}
}

static void test_records_are_sorted_and_complete(void **state)
{
	static const struct strata_xattr xattrs[] = {
		{"security.capability", "\1\0\0\2", 4},
		{"user.lines", "a\nb=c\n", 6},
		{"user.none", "", 0},
	};
	struct scratch *scratch = *state;
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	const char *path = made_path(scratch, 120, 0), *target = made_path(scratch, 110, 0);
	struct strata_tar_entry entry = {.path = path,
		.target = target,
		.mode = S_IFLNK | 0777,
		.uid = 3000000,
		.gid = 3000001,
		.mtime = -2,
		.xattrs = xattrs,
		.xattr_count = 3};
	static const char *const keys[] = {
		"SCHILY.xattr.security.capability=", "SCHILY.xattr.user.lines=",
		"SCHILY.xattr.user.none=", "gid=", "linkpath=", "mtime=", "path=", "uid="};
	const char *at;

	write_archive(&tar, &entry);
	assert_string_equal(scratch_list(scratch, tar.data, tar.length),
		scratch_text(scratch,
			"l 0777 3000000:3000001 0 @-2 %s -> %s {security.capability=\\1\\0\\0\\2} "
			"{user.lines=a\\10b=c\\10} {user.none=}\n",
			path, target));
	at = tar.data + STRATA_TAR_BLOCK;
	each_case(i, keys) {
		char *end;
		size_t length = strtoul(at, &end, 10);

		assert_memory_equal(end + 1, keys[i], strlen(keys[i]));
		assert_int_equal(at[length - 1], '\n');
		at += length;
	}
	/* Then zeros to the end of the block, and the entry. */
	for (; (at - tar.data) % STRATA_TAR_BLOCK; at++)
		assert_int_equal(*at, '\0');
	assert_int_equal(at[TYPE], '2');
}

static void test_names_are_raw_bytes(void **state)
{
	struct scratch *scratch = *state;
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	struct strata_tar_entry entry = {
		.path = "a/\xff\xc3\x28 \n\\", .mode = S_IFLNK | 0777, .target = "\xfe"};

	write_archive(&tar, &entry);
	assert_int_equal(tar.length, STRATA_TAR_BLOCK + STRATA_TAR_END);
	assert_field(tar.data, NAME, 100, entry.path);
	assert_field(tar.data, LINK, 100, "\xfe");
	scratch_list(scratch, tar.data, tar.length);
}

static void test_types_devices_and_modes(void **state)
{
	static const struct {
		mode_t mode;
		const char *line;
	} cases[] = {
		{S_IFREG | 04755, "- 4755 0:0 0 @0 a\n"},
		{S_IFDIR | 01777, "d 1777 0:0 0 @0 a/\n"},
		{S_IFIFO | 0600, "p 0600 0:0 0 @0 a\n"},
		{S_IFCHR | 0666, "c 0666 0:0 0 @0 a 259,1048575\n"},
		{S_IFBLK | 0660, "b 0660 0:0 0 @0 a 259,1048575\n"},
	};
	struct scratch *scratch = *state;
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;

	each_case(i, cases) {
		struct strata_tar_entry entry = {
			.path = "a", .mode = cases[i].mode, .device = makedev(259, 1048575)};

		write_archive(&tar, &entry);
		assert_string_equal(scratch_list(scratch, tar.data, tar.length), cases[i].line);
	}
}

static void test_content_is_padded_to_blocks(void **state)
{
	(void)state;
	assert_int_equal(strata_tar_padding(0), 0);
	assert_int_equal(strata_tar_padding(1), 511);
	assert_int_equal(strata_tar_padding(511), 1);
	assert_int_equal(strata_tar_padding(512), 0);
	assert_int_equal(strata_tar_padding(513), 511);
	assert_int_equal(strata_tar_padding(((uint64_t)1 << 40) + 1), 511);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_file_is_one_exact_block),
		scratch_test(test_paths_are_split_or_else_recorded),
		scratch_test(test_last_slash_that_fits_splits),
		scratch_test(test_link_targets_longer_than_100_bytes_are_recorded),
		scratch_test(test_large_and_negative_numbers_are_recorded),
		scratch_test(test_record_lengths_count_themselves),
		scratch_test(test_records_are_sorted_and_complete),
		scratch_test(test_names_are_raw_bytes),
		scratch_test(test_types_devices_and_modes),
		cmocka_unit_test(test_content_is_padded_to_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
