/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes that an image keeps: file capabilities and the user's own. Labels of security
 * modules and access control lists describe this machine, not the software.
 */
#ifndef LAYER_TREE_XATTRS_H
#define LAYER_TREE_XATTRS_H

#include "tar/writer.h"
#include "util/arena.h"

/* Read the kept attributes of the file at PLACE (a link is not followed), sorted by name, into
 * ARENA. A file system without attributes has none. */
int strata_xattrs_read(const char *place, struct strata_arena *arena,
	const struct strata_xattr **xattrs, size_t *count,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
