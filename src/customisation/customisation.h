/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The customisation as a whole: checked and copied, and as members of a JSON object, in plans and
 * in recipes.
 *
 *	"copies": [{"from": "/build/root", "to": "/"},
 *		{"from": "/store/x", "to": "/", "links": true}],
 *	"entries": [{"path": "/tmp", "type": "directory", "mode": "1777", "uid": 0, "gid": 0}],
 *	"permissions": [{"paths": "/srv/app-?", "mode": "u+w", "uid": 1000, "gid": 1000}],
 *	"followed": [{"path": "/bin", "to": "/usr/bin"}]
 */
#ifndef CUSTOMISATION_CUSTOMISATION_H
#define CUSTOMISATION_CUSTOMISATION_H

#include <stratapack/plan.h>

#include "util/arena.h"
#include "util/json.h"
#include "util/json_writer.h"

/* Whether it brings files with content. */
bool strata_customisation_has_files(const struct strata_customisation *customisation);

/* Check FROM and copy it; entries come out sorted. What strata_entries_sort() refuses, a copy or
 * pattern that is no absolute and normal path, and a mode that is none are STRATA_ERROR_INVALID.
 * Everything in COPY lives in ARENA. */
int strata_customisation_copy(const struct strata_customisation *from, struct strata_arena *arena,
	struct strata_customisation *copy, struct strata_error *error) STRATA_MUST_CHECK;

/* What the customisation of an image is laid on. */
struct strata_surroundings {
	const struct strata_listing *base; /* NULL: none */
	const struct strata_graph *graph;  /* of the image's own items */
	const char *root;                  /* where their files are; NULL: "/" */
	bool force_overlap;
};

/* Find the places of FROM in the image: base, then items, then additions in their order, copies
 * before entries. Links are followed as a container would, and directories that are there stay as
 * they are: they become entries, so that the result stands alone. What would replace a directory by
 * something else, or the reverse, is STRATA_ERROR_INVALID. HIDDEN are the files of the base that
 * are replaced. PLACED borrows from FROM; it and HIDDEN live in ARENA, entries are sorted. */
int strata_customisation_place(const struct strata_customisation *from,
	const struct strata_surroundings *surroundings, struct strata_arena *arena,
	struct strata_customisation *placed, struct strata_hidden *hidden,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Write the members of an object that is open. Empty lists are not written. */
void strata_customisation_write(
	struct strata_json_writer *json, const struct strata_customisation *customisation);

/* Read the members of OBJECT, check and sort them. Everything in CUSTOMISATION lives in ARENA. */
int strata_customisation_read(const struct strata_json *object, struct strata_arena *arena,
	struct strata_customisation *customisation, struct strata_error *error) STRATA_MUST_CHECK;

/* Read an array of permissions, as it stands in such an object. *PERMISSIONS, of *COUNT, and its
 * strings live in ARENA; they are checked. */
int strata_permissions_read(const struct strata_json *array, struct strata_arena *arena,
	const struct strata_permission **permissions, size_t *count,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
