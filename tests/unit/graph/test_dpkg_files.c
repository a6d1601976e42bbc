/* SPDX-License-Identifier: Apache-2.0 */
#include "dpkg_fixture.h"

#define LIST(name) "/var/lib/dpkg/info/" name ".list"

static int ask_all(struct machine *machine)
{
	return read_machine(machine, &(struct strata_dpkg_options){.all = true});
}

static void test_listed_files_that_are_there(void **state)
{
	struct machine *machine = *state;

	put_status(machine, PACKAGE("a", "Depends: b\n") PACKAGE("b", "Multi-Arch: same\n"));
	put(machine, LIST("a"),
		"/.\n/etc\n/etc/removed.conf\n/etc/kept.conf\n/var/empty\n/usr\n/usr/file\r\n"
		"./usr/dot\nusr/bare");
	put(machine, LIST("b:amd64"), "/.\n/usr\n/usr/lib-b\n");
	put(machine, LIST("b"), "/wrong\n");
	put(machine, "/etc/kept.conf", "x");
	put_directory(machine, "/var/empty");
	put(machine, "/usr/file", "x");
	put(machine, "/usr/dot", "x");
	put(machine, "/usr/bare", "x");
	put(machine, "/usr/lib-b", "x");
	put(machine, "/usr/nobodys", "x");
	put(machine, "/wrong", "x");
	assert_succeeds(ask(machine, "a"), &machine->error);
	assert_files(machine, "a:amd64",
		"/etc /etc/kept.conf /usr /usr/bare /usr/dot /usr/file /var/empty");
	assert_files(machine, "b:amd64", "/usr /usr/lib-b");
	assert_string_equal(machine->notes.data, "");

	/* Databases from before Multi-Arch. */
	put_status(machine, PACKAGE("old", "Multi-Arch: same\n"));
	put(machine, LIST("old"), "/usr/lib-b\n");
	assert_succeeds(ask(machine, "old"), &machine->error);
	assert_files(machine, "old:amd64", "/usr/lib-b");
}

static void test_lists_that_are_missing_or_lead_nowhere(void **state)
{
	struct machine *machine = *state;

	put_status(machine, PACKAGE("a", "Depends: b, c\n") PACKAGE("b", "") PACKAGE("c", ""));
	put(machine, LIST("b"), "/.\n/gone\n");
	put(machine, LIST("c"), "/.\n");
	assert_fails(ask(machine, "a"), STRATA_ERROR_NOT_FOUND,
		"package b:amd64: none of its 1 files is there, '/gone' for one", &machine->error);
	put(machine, LIST("b"), "/.\n/gone\n/kept\n/usr/share/doc/b\n/etc/removed\n");
	put(machine, "/kept", "x");
	assert_succeeds(ask(machine, "a"), &machine->error);
	assert_files(machine, "a:amd64", "");
	assert_files(machine, "b:amd64", "/kept");
	assert_string_equal(machine->notes.data,
		"package a:amd64: the list of its files is missing\n"
		"package b:amd64: 1 of its 4 files is missing, '/gone' for one\n");
	/* What dpkg was told not to unpack. */
	put(machine, "/etc/dpkg/dpkg.cfg.d/slim", "path-exclude=/go*\npath-include = /other\n");
	assert_succeeds(ask(machine, "a"), &machine->error);
	assert_string_equal(
		machine->notes.data, "package a:amd64: the list of its files is missing\n");
}

static void test_sockets_are_left_out_with_a_note(void **state)
{
	struct machine *machine = *state;

	put_status(machine, PACKAGE("a", ""));
	put(machine, LIST("a"), "/log\n/file\n");
	put_socket(machine, "/log");
	put(machine, "/file", "x");
	assert_succeeds(ask(machine, "a"), &machine->error);
	assert_files(machine, "a:amd64", "/file");
	assert_string_equal(
		machine->notes.data, "package a:amd64: '/log' is a socket and is left out\n");
}

