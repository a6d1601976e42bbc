/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "util/file.h"
#include "util/text.h"

/* LISTING with "ME" replaced by who owns what a test makes. */
static const char *mine(struct scratch *scratch, const char *listing)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	for (const char *at = listing; *at; at++) {
		if (strata_text_starts_with(at, "ME"))
			strata_buffer_format(
				&text, "%u:%u", (unsigned)geteuid(), (unsigned)getegid());
		else if (at == listing || !strata_text_starts_with(at - 1, "ME"))
			strata_buffer_byte(&text, *at);
	}
	return scratch_text(scratch, "%s", text.data);
}

static void test_store_rules(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/store/a")};
	struct strata_recipe recipe = RECIPE(items);

	scratch_directory(scratch, "/store/a", 0777);
	scratch_file(scratch, "/store/a/tool", "tool", 0775);
	scratch_file(scratch, "/store/a/data", "data", 0466);
	scratch_hard_link(scratch, "/store/a/same", "/store/a/data");
	scratch_symlink(scratch, "/store/a/link", "../b/tool");
	scratch_time(scratch, "/store/a/tool", 1000000);
	assert_string_equal(scratch_build_listing(scratch, &recipe),
		"d 0755 0:0 0 @1 store/\n"
		"d 0755 0:0 0 @1 store/a/\n"
		"- 0444 0:0 4 @1 store/a/data\n"
		"l 0777 0:0 0 @1 store/a/link -> ../b/tool\n"
		"- 0444 0:0 4 @1 store/a/same\n"
		"- 0755 0:0 4 @1 store/a/tool\n");
}

static void test_entries_are_sorted_by_components(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/s/a-b"), STORE_ITEM("/s/a")};
	struct strata_recipe recipe = RECIPE(items);

	scratch_file(scratch, "/s/a/x/1", "", 0644);
	scratch_file(scratch, "/s/a/x.y", "", 0644);
	scratch_file(scratch, "/s/a/x-y", "", 0644);
	scratch_file(scratch, "/s/a/\xff", "", 0644);
	scratch_file(scratch, "/s/a-b", "", 0644);
	assert_string_equal(scratch_build_listing(scratch, &recipe), "d 0755 0:0 0 @1 s/\n"
								     "d 0755 0:0 0 @1 s/a/\n"
								     "d 0755 0:0 0 @1 s/a/x/\n"
								     "- 0644 0:0 0 @1 s/a/x/1\n"
								     "- 0644 0:0 0 @1 s/a/x-y\n"
								     "- 0644 0:0 0 @1 s/a/x.y\n"
								     "- 0644 0:0 0 @1 s/a/\xff\n"
								     "- 0644 0:0 0 @1 s/a-b\n");
}

static void test_file_rules(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {FILES_TREE("/usr/share")};
	struct strata_recipe recipe = RECIPE(items);

	scratch_directory(scratch, "/usr", 0750);
	scratch_directory(scratch, "/usr/share", 01777);
	scratch_file(scratch, "/usr/share/a", "abc", 04775);
	scratch_symlink(scratch, "/usr/share/l", "a");
	assert_int_equal(mkfifo(scratch_at(scratch, "/usr/share/p"), 0600), 0);
	scratch_time(scratch, "/usr/share/a", 86400);
	scratch_time(scratch, "/usr/share/l", -5);
	scratch_time(scratch, "/usr/share/p", 7);
	assert_string_equal(scratch_build_listing(scratch, &recipe),
		mine(scratch, "d 0750 ME 0 @1 usr/\n"
			      "d 1777 ME 0 @1 usr/share/\n"
			      "- 4775 ME 3 @86400 usr/share/a\n"
			      "l 0777 ME 0 @-5 usr/share/l -> a\n"
			      "p 0600 ME 0 @7 usr/share/p\n"));
}

