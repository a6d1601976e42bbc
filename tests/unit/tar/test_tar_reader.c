/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "tar/decompress.h"
#include "tar/reader.h"
#include "tar_builder.h"

/* A stream over memory that hands out a few bytes at a time. */
struct memory_input {
	struct strata_input input;
	const struct strata_buffer *bytes;
	size_t position, step;
};

static int read_memory(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	struct memory_input *memory = (struct memory_input *)input;
	size_t left = memory->bytes->length - memory->position;

	(void)error;
	*got = left < capacity ? left : capacity;
	if (*got > memory->step)
		*got = memory->step;
	memcpy(bytes, memory->bytes->data + memory->position, *got);
	memory->position += *got;
	return 0;
}

static struct memory_input over(const struct strata_buffer *bytes, size_t step)
{
	return (struct memory_input){{read_memory, NULL}, bytes, 0, step};
}

/* Read TAR to its end. Returns what the reader returned last. */
static int read_all(
	const struct strata_buffer *tar, struct strata_buffer *listing, struct strata_error *error)
{
	struct memory_input memory = over(tar, 1000);
	strata_autotarreader struct strata_tar_reader *reader = NULL;
	struct strata_tar_member member;
	int status = strata_tar_reader_new(&memory.input, "test", &reader, error);

	while (status >= 0 && (status = strata_tar_reader_next(reader, &member, error)) > 0)
		strata_buffer_format(listing, "%d %s %s %o %llu;", member.type, member.name,
			member.link, member.mode, (unsigned long long)member.size);
	return status;
}

static void test_plain_entries(void **state)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer list = STRATA_BUFFER_INIT;
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	tar_entry(&tar, '5', "./usr/", "", 0755);
	tar_file(&tar, "usr/a", "hello");
	tar_entry(&tar, '1', "usr/b", "usr/a", 0644);
	tar_entry(&tar, '2', "/usr/c", "a", 0777);
	tar_file(&tar, "old/", "");
	tar_end(&tar);
	assert_succeeds(read_all(&tar, &list, &error), &error);
	assert_string_equal(list.data, "5 ./usr/  755 0;0 usr/a  644 5;1 usr/b usr/a 644 0;"
				       "2 /usr/c a 777 0;5 old/  644 0;");
}

static void test_content_streams_and_skips(void **state)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autotarreader struct strata_tar_reader *reader = NULL;
	struct strata_tar_member member;
	struct memory_input memory;
	char content[16] = "";
	size_t got, total = 0;

	(void)state;
	tar_file(&tar, "skipped", "not read");
	tar_file(&tar, "read", "0123456789");
	tar_end(&tar);
	memory = over(&tar, 3);
	assert_succeeds(strata_tar_reader_new(&memory.input, "test", &reader, &error), &error);
	assert_int_equal(strata_tar_reader_next(reader, &member, &error), 1);
	assert_int_equal(strata_tar_reader_next(reader, &member, &error), 1);
	assert_int_equal(member.offset, 1536);
	do {
		assert_succeeds(
			strata_tar_reader_read(reader, content + total, 4, &got, &error), &error);
		total += got;
	} while (got > 0);
	assert_string_equal(content, "0123456789");
	assert_int_equal(strata_tar_reader_next(reader, &member, &error), 0);
	assert_int_equal(strata_tar_reader_end(reader).zero_blocks, 2);
	assert_false(strata_tar_reader_end(reader).garbage);
}

static void test_extensions(void **state)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autotarreader struct strata_tar_reader *reader = NULL;
	struct strata_tar_member member;
	struct memory_input memory;
	char header[512];

	(void)state;
	tar_pax(&tar, 'g', "16 comment=abcd\n11 mtime=9\n");
	tar_pax(&tar, 'x', "17 path=long/pax\n18 uid=4000000000\n15 mtime=-2.50\n");
	tar_file(&tar, "short", "c");
	tar_raw(&tar, 'K', "././@LongLink", "", 0, 8, "target/l", 8);
	tar_entry(&tar, '2', "link", "cut", 0777);
	tar_file(&tar, "binary", "");
	memcpy(header, tar.data + tar.length - 512, 512);
	memset(header + 108, 0, 8);
	header[108] = (char)0x80;
	header[112] = 1;
	tar_seal(header);
	memcpy(tar.data + tar.length - 512, header, 512);
	tar_end(&tar);
	memory = over(&tar, 4096);
	assert_succeeds(strata_tar_reader_new(&memory.input, "test", &reader, &error), &error);
	if (strata_tar_reader_next(reader, &member, &error) != 1)
		fail_msg("%s", error.message);
	assert_string_equal(member.name, "long/pax");
	assert_true(member.uid == 4000000000u);
	assert_int_equal(member.mtime, -3);
	assert_int_equal(strata_tar_reader_next(reader, &member, &error), 1);
	assert_string_equal(member.link, "target/l");
	assert_string_equal(member.name, "link");
	assert_int_equal(member.mtime, 9);
	assert_int_equal(strata_tar_reader_next(reader, &member, &error), 1);
	assert_true(member.uid == (uint64_t)1 << 24);
	assert_int_equal(strata_tar_reader_next(reader, &member, &error), 0);
}

