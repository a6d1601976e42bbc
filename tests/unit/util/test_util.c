/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/arena.h"
#include "util/buffer.h"
#include "util/file.h"
#include "util/map.h"
#include "util/pool.h"
#include "util/sha256.h"
#include "util/suggestion.h"
#include "util/text.h"
#include <stratapack/digest.h>

static void test_error_carries_context_and_hint(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	int status = strata_hint(&error, strata_fail(&error, STRATA_ERROR_INVALID, "no %s", "room"),
		"make %s", "room");

	(void)state;
	assert_int_equal(status, STRATA_ERROR_INVALID);
	assert_int_equal(strata_context(&error, status, "layer %d", 3), STRATA_ERROR_INVALID);
	assert_string_equal(error.message, "layer 3: no room");
	assert_string_equal(error.hint, "make room");
	strata_error_clear(&error);
	assert_null(error.message);
}

static void test_arena_keeps_large_and_small_things_apart(void **state)
{
	struct strata_arena arena = STRATA_ARENA_INIT;
	char *first = strata_arena_string(&arena, "first");
	char *large = strata_arena_allocate(&arena, 1000000);
	char *second = strata_arena_string(&arena, "second");

	(void)state;
	memset(large, 'x', 1000000);
	assert_string_equal(first, "first");
	assert_string_equal(second, "second");
	assert_null(strata_arena_array(&arena, SIZE_MAX / 2, 16));
	assert_in_range(strata_arena_size(&arena), 1000000, 1200000);
	strata_arena_free(&arena);
	assert_int_equal(strata_arena_size(&arena), 0);
}

/* Within the kernel, and from a device, of which it copies nothing. */
static void test_copies_go_to_their_place(void **state)
{
	strata_autoclose int source = memfd_create("source", MFD_CLOEXEC);
	strata_autoclose int target = memfd_create("target", MFD_CLOEXEC);
	strata_autoclose int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct strata_error error = STRATA_ERROR_INIT;
	char bytes[21] = "";

	(void)state;
	assert_true(source >= 0 && target >= 0 && zeros >= 0);
	assert_succeeds(strata_file_write(source, "source", "0123456789", 10, &error), &error);
	assert_succeeds(
		strata_file_write(target, "target", "....................", 20, &error), &error);
	assert_succeeds(
		strata_file_copy_to(target, "target", 5, source, "source", 2, 4, &error), &error);
	assert_succeeds(
		strata_file_copy_to(target, "target", 12, zeros, "zeros", 0, 2, &error), &error);
	assert_succeeds(strata_file_write_at(target, "target", 1, "ab", 2, &error), &error);
	assert_succeeds(strata_file_copy(target, "target", source, "source", 8, 1, &error), &error);
	assert_succeeds(strata_file_copy(target, "target", zeros, "zeros", 0, 1, &error), &error);
	assert_int_equal(pread(target, bytes, sizeof(bytes), 0), 21);
	assert_memory_equal(bytes, ".ab..2345...\0\0......8", 21);
	assert_int_equal(lseek(target, 0, SEEK_CUR), 22);
	assert_fails(strata_file_copy_to(target, "target", 0, source, "source", 8, 3, &error),
		STRATA_ERROR_FORMAT, "'source' ends too early", &error);
}

static void test_map_finds_what_was_put(void **state)
{
	strata_automap struct strata_map map = STRATA_MAP_INIT;
	struct strata_arena arena = STRATA_ARENA_INIT;
	char key[32];

	(void)state;
	assert_int_equal(strata_map_get(&map, "absent"), STRATA_MAP_NONE);
	each_number(uint32_t, i, 0, 5000) {
		snprintf(key, sizeof(key), "key-%u", i);
		assert_int_equal(strata_map_put(&map, strata_arena_string(&arena, key), i), 0);
	}
	assert_int_equal(strata_map_put(&map, "key-7", 70), 0);
	assert_int_equal(map.count, 5000);
	assert_int_equal(strata_map_get(&map, "key-7"), 70);
	assert_int_equal(strata_map_get(&map, "key-4999"), 4999);
	assert_int_equal(strata_map_get(&map, "key-5000"), STRATA_MAP_NONE);
	strata_arena_free(&arena);
}

static void test_text_utf8(void **state)
{
	static const char *const good[] = {
		"", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
	static const char *const bad[] = {
		"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xff"};

	(void)state;
	each_case(i, good)
		assert_true(strata_text_is_utf8(good[i], strlen(good[i])));
	each_case(i, bad)
		assert_false(strata_text_is_utf8(bad[i], strlen(bad[i])));
}

static void test_text_numbers(void **state)
{
	uint64_t number = 0;

	(void)state;
	assert_true(strata_text_to_number("18446744073709551615", 10, &number));
	assert_int_equal(number, UINT64_MAX);
	assert_true(strata_text_to_number("1777", 8, &number));
	assert_int_equal(number, 01777);
	assert_false(strata_text_to_number("18446744073709551616", 10, &number));
	assert_false(strata_text_to_number("", 10, &number));
	assert_false(strata_text_to_number("-1", 10, &number));
	assert_false(strata_text_to_number("9", 8, &number));
	assert_false(strata_text_to_number("1 ", 10, &number));
}

static void test_text_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *words;
	} cases[] = {{0, "0 B"}, {999, "999 B"}, {1000, "1.0 kB"}, {4250000, "4.2 MB"},
		{99999999, "99.9 MB"}, {123456789, "123 MB"}, {UINT64_MAX, "18.4 EB"}};

	(void)state;
	each_case(i, cases) {
		strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;

		strata_text_size(&buffer, cases[i].bytes);
		assert_string_equal(buffer.data, cases[i].words);
	}
}

