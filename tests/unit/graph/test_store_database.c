/* SPDX-License-Identifier: Apache-2.0 */
#include "source_fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "graph/store/database.h"

/* The tables as Guix declares them. */
static const char guix_schema[] =
	"CREATE TABLE ValidPaths (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, path TEXT UNIQUE "
	"NOT NULL, hash TEXT NOT NULL, registrationTime INTEGER NOT NULL, deriver TEXT, narSize "
	"INTEGER);"
	"CREATE TABLE Refs (referrer INTEGER NOT NULL, reference INTEGER NOT NULL, PRIMARY KEY "
	"(referrer, reference));"
	"CREATE INDEX IndexReferrer ON Refs(referrer);"
	"CREATE INDEX IndexReference ON Refs(reference);";

/* Other columns, in another place, and a hash that may be NULL. */
static const char nix_schema[] =
	"CREATE TABLE ValidPaths (ultimate INTEGER, sigs TEXT, ca TEXT, narSize INTEGER, hash "
	"TEXT, path TEXT UNIQUE NOT NULL, deriver TEXT, registrationTime INTEGER, id INTEGER "
	"PRIMARY KEY AUTOINCREMENT NOT NULL);"
	"CREATE TABLE Refs (reference INTEGER NOT NULL, referrer INTEGER NOT NULL, PRIMARY KEY "
	"(referrer, reference));";

#define ROW(id, path, hash, size)                                                                 \
	"INSERT INTO ValidPaths (id, path, hash, registrationTime, deriver, narSize) VALUES (" id \
	", '" path "', " hash ", 1, NULL, " size ");"
#define REFERENCE(from, to) "INSERT INTO Refs (referrer, reference) VALUES (" from ", " to ");"
#define HASH "'sha256:" EMPTY_HEX "'"

/* c -> b -> a, each but a referring to itself, b and c in a cycle; d alone. */
static const char items[] = ROW("1", "/gnu/store/a", HASH, "10")
	ROW("2", "/gnu/store/b", HASH, "20") ROW("3", "/gnu/store/c", HASH, "30")
		ROW("4", "/gnu/store/d", HASH, "40") REFERENCE("2", "1") REFERENCE("2", "2")
			REFERENCE("2", "3") REFERENCE("3", "2") REFERENCE("3", "3");

#define LINE_A "/gnu/store/a 10 sha256:" EMPTY_HEX " store\n"
#define LINE_B "/gnu/store/b 20 sha256:" EMPTY_HEX " store /gnu/store/a /gnu/store/c\n"
#define LINE_C "/gnu/store/c 30 sha256:" EMPTY_HEX " store /gnu/store/b\n"
#define LINE_D "/gnu/store/d 40 sha256:" EMPTY_HEX " store\n"

static void run(sqlite3 *connection, const char *statements)
{
	char *message = NULL;

	if (sqlite3_exec(connection, statements, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
}

static sqlite3 *create(const char *path, const char *schema, const char *rows)
{
	char *directory = strata_path_directory(path);
	sqlite3 *connection;

	assert_int_equal(strata_directory_create(directory, NULL), 0);
	free(directory);
	assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
	run(connection, schema);
	run(connection, rows);
	return connection;
}

/* A database of the test; the caller frees the path. */
static char *create_closed(void **state, const char *name, const char *schema, const char *rows)
{
	char *path = source_path(state, name);

	sqlite3_close(create(path, schema, rows));
	return path;
}

static int read_items(struct strata_graph *graph, const char *database, const char *root,
	const char *const *wanted, struct strata_error *error)
{
	struct strata_store_options options = {.database = database, .root = root, .items = wanted};

	while (wanted && wanted[options.item_count])
		options.item_count++;
	return strata_graph_read_store(graph, &options, error);
}

static void expect_items(
	const char *database, const char *root, const char *const *wanted, const char *expected)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	assert_succeeds(read_items(graph, database, root, wanted, &error), &error);
	source_expect(graph, root, expected);
}

static void expect_item(
	const char *database, const char *root, const char *wanted, const char *expected)
{
	expect_items(database, root, (const char *const[]){wanted, NULL}, expected);
}

static void expect_failure(
	const char *database, const char *root, const char *wanted, int status, const char *words)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	assert_fails(read_items(graph, database, root, (const char *const[]){wanted, NULL}, &error),
		status, words, &error);
}

