/* SPDX-License-Identifier: Apache-2.0 */
#include "dpkg_fixture.h"

#include "graph/dpkg/dpkg.h"

static void test_versions_compare_as_policy_says(void **state)
{
	static const struct {
		const char *left, *right;
		int expected;
	} cases[] = {
		{"1.0", "1.0", 0},
		{"1.0", "1.1", -1},
		{"1.9", "1.10", -1},
		{"1.0-1", "1.0-2", -1},
		{"1.0", "1.0-0", 0},
		{"1.0", "1.0-1", -1},
		{"0:1.0", "1.0", 0},
		{"1:0.1", "2.0", 1},
		{"10:1", "9:1", 1},
		{"1.0~rc1", "1.0", -1},
		{"1.0~~", "1.0~", -1},
		{"1.0~~a", "1.0~", -1},
		{"1.0~", "1.0", -1},
		{"1.0", "1.0a", -1},
		{"1.0a", "1.0+b", -1},
		{"1.0a", "1.0.", -1},
		{"1.0-1+deb12u1", "1.0-1", 1},
		{"1.0-1+deb12u2", "1.0-1+deb12u10", -1},
		{"1.0-1~bpo12+1", "1.0-1", -1},
		{"1.001", "1.1", 0},
		{"1.2-3-4", "1.2-3", 1},
		{"99999999999999999999999", "100000000000000000000000", -1},
		{"2.36-9+deb12u14", "2.36-9+deb12u9", 1},
		{"", "0", 0},
		{"", "~", 1},
	};

	(void)state;
	each_case(i, cases) {
		int forth = strata_dpkg_compare_versions(cases[i].left, cases[i].right);
		int back = strata_dpkg_compare_versions(cases[i].right, cases[i].left);

		if ((forth > 0) - (forth < 0) != cases[i].expected ||
			(back > 0) - (back < 0) != -cases[i].expected)
			fail_msg("%s and %s: %d, %d", cases[i].left, cases[i].right, forth, back);
	}
}

static void test_item_describes_its_package(void **state)
{
	struct machine *machine = *state;
	const struct strata_item *item;
	uint32_t count;

	put_status(machine,
		"Package: libx1\nStatus: install ok installed\nArchitecture: amd64\n"
		"Source: x (1:2.0-3)\nVersion: 1:2.0-3+b1\nInstalled-Size: 42\n"
		"Description: first line\n .\n more: text\nDepends: liby1,\n doc\n\n" PACKAGE(
			"liby1", "") PACKAGE_OF("doc", "all", ""));
	put(machine, "/var/lib/dpkg/info/doc.list", "/.\n/doc\n");
	put(machine, "/doc", "12345");
	assert_succeeds(ask(machine, "libx1"), &machine->error);
	assert_items(machine, "doc:all libx1:amd64 liby1:amd64");
	assert_references(machine, "libx1:amd64", "doc:all liby1:amd64");
	item = item_of(machine, "libx1:amd64");
	assert_string_equal(item->name, "libx1");
	assert_string_equal(item->version, "1:2.0-3+b1");
	assert_string_equal(item->cause, "x");
	assert_string_equal(item->identity, "dpkg:libx1:amd64=1:2.0-3+b1");
	assert_int_equal(item->size, 42 * 1024);
	assert_int_equal(item->content, STRATA_CONTENT_FILES);
	assert_int_equal(item->tree_count + item->file_count, 0);
	/* Without Installed-Size it is measured. */
	assert_int_equal(item_of(machine, "doc:all")->size, 5);
	assert_string_equal(item_of(machine, "doc:all")->cause, "doc");
	assert_int_equal(*strata_graph_roots(machine->graph, &count), 1);
	assert_int_equal(count, 1);
}

#define IN_STATE(name, status) \
	"Package: " name "\nStatus: " status "\nArchitecture: amd64\nVersion: 1\n\n"

