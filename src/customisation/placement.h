/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the places of additions in what lies beneath them, from the inside: placement.c places
 * directories and links, placement_copies.c places copies,
 * placement_links.c opens links that two of them bring.
 */
#ifndef CUSTOMISATION_PLACEMENT_H
#define CUSTOMISATION_PLACEMENT_H

#include "customisation/customisation.h"
#include "customisation/lower.h"

struct strata_entry_list {
	struct strata_entry *entries;
	size_t count, capacity;
};

struct strata_placing {
	struct strata_lower lower;
	struct strata_arena *arena;
	bool force;                 /* replace directories by something else */
	struct strata_copy *copies; /* in their places; with those that open links */
	size_t copy_count, copy_capacity;
	struct strata_entry_list given; /* what the user asked for, in its place */
	struct strata_entry_list below; /* directories above it, as they are */
	struct strata_map kept;         /* path -> index into `below` */
	struct strata_followed_link *followed;
	size_t followed_count, followed_capacity;
	struct strata_hidden_file *hidden;
	size_t hidden_count, hidden_capacity;
};

/* Find where the directory that PATH, of an addition, lies in really is. PLACE becomes the whole
 * path without links above its last component. Directories on the way that are there are kept as
 * they are. Something else there is STRATA_ERROR_INVALID. */
int strata_placing_resolve(struct strata_placing *placing, const char *path,
	struct strata_buffer *place, struct strata_error *error) STRATA_MUST_CHECK;

/* The directory at PATH of an addition, which ENTRY is about, is to be one: where there is a link
 * to one, PLACE, its path, becomes what that leads to, and ENTRY what is there. WHAT brings it. */
int strata_placing_enter(struct strata_placing *placing, const char *what,
	struct strata_buffer *place, struct strata_lower_entry *entry,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Keep the directory at PATH, which ENTRY is about, as it is, unless that was done. */
int strata_placing_keep(struct strata_placing *placing, const char *path,
	const struct strata_lower_entry *entry, struct strata_error *error) STRATA_MUST_CHECK;

/* Something that is no directory, WHAT, comes to PATH, where ENTRY is: it replaces files and links.
 * A link to the same TARGET (NULL: no link) hides nothing. */
int strata_placing_replace(struct strata_placing *placing, const char *what, const char *path,
	const struct strata_lower_entry *entry, const char *target,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Place COPY and lay it on the rest. */
int strata_placing_add_copy(struct strata_placing *placing, const struct strata_copy *copy,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Lay COPY, which is placed and whose files are at FROM on this machine, on the rest. */
int strata_placing_lay(struct strata_placing *placing, const struct strata_copy *copy,
	const char *from, struct strata_error *error) STRATA_MUST_CHECK;

/* Links to LINK, a path of the image, come to TO. Where that leads to a directory, links to what is
 * in it are laid there instead, as in a profile, so that others can come beside them, and *OPENED
 * is set. */
int strata_placing_open_link(struct strata_placing *placing, const char *link, const char *to,
	bool *opened, struct strata_error *error) STRATA_MUST_CHECK;

#endif