static void test_attributes_may_hold_any_byte(void **state)
{
	static const char records[] = "27 SCHILY.xattr.user.a=x\0y\n";
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autotarreader struct strata_tar_reader *reader = NULL;
	struct strata_tar_member member;
	struct memory_input memory;

	(void)state;
	tar_raw(&tar, 'x', "pax", "", 0, sizeof(records) - 1, records, sizeof(records) - 1);
	tar_file(&tar, "a", "");
	tar_file(&tar, "b", "");
	tar_end(&tar);
	memory = over(&tar, 4096);
	assert_succeeds(strata_tar_reader_new(&memory.input, "test", &reader, &error), &error);
	if (strata_tar_reader_next(reader, &member, &error) != 1)
		fail_msg("%s", error.message);
	assert_int_equal(member.attribute_count, 1);
	assert_string_equal(member.attributes[0].name, "user.a");
	assert_int_equal(member.attributes[0].size, 3);
	assert_memory_equal(member.attributes[0].value, "x\0y", 3);
	assert_int_equal(strata_tar_reader_next(reader, &member, &error), 1);
	assert_int_equal(member.attribute_count, 0);
}

static void test_refusals(void **state)
{
	static const struct {
		char type;
		const char *name, *pax, *words;
		uint64_t size;
		int status;
	} cases[] = {
		{'S', "sparse", NULL, "sparse", 0, STRATA_ERROR_UNSUPPORTED},
		{'V', "label", NULL, "unknown type", 0, STRATA_ERROR_UNSUPPORTED},
		{'1', "link", NULL, "has no content", 512, STRATA_ERROR_UNSUPPORTED},
		{'5', "dir", NULL, "has no content", 5, STRATA_ERROR_UNSUPPORTED},
		{'L', "long", NULL, "larger than is plausible", 2 << 20, STRATA_ERROR_FORMAT},
		{'x', "pax", NULL, "larger than is plausible", 2 << 20, STRATA_ERROR_FORMAT},
		{'0', "a", "22 GNU.sparse.major=1\n", "sparse", 0, STRATA_ERROR_UNSUPPORTED},
		{'0', "a", "99 path=a\n", "malformed", 0, STRATA_ERROR_FORMAT},
		{'0', "a", "path=a\n", "malformed", 0, STRATA_ERROR_FORMAT},
		{'0', "a", "9 path=ab\n", "malformed", 0, STRATA_ERROR_FORMAT},
		{'0', "a", "8 patha\n", "without a key", 0, STRATA_ERROR_FORMAT},
		{'0', "a", "6 =ab\n", "without a key", 0, STRATA_ERROR_FORMAT},
		{'0', "a", "12 size=-12\n", "size", 0, STRATA_ERROR_FORMAT},
		{'0', "a", "29 size=99999999999999999999\n", "size", 0, STRATA_ERROR_FORMAT},
		{'0', "a", "27 size=900000000000000000\n", "cut short", 0, STRATA_ERROR_FORMAT},
		{'0', "a", "12 mtime=1x\n", "mtime", 0, STRATA_ERROR_FORMAT},
	};

	(void)state;
	each_case(i, cases) {
		strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
		strata_autobuffer struct strata_buffer list = STRATA_BUFFER_INIT;
		struct strata_error error = STRATA_ERROR_INIT;

		if (cases[i].pax)
			tar_pax(&tar, 'x', cases[i].pax);
		tar_raw(&tar, cases[i].type, cases[i].name, "", 0644, cases[i].size, "", 0);
		tar_end(&tar);
		assert_fails(
			read_all(&tar, &list, &error), cases[i].status, cases[i].words, &error);
	}
}