static void test_hard_links_within_and_across_items(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {
		{.id = "a",
			.content = STRATA_CONTENT_FILES,
			.files = (const char *const[]){"/z", "/d/b"},
			.file_count = 2},
		{.id = "b",
			.content = STRATA_CONTENT_FILES,
			.files = (const char *const[]){"/a", "/y"},
			.file_count = 2},
	};
	struct strata_recipe recipe = RECIPE(items);

	scratch_file(scratch, "/z", "12345", 0640);
	scratch_time(scratch, "/z", 9);
	scratch_hard_link(scratch, "/d/b", "/z");
	scratch_hard_link(scratch, "/a", "/z");
	scratch_hard_link(scratch, "/y", "/z");
	assert_string_equal(scratch_build_listing(scratch, &recipe),
		mine(scratch, "- 0640 ME 5 @9 a\n"
			      "d 0755 ME 0 @1 d/\n"
			      "- 0640 ME 5 @9 d/b\n"
			      "h 0640 ME 0 @9 y -> a\n"
			      "h 0640 ME 0 @9 z -> d/b\n"));
}

static void test_times(void **state)
{
	static const struct {
		enum strata_time_kind kind;
		const char *store, *directory, *old, *new;
	} cases[] = {
		{STRATA_TIME_DEFAULT, "1", "1", "500", "2000"},
		{STRATA_TIME_LIMIT, "1000", "1", "500", "1000"},
		{STRATA_TIME_KEEP, "3000", "4000", "500", "2000"},
	};
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {FILES_TREE("/f"), STORE_ITEM("/s")};
	struct strata_recipe recipe = RECIPE(items);

	scratch_file(scratch, "/f/old", "", 0644);
	scratch_file(scratch, "/f/new", "", 0644);
	scratch_file(scratch, "/s", "", 0444);
	scratch_time(scratch, "/f/old", 500);
	scratch_time(scratch, "/f/new", 2000);
	scratch_time(scratch, "/f", 4000);
	scratch_time(scratch, "/s", 3000);
	each_case(i, cases) {
		recipe.rules = (struct strata_metadata_rules){.time = cases[i].kind,
			.limit = 1000,
			.set_owner = true,
			.uid = 7,
			.gid = 8};
		assert_string_equal(scratch_build_listing(scratch, &recipe),
			scratch_text(scratch,
				"d 0755 7:8 0 @%s f/\n"
				"- 0644 7:8 0 @%s f/new\n"
				"- 0644 7:8 0 @%s f/old\n"
				"- 0444 7:8 0 @%s s\n",
				cases[i].directory, cases[i].new, cases[i].old, cases[i].store));
	}
}

static void test_owner_applies_to_everything(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/s/a"), FILES_FILE("/u/b")};
	struct strata_entry entries[] = {
		{.kind = STRATA_ENTRY_DIRECTORY, .path = "/t", .mode = 0700, .uid = 1, .gid = 2}};
	struct strata_recipe recipe = RECIPE(items);

	scratch_file(scratch, "/s/a", "", 0444);
	scratch_file(scratch, "/u/b", "", 0644);
	scratch_time(scratch, "/u/b", 3);
	recipe.customisation.entries = entries;
	recipe.customisation.entry_count = 1;
	recipe.rules =
		(struct strata_metadata_rules){.set_owner = true, .uid = 4000000000, .gid = 100};
	assert_string_equal(scratch_build_listing(scratch, &recipe),
		"d 0755 4000000000:100 0 @1 s/\n"
		"- 0444 4000000000:100 0 @1 s/a\n"
		"d 0700 4000000000:100 0 @1 t/\n"
		"d 0755 4000000000:100 0 @1 u/\n"
		"- 0644 4000000000:100 0 @3 u/b\n");
}

