/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite database of a Guix or Nix store: which items are valid, and what they refer to.
 *
 * Everything is read in one transaction, so what is seen is one moment of the store, also while a
 * daemon writes. Nothing is ever written.
 */
#ifndef GRAPH_STORE_DATABASE_H
#define GRAPH_STORE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include <stratapack/digest.h>

#include "util/memory.h"

struct strata_store_database;

#define strata_autostore STRATA_CLEANUP(strata_cleanup_store_database)

/*
 * Open the database at PATH; *DATABASE is the caller's. A file that is no store database is
 * STRATA_ERROR_FORMAT.
 *
 * A database in WAL mode (sqlite.org/wal.html) that somebody has open is read through the files
 * that all its users share. Where nobody has, it is read as it lies there, so that no file appears
 * beside it. Where changes are left beside it in a directory that cannot be written, a private copy
 * in TMPDIR is read.
 */
int strata_store_database_open(const char *path, struct strata_store_database **database,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_cleanup_store_database(struct strata_store_database **database);

/* Whether all that was read is of one moment: STRATA_ERROR_CHANGED where a database that was read
 * as it lay there has been rewritten since it was opened. To be asked after the last read. */
int strata_store_database_check(
	const struct strata_store_database *database, struct strata_error *error) STRATA_MUST_CHECK;

/* The path that it was opened with. */
const char *strata_store_database_path(const struct strata_store_database *database);

struct strata_store_row {
	int64_t id;
	struct strata_digest hash; /* of the NAR; "" where unknown */
	uint64_t size;             /* of the NAR; 0 where unknown */
};

/* Find the valid item at PATH: 1, 0 where there is none (ROW is then undefined), or a negative
 * status. */
int strata_store_database_find(struct strata_store_database *database, const char *path,
	struct strata_store_row *row, struct strata_error *error) STRATA_MUST_CHECK;

/* Takes one PATH, which is borrowed for the call. A negative status ends the enumeration. */
typedef int strata_store_taker(void *context, const char *path, struct strata_error *error);

/* Give the paths of all valid items, or of the references of the item ID, to TAKE. */
int strata_store_database_all(struct strata_store_database *database, strata_store_taker *take,
	void *context, struct strata_error *error) STRATA_MUST_CHECK;
int strata_store_database_references(struct strata_store_database *database, int64_t id,
	strata_store_taker *take, void *context, struct strata_error *error) STRATA_MUST_CHECK;

#endif