static void test_only_present_packages_count(void **state)
{
	struct machine *machine = *state;

	put_status(machine, PACKAGE("a", "Depends: removed | b, c, d, e\n") IN_STATE(
				    "removed", "deinstall ok config-files") IN_STATE("b",
				    "hold ok unpacked") IN_STATE("c", "install ok half-configured")
				    IN_STATE("d", "install reinstreq triggers-pending") IN_STATE(
					    "e", "install ok triggers-awaited") "Package: never\n");
	assert_succeeds(ask(machine, "a"), &machine->error);
	assert_items(machine, "a:amd64 b:amd64 c:amd64 d:amd64 e:amd64");
	assert_fails(ask(machine, "removed"), STRATA_ERROR_NOT_FOUND,
		"package 'removed' is not installed", &machine->error);
	assert_fails(ask(machine, "never"), STRATA_ERROR_NOT_FOUND, "'never'", &machine->error);
}

static void test_first_satisfied_alternative_wins(void **state)
{
	struct machine *machine = *state;

	put_status(machine,
		PACKAGE("a",
			"Pre-Depends: p\nDepends: none | b (>= 2) | c (<< 1.0) | d (= 1.0) | e\n")
			PACKAGE("b", "") PACKAGE("c", "") PACKAGE("d", "") PACKAGE("e", "") PACKAGE(
				"p", "Depends: b (>> 0.9), c (<= 1.0), e (> 1.0) , d(<1.0)\n"));
	assert_succeeds(ask(machine, "a"), &machine->error);
	assert_references(machine, "a:amd64", "d:amd64 p:amd64");
	assert_references(machine, "p:amd64", "b:amd64 c:amd64 d:amd64 e:amd64");
}

static void test_unsatisfied_group_is_noted(void **state)
{
	struct machine *machine = *state;

	put_status(machine,
		PACKAGE("a", "Depends: b, c (>= 2) | gone\n") PACKAGE("b", "") PACKAGE("c", ""));
	assert_succeeds(ask(machine, "a"), &machine->error);
	assert_items(machine, "a:amd64 b:amd64");
	assert_non_null(strstr(machine->notes.data,
		"package a:amd64 depends on c (>= 2) | gone, which is not installed\n"));
}

static void test_virtual_packages(void **state)
{
	struct machine *machine = *state;

	put_status(machine,
		PACKAGE("plain", "Depends: mta\n") PACKAGE("versioned", "Depends: mta (>= 2)\n")
			PACKAGE("real", "Depends: awk\n") PACKAGE("awk", "") PACKAGE("gawk",
				"Provides: awk (= 9)\n") PACKAGE("exim", "Provides: mta, other\n")
				PACKAGE("postfix", "Provides: mta (= 2.1)\n"));
	assert_succeeds(ask(machine, "plain"), &machine->error);
	assert_references(machine, "plain:amd64", "exim:amd64");
	assert_succeeds(ask(machine, "versioned"), &machine->error);
	assert_references(machine, "versioned:amd64", "postfix:amd64");
	assert_succeeds(ask(machine, "real"), &machine->error);
	assert_references(machine, "real:amd64", "awk:amd64");

	assert_succeeds(ask(machine, "other"), &machine->error);
	assert_items(machine, "exim:amd64");
	assert_int_equal(ask(machine, "mta"), STRATA_ERROR_NOT_FOUND);
	assert_non_null(strstr(machine->error.hint, "exim:amd64, postfix:amd64"));
	assert_int_equal(ask(machine, "nothing"), STRATA_ERROR_NOT_FOUND);
	assert_non_null(strstr(machine->error.hint, "apt-get install nothing"));
}

#define FOREIGN(name, fields) PACKAGE_OF(name, "i386", fields)

static void test_architectures(void **state)
{
	struct machine *machine = *state;

	put_status(machine,
		PACKAGE("dpkg", "") PACKAGE("lib", "Multi-Arch: same\n")
			FOREIGN("lib", "Multi-Arch: same\n") FOREIGN("app",
				"Depends: lib, tool, python:any, data, lib:amd64\n") PACKAGE("tool",
				"Multi-Arch: foreign\n") PACKAGE("python", "Multi-Arch: allowed\n")
				PACKAGE_OF("data", "all", "Depends: lib\n")
					FOREIGN("bad", "Depends: dpkg, dpkg:any, python\n"));
	assert_succeeds(ask(machine, "app"), &machine->error);
	assert_references(
		machine, "app:i386", "data:all lib:amd64 lib:i386 python:amd64 tool:amd64");
	assert_references(machine, "data:all", "lib:amd64");
	assert_succeeds(ask(machine, "bad"), &machine->error);
	assert_references(machine, "bad:i386", "");
	/* The native one is meant; others can be named. */
	assert_succeeds(ask(machine, "lib"), &machine->error);
	assert_items(machine, "lib:amd64");
	assert_succeeds(ask(machine, "lib:i386"), &machine->error);
	assert_items(machine, "lib:i386");
	assert_succeeds(ask(machine, "data:amd64"), &machine->error);
	assert_items(machine, "data:all lib:amd64");
	assert_int_equal(ask(machine, "tool:i386"), STRATA_ERROR_NOT_FOUND);
	assert_non_null(strstr(machine->error.hint, "tool:amd64"));
}

