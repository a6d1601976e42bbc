/* SPDX-License-Identifier: Apache-2.0 */
/* What packages make when they are installed: which of it an image of some of them gets. */
#include "dpkg_fixture.h"

#define INFO(name) "/var/lib/dpkg/info/" name

static void put_packages(struct machine *machine)
{
	put_status(machine, PACKAGE("base-passwd", "") PACKAGE("app", "Depends: base-passwd\n")
				    PACKAGE("other", "Depends: base-passwd\n"));
	put(machine, INFO("base-passwd.list"), "/.\n/usr/share/base-passwd/passwd.master\n");
	put(machine, INFO("app.list"), "/.\n/usr/bin/app\n/usr/lib/app.py\n/var/lib/app\n");
	put(machine, INFO("other.list"), "/.\n/usr/bin/other\n");
	put(machine, "/usr/share/base-passwd/passwd.master",
		"root:*:0:0::/root:/bin/sh\n"
		"www:*:33:33::/:/bin/sh\n");
	put(machine, "/usr/bin/app", "x");
	put(machine, "/usr/lib/app.py", "x");
	put_directory(machine, "/var/lib/app");
	put(machine, "/usr/bin/other", "x");
	put(machine, INFO("app.postinst"), "adduser --system appuser\n");
	put(machine, INFO("other.postinst"), "adduser --system otheruser\n");
}

static void test_accounts_are_those_of_the_packages(void **state)
{
	struct machine *machine = *state;

	put_packages(machine);
	put(machine, "/etc/passwd",
		"root::0:0::/root:/bin/sh\nwww:x:33:33::/:/bin/sh\nappuser:x:100:100::/:/bin/sh\n"
		"otheruser:x:101:101::/:/bin/sh\nanna:x:1000:1000:Anna:/home/anna:/bin/sh\n");
	put(machine, "/etc/group",
		"root:x:0:\nwww:x:33:appuser,anna\nappuser:x:100:\nanna:x:1000:\n");
	put(machine, "/etc/shadow",
		"root:$6$secret:19000:0:99999:7:::\nwww:*:19001:0:99999:7:::\n"
		"appuser:!:19002::::::\nanna:$6$hers:19003:0:99999:7:::\n");
	assert_succeeds(ask(machine, "app"), &machine->error);
	assert_content(machine, "generated:accounts", "/etc/passwd",
		"root:*:0:0::/root:/bin/sh\nwww:x:33:33::/:/bin/sh\nappuser:x:100:100::/:/bin/sh\n");
	assert_content(machine, "generated:accounts", "/etc/shadow",
		"root:*::0:99999:7:::\nwww:*::0:99999:7:::\nappuser:!:::::::\n");
	assert_content(machine, "generated:accounts", "/etc/group",
		"root:x:0:\nwww:x:33:appuser\nappuser:x:100:\n");
	/* The same accounts for another package. */
	assert_succeeds(ask(machine, "other"), &machine->error);
	assert_content(machine, "generated:accounts", "/etc/passwd",
		"root:*:0:0::/root:/bin/sh\nwww:x:33:33::/:/bin/sh\n"
		"otheruser:x:101:101::/:/bin/sh\n");
}

#define PEM(body) "-----BEGIN CERTIFICATE-----\n" body "\n-----END CERTIFICATE-----\n"

static void test_certificates_are_those_of_the_packages(void **state)
{
	struct machine *machine = *state;

	put_status(machine, PACKAGE("ca-certificates", ""));
	put(machine, INFO("ca-certificates.list"),
		"/.\n/etc/ssl/certs\n/usr/share/ca-certificates/a.crt\n");
	put(machine, "/usr/share/ca-certificates/a.crt", PEM("QUFB"));
	put(machine, "/usr/local/share/ca-certificates/local.crt", PEM("TE9D"));
	put(machine, "/etc/ssl/certs/ca-certificates.crt", PEM("QUFB") PEM("TE9D"));
	put_link(machine, "/etc/ssl/certs/a.pem", "/usr/share/ca-certificates/a.crt");
	put_link(machine, "/etc/ssl/certs/0a0a0a0a.0", "a.pem");
	put_link(machine, "/etc/ssl/certs/local.pem", "/usr/local/share/ca-certificates/local.crt");
	assert_succeeds(ask(machine, "ca-certificates"), &machine->error);
	assert_files(machine, "generated:certificates",
		"/etc/ssl/certs/0a0a0a0a.0 /etc/ssl/certs/a.pem /etc/ssl/certs/ca-certificates.crt");
	assert_content(machine, "generated:certificates", "/etc/ssl/certs/ca-certificates.crt",
		PEM("QUFB"));
}

static void test_files_go_with_their_package(void **state)
{
	struct machine *machine = *state;

	put_packages(machine);
	put(machine, INFO("app.postinst"), "cp x /etc/app.conf; cp y '/etc/app.key'\n");
	put(machine, "/etc/app.conf", "x");
	put(machine, "/etc/app.key", "secret");
	put(machine, "/var/lib/app/data", "x");
	put(machine, "/usr/lib/__pycache__/app.cpython-311.pyc", "x");
	put(machine, "/usr/lib/__pycache__/gone.cpython-311.pyc", "x");
	{
		strata_autobuffer struct strata_buffer key = STRATA_BUFFER_INIT;

		machine_path(machine, "/etc/app.key", &key);
		assert_int_equal(chmod(key.data, 0600), 0);
	}
	assert_succeeds(ask(machine, "app"), &machine->error);
	assert_files(machine, "app:amd64",
		"/etc/app.conf /usr/bin/app /usr/lib/__pycache__/app.cpython-311.pyc "
		"/usr/lib/app.py /var/lib/app");
	assert_string_equal(
		entry_of(machine, "app:amd64", "/usr/lib/__pycache__/app.cpython-311.pyc")->program,
		"/usr/lib/app.py");
	assert_int_equal(entry_of(machine, "app:amd64", "/etc/app.conf")->time, 1);
}

