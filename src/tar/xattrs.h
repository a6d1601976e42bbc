/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes that an image keeps: file capabilities and the user's own. Labels of security
 * modules and access control lists describe this machine, not the software.
 */
#ifndef TAR_XATTRS_H
#define TAR_XATTRS_H

#include "tar/writer.h"
#include "util/arena.h"

/* Read the kept attributes of NAME in the open DIRECTORY (a link is not followed), sorted by name,
 * into ARENA; PLACE is the whole path. A file system without attributes has none. Where there are
 * marks of overlay file systems, which would mean something else in a layer, *MARKS (may be NULL)
 * is set. */
int strata_xattrs_read(int directory, const char *name, const char *place,
	struct strata_arena *arena, const struct strata_xattr **xattrs, size_t *count, bool *marks,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Whether NAME is an attribute by which overlay file systems mark what is deleted. */
bool strata_xattr_is_overlay_mark(const char *name);

/* Read what the access control list of the file at PLACE gives its group: *BITS, 0 to 7. Returns 1
 * where there is a list, 0 where there is none, or an error. */
int strata_xattrs_read_group(
	const char *place, uint32_t *bits, struct strata_error *error) STRATA_MUST_CHECK;

/* Read the kept attributes of the file that DESCRIPTOR is open for reading at. */
int strata_xattrs_read_open(int descriptor, const char *place, struct strata_arena *arena,
	const struct strata_xattr **xattrs, size_t *count,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Whether both are the same attributes. */
bool strata_xattrs_equal(const struct strata_xattr *left, size_t left_count,
	const struct strata_xattr *right, size_t right_count);

#endif