static void test_native_architecture_is_preferred(void **state)
{
	struct machine *machine = *state;

	put_status(machine,
		PACKAGE("lib", "Multi-Arch: same\n") FOREIGN("lib", "Multi-Arch: same\n")
			FOREIGN("dpkg", "") PACKAGE_OF("data", "all", "Depends: lib\n"));
	assert_succeeds(ask(machine, "lib"), &machine->error);
	assert_items(machine, "lib:i386");
	assert_succeeds(ask(machine, "data"), &machine->error);
	assert_items(machine, "data:all lib:i386");
}

static void test_cycles_and_self_references(void **state)
{
	struct machine *machine = *state;

	put_status(machine, PACKAGE("a", "Depends: b, a\n") PACKAGE("b", "Depends: c\n")
				    PACKAGE("c", "Depends: a, v\nProvides: v\n"));
	assert_succeeds(ask(machine, "b"), &machine->error);
	assert_items(machine, "a:amd64 b:amd64 c:amd64");
	assert_references(machine, "a:amd64", "b:amd64");
	assert_references(machine, "c:amd64", "a:amd64");
}

static void test_essential_packages_are_below_the_requested(void **state)
{
	struct machine *machine = *state;
	const char *a = "a";
	struct strata_dpkg_options options = {
		.packages = &a, .package_count = 1, .essential = true};
	uint32_t count;

	put_status(machine,
		PACKAGE("a", "Depends: b\n") PACKAGE("b", "") PACKAGE("base", "Essential: yes\n")
			PACKAGE("sh", "Essential: yes\nDepends: libc\n") PACKAGE("libc", "")
				PACKAGE("kernel", "Protected: yes\n"));
	assert_succeeds(read_machine(machine, &options), &machine->error);
	assert_items(machine, "a:amd64 b:amd64 base:amd64 libc:amd64 sh:amd64");
	assert_references(machine, "a:amd64", "b:amd64 base:amd64 sh:amd64");
	assert_references(machine, "b:amd64", "");
	assert_int_equal(*strata_graph_roots(machine->graph, &count), 0);
	assert_int_equal(count, 1);

	options.package_count = 0;
	assert_succeeds(read_machine(machine, &options), &machine->error);
	assert_items(machine, "base:amd64 libc:amd64 sh:amd64");
}

static void test_wrong_requests(void **state)
{
	struct machine *machine = *state;
	const char *a = "a";

	assert_fails(ask(machine, "a"), STRATA_ERROR_NOT_FOUND, "/var/lib/dpkg/status'",
		&machine->error);
	put_status(machine, PACKAGE("a", ""));
	assert_fails(ask(machine, "a b"), STRATA_ERROR_INVALID, "'a b'", &machine->error);
	assert_fails(ask(machine, "a,"), STRATA_ERROR_INVALID, "'a,'", &machine->error);
	assert_fails(ask(machine, ""), STRATA_ERROR_INVALID, "''", &machine->error);
	assert_fails(ask(machine, "a (= 1.0)"), STRATA_ERROR_INVALID, "'a (", &machine->error);
	assert_fails(read_machine(machine, &(struct strata_dpkg_options){0}), STRATA_ERROR_INVALID,
		"no package", &machine->error);
	assert_fails(read_machine(machine,
			     &(struct strata_dpkg_options){
				     .packages = &a, .package_count = 1, .all = true}),
		STRATA_ERROR_INVALID, "all packages", &machine->error);
	assert_fails(read_machine(machine, &(struct strata_dpkg_options){.essential = true}),
		STRATA_ERROR_NOT_FOUND, "essential", &machine->error);
}

