/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/formats/nar_hash.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/file.h"
#include "util/memory.h"

enum {
	BUSY_MILLISECONDS = 10000,
	LONGEST_VALUE = 1 << 20, /* bytes; a path has at most a few thousand */
};

enum query { FIND, ALL, REFERENCES, QUERY_COUNT };

/* Columns by name: Nix has more of them than Guix. */
static const char *const queries[QUERY_COUNT] = {
	[FIND] = "SELECT id, hash, narSize FROM ValidPaths WHERE path = ?",
	[ALL] = "SELECT path FROM ValidPaths",
	[REFERENCES] = ("SELECT target.path FROM Refs LEFT JOIN ValidPaths AS target ON target.id "
			"= Refs.reference WHERE Refs.referrer = ?"),
};

struct strata_store_database {
	char *path;    /* as the caller gave it */
	char *copy_in; /* the directory of the private copy, or NULL */
	int descriptor;
	struct stat opened; /* what the file was like then */
	bool unlocked;      /* whether it is read without taking part in its locks */
	sqlite3 *connection;
	sqlite3_stmt *statements[QUERY_COUNT];
};

static void disconnect(struct strata_store_database *database)
{
	for (size_t i = 0; i < QUERY_COUNT; i++)
		sqlite3_finalize(strata_take(database->statements[i]));
	sqlite3_close(strata_take(database->connection));
}

void strata_cleanup_store_database(struct strata_store_database **database)
{
	if (!*database)
		return;
	disconnect(*database);
	if ((*database)->copy_in)
		strata_directory_remove((*database)->copy_in);
	if ((*database)->descriptor >= 0)
		close((*database)->descriptor);
	free((*database)->copy_in);
	free((*database)->path);
	free(*database);
}

const char *strata_store_database_path(const struct strata_store_database *database)
{
	return database->path;
}

static int fail_sqlite(
	const struct strata_store_database *database, int code, struct strata_error *error)
{
	const char *words =
		database->connection ? sqlite3_errmsg(database->connection) : sqlite3_errstr(code);

	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return strata_fail_memory(error);
	case SQLITE_ERROR:
	case SQLITE_SCHEMA:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_TOOBIG:
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"'%s' is not a sound store database: %s", database->path, words);
	case SQLITE_BUSY:
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_IO, "the store database '%s' is in use: %s",
				database->path, words),
			"try again when the other program is done");
	default:
		return strata_fail(error, STRATA_ERROR_IO,
			"cannot read the store database '%s': %s", database->path, words);
	}
}

static void append_uri_path(struct strata_buffer *uri, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789/._-~";

	for (; *path; path++) {
		if (strchr(plain, *path))
			strata_buffer_byte(uri, *path);
		else
			strata_buffer_format(uri, "%%%02X", (unsigned char)*path);
	}
}

/* The file may be anybody's: no code in its schema is run, and no value in it may be huge. */
static int restrain(sqlite3 *connection)
{
	int code = sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_busy_timeout(connection, BUSY_MILLISECONDS);
	sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, LONGEST_VALUE);
	return code;
}

/* Open FILE with the URI parameters MODE and begin the transaction. The first read is what tells
 * whether SQLite can use the file in this way: *CODE is its answer. A closure is all over the file:
 * up to 16 MiB of pages are kept so that each is read once. */