static void test_closures_and_whole_stores_are_read(void **state)
{
	static const char *const schemas[] = {guix_schema, nix_schema};

	each_number(size_t, i, 0, 2) {
		char *path = create_closed(state, i ? "nix" : "guix", schemas[i], items);

		expect_item(path, *state, "/gnu/store/a", LINE_A);
		expect_item(path, *state, "/gnu/store/b", LINE_A LINE_B LINE_C);
		expect_items(path, *state,
			(const char *const[]){"/gnu/store/d", "/gnu/store/a", "/gnu/store/d", NULL},
			LINE_A LINE_D);
		expect_items(path, *state, NULL, LINE_A LINE_B LINE_C LINE_D);
		free(path);
	}
}

static void test_items_asked_for_are_roots(void **state)
{
	char *path = create_closed(state, "db", guix_schema, items);
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;
	const uint32_t *roots;
	uint32_t count;

	assert_succeeds(
		read_items(graph, path, *state,
			(const char *const[]){"/gnu/store/a", "/gnu/store/b", NULL}, &error),
		&error);
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	roots = strata_graph_roots(graph, &count);
	assert_int_equal(count, 2);
	assert_string_equal(strata_graph_item(graph, roots[0])->id, "/gnu/store/a");
	assert_string_equal(strata_graph_item(graph, roots[1])->id, "/gnu/store/b");
	free(path);
}

static void test_null_columns_are_unknown(void **state)
{
	char *path = create_closed(state, "db", nix_schema,
		ROW("1", "/gnu/store/a", "NULL", "NULL") ROW("2", "/gnu/store/b", "NULL", "0")
			REFERENCE("2", "1"));

	free(source_write(state, "gnu/store/a", "12345", 5));
	free(source_write(state, "gnu/store/b", "", 0));
	expect_item(path, *state, "/gnu/store/b",
		"/gnu/store/a 120 - store\n/gnu/store/b 112 - store /gnu/store/a\n");
	free(path);
}

static void test_missing_items_are_named(void **state)
{
	char *path = source_path(state, "var/guix/db/db.sqlite");

	sqlite3_close(create(path, guix_schema, items));
	expect_failure(path, *state, "/gnu/store/z", STRATA_ERROR_NOT_FOUND, "'/gnu/store/z'");
	expect_failure(path, *state, "/gnu/store/z", STRATA_ERROR_NOT_FOUND, path);
	expect_failure(NULL, *state, "/gnu/store/z", STRATA_ERROR_NOT_FOUND, "'/gnu/store/z'");
	expect_failure(NULL, *state, "/gnu/store/z", STRATA_ERROR_NOT_FOUND, path);
	expect_failure(NULL, *state, "/usr/bin/z", STRATA_ERROR_NOT_FOUND,
		"'/usr/bin/z', which is in no store");
	/* The store directory itself is no item, and this store is not there. */
	expect_failure(NULL, *state, "/gnu/store/", STRATA_ERROR_NOT_FOUND, "in no store");
	expect_failure(NULL, *state, "/nix/store/a", STRATA_ERROR_NOT_FOUND, "in no store");
	free(path);
}

static void test_no_store_is_an_error(void **state)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	assert_fails(read_items(graph, NULL, *state, NULL, &error), STRATA_ERROR_NOT_FOUND,
		"no store database", &error);
}