static void test_malformed_status(void **state)
{
	struct machine *machine = *state;
	static const struct {
		const char *content, *words;
	} cases[] = {
		{PACKAGE("a", "") "Status: install ok installed\nArchitecture: amd64\n",
			"status:6: the stanza that begins here has no field 'Package'"},
		{PACKAGE("a", "no colon\n"), "status:5: a line 'Field: value'"},
		{"\n continued\n", "status:2: a line"},
		{PACKAGE("a", "Version: 2\n"), "status:5: the field 'Version' is there twice"},
		{PACKAGE("../etc", ""), "status:1: '../etc' is no valid package name"},
		{PACKAGE_OF("a", "x/y", ""), "'x/y' is no valid architecture"},
		{PACKAGE("a", "Source: b/c (1)\n"), "'b/c' is no valid source"},
		{"Package: a\nStatus: install ok wonderful\n", "unknown status"},
		{"Package: a\nStatus: installed\n", "unknown status"},
		{"Package: a\nStatus: install ok installed\nVersion: 1 2\n", "has a version"},
		{PACKAGE("a", "Depends: b (~ 1)\n"), "package 'a', field 'Depends': "},
		{PACKAGE("a", "Depends: b (>= \n"), "'b' is incomplete"},
		{PACKAGE("a", "Depends: b (=> 1)\n"), "'=>' in the relation to 'b'"},
		{PACKAGE("a", "Depends: b c\n"), "unexpected behind 'b'"},
		{PACKAGE("a", "Depends: b |\n"), "nothing follows"},
		{PACKAGE("a", "Pre-Depends: b:\n"), "field 'Pre-Depends': an architecture"},
		{PACKAGE("a", "Provides: (= 1)\n"), "field 'Provides': a package name"},
	};

	each_case(i, cases) {
		put_status(machine, cases[i].content);
		assert_fails(
			ask(machine, "a"), STRATA_ERROR_FORMAT, cases[i].words, &machine->error);
	}
	put_bytes(machine, "/var/lib/dpkg/status", "Package: a\nStat\0us: x\n", 21);
	assert_fails(ask(machine, "a"), STRATA_ERROR_FORMAT, "status:2: there is a NUL byte",
		&machine->error);
}

static void test_tolerated_status(void **state)
{
	struct machine *machine = *state;
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;

	/* CRLF, any case, folded fields, blank lines, no last newline, a repeated stanza. */
	strata_buffer_string(&content,
		"\r\n\r\nPACKAGE: a\r\nstatus:install ok installed\r\nArchitecture: amd64\r\n"
		"Version: 1\r\nDepends:\r\n b,,\r\n c\r\n\r\n\r\n" PACKAGE("b", "Depends: a\n")
			PACKAGE("b", "Installed-Size: many\n") "Package: c\nStatus: install ok "
							       "installed\nX-Long: ");
	for (int i = 0; i < 100000; i++)
		strata_buffer_string(&content, "0123456789");
	strata_buffer_string(&content, "\nVersion: 3");
	put_status(machine, content.data);
	assert_succeeds(ask(machine, "a"), &machine->error);
	assert_items(machine, "a:amd64 b:amd64 c:amd64");
	assert_references(machine, "a:amd64", "b:amd64 c:amd64");
	assert_references(machine, "b:amd64", "");
	assert_string_equal(item_of(machine, "c:amd64")->version, "3");

	put_status(machine, "");
	assert_fails(ask(machine, "a"), STRATA_ERROR_NOT_FOUND, "'a'", &machine->error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions_compare_as_policy_says),
		MACHINE_TEST(test_item_describes_its_package),
		MACHINE_TEST(test_only_present_packages_count),
		MACHINE_TEST(test_first_satisfied_alternative_wins),
		MACHINE_TEST(test_unsatisfied_group_is_noted),
		MACHINE_TEST(test_virtual_packages),
		MACHINE_TEST(test_architectures),
		MACHINE_TEST(test_native_architecture_is_preferred),
		MACHINE_TEST(test_cycles_and_self_references),
		MACHINE_TEST(test_essential_packages_are_below_the_requested),
		MACHINE_TEST(test_wrong_requests),
		MACHINE_TEST(test_malformed_status),
		MACHINE_TEST(test_tolerated_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