static void test_extended_attributes(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item files[] = {FILES_FILE("/a")}, store[] = {STORE_ITEM("/a")};
	struct strata_recipe recipe = RECIPE(files);
	const char *place = scratch_at(scratch, "/a");

	scratch_file(scratch, "/a", "", 0644);
	scratch_time(scratch, "/a", 1);
	if (setxattr(place, "user.b", "x\ny\0z", 5, 0) < 0) {
		assert_int_equal(errno, ENOTSUP);
		skip();
	}
	assert_int_equal(setxattr(place, "user.a", "", 0, 0), 0);
	assert_string_equal(scratch_build_listing(scratch, &recipe),
		mine(scratch, "- 0644 ME 0 @1 a {user.a=} {user.b=x\\10y\\0z}\n"));
	recipe.items = store;
	assert_string_equal(scratch_build_listing(scratch, &recipe), "- 0644 0:0 0 @1 a\n");
	assert_int_equal(setxattr(place, "user.c=d", "e", 1, 0), 0);
	recipe.items = files;
	strata_directory_remove(scratch->output);
	assert_int_equal(mkdir(scratch->output, 0755), 0);
	scratch_build_fails(scratch, &recipe, STRATA_ERROR_UNSUPPORTED, "'user.c=d'");
}

static void test_sockets_are_left_out_with_a_note(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/a")};
	struct strata_recipe recipe = RECIPE(items);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);

	scratch_directory(scratch, "/a", 0755);
	strcpy(address.sun_path, scratch_at(scratch, "/a/socket"));
	assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
	close(descriptor);
	assert_string_equal(scratch_build_listing(scratch, &recipe), "d 0755 0:0 0 @1 a/\n");
	assert_string_equal(scratch->notes.data,
		scratch_text(scratch, "'%s' is a socket: left out\n", address.sun_path));
}

static void test_deletion_marks_are_refused(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item inner[] = {STORE_ITEM("/a")}, outer[] = {STORE_ITEM("/.wh.b/c")};
	struct strata_entry entry = {.kind = STRATA_ENTRY_DIRECTORY, .path = "/.wh.d/e"};
	struct strata_recipe recipe = RECIPE(inner);

	scratch_file(scratch, "/a/b/.wh.x", "", 0644);
	scratch_file(scratch, "/.wh.b/c", "", 0644);
	scratch_build_fails(scratch, &recipe, STRATA_ERROR_INVALID, "'/a/b/.wh.x'");
	recipe.items = outer;
	scratch_build_fails(scratch, &recipe, STRATA_ERROR_INVALID, "'/.wh.b'");
	recipe = (struct strata_recipe){
		.customisation.entries = &entry, .customisation.entry_count = 1};
	scratch_build_fails(scratch, &recipe, STRATA_ERROR_INVALID, "'/.wh.d'");
}

static void test_missing_paths_are_named(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item store[] = {STORE_ITEM("/s/gone")};
	struct strata_recipe_item files[] = {FILES_FILE("/gone/file")};
	struct strata_recipe_item below[] = {STORE_ITEM("/file/x")};
	struct strata_recipe_item linked[] = {FILES_FILE("/link/x")};
	struct strata_recipe recipe = RECIPE(store);

	scratch_file(scratch, "/file", "", 0644);
	scratch_file(scratch, "/d/x", "", 0644);
	scratch_symlink(scratch, "/link", "d");
	scratch_build_fails(scratch, &recipe, STRATA_ERROR_NOT_FOUND,
		scratch_text(scratch, "layer 1: item '/s/gone': cannot read '%s'",
			scratch_at(scratch, "/s/gone")));
	recipe.items = files;
	scratch_build_fails(scratch, &recipe, STRATA_ERROR_NOT_FOUND, "/gone'");
	recipe.items = below;
	scratch_build_fails(scratch, &recipe, STRATA_ERROR_NOT_FOUND, "/file/x'");
	recipe.items = linked;
	scratch_build_fails(scratch, &recipe, STRATA_ERROR_INVALID,
		"'/link/x' lies below '/link', which is no directory");
}

static void test_unreadable_files_are_named(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/a")};
	struct strata_recipe recipe = RECIPE(items);

	const uid_t user = geteuid();

	scratch_file(scratch, "/a", "secret", 0000);
	/* Root reads everything, so it is somebody else for a moment. */
	assert_int_equal(chmod(scratch->directory, 0755), 0);
	assert_int_equal(chmod(scratch->output, 0777), 0);
	if (user == 0)
		assert_int_equal(seteuid(65534), 0);
	scratch_build_fails(scratch, &recipe, STRATA_ERROR_IO, "/a'");
	assert_int_equal(seteuid(user), 0);
}

