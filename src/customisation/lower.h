/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image has beneath its additions: the listing of its base, on it the files of its items,
 * on them the copies that were placed before. Links are followed as a container would: absolute
 * targets begin at the image's root, ".." never leaves it, and nothing is looked up on the machine
 * but files that the image will have.
 */
#ifndef CUSTOMISATION_LOWER_H
#define CUSTOMISATION_LOWER_H

#include <stratapack/graph.h>

#include "customisation/listing.h"
#include "util/buffer.h"

enum strata_lower_source {
	STRATA_LOWER_BASE,
	STRATA_LOWER_ITEM,
	STRATA_LOWER_COPY,
};

/* What is at a path. */
struct strata_lower_entry {
	struct strata_listed listed; /* as the image will have it; only the base's has a path */
	enum strata_lower_source source;
	uint32_t item; /* the index of the item that it comes from */
	enum strata_content content;
	bool is_made; /* a directory that only stands above an item's files */
	const struct strata_item_entry *given; /* what an item has as an entry; else NULL */
};

/* A copy that lies on the rest. */
struct strata_lower_copy {
	const char *to;    /* where it is in the image, "/" too */
	const char *place; /* where it is on this machine */
	const char *links; /* the image has links to what is below this path of it; NULL: files */
};

struct strata_lower {
	const struct strata_listing *base; /* NULL: none */
	const struct strata_graph *graph;
	const char *root;        /* where the items' files are; "" for "/" */
	struct strata_map trees; /* path -> item */
	struct strata_map files;
	struct strata_map given;   /* the entries of items */
	struct strata_map parents; /* directories above them */
	struct strata_lower_copy *copies;
	size_t copy_count, copy_capacity;
	const struct strata_entry *entries; /* on all of it; sorted by path components */
	size_t entry_count;
	struct strata_arena arena;
	struct strata_buffer place;
};

#define STRATA_LOWER_INIT                   \
	{                                   \
		.place = STRATA_BUFFER_INIT \
	}

/* Begin with BASE (NULL: none) and the items of GRAPH, whose files are below ROOT (NULL: "/"). All
 * are borrowed. */
int strata_lower_open(struct strata_lower *lower, const struct strata_listing *base,
	const struct strata_graph *graph, const char *root,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Lay a copy on it; strings are borrowed. */
int strata_lower_add_copy(struct strata_lower *lower, const struct strata_lower_copy *copy,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Find what is at PATH, absolute and normal; no component of it but the last is a link. Of nothing
 * the kind is STRATA_LISTED_NOTHING. */
int strata_lower_find(struct strata_lower *lower, const char *path,
	struct strata_lower_entry *entry, struct strata_error *error) STRATA_MUST_CHECK;

/* The same of what the copies, and what the items have, whatever else is there. */
int strata_lower_find_copy(struct strata_lower *lower, const char *path,
	struct strata_lower_entry *entry, struct strata_error *error) STRATA_MUST_CHECK;
int strata_lower_find_item(struct strata_lower *lower, const char *path,
	struct strata_lower_entry *entry, struct strata_error *error) STRATA_MUST_CHECK;

/* Lay a whole customisation on it that is in its place; borrowed. */
int strata_lower_add_customisation(struct strata_lower *lower,
	const struct strata_customisation *customisation,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Call VISIT with the names of what is in the directory at PATH, which has no links ("": the root
 * directory), in any order, perhaps more than once. */
int strata_lower_list(struct strata_lower *lower, const char *path,
	int (*visit)(void *data, const char *name, struct strata_error *error), void *data,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Append the content of the file at PATH, as far as it is known: not of every file of a base.
 * Returns whether it is, or an error. */
int strata_lower_read(struct strata_lower *lower, const char *path, struct strata_buffer *content,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Find where PATH leads, following links, the last one too: RESOLVED, without links, whether
 * anything is there or not; "" is the root directory. Too many links are STRATA_ERROR_INVALID. */
int strata_lower_follow(struct strata_lower *lower, const char *path,
	struct strata_buffer *resolved, struct strata_lower_entry *entry,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_lower_release(struct strata_lower *lower);

#endif
