/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a store that is in use: what a store daemon does to its files does not stop a build, and
 * what anybody else does to their contents never makes a layer that is half one and half the other.
 */
#include "scratch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "util/file.h"

enum { LARGE = 1200 * 1024 };

/* What happens to /s/b: as soon as the tree is known, or again and again while files are read. */
struct meddling {
	struct scratch *scratch;
	void (*make)(struct scratch *scratch);
	bool again;
};

static bool meddle(void *data)
{
	struct meddling *meddling = data;

	if (meddling->make)
		meddling->make(meddling->scratch);
	if (!meddling->again)
		meddling->make = NULL;
	return false;
}

static void meddle_once(void *data, const struct strata_progress *progress)
{
	if (progress->bytes_done > 0)
		meddle(data);
}

static void link_and_unlink(struct scratch *scratch)
{
	scratch_hard_link(scratch, "/links", "/s/b");
	assert_int_equal(unlink(scratch_at(scratch, "/links")), 0);
}

/* What `nix-store --optimise` does: another file with the same bytes takes the place. */
static void deduplicate(struct scratch *scratch)
{
	assert_int_equal(rename(scratch_at(scratch, "/twin"), scratch_at(scratch, "/s/b")), 0);
}

static void rewrite(struct scratch *scratch, char byte, off_t offset)
{
	int file = open(scratch_at(scratch, "/s/b"), O_WRONLY | O_CLOEXEC);

	assert_true(file >= 0);
	assert_int_equal(pwrite(file, &byte, 1, offset), 1);
	close(file);
	scratch_time(scratch, "/s/b", 1000);
}

static void rewrite_start(struct scratch *scratch)
{
	rewrite(scratch, 'X', 0);
}

static void rewrite_on_and_on(struct scratch *scratch)
{
	static char byte = 'A';

	byte = byte == 'Z' ? 'A' : (char)(byte + 1);
	rewrite(scratch, byte, 0);
}

static void make_store(struct scratch *scratch, size_t size)
{
	strata_autofree char *content = scratch_content(size);

	strata_directory_remove(scratch_at(scratch, "/s"));
	scratch_file(scratch, "/s/a", "a", 0644);
	scratch_bytes(scratch, "/s/b", content, size, 0644);
	scratch_bytes(scratch, "/twin", content, size, 0644);
	scratch_time(scratch, "/s/b", 1000);
	scratch_time(scratch, "/twin", 1000);
}

/* Build the store of files of SIZE bytes while MAKE happens to it. */
static int build(struct scratch *scratch, size_t size, void (*make)(struct scratch *), bool again,
	struct strata_digest *digest)
{
	struct strata_recipe_item items[] = {STORE_ITEM("/s")};
	struct strata_recipe recipe = RECIPE(items);
	struct meddling meddling = {scratch, make, again};
	struct strata_observer observer = {.data = &meddling};
	struct strata_layer layer = {0};
	int status;

	if (again)
		observer.cancelled = meddle;
	else
		observer.progress = meddle_once;
	if (size > 0)
		make_store(scratch, size);
	scratch->options.observer = &observer;
	status = scratch_build(scratch, &recipe, 1, &layer);
	*digest = layer.diff_id;
	strata_layer_release(&layer);
	return status;
}

static const size_t sizes[] = {7, 1000, LARGE};

static void test_links_that_come_and_go(void **state)
{
	struct scratch *scratch = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct strata_digest quiet, busy;

		assert_succeeds(build(scratch, sizes[i], NULL, false, &quiet), &scratch->error);
		for (int again = 0; again < 2; again++) {
			assert_succeeds(
				build(scratch, sizes[i], link_and_unlink, again != 0, &busy),
				&scratch->error);
			assert_string_equal(busy.text, quiet.text);
		}
		assert_succeeds(
			build(scratch, sizes[i], deduplicate, false, &busy), &scratch->error);
		assert_string_equal(busy.text, quiet.text);
	}
}

/* A file that was written to before it was read, and whose times were set back, is packed as it
 * is. */
static void test_hidden_changes_are_packed_whole(void **state)
{
	struct scratch *scratch = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct strata_digest old, during, after;

		assert_succeeds(build(scratch, sizes[i], NULL, false, &old), &scratch->error);
		assert_succeeds(
			build(scratch, sizes[i], rewrite_start, false, &during), &scratch->error);
		assert_succeeds(build(scratch, 0, NULL, false, &after), &scratch->error);
		assert_string_not_equal(old.text, after.text);
		assert_string_equal(during.text, after.text);
	}
}

static void test_a_file_without_rest_stops_the_build(void **state)
{
	struct scratch *scratch = *state;
	struct strata_digest digest;

	assert_fails(build(scratch, LARGE, rewrite_on_and_on, true, &digest), STRATA_ERROR_CHANGED,
		"/s/b' changed while it was read", &scratch->error);
	assert_string_equal(scratch_names(scratch, scratch->output), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_links_that_come_and_go),
		scratch_test(test_hidden_changes_are_packed_whole),
		scratch_test(test_a_file_without_rest_stops_the_build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