/* What was only a parent so far must still be listed. */
static void test_trees_around_earlier_paths_are_whole(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {FILES_FILE("/a/b/c/1"), FILES_TREE("/a")};
	struct strata_recipe_item nested[] = {STORE_ITEM("/a/b/c"), STORE_ITEM("/a")};
	struct strata_recipe recipe = RECIPE(items);

	scratch_directory(scratch, "/a", 0711);
	scratch_file(scratch, "/a/0", "", 0644);
	scratch_file(scratch, "/a/b/2", "", 0644);
	scratch_file(scratch, "/a/b/c/1", "", 0644);
	scratch_file(scratch, "/a/b/c/3", "", 0644);
	recipe.rules = (struct strata_metadata_rules){
		.set_owner = true, .time = STRATA_TIME_LIMIT, .limit = 1};
	each_number(unsigned, i, 0, 2) {
		assert_string_equal(scratch_build_listing(scratch, &recipe),
			"d 0711 0:0 0 @1 a/\n"
			"- 0644 0:0 0 @1 a/0\n"
			"d 0755 0:0 0 @1 a/b/\n"
			"- 0644 0:0 0 @1 a/b/2\n"
			"d 0755 0:0 0 @1 a/b/c/\n"
			"- 0644 0:0 0 @1 a/b/c/1\n"
			"- 0644 0:0 0 @1 a/b/c/3\n");
		recipe.items = nested;
	}
}

static void test_customisation_merges_with_directories(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {FILES_TREE("/etc")};
	struct strata_entry entries[] = {
		{.kind = STRATA_ENTRY_DIRECTORY,
			.path = "/etc/d",
			.mode = 0700,
			.uid = 5,
			.gid = 6},
		{.kind = STRATA_ENTRY_SYMLINK, .path = "/etc/d/sh", .target = "/bin/bash"},
		{.kind = STRATA_ENTRY_DIRECTORY, .path = "/var/new/tmp", .mode = 01777},
	};
	struct strata_recipe recipe = RECIPE(items);

	scratch_directory(scratch, "/etc", 0751);
	scratch_file(scratch, "/etc/d/file", "", 0644);
	scratch_time(scratch, "/etc/d/file", 1);
	recipe.customisation.entries = entries;
	recipe.customisation.entry_count = 3;
	assert_string_equal(scratch_build_listing(scratch, &recipe),
		mine(scratch, "d 0751 ME 0 @1 etc/\n"
			      "d 0700 5:6 0 @1 etc/d/\n"
			      "- 0644 ME 0 @1 etc/d/file\n"
			      "l 0777 0:0 0 @1 etc/d/sh -> /bin/bash\n"
			      "d 0755 0:0 0 @1 var/\n"
			      "d 0755 0:0 0 @1 var/new/\n"
			      "d 1777 0:0 0 @1 var/new/tmp/\n"));
}

static void test_customisation_puts_nothing_below_links(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {FILES_TREE("/bin")}, linked[] = {FILES_FILE("/lib")};
	struct strata_entry over = {.kind = STRATA_ENTRY_SYMLINK, .path = "/bin", .target = "x"};
	struct strata_entry below = {
		.kind = STRATA_ENTRY_SYMLINK, .path = "/lib/ld", .target = "x"};
	struct strata_recipe recipe = RECIPE(items);

	scratch_file(scratch, "/bin/sh", "", 0755);
	scratch_symlink(scratch, "/lib", "usr/lib");
	recipe.customisation.entries = &over;
	recipe.customisation.entry_count = 1;
	scratch_build_fails(scratch, &recipe, STRATA_ERROR_INVALID, "'/bin' is no directory");
	recipe.items = linked;
	recipe.customisation.entries = &below;
	scratch_build_fails(scratch, &recipe, STRATA_ERROR_INVALID, "'/lib' is no directory");
}