static int read_with(struct machine *machine, enum strata_generated_choice generated,
	const char *include, const char *table)
{
	const char *package = "app";

	return read_machine(machine, &(struct strata_dpkg_options){.packages = &package,
					     .package_count = 1,
					     .generated = generated,
					     .include = &include,
					     .include_count = include != NULL,
					     .generated_table = table,
					     .database = STRATA_DATABASE_NONE});
}

static void test_choices(void **state)
{
	struct machine *machine = *state;
	strata_autobuffer struct strata_buffer table = STRATA_BUFFER_INIT;

	put_packages(machine);
	put(machine, "/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
	put(machine, "/var/lib/app/data", "x");
	put(machine, "/var/lib/app/more", "x");
	put(machine, "/etc/ssh/ssh_host_key", "secret");
	assert_succeeds(read_with(machine, STRATA_GENERATED_NONE, NULL, NULL), &machine->error);
	assert_items(machine, "app:amd64 base-passwd:amd64");
	assert_succeeds(
		read_with(machine, STRATA_GENERATED_NONE, "/etc/ssh/**", NULL), &machine->error);
	assert_items(machine, "app:amd64 base-passwd:amd64 generated:included");
	assert_files(machine, "generated:included", "/etc/ssh/ssh_host_key");
	assert_succeeds(read_with(machine, STRATA_GENERATED_ALL, NULL, NULL), &machine->error);
	assert_files(machine, "generated:others", "/var/lib/app/data /var/lib/app/more");
	/* A table of one's own comes first. */
	put(machine, "/table", "# a comment\n\n/var/lib/app/data app file\n");
	machine_path(machine, "/table", &table);
	assert_succeeds(
		read_with(machine, STRATA_GENERATED_KNOWN, NULL, table.data), &machine->error);
	assert_string_equal(
		entry_of(machine, "app:amd64", "/var/lib/app/data")->path, "/var/lib/app/data");
	put(machine, "/table", "/var/lib/app/data app\n");
	assert_fails(read_with(machine, STRATA_GENERATED_KNOWN, NULL, table.data),
		STRATA_ERROR_FORMAT, "table:1: a pattern", &machine->error);
	put(machine, "/table", "/var/lib/app/data app fiel\n");
	assert_fails(read_with(machine, STRATA_GENERATED_KNOWN, NULL, table.data),
		STRATA_ERROR_FORMAT, "table:1: 'fiel'", &machine->error);
}

static void test_platforms(void **state)
{
	struct machine *machine = *state;
	static const struct {
		const char *debian, *architecture, *variant;
	} cases[] = {{"arm64", "arm64", ""}, {"armhf", "arm", "v7"}, {"i386", "386", ""},
		{"ppc64el", "ppc64le", ""}, {"riscv64", "riscv64", ""}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		strata_autobuffer struct strata_buffer status = STRATA_BUFFER_INIT;

		strata_buffer_format(&status,
			"Package: a\nStatus: install ok installed\nArchitecture: %s\nVersion: 1\n",
			cases[i].debian);
		put_status(machine, status.data);
		assert_succeeds(ask(machine, "a"), &machine->error);
		assert_string_equal(
			strata_graph_architecture(machine->graph), cases[i].architecture);
		assert_string_equal(strata_graph_variant(machine->graph), cases[i].variant);
	}
}

static void test_status_of_each_package(void **state)
{
	struct machine *machine = *state;
	const char *package = "app";
	struct strata_dpkg_options options = {.packages = &package, .package_count = 1};

	put_packages(machine);
	put_status(machine, "Package: app\nStatus: hold ok installed\nArchitecture: amd64\n"
			    "Version: 2\nConffiles:\n /etc/x 00\nDescription: first\n second\n\n"
			    "Package: other\nStatus: install ok installed\nVersion: 1\n");
	put(machine, INFO("app.md5sums"), "00  usr/bin/app\n");
	assert_succeeds(read_machine(machine, &options), &machine->error);
	assert_content(machine, "app:amd64", "/var/lib/dpkg/status.d/app",
		"Package: app\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2\n"
		"Description: first\n second\n");
	assert_string_equal(
		entry_of(machine, "app:amd64", "/var/lib/dpkg/status.d/app.md5sums")->source,
		"/var/lib/dpkg/info/app.md5sums");
	options.database = STRATA_DATABASE_DPKG;
	assert_succeeds(read_machine(machine, &options), &machine->error);
	assert_content(machine, "generated:package-database", "/var/lib/dpkg/status",
		"Package: app\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 2\n"
		"Conffiles:\n /etc/x 00\nDescription: first\n second\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_TEST(test_accounts_are_those_of_the_packages),
		MACHINE_TEST(test_certificates_are_those_of_the_packages),
		MACHINE_TEST(test_files_go_with_their_package),
		MACHINE_TEST(test_choices),
		MACHINE_TEST(test_platforms),
		MACHINE_TEST(test_status_of_each_package),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
