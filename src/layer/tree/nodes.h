/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a tree (tree.h) is collected: nodes, by path, from several origins.
 *
 * nodes.c keeps the nodes; from_disk.c makes nodes of what is on disk; from_customisation.c
 * adds what the customisation brings; tree.c runs it all and sorts the result.
 */
#ifndef LAYER_TREE_NODES_H
#define LAYER_TREE_NODES_H

#include "layer/tree/tree.h"
#include "util/map.h"

/* Who put an entry into the tree. A later claim on the same path replaces a weaker one. */
enum strata_claim {
	STRATA_CLAIM_PARENT, /* only because something lies below it */
	STRATA_CLAIM_ITEM,
	STRATA_CLAIM_COPY,
	STRATA_CLAIM_ENTRY,
};

struct strata_node {
	struct strata_tree_entry entry;
	size_t item; /* index of the item that claims it: hard links are kept within one */
	enum strata_claim claim;
	bool may_link; /* a file with several names, of an item that keeps hard links */
	bool is_below; /* a directory as it is in what lies beneath the additions */
	bool is_made;  /* a directory that is made because an addition goes there */
	bool is_link;  /* to a file of the image, as copies of links bring them */
};

/* Where what is being added comes from, and what becomes of it. */
struct strata_origin {
	const char *place; /* the directory on this machine that... */
	size_t place_path; /* ...so many bytes of a path in the image stand for */
	enum strata_claim claim;
	enum strata_content content;
	size_t item;
	bool keeps_modes;  /* store content whose modes are as the user wants them */
	bool is_addition;  /* it comes from the customisation */
	bool is_elsewhere; /* what an item has under another path than on this machine */
	const char *links; /* not the files, but links to where they are below this path of the
			      image; NULL: the files */
};

struct strata_collection {
	const struct strata_recipe *recipe;
	const struct strata_build_options *options;
	struct strata_tree *tree;
	struct strata_map by_path;
	struct strata_node *nodes;
	size_t node_count, node_capacity;
	char **directories; /* still to be listed; paths owned by the arena */
	size_t directory_count, directory_capacity;
	struct strata_buffer place; /* where the path at hand is on this machine */
	size_t below;          /* so many bytes of it are the anchor, which is the tree's last... */
	int anchor_descriptor; /* ...and open here; -1: there is none yet */
	struct strata_buffer parent_path; /* the directory that was needed last, below the anchor */
	int parent_descriptor;
	struct stat *avoided; /* files and directories to leave out */
	size_t avoided_count;
	struct strata_redirect *redirects; /* copies that go on behind a link of the image */
	size_t redirect_count, redirect_capacity;
	bool noted_access_list;
};

/* The directory at `place` of this machine goes to `to` of the image. In the arena. */
struct strata_redirect {
	const char *place, *to;
	const char *links; /* as of the origin */
};

/* Paths of the image are relative here, as tar has them. */

/* Add NODE, unless a stronger one is there. *RESULT is the kept node where there is something to do
 * below it: where it is new, was only a parent so far, or another copy. Else it is NULL. */
int strata_collection_add(struct strata_collection *collection, const struct strata_node *node,
	struct strata_node **result, struct strata_error *error) STRATA_MUST_CHECK;

/* A directory that is on no disk. */
void strata_collection_make_directory(const struct strata_collection *collection, const char *path,
	uint32_t mode, struct strata_node *node);

/* Give it to whom the user wants everything to belong. */
void strata_collection_apply_owner(
	const struct strata_collection *collection, struct strata_tar_entry *tar);

/* Whether the user's rules leave PATH out. */
bool strata_collection_excludes(const struct strata_collection *collection, const char *path);

/* Refuse names that mean something else in a layer. */
int strata_collection_check_name(const char *path, struct strata_error *error) STRATA_MUST_CHECK;

/* Fail because something is to lie below PATH, which is no directory. */
int strata_collection_fail_below(const char *path, struct strata_error *error) STRATA_MUST_CHECK;

/* Add the directories above PATH. Those above files of a system are as they are on disk, others
 * are made up. Returns 1 where one is the directory to avoid. */
int strata_collection_add_parents(struct strata_collection *collection, const char *path,
	const struct strata_origin *origin, struct strata_error *error) STRATA_MUST_CHECK;

/* Add what is at PATH, without what is in it. *ADDED as in strata_collection_add(). */
int strata_collection_add_path(struct strata_collection *collection, const char *path,
	const struct strata_origin *origin, struct strata_node **added,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Add what is at PATH, "" being the root directory, and everything below. */
int strata_collection_add_tree(struct strata_collection *collection, const char *path,
	const struct strata_origin *origin, struct strata_error *error) STRATA_MUST_CHECK;

/* Close what is open. */
void strata_collection_leave(struct strata_collection *collection);

/* Add what the item INDEX has that is not simply on disk under its path. */
int strata_collection_add_item_entries(struct strata_collection *collection, size_t index,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The time that a file from INFO has in the image. */
int64_t strata_collection_time_of(const struct strata_collection *collection,
	enum strata_content content, const struct stat *info);

/* Where the link that additions follow at PATH leads, or NULL. */
const char *strata_collection_followed(
	const struct strata_collection *collection, const char *path);

/* Add the copies and entries of the customisation and apply its permissions. */
int strata_collection_customise(
	struct strata_collection *collection, struct strata_error *error) STRATA_MUST_CHECK;

#endif