/* Ways to hide a name from one program and show it to another. */
static void test_several_names_are_refused(void **state)
{
	static const char *const orders[] = {
		"xx", "xL", "Lx", "LL", "KK", "xK", "Kx", "LKL", "gxLx", "xgx", "LKx"};
	static const char *const sound[] = {"", "x", "L", "K", "LK", "KL", "gx", "gL", "xg"};

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders) + sizeof(sound) / sizeof(*sound);
		i++) {
		bool is_sound = i >= sizeof(orders) / sizeof(*orders);
		const char *order =
			is_sound ? sound[i - sizeof(orders) / sizeof(*orders)] : orders[i];
		strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
		strata_autobuffer struct strata_buffer list = STRATA_BUFFER_INIT;
		struct strata_error error = STRATA_ERROR_INIT;

		for (const char *at = order; *at; at++) {
			if (*at == 'x')
				tar_pax(&tar, 'x', "17 path=.wh.file\n");
			else if (*at == 'g')
				tar_pax(&tar, 'g', "16 comment=abcd\n");
			else
				tar_raw(&tar, *at, "././@LongLink", "", 0, 5, "evil", 5);
		}
		tar_raw(&tar, '2', "name", "target", 0777, 0, "", 0);
		tar_end(&tar);
		if (is_sound)
			assert_succeeds(read_all(&tar, &list, &error), &error);
		else
			assert_fails(read_all(&tar, &list, &error), STRATA_ERROR_UNSUPPORTED,
				"before one entry", &error);
		strata_error_clear(&error);
	}
}

/* Headers whose name has a prefix for some programs and none for others. */
static void test_headers_between_formats_are_refused(void **state)
{
	for (int way = 0; way < 3; way++) {
		strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
		strata_autobuffer struct strata_buffer list = STRATA_BUFFER_INIT;
		struct strata_error error = STRATA_ERROR_INIT;
		char header[512];

		(void)state;
		tar_file(&tar, "name", "");
		memcpy(header, tar.data + tar.length - 512, 512);
		memcpy(header + 257,
			way == 0 ? "ustar\0"
				   "11"
				 : "ustar\0"
				   "00",
			8);
		memcpy(header + 345, "prefix", 7);
		if (way == 1)
			memcpy(header + 508, "tar", 4);
		tar_seal(header);
		memcpy(tar.data + tar.length - 512, header, 512);
		tar_end(&tar);
		if (way == 2)
			assert_succeeds(read_all(&tar, &list, &error), &error);
		else
			assert_fails(read_all(&tar, &list, &error), STRATA_ERROR_UNSUPPORTED,
				"between two formats", &error);
		strata_error_clear(&error);
	}
}

/* Time is bounded, too: nobody reads a terabyte of zeros behind the end. */
static void test_long_trailers_are_refused(void **state)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer list = STRATA_BUFFER_INIT;
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autofree char *zeros = calloc(17, 1 << 20);

	(void)state;
	assert_non_null(zeros);
	tar_file(&tar, "name", "");
	tar_end(&tar);
	strata_buffer_append(&tar, zeros, 1 << 20);
	assert_succeeds(read_all(&tar, &list, &error), &error);
	strata_buffer_append(&tar, zeros, 17 << 20);
	assert_fails(read_all(&tar, &list, &error), STRATA_ERROR_FORMAT, "follow the end", &error);
}

static void test_names_in_global_headers_are_refused(void **state)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer list = STRATA_BUFFER_INIT;
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	tar_pax(&tar, 'g', "10 path=a\n");
	tar_file(&tar, "b", "");
	tar_end(&tar);
	assert_fails(read_all(&tar, &list, &error), STRATA_ERROR_UNSUPPORTED, "global", &error);
}