static void test_diversions(void **state)
{
	struct machine *machine = *state;

	put_status(machine, PACKAGE("bash", "Depends: dash\n") PACKAGE("dash", ""));
	put(machine, LIST("bash"), "/bin/sh\n/bin/ls\n/bin/ed\n");
	put(machine, LIST("dash"), "/bin/sh\n");
	put(machine, "/var/lib/dpkg/diversions",
		"/bin/sh\n/bin/sh.distrib\ndash\n/bin/ls\n/bin/ls.real\n:\n"
		"/bin/ed\n/bin/ed.bash\nbash\n");
	for (int i = 0; i < 5; i++) {
		static const char *const paths[] = {
			"/bin/sh", "/bin/sh.distrib", "/bin/ls", "/bin/ls.real", "/bin/ed"};

		put(machine, paths[i], "x");
	}
	assert_succeeds(ask(machine, "bash"), &machine->error);
	assert_files(machine, "bash:amd64", "/bin/ed /bin/ls.real /bin/sh.distrib");
	assert_files(machine, "dash:amd64", "/bin/sh");
}

static void test_merged_usr(void **state)
{
	struct machine *machine = *state;

	put_status(machine, PACKAGE("libc", ""));
	put(machine, LIST("libc"), "/.\n/lib64\n/lib64/ld.so\n/lib\n/lib/x/y\n/lib/x\n/usr\n");
	put_link(machine, "/lib64", "usr/lib64");
	put_link(machine, "/lib", "usr/lib");
	put_link(machine, "/usr/lib64/ld.so", "../lib/x/y");
	put(machine, "/usr/lib/x/y", "x");
	assert_succeeds(ask(machine, "libc"), &machine->error);
	assert_files(
		machine, "libc:amd64", "/lib /lib64 /usr /usr/lib/x /usr/lib/x/y /usr/lib64/ld.so");
}

static void test_moved_directories(void **state)
{
	struct machine *machine = *state;

	put_status(machine, PACKAGE("a", ""));
	put(machine, LIST("a"),
		"/srv/www\n/srv/www/index\n/opt/a/b/file\n/loop/file\n/up/file\n/file/below\n"
		"/out/gone\n");
	/* Absolute targets begin at the root, and chains are kept whole. */
	put_link(machine, "/srv/www", "/mnt/data/www");
	put_link(machine, "/mnt/data", "disk");
	put(machine, "/mnt/disk/www/index", "x");
	put_link(machine, "/opt/a", "../mnt/./disk//a");
	put(machine, "/mnt/disk/a/b/file", "x");
	put_link(machine, "/loop", "loop");
	put_link(machine, "/up", "../../../../mnt/disk/a/b");
	put(machine, "/file", "x");
	put_link(machine, "/out", "nowhere");
	assert_succeeds(ask(machine, "a"), &machine->error);
	assert_files(machine, "a:amd64",
		"/mnt/data /mnt/disk/a/b/file /mnt/disk/www/index /opt/a /srv/www /up");
}

static void test_database_behind_a_link(void **state)
{
	struct machine *machine = *state;

	put_link(machine, "/var/lib/dpkg", "/usr/share/database");
	put(machine, "/usr/share/database/status", PACKAGE("a", ""));
	put(machine, "/usr/share/database/info/a.list", "/file\n");
	put(machine, "/file", "x");
	assert_succeeds(ask(machine, "a"), &machine->error);
	assert_files(machine, "a:amd64", "/file");
}