static void test_unsound_rows_are_refused(void **state)
{
	static const struct {
		const char *name, *rows, *words;
	} cases[] = {
		{"1", ROW("1", "/s/a", "'sha256:12'", "1"), "item '/s/a': 'sha256:12' is not"},
		{"2", ROW("1", "/s/a", HASH, "-1"), "item '/s/a': its narSize is not a size"},
		{"3", ROW("1", "/s/a", HASH, "'much'"), "item '/s/a': its narSize is not a size"},
		{"4", ROW("1", "/s/a", HASH, "1") REFERENCE("1", "9"), "a reference to one"},
		{"5",
			ROW("1", "/s/a", HASH, "1") ROW("2", "/s/../b", HASH, "1")
				REFERENCE("1", "2"),
			"'/s/../b' is not an absolute path"},
		{"6", ROW("1", "/s/a", HASH, "1") ROW("2", "b", HASH, "1") REFERENCE("1", "2"),
			"'b' is not an absolute path"},
	};

	each_case(i, cases) {
		char *path = create_closed(state, cases[i].name, guix_schema, cases[i].rows);

		expect_failure(path, *state, "/s/a", STRATA_ERROR_FORMAT, cases[i].words);
		expect_failure(path, *state, "/s/a", STRATA_ERROR_FORMAT, path);
		free(path);
	}
}

static void test_other_files_are_refused(void **state)
{
	char *path = source_write(state, "text", "This is a text and no database at all.", 38);

	expect_failure(path, *state, "/s/a", STRATA_ERROR_FORMAT, path);
	free(path);
	path = source_write(state, "empty", "", 0);
	expect_failure(path, *state, "/s/a", STRATA_ERROR_FORMAT, "no such table");
	free(path);
	path = create_closed(state, "other", "CREATE TABLE Things (id INTEGER)", "");
	expect_failure(path, *state, "/s/a", STRATA_ERROR_FORMAT, "no such table: ValidPaths");
	free(path);
	path = create_closed(state, "columns",
		"CREATE TABLE ValidPaths (id INTEGER, path TEXT);"
		"CREATE TABLE Refs (a INTEGER)",
		"");
	expect_failure(path, *state, "/s/a", STRATA_ERROR_FORMAT, "no such column");
	free(path);
	/* A view may stand for a query of any cost. */
	path = create_closed(state, "view",
		"CREATE TABLE Refs (referrer INTEGER, reference INTEGER);"
		"CREATE VIEW ValidPaths AS SELECT 1 AS id, '/s/a' AS path, NULL AS hash, 1 AS "
		"narSize",
		"");
	expect_failure(path, *state, "/s/a", STRATA_ERROR_FORMAT, path);
	free(path);
	path = source_path(state, "absent");
	expect_failure(path, *state, "/s/a", STRATA_ERROR_IO, path);
	free(path);
	expect_failure(*state, *state, "/s/a", STRATA_ERROR_FORMAT, "not a regular file");
}

static void add_rows(sqlite3 *connection, unsigned count)
{
	sqlite3_stmt *path, *reference;

	run(connection, "BEGIN");
	sqlite3_prepare_v2(connection,
		"INSERT INTO ValidPaths (id, path, hash, registrationTime, narSize) VALUES (?1, "
		"printf('/s/%06d', ?1), " HASH ", 1, ?1)",
		-1, &path, NULL);
	sqlite3_prepare_v2(connection, "INSERT INTO Refs (referrer, reference) VALUES (?, ?)", -1,
		&reference, NULL);
	each_number(unsigned, i, 1, count + 1) {
		sqlite3_bind_int64(path, 1, i);
		assert_int_equal(sqlite3_step(path), SQLITE_DONE);
		sqlite3_reset(path);
		sqlite3_bind_int64(reference, 1, i);
		sqlite3_bind_int64(reference, 2, i == 1 ? 1 : i - 1);
		assert_int_equal(sqlite3_step(reference), SQLITE_DONE);
		sqlite3_reset(reference);
	}
	sqlite3_finalize(path);
	sqlite3_finalize(reference);
	run(connection, "COMMIT");
}

/* A chain as long as this would not survive recursion either. */
static void test_many_items_are_read(void **state)
{
	enum { COUNT = 50000 };
	char *path = source_path(state, "db");
	sqlite3 *connection = create(path, guix_schema, "");
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	add_rows(connection, COUNT);
	sqlite3_close(connection);
	assert_succeeds(
		read_items(graph, path, *state, (const char *const[]){"/s/050000", NULL}, &error),
		&error);
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	assert_int_equal(strata_graph_count(graph), COUNT);
	free(path);
}

