/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes that an image keeps: file capabilities and the user's own. Labels of security
 * modules and access control lists describe this machine, not the software.
 */
#ifndef LAYER_TREE_XATTRS_H
#define LAYER_TREE_XATTRS_H

#include "tar/writer.h"
#include "util/arena.h"

/* Read the kept attributes of NAME in the open DIRECTORY (a link is not followed), sorted by name,
 * into ARENA; PLACE is the whole path. A file system without attributes has none. */
int strata_xattrs_read(int directory, const char *name, const char *place,
	struct strata_arena *arena, const struct strata_xattr **xattrs, size_t *count,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The same of the file that DESCRIPTOR is open for reading at. */
int strata_xattrs_read_open(int descriptor, const char *place, struct strata_arena *arena,
	const struct strata_xattr **xattrs, size_t *count,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Whether both are the same attributes. */
bool strata_xattrs_equal(const struct strata_xattr *left, size_t left_count,
	const struct strata_xattr *right, size_t right_count);

#endif