static void put_editor(struct machine *machine)
{
	put_status(machine, PACKAGE("vim", "") PACKAGE("nano", ""));
	put(machine, LIST("vim"), "/usr/bin/vim.basic\n/usr/share/man/vim.1\n");
	put(machine, LIST("nano"), "/bin/nano\n");
	put(machine, "/usr/bin/vim.basic", "x");
	put(machine, "/usr/share/man/vim.1", "x");
	put(machine, "/usr/bin/nano", "x");
	put_link(machine, "/bin", "usr/bin");
	put(machine, "/var/lib/dpkg/alternatives/editor",
		"auto\n/usr/bin/editor\neditor.1\n/usr/share/man/editor.1\neditor.da\n"
		"/usr/share/man/editor.da\n\n/bin/nano\n40\n\n\n/usr/bin/vim.basic\n30\n"
		"/usr/share/man/vim.1\n\n\n");
	put_link(machine, "/usr/bin/editor", "/etc/alternatives/editor");
	put_link(machine, "/usr/share/man/editor.1", "/etc/alternatives/editor.1");
	put_link(machine, "/etc/alternatives/editor.1", "/usr/share/man/vim.1");
}

static void test_alternatives_belong_to_the_chosen_package(void **state)
{
	struct machine *machine = *state;

	put_editor(machine);
	put_link(machine, "/etc/alternatives/editor", "/usr/bin/vim.basic");
	assert_succeeds(ask(machine, "vim"), &machine->error);
	assert_files(machine, "vim:amd64",
		"/etc/alternatives/editor /etc/alternatives/editor.1 /usr/bin/editor "
		"/usr/bin/vim.basic /usr/share/man/editor.1 /usr/share/man/vim.1");
	assert_succeeds(ask(machine, "nano"), &machine->error);
	/* The best of what is there, with the slaves that it has. */
	assert_files(machine, "nano:amd64", "/bin /usr/bin/nano");
	assert_files(machine, "generated:alternatives", "/etc/alternatives/editor /usr/bin/editor");
	assert_link(machine, "generated:alternatives", "/etc/alternatives/editor", "/bin/nano");
}

static void test_alternatives_through_links(void **state)
{
	struct machine *machine = *state;

	put_editor(machine);
	/* By a name before the merge, and by a link that somebody made by hand. */
	put_link(machine, "/etc/alternatives/editor", "/usr/local/bin/e");
	put_link(machine, "/usr/local/bin/e", "../../../bin/nano");
	assert_succeeds(ask(machine, "nano"), &machine->error);
	assert_link(machine, "nano:amd64", "/etc/alternatives/editor", "/usr/local/bin/e");
	assert_link(machine, "nano:amd64", "/usr/bin/editor", "/etc/alternatives/editor");
	assert_succeeds(ask(machine, "vim"), &machine->error);
	assert_files(machine, "vim:amd64", "/usr/bin/vim.basic /usr/share/man/vim.1");
	assert_link(machine, "generated:alternatives", "/etc/alternatives/editor",
		"/usr/bin/vim.basic");
	assert_link(machine, "generated:alternatives", "/etc/alternatives/editor.1",
		"/usr/share/man/vim.1");
}

static void test_alternatives_that_are_no_links(void **state)
{
	struct machine *machine = *state;

	put_editor(machine);
	put(machine, "/etc/alternatives/editor", "a file");
	put(machine, "/var/lib/dpkg/alternatives/half.dpkg-tmp", "nonsense");
	put(machine, "/var/lib/dpkg/alternatives/loop", "auto\n/usr/bin/loop\n\n");
	put_link(machine, "/etc/alternatives/loop", "loop");
	assert_succeeds(ask(machine, "vim"), &machine->error);
	assert_files(machine, "vim:amd64", "/usr/bin/vim.basic /usr/share/man/vim.1");
}