/* Wherever the file was cut, there is one message with its path, and never a smaller graph. */
static void test_truncated_databases_are_refused(void **state)
{
	strata_autobuffer struct strata_buffer whole = STRATA_BUFFER_INIT;
	char *path = source_path(state, "db");
	sqlite3 *connection = create(path, guix_schema, "");

	add_rows(connection, 2000);
	sqlite3_close(connection);
	assert_int_equal(strata_file_read(path, 1 << 30, &whole, NULL), 0);
	free(path);
	each_number(size_t, part, 1, 20) {
		path = source_write(state, "cut", whole.data, whole.length * part / 20);
		expect_failure(path, *state, "/s/002000", STRATA_ERROR_FORMAT, path);
		free(path);
	}
}

static void test_what_a_writer_has_committed_is_read(void **state)
{
	char *path = source_path(state, "db");
	sqlite3 *writer = create(path, "PRAGMA journal_mode = WAL", "");

	run(writer, guix_schema);
	run(writer, "PRAGMA wal_autocheckpoint = 0");
	run(writer, items);
	run(writer, "BEGIN IMMEDIATE; DELETE FROM Refs; UPDATE ValidPaths SET narSize = 1");
	expect_item(path, *state, "/gnu/store/c", LINE_A LINE_B LINE_C);
	run(writer, "ROLLBACK; DELETE FROM Refs");
	expect_item(path, *state, "/gnu/store/c", "/gnu/store/c 30 sha256:" EMPTY_HEX " store\n");
	sqlite3_close(writer);
	free(path);
}

/* What a process without privileges does: the exit status is 0 where it read what is there. */
static int read_as_nobody(const char *database)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	strata_autofree char *text = NULL;
	struct strata_error error = STRATA_ERROR_INIT;

	if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		return 2;
	if (read_items(graph, database, "/", (const char *const[]){"/gnu/store/c", NULL}, &error) ==
			0 &&
		strata_graph_finish(graph, NULL, &error) == 0)
		text = source_describe(graph);
	if (error.message)
		fprintf(stderr, "%s\n", error.message);
	strata_error_clear(&error);
	return text && strcmp(text, LINE_A LINE_B LINE_C) == 0 ? 0 : 1;
}

/* A child, because no mode of a directory binds root. It reads when it is told to. */
struct reader {
	pid_t process;
	int start; /* closing it starts the child */
};

static struct reader make_reader(const char *database, const char *temporary)
{
	struct reader reader;
	int ends[2];
	char byte;

	assert_int_equal(pipe(ends), 0);
	reader.start = ends[1];
	reader.process = fork();
	if (reader.process == 0) {
		close(ends[1]);
		setenv("TMPDIR", temporary, 1);
		_exit(read(ends[0], &byte, 1) == 0 ? read_as_nobody(database) : 98);
	}
	close(ends[0]);
	return reader;
}

