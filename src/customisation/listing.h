/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A listing: the files of layers that lie on one another, by path, as a container would find them.
 * Later layers replace what earlier ones have, and their whiteouts remove it.
 */
#ifndef CUSTOMISATION_LISTING_H
#define CUSTOMISATION_LISTING_H

#include <stdint.h>

#include <stratapack/plan.h>

#include "tar/writer.h"
#include "util/arena.h"
#include "util/map.h"

enum strata_listed_kind {
	STRATA_LISTED_NOTHING, /* a later layer removed it */
	STRATA_LISTED_DIRECTORY,
	STRATA_LISTED_SYMLINK,
	STRATA_LISTED_OTHER,
};

struct strata_listed {
	enum strata_listed_kind kind;
	const char *path;   /* absolute and normal */
	const char *target; /* of a symbolic link */
	uint32_t layer;     /* the layer that brings it, 0 being the lowest */
	uint32_t mode, uid, gid;
	uint64_t size;
	int64_t mtime;
	const struct strata_xattr *xattrs;
	size_t xattr_count;
	const char *content; /* of a list of accounts, which says who there is; else NULL */
	const char *package; /* whose it is, as a package database of the layers says; or NULL */
};

struct strata_listing {
	struct strata_arena arena;
	struct strata_map by_path;
	struct strata_listed *entries;
	size_t count, capacity;
	struct strata_map packages; /* the names of those that are installed */
};

#define strata_autolisting STRATA_CLEANUP(strata_cleanup_listing)

struct strata_listing *strata_listing_new(struct strata_error *error);
void strata_cleanup_listing(struct strata_listing **listing);

/* Lay ENTRY on what is there; its strings are copied. Parents that no layer has are made up. */
int strata_listing_add(struct strata_listing *listing, const struct strata_listed *entry,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Remove what layers below LAYER have at PATH and below it, or only below it. */
void strata_listing_remove(
	struct strata_listing *listing, const char *path, bool only_below, uint32_t layer);

/* What is at PATH, not following a link; NULL: nothing. */
const struct strata_listed *strata_listing_find(
	const struct strata_listing *listing, const char *path);

/* Whether there is something in the directory at PATH. */
bool strata_listing_has_below(const struct strata_listing *listing, const char *path);

#endif
