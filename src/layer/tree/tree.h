/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a layer: every entry that its tar stream will have, sorted, before a byte of content
 * is read.
 *
 * Here and in writer.c are the rules that decide digests:
 *
 * - Sorted by path components, bytewise; parents of everything, before their children.
 * - Store content: owner 0:0, time 1, no write permission for group and others, hard links
 *   expanded; the directories above a store item are 0755.
 * - Files: owner, mode and kept extended attributes as they are; times not after the limit,
 *   directories' times 1; hard links kept inside one item and expanded across items.
 * - What the customisation copies: as store content, but with the modes that it has.
 * - The user's rules for owners and times come on top, then permissions of the customisation;
 *   sockets are left out with a note.
 */
#ifndef LAYER_TREE_TREE_H
#define LAYER_TREE_TREE_H

#include <sys/stat.h>

#include <stratapack/layer.h>

#include "tar/writer.h"
#include "util/arena.h"

struct strata_tree_entry {
	struct strata_tar_entry tar;
	struct timespec changed, modified; /* how the file was when the tree was made: who reads */
	dev_t file_system;                 /* it compares, and so notices a change */
	ino_t inode;
	mode_t mode; /* as it is on disk, like the owner */
	uid_t uid;
	gid_t gid;
	bool on_disk;    /* false for what the customisation or a store's parents add */
	bool is_shared;  /* of a store, which may put the same bytes under another inode */
	uint32_t anchor; /* index of the directory from which it is reached without links... */
	uint32_t below;  /* ...by what follows so many bytes of its source, or else of its path */
	const char *source;  /* where the file is on this machine; NULL: at its path, below the root
			      */
	const void *content; /* of a file that is on no disk; the recipe's */
	bool is_byte_code;   /* Python's, of a program... */
	int64_t program_time; /* ...that has this time in the image */
};

struct strata_tree {
	struct strata_arena arena; /* owns paths, targets, attributes */
	/* Directories on this machine that a user or a store has named. Links above them are
	 * followed, links below them never: who may write there must not lead the reader away. */
	const char **anchors;
	size_t anchor_count, anchor_capacity;
	struct strata_tree_entry *entries;
	size_t count;
};

#define STRATA_TREE_INIT                               \
	{                                              \
		STRATA_ARENA_INIT, NULL, 0, 0, NULL, 0 \
	}
#define strata_autotree STRATA_CLEANUP(strata_tree_release)

/* Collect the tree of RECIPE. Errors name the path; a missing one is STRATA_ERROR_NOT_FOUND. */
int strata_tree_collect(const struct strata_recipe *recipe,
	const struct strata_build_options *options, struct strata_tree *tree,
	struct strata_error *error) STRATA_MUST_CHECK;

/* A digest of everything in TREE but the contents of files, which their exact modification times
 * stand for. */
int strata_tree_fingerprint(const struct strata_tree *tree, struct strata_digest *fingerprint,
	struct strata_error *error) STRATA_MUST_CHECK;

/* A digest of everything in TREE that would change if its files changed on this machine: it also
 * sees a file whose modification time was set back. It says nothing on another machine. */
int strata_tree_witness(const struct strata_tree *tree, struct strata_digest *witness,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_tree_release(struct strata_tree *tree);

/* Where PATH of an image is on this machine: ROOT/PATH. */
void strata_tree_locate(struct strata_buffer *buffer, const char *root, const char *path);

#endif