static int connect(struct strata_store_database *database, const char *file, const char *mode,
	int *code, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer uri = STRATA_BUFFER_INIT;
	int status;

	*code = SQLITE_NOMEM;
	strata_buffer_string(&uri, "file://");
	append_uri_path(&uri, file);
	strata_buffer_format(&uri, "?%s", mode);
	if (strata_buffer_check(&uri, error) < 0)
		return STRATA_ERROR_MEMORY;
	*code = sqlite3_open_v2(uri.data, &database->connection,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	if (*code == SQLITE_OK)
		*code = restrain(database->connection);
	if (*code == SQLITE_OK)
		*code = sqlite3_exec(database->connection,
			"PRAGMA cell_size_check = ON; PRAGMA cache_size = -16384; BEGIN; SELECT "
			"count(*) FROM sqlite_master",
			NULL, NULL, NULL);
	for (size_t i = 0; *code == SQLITE_OK && i < QUERY_COUNT; i++)
		*code = sqlite3_prepare_v2(
			database->connection, queries[i], -1, &database->statements[i], NULL);
	if (*code == SQLITE_OK)
		return 0;
	status = fail_sqlite(database, *code, error);
	disconnect(database);
	return status;
}

static bool is_same_state(const struct stat *left, const struct stat *right)
{
	return left->st_size == right->st_size && left->st_mtim.tv_sec == right->st_mtim.tv_sec &&
	       left->st_mtim.tv_nsec == right->st_mtim.tv_nsec;
}

/* What may lie beside a database whose last writer did not finish: changes that belong to it. */
static const char *const leftovers[] = {"-wal", "-journal"};
enum { LEFTOVER_COUNT = sizeof(leftovers) / sizeof(*leftovers) };

/* Copy the file of FILE's name and SUFFIX into DIRECTORY, as db and SUFFIX. One that is not
 * REQUIRED may be absent. */
static int copy_file(const char *file, const char *directory, const char *suffix, bool required,
	struct strata_error *error)
{
	strata_autofree char *name = NULL, *target = NULL;
	strata_autoclose int source = -1, copy = -1;
	struct stat before, after;
	int status;

	if (asprintf(&name, "%s%s", file, suffix) < 0 ||
		asprintf(&target, "%s/db%s", directory, suffix) < 0)
		return strata_fail_memory(error);
	source = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (source < 0 && errno == ENOENT && !required)
		return 0;
	if (source < 0 || fstat(source, &before) < 0)
		return strata_fail_errno(error, "cannot open '%s'", name);
	copy = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (copy < 0)
		return strata_fail_errno(error, "cannot create '%s'", target);
	status = strata_file_copy(copy, target, source, name, 0, (uint64_t)before.st_size, error);
	if (status < 0)
		return status;
	if (fstat(source, &after) < 0 || !is_same_state(&before, &after))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_CHANGED, "'%s' changed while it was read",
				name),
			"try again, or as a user who may write to its directory");
	return 0;
}

/* SQLite shares a log of changes through files that it must be able to create. Where it cannot,
 * nobody is writing who could be waited for: the log is read from a private copy. */
static int connect_copy(
	struct strata_store_database *database, const char *file, struct strata_error *error)
{
	const char *parent = getenv("TMPDIR");
	strata_autofree char *copy = NULL;
	int status, code;

	database->copy_in = strata_directory_temporary(parent && *parent ? parent : "/tmp", error);
	if (!database->copy_in)
		return error ? (int)error->status : STRATA_ERROR_IO;
	status = copy_file(file, database->copy_in, "", true, error);
	for (size_t i = 0; status == 0 && i < LEFTOVER_COUNT; i++)
		status = copy_file(file, database->copy_in, leftovers[i], false, error);
	if (status < 0)
		return status;
	copy = realpath(database->copy_in, NULL);
	if (!copy)
		return strata_fail_errno(error, "cannot find '%s'", database->copy_in);
	free(strata_take(database->copy_in));
	database->copy_in = strata_take(copy);
	copy = strata_path_join(database->copy_in, "db");
	if (!copy)
		return strata_fail_memory(error);
	return connect(database, copy, "mode=rw", &code, error);
}

static off_t size_beside(const char *file, const char *suffix)
{
	strata_autofree char *name = NULL;
	struct stat info;

	if (asprintf(&name, "%s%s", file, suffix) < 0 || stat(name, &info) < 0)
		return -1;
	return info.st_size;
}

static bool has_leftovers(const char *file)
{
	for (size_t i = 0; i < LEFTOVER_COUNT; i++) {
		if (size_beside(file, leftovers[i]) > 0)
			return true;
	}
	return false;
}

/* Whether the database is in WAL mode (bytes 18 and 19 of the file's header are 2) and nobody has
 * it open. To join it would create files, which nobody would remove. */
static bool is_resting(const struct strata_store_database *database, const char *file)
{
	unsigned char header[20];

	return pread(database->descriptor, header, sizeof(header), 0) == sizeof(header) &&
	       header[18] == 2 && header[19] == 2 && size_beside(file, "-shm") < 0 &&
	       !has_leftovers(file);
}

static int connect_unlocked(
	struct strata_store_database *database, const char *file, struct strata_error *error)
{
	int code;

	database->unlocked = true;
	return connect(database, file, "mode=ro&immutable=1", &code, error);
}

static int connect_somehow(
	struct strata_store_database *database, const char *file, struct strata_error *error)
{
	int code, status;

	if (is_resting(database, file))
		return connect_unlocked(database, file, error);
	status = connect(database, file, "mode=ro", &code, error);
	if (status == 0 || ((code & 0xff) != SQLITE_CANTOPEN && (code & 0xff) != SQLITE_READONLY))
		return status;
	strata_error_clear(error);
	return has_leftovers(file) ? connect_copy(database, file, error)
				   : connect_unlocked(database, file, error);
}