static void test_damage(void **state)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer list = STRATA_BUFFER_INIT;
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	tar_file(&tar, "a", "content");
	tar_file(&tar, "b", "content");
	tar.data[1024 + 3] ^= 1;
	assert_fails(read_all(&tar, &list, &error), STRATA_ERROR_FORMAT, "checksum", &error);
	tar.data[1024 + 3] ^= 1;
	each_number(size_t, cut, 1, tar.length) {
		struct strata_buffer part = {tar.data, cut, 0, false};

		/* Between members, or behind the content of one, where some writers end. */
		if (cut == 1024 || cut == 512 + 7 || cut == 1536 + 7)
			continue;
		assert_fails(
			read_all(&part, &list, &error), STRATA_ERROR_FORMAT, "cut short", &error);
	}
	for (size_t at = 0; at < 2; at++) {
		struct strata_buffer part = {tar.data, 1024 * at + 512 + 7, 0, false};

		strata_buffer_truncate(&list, 0);
		assert_succeeds(read_all(&part, &list, &error), &error);
	}
	memset(tar.data, 0, 512);
	assert_fails(read_all(&tar, &list, &error), STRATA_ERROR_FORMAT, "single zero", &error);
}

static void test_ends(void **state)
{
	static const char zeros[2048];

	(void)state;
	each_number(unsigned, blocks, 0, 4 + 1) {
		each_number(int, garbage, 0, (blocks >= 2) + 1) {
			strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
			struct strata_error error = STRATA_ERROR_INIT;
			strata_autotarreader struct strata_tar_reader *reader = NULL;
			struct strata_tar_member member;
			struct memory_input memory;

			tar_file(&tar, "a", "");
			strata_buffer_append(&tar, zeros, (size_t)blocks * 512);
			if (garbage)
				strata_buffer_byte(&tar, 'x');
			memory = over(&tar, 512);
			assert_succeeds(
				strata_tar_reader_new(&memory.input, "t", &reader, &error), &error);
			assert_int_equal(strata_tar_reader_next(reader, &member, &error), 1);
			assert_int_equal(strata_tar_reader_next(reader, &member, &error), 0);
			assert_int_equal(strata_tar_reader_next(reader, &member, &error), 0);
			assert_int_equal(
				strata_tar_reader_end(reader).zero_blocks, blocks < 2 ? blocks : 2);
			assert_int_equal(strata_tar_reader_end(reader).garbage, garbage);
		}
	}
}

static void test_normal_names(void **state)
{
	static const struct {
		const char *name, *normal;
	} cases[] = {
		{"a/b", "a/b"},
		{"./a//b/", "a/b"},
		{"/nix/store", "nix/store"},
		{"././/", ""},
		{"a/./b", "a/b"},
		{"..a/b..", "..a/b.."},
		{"a/../b", NULL},
		{"..", NULL},
	};

	(void)state;
	each_case(i, cases) {
		strata_autobuffer struct strata_buffer normal = STRATA_BUFFER_INIT;

		assert_int_equal(
			strata_tar_normal_name(&normal, cases[i].name), cases[i].normal != NULL);
		assert_string_equal(normal.data, cases[i].normal ? cases[i].normal : "");
	}
}