static int run_reader(struct reader reader)
{
	int status;

	close(reader.start);
	assert_int_equal(waitpid(reader.process, &status, 0), reader.process);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static bool is_empty(const char *directory)
{
	return rmdir(directory) == 0;
}

static void copy_as(void **state, const char *from, const char *name)
{
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;
	char *copy;

	assert_int_equal(strata_file_read(from, 1 << 30, &content, NULL), 0);
	copy = source_write(state, name, content.data, content.length);
	assert_int_equal(chmod(copy, 0644), 0);
	free(copy);
}

/* No memory of its own, which the child would be seen to lose. */
static void place(char path[100], void **state, const char *name)
{
	snprintf(path, 100, "%s/%s", (char *)*state, name);
}

static void test_unwritable_directories_are_read(void **state)
{
	char source[100], log[100], clean[100], left[100], temporary[100], directory[100];
	struct reader reader;
	sqlite3 *writer;

	place(source, state, "live/db");
	place(log, state, "live/db-wal");
	place(clean, state, "clean/db");
	place(left, state, "left/db");
	place(temporary, state, "temporary");
	assert_int_equal(mkdir(temporary, 0777), 0);
	assert_int_equal(chmod(temporary, 0777), 0);
	assert_int_equal(chmod(*state, 0755), 0);
	/* Before there is a connection, which a child must not have. */
	reader = make_reader(source, temporary);
	writer = create(source, "PRAGMA journal_mode = WAL", "");
	run(writer, guix_schema);
	run(writer, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint = 0");
	run(writer, items);
	/* As after a crash: everything is in the log alone. */
	copy_as(state, source, "left/db");
	copy_as(state, log, "left/db-wal");
	/* While a writer has it open, in the middle of a change. */
	place(directory, state, "live");
	assert_int_equal(chmod(directory, 0555), 0);
	run(writer, "BEGIN IMMEDIATE; DELETE FROM Refs");
	assert_int_equal(run_reader(reader), 0);
	run(writer, "ROLLBACK");
	assert_int_equal(chmod(directory, 0755), 0);
	sqlite3_close(writer);
	copy_as(state, source, "clean/db");
	each_number(size_t, i, 0, 2) {
		place(directory, state, i ? "left" : "clean");
		assert_int_equal(chmod(directory, 0555), 0);
		reader = make_reader(i ? left : clean, temporary);
		assert_int_equal(run_reader(reader), 0);
		assert_int_equal(chmod(directory, 0755), 0);
	}
	assert_true(is_empty(temporary));
}

static void test_reading_leaves_nothing_behind(void **state)
{
	char *path = source_path(state, "store/db");
	char *directory = source_path(state, "store");
	sqlite3 *connection = create(path, "PRAGMA journal_mode = WAL", guix_schema);

	run(connection, items);
	sqlite3_close(connection);
	expect_item(path, *state, "/gnu/store/d", LINE_D);
	assert_int_equal(unlink(path), 0);
	assert_true(is_empty(directory));
	free(path);
	free(directory);
}

static void test_a_database_rewritten_meanwhile_is_noticed(void **state)
{
	char *path = source_path(state, "db");
	sqlite3 *writer = create(path, "PRAGMA journal_mode = WAL", guix_schema);
	strata_autostore struct strata_store_database *database = NULL;
	struct strata_error error = STRATA_ERROR_INIT;

	sqlite3_close(writer);
	assert_succeeds(strata_store_database_open(path, &database, &error), &error);
	assert_succeeds(strata_store_database_check(database, &error), &error);
	assert_int_equal(sqlite3_open(path, &writer), SQLITE_OK);
	add_rows(writer, 1000);
	sqlite3_close(writer);
	assert_fails(
		strata_store_database_check(database, &error), STRATA_ERROR_CHANGED, path, &error);
	free(path);
}

static void test_odd_names_of_databases_are_read(void **state)
{
	char *path = create_closed(state, "a?mode=rwc#b%41 \"'\xc3\xa9/db", guix_schema, items);

	expect_item(path, *state, "/gnu/store/d", LINE_D);
	free(path);
}

static void make_link(void **state, const char *name, const char *target)
{
	char *path = source_path(state, name);
	char *directory = strata_path_directory(path);

	assert_int_equal(strata_directory_create(directory, NULL), 0);
	assert_int_equal(symlink(target, path), 0);
	free(directory);
	free(path);
}

static void make_store(void **state)
{
	char *path = source_path(state, "data/guix/db/db.sqlite");

	sqlite3_close(create(path, guix_schema, items));
	free(path);
	free(source_write(state, "gnu/store/c/bin/tool", "", 0));
	free(source_write(state, "gnu/store/a/file", "", 0));
	make_link(state, "gnu/store/d", "c/bin/tool");
	/* Absolute targets are within the root; the database is found through a link. */
	make_link(state, "var/guix", "/data/guix");
	make_link(state, "home/profile", "profile-1-link");
	make_link(state, "home/profile-1-link", "/gnu/store/c");
	make_link(state, "home/out", "../../../../gnu/store/c/../c/bin");
	make_link(state, "home/alone", "/gnu/store/d");
	make_link(state, "home/here", ".");
	make_link(state, "home/loop", "loop");
	make_link(state, "home/passwd", "/etc/passwd");
	make_link(state, "store", "gnu/./store//");
}

static void test_links_lead_to_items_within_the_root(void **state)
{
	static const char *const to_c[] = {"/gnu/store/c", "/gnu/store/c/", "/gnu/store/c/bin/tool",
		"/gnu/store/c/absent/file", "//gnu/./store/a/../c", "/home/profile",
		"/home/profile/bin/tool", "/home/out/tool", "/home/here/here/profile",
		"home/profile", "/store/c", "/../home/../home/profile"};

	make_store(state);
	each_case(i, to_c) {
		assert_true(strata_store_holds(*state, to_c[i]));
		expect_item(NULL, *state, to_c[i], LINE_A LINE_B LINE_C);
	}
	/* An item that is a link is meant itself. */
	expect_item(NULL, *state, "/gnu/store/d", LINE_D);
	expect_item(NULL, *state, "/home/alone", LINE_D);
	expect_items(NULL, *state, NULL, LINE_A LINE_B LINE_C LINE_D);
	assert_false(strata_store_holds(*state, "/home/passwd"));
	assert_false(strata_store_holds(*state, "/home/absent"));
	assert_false(strata_store_holds(*state, "/home/loop"));
	assert_false(strata_store_holds(*state, "/gnu/store"));
	assert_false(strata_store_holds(*state, "/"));
	assert_false(strata_store_holds(*state, ""));
	assert_false(strata_store_holds("/nonexistent", "/gnu/store/c"));
	expect_failure(NULL, *state, "/home/loop", STRATA_ERROR_IO, "cannot follow the link");
}

static void test_a_named_database_may_be_of_any_store(void **state)
{
	char *path = create_closed(state, "db", guix_schema,
		ROW("1", "/opt/packages/deep/a", HASH, "1") ROW("2", "/opt/b", HASH, "2"));

	make_link(state, "home/profile", "/opt/packages/deep/a");
	expect_item(path, *state, "/opt/packages/deep/a/bin/x",
		"/opt/packages/deep/a 1 sha256:" EMPTY_HEX " store\n");
	expect_item(path, *state, "/home/profile",
		"/opt/packages/deep/a 1 sha256:" EMPTY_HEX " store\n");
	expect_item(path, *state, "/opt/b/", "/opt/b 2 sha256:" EMPTY_HEX " store\n");
	expect_failure(path, *state, "/opt/packages", STRATA_ERROR_NOT_FOUND, "'/opt/packages'");
	free(path);
}

static void test_two_stores_are_read_together(void **state)
{
	sqlite3 *connection;
	char *path;

	make_store(state);
	path = source_path(state, "nix/var/nix/db/db.sqlite");
	connection = create(path, nix_schema, ROW("1", "/nix/store/n", HASH, "5"));
	sqlite3_close(connection);
	expect_items(NULL, *state, (const char *const[]){"/nix/store/n", "/gnu/store/a", NULL},
		LINE_A "/nix/store/n 5 sha256:" EMPTY_HEX " store\n");
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		source_test(test_closures_and_whole_stores_are_read),
		source_test(test_items_asked_for_are_roots),
		source_test(test_null_columns_are_unknown),
		source_test(test_missing_items_are_named),
		source_test(test_no_store_is_an_error),
		source_test(test_unsound_rows_are_refused),
		source_test(test_other_files_are_refused),
		source_test(test_many_items_are_read),
		source_test(test_truncated_databases_are_refused),
		source_test(test_what_a_writer_has_committed_is_read),
		source_test(test_unwritable_directories_are_read),
		source_test(test_reading_leaves_nothing_behind),
		source_test(test_a_database_rewritten_meanwhile_is_noticed),
		source_test(test_odd_names_of_databases_are_read),
		source_test(test_links_lead_to_items_within_the_root),
		source_test(test_a_named_database_may_be_of_any_store),
		source_test(test_two_stores_are_read_together),
	};

	return cmocka_run_group_tests_name("store database", tests, NULL, NULL);
}