int strata_store_database_open(
	const char *path, struct strata_store_database **result, struct strata_error *error)
{
	strata_autostore struct strata_store_database *database = calloc(1, sizeof(*database));
	strata_autofree char *file = NULL;
	int status;

	if (!database)
		return strata_fail_memory(error);
	database->descriptor = -1;
	database->path = strdup(path);
	if (!database->path)
		return strata_fail_memory(error);
	file = realpath(path, NULL);
	if (file)
		database->descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (database->descriptor < 0 || fstat(database->descriptor, &database->opened) < 0)
		return strata_fail_errno(error, "cannot open the store database '%s'", path);
	if (!S_ISREG(database->opened.st_mode))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"'%s' is not a sound store database: not a regular file", path);
	status = connect_somehow(database, file, error);
	if (status == 0)
		*result = strata_take(database);
	return status;
}

int strata_store_database_check(
	const struct strata_store_database *database, struct strata_error *error)
{
	struct stat now;

	if (!database->unlocked)
		return 0;
	if (fstat(database->descriptor, &now) < 0)
		return strata_fail_errno(error, "cannot read '%s'", database->path);
	if (is_same_state(&database->opened, &now))
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_CHANGED,
			"the store database '%s' was written while it was read", database->path),
		"try again");
}

/* Column 0 of STATEMENT as a string: NULL where it is none. */
static const char *column_path(sqlite3_stmt *statement)
{
	const char *text;

	if (sqlite3_column_type(statement, 0) != SQLITE_TEXT)
		return NULL;
	text = (const char *)sqlite3_column_text(statement, 0);
	return text && strlen(text) == (size_t)sqlite3_column_bytes(statement, 0) ? text : NULL;
}

static int read_row(const struct strata_store_database *database, const char *path,
	sqlite3_stmt *statement, struct strata_store_row *row, struct strata_error *error)
{
	const char *hash = (const char *)sqlite3_column_text(statement, 1);
	int size_type = sqlite3_column_type(statement, 2);
	int64_t size = sqlite3_column_int64(statement, 2);
	int status;

	row->id = sqlite3_column_int64(statement, 0);
	row->hash.text[0] = '\0';
	if (hash) {
		status = strata_nar_hash_parse(hash, &row->hash, error);
		if (status < 0)
			return strata_context(
				error, status, "'%s': item '%s'", database->path, path);
	}
	if (size < 0 || (size_type != SQLITE_NULL && size_type != SQLITE_INTEGER))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"'%s': item '%s': its narSize is not a size", database->path, path);
	row->size = (uint64_t)size;
	return 1;
}

int strata_store_database_find(struct strata_store_database *database, const char *path,
	struct strata_store_row *row, struct strata_error *error)
{
	sqlite3_stmt *statement = database->statements[FIND];
	int status = 0;
	int code = sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		status = read_row(database, path, statement, row, error);
	else if (code != SQLITE_DONE)
		status = fail_sqlite(database, code, error);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return status;
}

static int take_paths(struct strata_store_database *database, sqlite3_stmt *statement,
	strata_store_taker *take, void *context, struct strata_error *error)
{
	int status = 0;

	while (status == 0) {
		int code = sqlite3_step(statement);
		const char *path = code == SQLITE_ROW ? column_path(statement) : NULL;

		if (code == SQLITE_DONE)
			break;
		if (path)
			status = take(context, path, error);
		else if (code == SQLITE_ROW)
			status = strata_fail(error, STRATA_ERROR_FORMAT,
				"'%s' is not a sound store database: an item, or a reference to "
				"one, has no path",
				database->path);
		else
			status = fail_sqlite(database, code, error);
	}
	sqlite3_reset(statement);
	return status;
}

int strata_store_database_all(struct strata_store_database *database, strata_store_taker *take,
	void *context, struct strata_error *error)
{
	return take_paths(database, database->statements[ALL], take, context, error);
}

int strata_store_database_references(struct strata_store_database *database, int64_t id,
	strata_store_taker *take, void *context, struct strata_error *error)
{
	sqlite3_stmt *statement = database->statements[REFERENCES];
	int code = sqlite3_bind_int64(statement, 1, id);

	if (code != SQLITE_OK)
		return fail_sqlite(database, code, error);
	return take_paths(database, statement, take, context, error);
}
