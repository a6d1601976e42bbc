/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of the customisation: checked, sorted, and as JSON, in plans and in recipes.
 *
 *	[{"path": "/tmp", "type": "directory", "mode": "1777", "uid": 0, "gid": 0},
 *	 {"path": "/bin/sh", "type": "symlink", "target": "bash"}]
 *
 * Paths and targets that are not UTF-8 are objects {"base64": ...}.
 */
#ifndef CUSTOMISATION_ENTRIES_H
#define CUSTOMISATION_ENTRIES_H

#include <stratapack/plan.h>

#include "util/arena.h"
#include "util/json.h"
#include "util/json_writer.h"

/* Check COUNT entries and copy them, sorted by path components in byte order (a directory comes
 * right before what is in it). Equal entries become one. A path that is not absolute and normal,
 * an empty target, other bits than permission bits, two different entries for one path, and an
 * entry below a symbolic link are STRATA_ERROR_INVALID. *RESULT, of *RESULT_COUNT entries, and its
 * strings live in ARENA. */
int strata_entries_sort(const struct strata_entry *entries, size_t count,
	struct strata_arena *arena, const struct strata_entry **result, size_t *result_count,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Write COUNT entries as a JSON array. */
void strata_entries_write(
	struct strata_json_writer *json, const struct strata_entry *entries, size_t count);

/* Read such an array, check and sort it. Beyond what strata_entries_sort() refuses, no path may
 * stand in it twice. *ENTRIES, of *COUNT entries, and its strings live in ARENA. */
int strata_entries_read(const struct strata_json *array, struct strata_arena *arena,
	const struct strata_entry **entries, size_t *count,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