static void test_copies_lie_on_one_another(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/s/a")};
	struct strata_copy copies[] = {
		{.from = "/s/a", .to = "/", .links = true},
		{.from = scratch_at(scratch, "/one"), .to = "/"},
		{.from = scratch_at(scratch, "/two"), .to = "/opt/two"},
		{.from = scratch_at(scratch, "/two/file"), .to = "/etc/file"},
	};
	struct strata_recipe recipe = RECIPE(items);

	scratch_file(scratch, "/s/a/bin/tool", "tool", 0555);
	scratch_symlink(scratch, "/s/a/bin/sh", "tool");
	scratch_file(scratch, "/one/etc/file", "1", 0644);
	scratch_file(scratch, "/one/bin/tool", "mine", 0775);
	scratch_directory(scratch, "/one/etc", 01777);
	scratch_file(scratch, "/two/file", "22", 0600);
	scratch_hard_link(scratch, "/two/same", "/two/file");
	scratch_symlink(scratch, "/two/up", "../one");
	recipe.customisation.copies = copies;
	recipe.customisation.copy_count = 4;
	assert_string_equal(scratch_build_listing(scratch, &recipe),
		"d 0755 0:0 0 @1 bin/\n"
		"l 0777 0:0 0 @1 bin/sh -> /s/a/bin/sh\n"
		"- 0775 0:0 4 @1 bin/tool\n"
		"d 1777 0:0 0 @1 etc/\n"
		"- 0600 0:0 2 @1 etc/file\n"
		"d 0755 0:0 0 @1 opt/\n"
		"d 0755 0:0 0 @1 opt/two/\n"
		"- 0600 0:0 2 @1 opt/two/file\n"
		"h 0600 0:0 0 @1 opt/two/same -> opt/two/file\n"
		"l 0777 0:0 0 @1 opt/two/up -> ../one\n"
		"d 0755 0:0 0 @1 s/\n"
		"d 0755 0:0 0 @1 s/a/\n"
		"d 0755 0:0 0 @1 s/a/bin/\n"
		"l 0777 0:0 0 @1 s/a/bin/sh -> tool\n"
		"- 0555 0:0 4 @1 s/a/bin/tool\n");
}

static void test_copied_content_is_read_where_it_is(void **state)
{
	struct scratch *scratch = *state;
	struct strata_copy copy = {.from = scratch_at(scratch, "/from"), .to = "/to"};
	struct strata_recipe recipe = {.customisation = {.copies = &copy, .copy_count = 1}};
	struct strata_layer layer;
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;

	scratch_file(scratch, "/from/file", "the copy", 0644);
	scratch_file(scratch, "/to/file", "not this", 0644);
	assert_succeeds(scratch_build(scratch, &recipe, 1, &layer), &scratch->error);
	scratch_read(scratch, layer.blob, &tar);
	assert_string_equal(scratch_member(scratch, tar.data, tar.length, "to/file"), "the copy");
	assert_true(layer.customised);
	strata_layer_release(&layer);
}

static void test_copies_that_cannot_be(void **state)
{
	struct scratch *scratch = *state;
	struct strata_copy copies[] = {
		{.from = scratch_at(scratch, "/one"), .to = "/"},
		{.from = scratch_at(scratch, "/two"), .to = "/"},
	};
	struct strata_recipe recipe = {.customisation = {.copies = copies, .copy_count = 2}};

	scratch_build_fails(scratch, &recipe, STRATA_ERROR_NOT_FOUND, "/one'");
	scratch_file(scratch, "/one/a/b", "", 0644);
	scratch_file(scratch, "/two/a", "", 0644);
	scratch_build_fails(scratch, &recipe, STRATA_ERROR_INVALID,
		"'/a' would be a directory and something else");
	copies[1].from = scratch_at(scratch, "/two/a");
	scratch_build_fails(
		scratch, &recipe, STRATA_ERROR_INVALID, "cannot become the root directory");
}

