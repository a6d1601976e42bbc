/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graphs from the Packages indices of an archive.
 */
#include "dpkg_fixture.h"

/* A stanza of an index; FIELDS are further lines. */
#define OFFER(name, version, fields) \
	"Package: " name "\nArchitecture: amd64\nVersion: " version "\n" fields "\n"

static int read_indices(
	struct machine *machine, const char *packages, bool essential, size_t indices)
{
	struct strata_observer observer = {.note = keep_note, .data = &machine->notes};
	strata_autobuffer struct strata_buffer first = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer second = STRATA_BUFFER_INIT;
	char *copy = strdup(packages), *rest = copy;
	const char *files[2], *names[8];
	struct strata_packages_index_options options = {
		.files = files,
		.file_count = indices,
		.packages = names,
		.essential = essential,
		.observer = &observer,
	};
	int status;

	machine_path(machine, "/first", &first);
	machine_path(machine, "/second", &second);
	files[0] = first.data;
	files[1] = second.data;
	for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
		names[options.package_count++] = name;
	strata_graph_free(machine->graph);
	strata_buffer_truncate(&machine->notes, 0);
	machine->graph = strata_graph_new(&machine->error);
	status = strata_graph_read_packages_index(machine->graph, &options, &machine->error);
	free(copy);
	return status == 0 ? strata_graph_finish(machine->graph, NULL, &machine->error) : status;
}

static void test_items_describe_their_packages(void **state)
{
	struct machine *machine = *state;
	const struct strata_item *item;
	uint32_t count;

	put(machine, "/first",
		OFFER("libx1", "1:2.0-3+b1",
			"Source: x (1:2.0-3)\nInstalled-Size: 42\nDepends: liby1 (>= 1), mta\n"
			"Filename: pool/x/libx1.deb\nSize: 1234\nDescription: x\n")
			OFFER("liby1", "1", "Installed-Size: 2\n") OFFER("postfix", "3",
				"Provides: mta\nDepends: gone\n") OFFER("other", "1", ""));
	assert_succeeds(read_indices(machine, "libx1", false, 1), &machine->error);
	assert_items(machine, "libx1:amd64 liby1:amd64 postfix:amd64");
	assert_references(machine, "libx1:amd64", "liby1:amd64 postfix:amd64");
	item = item_of(machine, "libx1:amd64");
	assert_string_equal(item->name, "libx1");
	assert_string_equal(item->version, "1:2.0-3+b1");
	assert_string_equal(item->cause, "x");
	assert_string_equal(item->identity, "dpkg:libx1:amd64=1:2.0-3+b1");
	assert_int_equal(item->size, 1234);
	assert_int_equal(item->content, STRATA_CONTENT_ABSENT);
	assert_int_equal(item->tree_count + item->file_count, 0);
	assert_int_equal(item_of(machine, "liby1:amd64")->size, 2048);
	assert_int_equal(*strata_graph_roots(machine->graph, &count), 0);
	assert_int_equal(count, 1);
	assert_non_null(strstr(machine->notes.data,
		"package postfix:amd64 depends on gone, which is not in the package index\n"));
	assert_succeeds(read_indices(machine, "", false, 1), &machine->error);
	assert_int_equal(strata_graph_count(machine->graph), 4);
}

static void test_newest_version_counts(void **state)
{
	struct machine *machine = *state;

	put(machine, "/first", OFFER("a", "1.10", "Size: 10\n") OFFER("b", "2", "Size: 20\n"));
	put(machine, "/second",
		OFFER("a", "1.9", "Size: 11\n") OFFER("b", "2+deb13u1", "Size: 21\n"));
	assert_succeeds(read_indices(machine, "a b", false, 2), &machine->error);
	assert_string_equal(item_of(machine, "a:amd64")->version, "1.10");
	assert_int_equal(item_of(machine, "a:amd64")->size, 10);
	assert_string_equal(item_of(machine, "b:amd64")->version, "2+deb13u1");
	assert_int_equal(item_of(machine, "b:amd64")->size, 21);
}

static void test_essential_packages_are_referred_to(void **state)
{
	struct machine *machine = *state;

	put(machine, "/first",
		OFFER("shell", "1", "Essential: yes\nDepends: libc\n") OFFER("libc", "1", "")
			OFFER("app", "1", "Depends: libc\n") OFFER("other", "1", ""));
	assert_succeeds(read_indices(machine, "app", true, 1), &machine->error);
	assert_items(machine, "app:amd64 libc:amd64 shell:amd64");
	assert_references(machine, "app:amd64", "libc:amd64 shell:amd64");
	assert_succeeds(read_indices(machine, "", true, 1), &machine->error);
	assert_items(machine, "libc:amd64 shell:amd64");
}

static void test_what_is_no_index_is_refused(void **state)
{
	struct machine *machine = *state;

	put(machine, "/first", OFFER("a", "1", ""));
	put(machine, "/second", "Package: b\nnonsense\n");
	assert_int_equal(read_indices(machine, "a", false, 2), STRATA_ERROR_FORMAT);
	assert_non_null(strstr(machine->error.message, "/second:2: a line 'Field: value'"));
	assert_non_null(strstr(machine->error.hint, "cat-file"));
	strata_error_clear(&machine->error);
	assert_fails(read_indices(machine, "b", false, 1), STRATA_ERROR_NOT_FOUND,
		"package 'b' is not in the package index", &machine->error);
	/* Of what is not reached, nothing is parsed; what is reached says where it stands. */
	put(machine, "/second", OFFER("b", "1", "Depends: a (= \n"));
	assert_fails(read_indices(machine, "b", false, 2), STRATA_ERROR_FORMAT,
		"/second:1: package 'b', field 'Depends'", &machine->error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_TEST(test_items_describe_their_packages),
		MACHINE_TEST(test_newest_version_counts),
		MACHINE_TEST(test_essential_packages_are_referred_to),
		MACHINE_TEST(test_what_is_no_index_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
