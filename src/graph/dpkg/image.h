/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image of packages will have, while it is being found out: the files of the packages, and
 * the entries that are made for them.
 *
 * What depends on a package alone becomes part of its item, so that a layer keeps its digest
 * whatever else is in the image. What depends on several packages becomes an item of its own, a
 * group: "generated:accounts". A change of one package then sends one small layer more, and the
 * layers of all other packages stay.
 */
#ifndef GRAPH_DPKG_IMAGE_H
#define GRAPH_DPKG_IMAGE_H

#include "graph/dpkg/dpkg.h"

/* What is made has no time of its own: it has this one, as directories do. */
enum { STRATA_DPKG_MADE_TIME = 1 };

/* A growing list of entries. Strings live in the arena of the root. */
struct strata_dpkg_entries {
	struct strata_item_entry *entries; /* malloced */
	size_t count;
	size_t capacity;
};

struct strata_dpkg_group {
	const char *name; /* of the item, behind "generated:" */
	uint32_t owner;   /* the package that it is named in the table for, or STRATA_MAP_NONE */
	struct strata_dpkg_entries entries;
};

struct strata_dpkg_image {
	struct strata_dpkg *database;
	struct strata_dpkg_files *files;
	struct strata_dpkg_closure closure;
	struct strata_map owners;            /* path in the image -> package */
	struct strata_map every_owner;       /* path in any package's list -> package */
	struct strata_map directories;       /* path above one in any list */
	struct strata_dpkg_paths *lists;     /* the files of every package */
	struct strata_dpkg_entries *entries; /* what was made for every package */
	struct strata_dpkg_group *groups;
	size_t group_count, group_capacity;
};

void strata_dpkg_image_release(struct strata_dpkg_image *image);

int strata_dpkg_entries_add(struct strata_dpkg_entries *entries,
	const struct strata_item_entry *entry, struct strata_error *error) STRATA_MUST_CHECK;

/* Add a symbolic link. */
int strata_dpkg_entries_add_link(struct strata_dpkg_entries *entries, const char *path,
	const char *target, struct strata_error *error) STRATA_MUST_CHECK;

/* The group NAME, which is made where it is new. It is valid until the next group is made. */
int strata_dpkg_image_group(struct strata_dpkg_image *image, const char *name, uint32_t owner,
	struct strata_dpkg_entries **entries, struct strata_error *error) STRATA_MUST_CHECK;

/* Find the files of package INDEX: the ones that are there become its list and are owned by it.
 * Those that are missing are told; where nothing of a package is there, this fails. */
int strata_dpkg_image_add_files(struct strata_dpkg_image *image, uint32_t index,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Where PATH is without links in its directory: *REAL is in the arena of the root, and NULL where
 * the directory does not exist. */
int strata_dpkg_image_place(struct strata_dpkg_image *image, const char *path, const char **real,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Add the links of update-alternatives: with the package that the system chose, where it is in the
 * image; else the best candidate that is there, in a group of their own. */
int strata_dpkg_image_add_alternatives(
	struct strata_dpkg_image *image, struct strata_error *error) STRATA_MUST_CHECK;

/* Whether the image has what PATH leads to: a file of a package that is reached. */
int strata_dpkg_image_holds(struct strata_dpkg_image *image, const char *path, bool *holds,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The package whose list names PATH, by its name or, where /usr was merged, without "/usr";
 * STRATA_MAP_NONE where none does. */
uint32_t strata_dpkg_image_owner(const struct strata_dpkg_image *image, const char *path);

/* Read the lists of all packages, whether they are in the image or not. */
int strata_dpkg_image_own(
	struct strata_dpkg_image *image, struct strata_error *error) STRATA_MUST_CHECK;

/* The package NAME that is in the image (of the system's architecture, where there are several), or
 * STRATA_MAP_NONE. */
uint32_t strata_dpkg_image_package(const struct strata_dpkg_image *image, const char *name);

/* Add the groups of IMAGE to GRAPH, and where ROOTS is set to its roots: what is made for an image
 * was asked for with it. */
int strata_dpkg_add_groups(const struct strata_dpkg_image *image, bool roots,
	struct strata_graph *graph, struct strata_error *error) STRATA_MUST_CHECK;

/* Append to PATHS everything of the system that is not in IMAGE, but for what the table of
 * generated files leaves out of every image and OPTIONS do not name. Set *SIZE to the bytes in its
 * regular files. */
int strata_dpkg_find_unowned(struct strata_dpkg_image *image,
	const struct strata_dpkg_options *options, struct strata_dpkg_paths *paths, uint64_t *size,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Say for which platform the packages in IMAGE are, where images have a word for it. */
int strata_dpkg_set_platform(const struct strata_dpkg_image *image, struct strata_graph *graph,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Read the file at PATH, which has no links in it, below the root. Returns 1, or 0 where there is
 * none. */
int strata_dpkg_read_path(struct strata_dpkg_files *files, const char *path,
	struct strata_buffer *content, struct strata_error *error) STRATA_MUST_CHECK;

#endif
