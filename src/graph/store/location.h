/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things of a store are: following links within a root directory, and the stores that are
 * known by their place.
 */
#ifndef GRAPH_STORE_LOCATION_H
#define GRAPH_STORE_LOCATION_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

/* A store that is known by its place: paths on the machine less the root. */
struct strata_known_store {
	const char *directory;
	const char *database;
	const char *socket;          /* where its daemon listens */
	const char *socket_variable; /* of the environment, which says where else */
	uint64_t protocol;           /* the version that the client speaks to it */
	bool daemon_tells;           /* what is valid is asked of the daemon, not of the database */
};

enum { STRATA_KNOWN_STORES = 2 };
extern const struct strata_known_store strata_known_stores[STRATA_KNOWN_STORES];

/* Whether PATH is an item right in the directory of STORE. */
bool strata_known_store_has(const struct strata_known_store *store, const char *path);

/* The path of STORE's database as this process sees it, links within ROOT followed: malloced, the
 * caller's. *DATABASE is NULL where there is none. */
int strata_known_store_database(const struct strata_known_store *store, const char *root,
	char **database, struct strata_error *error) STRATA_MUST_CHECK;

/* Whether PATH (absolute, less the root) is a store item: 1, 0, or a negative status. */
typedef int strata_is_item(void *context, const char *path, struct strata_error *error);

/*
 * Follow PATH within ROOT (NULL: "/"): every link is followed as a process would whose root
 * directory is ROOT, as far as the files exist. A relative PATH starts at the working directory,
 * or at ROOT where that is not "/".
 *
 * Going on ends where the path lies in an item as IS_ITEM (may be NULL) judges: an item that is a
 * link itself is the one meant, not what it points to. Returns 1 with that item in *RESULT, 0 with
 * what PATH leads to where it leads to no item, or a negative status (STRATA_ERROR_IO, also for
 * more than 40 links). *RESULT is malloced, the caller's, and less the root.
 */
int strata_store_follow(const char *root, const char *path, strata_is_item *is_item, void *context,
	char **result, struct strata_error *error) STRATA_MUST_CHECK;

#endif