static void test_sha256_vectors(void **state)
{
	char hex[STRATA_SHA256_HEX_SIZE];
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	assert_succeeds(strata_sha256_of("abc", 3, hex, &error), &error);
	assert_string_equal(
		hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_digest_parser(void **state)
{
	static const char *const bad[] = {"", "sha256:", "sha256:../../x",
		"sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
		"sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adf"};
	struct strata_digest digest;

	(void)state;
	each_case(i, bad)
		assert_false(strata_digest_parse(bad[i], &digest));
	assert_true(strata_digest_parse(
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		&digest));
	assert_string_equal(strata_digest_hex(&digest),
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

struct counting {
	struct strata_pool *pool;
	atomic_uint tasks, jobs;
};

struct counting_job {
	struct strata_pool_job job;
	struct counting *counting;
};

static void count_job(struct strata_pool_job *job)
{
	atomic_fetch_add(&((struct counting_job *)job)->counting->jobs, 1);
}

static int count_task(void *data, size_t index, struct strata_error *error)
{
	struct counting *counting = data;
	struct counting_job jobs[8];

	for (size_t i = 0; i < 8; i++) {
		jobs[i].job.run = count_job;
		jobs[i].counting = counting;
		strata_pool_submit(counting->pool, &jobs[i].job);
	}
	for (size_t i = 0; i < 8; i++)
		strata_pool_wait(counting->pool, &jobs[i].job);
	atomic_fetch_add(&counting->tasks, 1);
	if (index == 50 || index == 70)
		return strata_fail(error, STRATA_ERROR_INVALID, "task %zu", index);
	return 0;
}

static void test_pool_runs_tasks_and_jobs(void **state)
{
	(void)state;
	each_number(unsigned, threads, 1, 8 + 1) {
		struct strata_error error = STRATA_ERROR_INIT;
		strata_autopool struct strata_pool *pool = strata_pool_new(threads, &error);
		struct counting counting = {.pool = pool};

		assert_succeeds(strata_pool_run(pool, 50, count_task, &counting, &error), &error);
		assert_int_equal(counting.tasks, 50);
		assert_int_equal(counting.jobs, 400);
		assert_fails(strata_pool_run(pool, 100, count_task, &counting, &error),
			STRATA_ERROR_INVALID, "task 50", &error);
	}
}

static const char *suggested(const char *written)
{
	static const char *const names[] = {"build", "plan", "push", "copy", "image", "index"};
	struct strata_suggestion near = STRATA_SUGGESTION_INIT;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		strata_suggestion_offer(&near, written, names[i]);
	return near.name ? near.name : "";
}

static void test_suggestions_are_near(void **state)
{
	(void)state;
	assert_string_equal(suggested("biuld"), "build");
	assert_string_equal(suggested("buil"), "build");
	assert_string_equal(suggested("builds"), "build");
	assert_string_equal(suggested("psuh"), "push");
	assert_string_equal(suggested("puah"), "push");
	assert_string_equal(suggested("indx"), "index");
	assert_string_equal(suggested(""), "");
	assert_string_equal(suggested("p"), "");
	assert_string_equal(suggested("run"), "");
	assert_string_equal(suggested("containerise"), "");
}

static void test_the_nearest_is_suggested_the_first_of_equals(void **state)
{
	struct strata_suggestion near = STRATA_SUGGESTION_INIT;
	char longest[100];

	(void)state;
	strata_suggestion_offer(&near, "cached", "catched");
	strata_suggestion_offer(&near, "cached", "caches");
	assert_string_equal(near.name, "catched");
	strata_suggestion_offer(&near, "cached", "cached");
	assert_string_equal(near.name, "cached");
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	near = (struct strata_suggestion)STRATA_SUGGESTION_INIT;
	strata_suggestion_offer(&near, longest, longest);
	assert_null(near.name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_carries_context_and_hint),
		cmocka_unit_test(test_arena_keeps_large_and_small_things_apart),
		cmocka_unit_test(test_copies_go_to_their_place),
		cmocka_unit_test(test_map_finds_what_was_put),
		cmocka_unit_test(test_text_utf8),
		cmocka_unit_test(test_text_numbers),
		cmocka_unit_test(test_text_sizes),
		cmocka_unit_test(test_sha256_vectors),
		cmocka_unit_test(test_digest_parser),
		cmocka_unit_test(test_suggestions_are_near),
		cmocka_unit_test(test_the_nearest_is_suggested_the_first_of_equals),
		cmocka_unit_test(test_pool_runs_tasks_and_jobs),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