static void gzip(struct strata_buffer *target, const char *bytes, size_t length)
{
	unsigned char packed[4096];
	z_stream stream = {0};

	assert_int_equal(
		deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (unsigned char *)bytes;
	stream.avail_in = (uInt)length;
	stream.next_out = packed;
	stream.avail_out = sizeof(packed);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	strata_buffer_append(target, packed, stream.total_out);
	deflateEnd(&stream);
}

static int unpack(const struct strata_buffer *packed, struct strata_buffer *plain,
	enum strata_codec_kind *codec, struct strata_error *error)
{
	struct memory_input memory = over(packed, 7);
	strata_autodecompressor struct strata_decompressor *decompressor = NULL;
	int status = strata_decompressor_new(&memory.input, "test", &decompressor, error);
	char bytes[11];
	size_t got = 1;

	if (status == 0)
		*codec = strata_decompressor_codec(decompressor);
	while (status == 0 && got > 0) {
		struct strata_input *input = strata_decompressor_input(decompressor);

		status = input->read(input, bytes, sizeof(bytes), &got, error);
		if (status == 0)
			strata_buffer_append(plain, bytes, got);
	}
	return status;
}

static void test_decompression(void **state)
{
	static const char text[] = "one two three one two three one two three one two three";
	struct strata_error error = STRATA_ERROR_INIT;
	char frame[256];

	(void)state;
	each_number(int, form, 0, 3) {
		strata_autobuffer struct strata_buffer packed = STRATA_BUFFER_INIT;
		strata_autobuffer struct strata_buffer plain = STRATA_BUFFER_INIT;
		enum strata_codec_kind codec;

		for (int part = 0; part < 2; part++) {
			if (form == STRATA_CODEC_NONE)
				strata_buffer_string(&packed, text);
			else if (form == STRATA_CODEC_GZIP)
				gzip(&packed, text, strlen(text));
			else
				strata_buffer_append(&packed, frame,
					ZSTD_compress(frame, sizeof(frame), text, strlen(text), 3));
		}
		assert_succeeds(unpack(&packed, &plain, &codec, &error), &error);
		assert_int_equal(codec, form);
		assert_int_equal(plain.length, 2 * strlen(text));
		assert_memory_equal(plain.data, text, strlen(text));
		assert_memory_equal(plain.data + strlen(text), text, strlen(text));
		if (form == STRATA_CODEC_NONE)
			continue;
		strata_buffer_byte(&packed, 'x');
		assert_int_equal(unpack(&packed, &plain, &codec, &error), STRATA_ERROR_FORMAT);
		packed.length -= 2;
		assert_int_equal(unpack(&packed, &plain, &codec, &error), STRATA_ERROR_FORMAT);
		packed.data[packed.length / 2] ^= 0x55;
		assert_int_equal(unpack(&packed, &plain, &codec, &error), STRATA_ERROR_FORMAT);
		strata_error_clear(&error);
	}
}

static void test_other_compression_is_named(void **state)
{
	struct strata_buffer xz = {(char[]){"\xfd"
					    "7zXZ\0\0\0"},
		8, 0, false};
	struct strata_buffer bzip2 = {(char[]){"BZh91AY"}, 7, 0, false};
	struct strata_error error = STRATA_ERROR_INIT;
	enum strata_codec_kind codec;

	(void)state;
	assert_int_equal(unpack(&xz, NULL, &codec, &error), STRATA_ERROR_UNSUPPORTED);
	assert_non_null(strstr(error.hint, "xz -d"));
	assert_fails(
		unpack(&bzip2, NULL, &codec, &error), STRATA_ERROR_UNSUPPORTED, "bzip2", &error);
}

static void test_large_zstd_windows_are_refused(void **state)
{
	/* A frame header that asks for a window of 2^30 bytes. */
	struct strata_buffer frame = {
		(char[]){"\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00"}, 9, 0, false};
	strata_autobuffer struct strata_buffer plain = STRATA_BUFFER_INIT;
	struct strata_error error = STRATA_ERROR_INIT;
	enum strata_codec_kind codec;

	(void)state;
	assert_fails(unpack(&frame, &plain, &codec, &error), STRATA_ERROR_FORMAT, "memory", &error);
}

static void test_files_are_passed_over(void **state)
{
	char path[] = "/tmp/stratapack-test-XXXXXX";
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_file_input file;
	int descriptor = mkstemp(path);
	uint64_t passed;
	char byte;
	size_t got;

	(void)state;
	assert_int_equal(write(descriptor, "0123456789", 10), 10);
	unlink(path);
	strata_file_input_init(&file, descriptor, "file", 2, 6);
	assert_succeeds(strata_input_pass(&file.input, 5, &passed, &error), &error);
	assert_int_equal(passed, 5);
	assert_succeeds(strata_input_read(&file.input, &byte, 1, &got, &error), &error);
	assert_int_equal(byte, '7');
	assert_succeeds(strata_input_pass(&file.input, 5, &passed, &error), &error);
	assert_int_equal(passed, 0);
	strata_file_input_init(&file, descriptor, "file", 8, 6);
	assert_fails(
		strata_input_drain(&file.input, &error), STRATA_ERROR_CHANGED, "shorter", &error);
	close(descriptor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_entries),
		cmocka_unit_test(test_content_streams_and_skips),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_several_names_are_refused),
		cmocka_unit_test(test_headers_between_formats_are_refused),
		cmocka_unit_test(test_long_trailers_are_refused),
		cmocka_unit_test(test_attributes_may_hold_any_byte),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_names_in_global_headers_are_refused),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_normal_names),
		cmocka_unit_test(test_decompression),
		cmocka_unit_test(test_other_compression_is_named),
		cmocka_unit_test(test_large_zstd_windows_are_refused),
		cmocka_unit_test(test_files_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