static void test_permissions_apply_in_order(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/home/item")};
	struct strata_copy copy = {.from = scratch_at(scratch, "/from"), .to = "/home"};
	struct strata_entry entry = {
		.kind = STRATA_ENTRY_DIRECTORY, .path = "/home/made", .mode = 0755};
	struct strata_permission rules[] = {
		{.paths = "/home/**", .mode = "u=rwX,go=", .set_owner = true, .uid = 7, .gid = 8},
		{.paths = "/home/a/*", .mode = "4755"},
		{.paths = "/home/a/link", .set_owner = true, .uid = 9, .gid = 9},
	};
	struct strata_recipe recipe = RECIPE(items);

	scratch_file(scratch, "/home/item", "", 0444);
	scratch_file(scratch, "/from/a/file", "", 0444);
	scratch_symlink(scratch, "/from/a/link", "file");
	scratch_file(scratch, "/from/b", "", 0555);
	recipe.rules.set_owner = true;
	recipe.rules.uid = 5;
	recipe.customisation = (struct strata_customisation){.copies = &copy,
		.copy_count = 1,
		.entries = &entry,
		.entry_count = 1,
		.permissions = rules,
		.permission_count = 3};
	rules[1].paths = "/hom/**";
	scratch_build_fails(scratch, &recipe, STRATA_ERROR_NOT_FOUND, "'/hom/**'");
	rules[1].paths = "/home/a/*";
	assert_string_equal(scratch_build_listing(scratch, &recipe),
		"d 0700 7:8 0 @1 home/\n"
		"d 0700 7:8 0 @1 home/a/\n"
		"- 4755 7:8 0 @1 home/a/file\n"
		"l 0777 9:9 0 @1 home/a/link -> file\n"
		"- 0700 7:8 0 @1 home/b\n"
		"- 0444 5:0 0 @1 home/item\n"
		"d 0700 7:8 0 @1 home/made/\n");
}

static void test_directory_to_avoid_is_left_out(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {
		FILES_TREE("/a"), FILES_FILE("/b/output/file"), FILES_FILE("/b/output/in/file")};
	struct strata_recipe recipe = RECIPE(items);
	const char *avoided;

	scratch_file(scratch, "/a/output/file", "", 0644);
	scratch_file(scratch, "/a/x", "", 0644);
	scratch_file(scratch, "/b/output/in/file", "", 0644);
	scratch_file(scratch, "/b/output/file", "", 0644);
	recipe.rules = (struct strata_metadata_rules){
		.set_owner = true, .time = STRATA_TIME_LIMIT, .limit = 1};
	/* Another spelling of the same directory. */
	scratch_symlink(scratch, "/alias", "a");
	avoided = scratch_at(scratch, "/alias/./output/");
	scratch->options.avoid = &avoided;
	scratch->options.avoid_count = 1;
	recipe.item_count = 1;
	assert_string_equal(scratch_build_listing(scratch, &recipe),
		"d 0755 0:0 0 @1 a/\n- 0644 0:0 0 @1 a/x\n");
	avoided = scratch_at(scratch, "/b/output");
	recipe.items = items + 1;
	recipe.item_count = 2;
	assert_string_equal(scratch_build_listing(scratch, &recipe), "d 0755 0:0 0 @1 b/\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_store_rules),
		scratch_test(test_entries_are_sorted_by_components),
		scratch_test(test_file_rules),
		scratch_test(test_hard_links_within_and_across_items),
		scratch_test(test_times),
		scratch_test(test_owner_applies_to_everything),
		scratch_test(test_extended_attributes),
		scratch_test(test_sockets_are_left_out_with_a_note),
		scratch_test(test_deletion_marks_are_refused),
		scratch_test(test_missing_paths_are_named),
		scratch_test(test_unreadable_files_are_named),
		scratch_test(test_trees_around_earlier_paths_are_whole),
		scratch_test(test_customisation_merges_with_directories),
		scratch_test(test_customisation_puts_nothing_below_links),
		scratch_test(test_copies_lie_on_one_another),
		scratch_test(test_copied_content_is_read_where_it_is),
		scratch_test(test_copies_that_cannot_be),
		scratch_test(test_permissions_apply_in_order),
		scratch_test(test_directory_to_avoid_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