static void test_all_takes_what_nobody_owns(void **state)
{
	struct machine *machine = *state;
	const struct strata_item *unowned;

	put_editor(machine);
	put_link(machine, "/etc/alternatives/editor", "/usr/bin/vim.basic");
	put(machine, "/home/user/letter", "four");
	put_link(machine, "/home/user/dangling", "nowhere");
	put_directory(machine, "/home/empty");
	put_socket(machine, "/home/socket");
	put(machine, "/proc/1/stat", "x");
	put(machine, "/sys/x", "x");
	put(machine, "/run/x", "x");
	put(machine, "/tmp/x", "x");
	put(machine, "/var/tmp/x", "x");
	put(machine, "/home/tmp/x", "x");
	assert_succeeds(ask_all(machine), &machine->error);
	assert_items(machine, "nano:amd64 unowned vim:amd64");
	assert_files(machine, "unowned",
		"/etc /etc/alternatives /home /home/empty /home/tmp /home/tmp/x /home/user "
		"/home/user/dangling /home/user/letter /proc /run /sys /tmp /usr /usr/bin "
		"/usr/share /usr/share/man /var /var/lib /var/lib/dpkg /var/lib/dpkg/alternatives "
		"/var/lib/dpkg/alternatives/editor /var/lib/dpkg/info /var/lib/dpkg/info/nano.list "
		"/var/lib/dpkg/info/vim.list /var/lib/dpkg/status /var/tmp");
	assert_link(machine, "vim:amd64", "/usr/bin/editor", "/etc/alternatives/editor");
	unowned = item_of(machine, "unowned");
	assert_string_equal(unowned->name, "unowned");
	assert_string_equal(unowned->cause, "unowned");
	assert_null(unowned->identity);
	assert_true(unowned->size > 5 && unowned->size < 2000);
	assert_non_null(strstr(machine->notes.data, "'/home/socket' is a socket"));
}

static void test_malformed_files(void **state)
{
	struct machine *machine = *state;
	static const struct {
		const char *path, *content, *words;
	} cases[] = {
		{"/var/lib/dpkg/diversions", "/a\n/b\nx\n/c\n/d\n",
			"diversions:5: the diversion of '/c' is cut off"},
		{"/var/lib/dpkg/diversions", "/a\nb\nx\n", "diversions:1: a path, its new path"},
		{"/var/lib/dpkg/diversions", "", NULL},
		{LIST("vim"), "/usr\n\n/bin\n", "vim.list:2: a path is expected"},
		{LIST("vim"), "/usr/../etc\n", "vim.list:1: '/usr/../etc' is no path"},
		{LIST("vim"), "/usr/bin/vim.basic\n/..a/b..\n", NULL},
		{"/var/lib/dpkg/alternatives/editor", "", "editor:0: 'auto' or 'manual'"},
		{"/var/lib/dpkg/alternatives/editor", "auto\nlink\n\n", "editor:2: the absolute"},
		{"/var/lib/dpkg/alternatives/editor", "auto\n/link\n", "editor:2: an empty line"},
		{"/var/lib/dpkg/alternatives/editor", "auto\n/link\nslave\n", "the absolute path"},
		{"/var/lib/dpkg/alternatives/editor", "auto\n/link\n../x\n/y\n\n",
			"editor:3: the name of a slave"},
	};

	put_editor(machine);
	put_link(machine, "/etc/alternatives/editor", "/usr/bin/vim.basic");
	each_case(i, cases) {
		put(machine, cases[i].path, cases[i].content);
		if (cases[i].words)
			assert_fails(ask(machine, "vim"), STRATA_ERROR_FORMAT, cases[i].words,
				&machine->error);
		else
			assert_succeeds(ask(machine, "vim"), &machine->error);
	}
	put_bytes(machine, LIST("vim"), "/a\n/b\0c\n", 8);
	assert_fails(ask(machine, "vim"), STRATA_ERROR_FORMAT, "vim.list:2: there is a NUL",
		&machine->error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_TEST(test_listed_files_that_are_there),
		MACHINE_TEST(test_lists_that_are_missing_or_lead_nowhere),
		MACHINE_TEST(test_sockets_are_left_out_with_a_note),
		MACHINE_TEST(test_diversions),
		MACHINE_TEST(test_merged_usr),
		MACHINE_TEST(test_moved_directories),
		MACHINE_TEST(test_database_behind_a_link),
		MACHINE_TEST(test_alternatives_belong_to_the_chosen_package),
		MACHINE_TEST(test_alternatives_through_links),
		MACHINE_TEST(test_alternatives_that_are_no_links),
		MACHINE_TEST(test_all_takes_what_nobody_owns),
		MACHINE_TEST(test_malformed_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
