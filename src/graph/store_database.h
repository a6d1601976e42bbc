/*
 * The SQLite database of a Guix or Nix store: which items are valid, and what they refer to.
 *
 * Everything is read in one transaction, so what is seen is one moment of the store, also while a
 * daemon writes. The file itself is never written.
 */
#ifndef GRAPH_STORE_DATABASE_H
#define GRAPH_STORE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include <stratapack/digest.h>

#include "base/memory.h"

struct strata_store_database;

#define strata_autostore STRATA_CLEANUP(strata_cleanup_store_database)

/* Open the database at PATH; *DATABASE is the caller's. Where its directory cannot be written and
 * a log of changes lies beside it, a private copy is read. A file that is no store database is
 * STRATA_ERROR_FORMAT. */
int strata_store_database_open(const char *path, struct strata_store_database **database,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_cleanup_store_database(struct strata_store_database **database);

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
