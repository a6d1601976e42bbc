/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes of a tree that items bring: files found on disk, with links followed within the root
 * only.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "layer/tree/nodes.h"
#include "tar/xattrs.h"
#include "util/beneath.h"
#include "util/file.h"
#include "util/observer.h"

int64_t strata_collection_time_of(const struct strata_collection *collection,
	enum strata_content content, const struct stat *info)
{
	const struct strata_metadata_rules *rules = &collection->recipe->rules;

	if (rules->time == STRATA_TIME_KEEP)
		return info->st_mtim.tv_sec;
	if (content == STRATA_CONTENT_STORE)
		return rules->time == STRATA_TIME_LIMIT ? rules->limit : 1;
	if (S_ISDIR(info->st_mode))
		return 1;
	if (rules->time == STRATA_TIME_LIMIT && info->st_mtim.tv_sec > rules->limit)
		return rules->limit;
	return info->st_mtim.tv_sec;
}

/* What is to be added: collection->place is where it is on this machine, which system calls find
 * more quickly by its NAME in a DIRECTORY that is open. */
struct spot {
	int directory;
	const char *name;
};

/* errno says why what is at collection->place cannot be read: whether it is not there matters. */
static int fail_missing(const struct strata_collection *collection, struct strata_error *error)
{
	enum strata_status kind =
		errno == ENOENT || errno == ENOTDIR ? STRATA_ERROR_NOT_FOUND : STRATA_ERROR_IO;

	(void)strata_fail_errno(error, "cannot read '%s'", collection->place.data);
	if (error)
		error->status = kind;
	return kind;
}

/* Find out where PATH of the image is on this machine. */
static int locate(struct strata_collection *collection, const char *path,
	const struct strata_origin *origin, struct strata_error *error)
{
	strata_tree_locate(&collection->place, origin->place, path + origin->place_path);
	return strata_buffer_check(&collection->place, error);
}

static void close_parent(struct strata_collection *collection)
{
	strata_cleanup_close(&collection->parent_descriptor);
	collection->parent_descriptor = -1;
}

void strata_collection_leave(struct strata_collection *collection)
{
	close_parent(collection);
	strata_cleanup_close(&collection->anchor_descriptor);
	collection->anchor_descriptor = -1;
	strata_buffer_release(&collection->parent_path);
}

/* The anchor of what is at collection->place: for files of a system the root directory, so that
 * nothing in it is followed; else, with a tree of its own, the directory that the tree is in. */
static size_t anchor_length(
	const struct strata_collection *collection, const struct strata_origin *origin)
{
	const char *place = collection->place.data;
	const char *slash = strrchr(place, '/');

	if (origin->content == STRATA_CONTENT_FILES) {
		const char *root = origin->is_elsewhere ? collection->options->root : origin->place;

		return root && strcmp(root, "/") != 0 ? strlen(root) : 0;
	}
	return slash ? (size_t)(slash - place) : 0;
}

static int open_anchor(
	struct strata_collection *collection, const char *path, struct strata_error *error)
{
	struct strata_tree *tree = collection->tree;
	char *kept = strata_arena_string(&tree->arena, path);

	if (!kept || strata_grow(&tree->anchors, &tree->anchor_capacity, tree->anchor_count + 1,
			     sizeof(*tree->anchors)) < 0)
		return strata_fail_memory(error);
	close_parent(collection);
	strata_cleanup_close(&collection->anchor_descriptor);
	collection->anchor_descriptor = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (collection->anchor_descriptor < 0)
		return fail_missing(collection, error);
	tree->anchors[tree->anchor_count++] = kept;
	return 0;
}

/* Have the anchor of what is at collection->place, the top of what is about to be read. */
static int find_anchor(struct strata_collection *collection, const struct strata_origin *origin,
	struct strata_error *error)
{
	const struct strata_tree *tree = collection->tree;
	size_t length = anchor_length(collection, origin);
	strata_autofree char *path = length > 0
					     ? strndup(collection->place.data, length)
					     : strdup(*collection->place.data == '/' ? "/" : ".");

	if (!path)
		return strata_fail_memory(error);
	collection->below = length + strspn(collection->place.data + length, "/");
	if (collection->anchor_descriptor >= 0 &&
		strcmp(tree->anchors[tree->anchor_count - 1], path) == 0)
		return 0;
	return open_anchor(collection, path, error);
}

/* Where collection->place is by its name in a directory that is open. */
static int find_spot(
	struct strata_collection *collection, struct spot *spot, struct strata_error *error)
{
	const char *below = collection->place.data + collection->below;
	const char *slash = strrchr(below, '/');
	size_t length = slash ? (size_t)(slash - below) : 0;
	struct strata_buffer *parent = &collection->parent_path;

	*spot = (struct spot){collection->anchor_descriptor, *below ? below : "."};
	if (length == 0)
		return 0;
	spot->name = slash + 1;
	if (collection->parent_descriptor < 0 || parent->length != length ||
		memcmp(parent->data, below, length) != 0) {
		close_parent(collection);
		strata_buffer_truncate(parent, 0);
		strata_buffer_append(parent, below, length);
		if (strata_buffer_check(parent, error) < 0)
			return STRATA_ERROR_MEMORY;
		collection->parent_descriptor = strata_open_beneath(collection->anchor_descriptor,
			parent->data, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (collection->parent_descriptor < 0)
			return fail_missing(collection, error);
	}
	spot->directory = collection->parent_descriptor;
	return 0;
}

static int read_target(struct strata_collection *collection, const struct spot *spot,
	struct strata_tar_entry *tar, off_t size, struct strata_error *error)
{
	size_t room = (size > 0 ? (size_t)size : PATH_MAX) + 1;
	char *target = strata_arena_allocate(&collection->tree->arena, room + 1);
	ssize_t length;

	if (!target)
		return strata_fail_memory(error);
	length = readlinkat(spot->directory, spot->name, target, room);
	if (length < 0)
		return strata_fail_errno(
			error, "cannot read the link '%s'", collection->place.data);
	if ((size_t)length == room)
		return strata_fail(error, STRATA_ERROR_CHANGED,
			"the link '%s' changed while it was read", collection->place.data);
	target[length] = '\0';
	tar->target = target;
	return 0;
}

/* Make NODE a link to where PATH is in the image by itself. */
static int make_link(struct strata_collection *collection, const char *path,
	const struct strata_origin *origin, struct strata_node *node, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer target = STRATA_BUFFER_INIT;

	strata_tree_locate(&target, origin->links, path + origin->place_path);
	strata_collection_make_directory(collection, path, 0, node);
	node->claim = origin->claim;
	node->is_link = true;
	node->entry.tar.mode = S_IFLNK | 0777;
	node->entry.tar.target =
		target.failed ? NULL : strata_arena_string(&collection->tree->arena, target.data);
	return node->entry.tar.target ? 0 : strata_fail_memory(error);
}

/* How many bytes of a place come before the path in the image, where the place is below the root.
 */
static size_t head_length(const struct strata_collection *collection)
{
	const char *root = collection->options->root;

	return (root && strcmp(root, "/") != 0 ? strlen(root) : 0) + 1;
}

/* An access control list is no content, but without it the group bits are those of its mask: let
 * them be what the list gives the group. */
static int apply_access_list(struct strata_collection *collection, struct strata_tar_entry *tar,
	struct strata_error *error)
{
	uint32_t bits;
	int found = strata_xattrs_read_group(collection->place.data, &bits, error);

	if (found <= 0)
		return found;
	tar->mode = (tar->mode & ~(mode_t)S_IRWXG) | (mode_t)(bits << 3);
	if (!collection->noted_access_list)
		strata_note(collection->options->observer,
			"'%s' has an access control list: images have none, its group gets what the list gives it",
			collection->place.data);
	collection->noted_access_list = true;
	return 0;
}

static int describe_attributes(struct strata_collection *collection, const struct spot *spot,
	const struct strata_origin *origin, struct strata_tar_entry *tar,
	struct strata_error *error)
{
	bool marks = false;
	int status = 0;

	if (origin->content != STRATA_CONTENT_FILES && origin->claim != STRATA_CLAIM_COPY)
		return 0;
	if (origin->claim == STRATA_CLAIM_COPY)
		status = apply_access_list(collection, tar, error);
	if (status == 0)
		status = strata_xattrs_read(spot->directory, spot->name, collection->place.data,
			&collection->tree->arena, &tar->xattrs, &tar->xattr_count, &marks, error);
	if (marks)
		strata_note(collection->options->observer,
			"'%s' has marks of an overlay file system: they are left out",
			collection->place.data);
	return status;
}

/* Make a node of what is on disk at collection->place, which is PATH in the image. */
static int describe(struct strata_collection *collection, const struct spot *spot, const char *path,
	const struct strata_origin *origin, const struct stat *info, struct strata_node *node,
	struct strata_error *error)
{
	struct strata_tar_entry *tar = &node->entry.tar;

	*node = (struct strata_node){.item = origin->item, .claim = origin->claim};
	node->entry.changed = info->st_ctim;
	node->entry.modified = info->st_mtim;
	node->entry.file_system = info->st_dev;
	node->entry.inode = info->st_ino;
	node->entry.mode = info->st_mode;
	node->entry.uid = info->st_uid;
	node->entry.gid = info->st_gid;
	node->entry.on_disk = true;
	node->entry.is_shared = origin->content == STRATA_CONTENT_STORE;
	node->entry.anchor = (uint32_t)collection->tree->anchor_count - 1;
	tar->path = path;
	tar->mode = info->st_mode;
	tar->mtime = strata_collection_time_of(collection, origin->content, info);
	tar->size = S_ISREG(info->st_mode) ? (uint64_t)info->st_size : 0;
	tar->device = info->st_rdev;
	if (origin->content == STRATA_CONTENT_FILES) {
		tar->uid = info->st_uid;
		tar->gid = info->st_gid;
	} else if (!S_ISLNK(info->st_mode) && !origin->keeps_modes) {
		tar->mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
	}
	if (origin->content == STRATA_CONTENT_FILES || origin->claim == STRATA_CLAIM_COPY)
		node->may_link = S_ISREG(info->st_mode) && info->st_nlink > 1;
	strata_collection_apply_owner(collection, tar);
	if (S_ISLNK(info->st_mode))
		return read_target(collection, spot, tar, info->st_size, error);
	return describe_attributes(collection, spot, origin, tar, error);
}

/* Remember where a file is that its path does not tell. */
static int remember_source(struct strata_collection *collection, const struct strata_origin *origin,
	struct strata_node *node, struct strata_error *error)
{
	if (!S_ISREG(node->entry.tar.mode))
		return 0;
	if (origin->claim != STRATA_CLAIM_COPY && !origin->is_elsewhere) {
		node->entry.below = (uint32_t)(collection->below - head_length(collection));
		return 0;
	}
	node->entry.source = strata_arena_string(&collection->tree->arena, collection->place.data);
	node->entry.below = (uint32_t)collection->below;
	return node->entry.source ? 0 : strata_fail_memory(error);
}

/* Make the node of PATH, which INFO is about, as ORIGIN wants it. */
static int make_node(struct strata_collection *collection, const struct spot *spot,
	const char *path, const struct strata_origin *origin, const struct stat *info,
	struct strata_node *node, struct strata_error *error)
{
	int status;

	if (origin->links && S_ISDIR(info->st_mode)) {
		strata_collection_make_directory(collection, path, 0755, node);
		node->claim = origin->claim;
		return 0;
	}
	if (origin->links)
		return make_link(collection, path, origin, node, error);
	status = describe(collection, spot, path, origin, info, node, error);
	return status < 0 ? status : remember_source(collection, origin, node, error);
}

/* Whether this is to be avoided: by identity, since it may be named in many ways. */
static bool is_avoided(const struct strata_collection *collection, const struct stat *info)
{
	for (size_t i = 0; i < collection->avoided_count; i++) {
		if (collection->avoided[i].st_dev == info->st_dev &&
			collection->avoided[i].st_ino == info->st_ino)
			return true;
	}
	return false;
}

/* What cannot be in an image. */
static bool is_left_out(struct strata_collection *collection, const struct stat *info)
{
	bool socket = S_ISSOCK(info->st_mode);
	bool whiteout = S_ISCHR(info->st_mode) && info->st_rdev == 0;

	if (socket || whiteout)
		strata_note(collection->options->observer, "'%s' is %s: left out",
			collection->place.data,
			socket ? "a socket" : "the mark of an overlay for a deleted file");
	return socket || whiteout;
}

/* Have the directory at collection->place copied to where the link at its path leads. */
static int redirect(struct strata_collection *collection, const struct strata_origin *origin,
	const char *path, const char *to, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer links = STRATA_BUFFER_INIT;
	struct strata_arena *arena = &collection->tree->arena;
	struct strata_redirect *redirect;

	if (strata_grow(&collection->redirects, &collection->redirect_capacity,
		    collection->redirect_count + 1, sizeof(*collection->redirects)) < 0)
		return strata_fail_memory(error);
	redirect = &collection->redirects[collection->redirect_count++];
	*redirect = (struct strata_redirect){
		.place = strata_arena_string(arena, collection->place.data), .to = to};
	if (origin->links) {
		strata_tree_locate(&links, origin->links, path + origin->place_path);
		redirect->links = links.failed ? NULL : strata_arena_string(arena, links.data);
	}
	return redirect->place && (redirect->links || !origin->links) ? 0
								      : strata_fail_memory(error);
}

/* Add what is at SPOT as PATH. */
static int add_spot(struct strata_collection *collection, const struct spot *spot, const char *path,
	const struct strata_origin *origin, struct strata_node **added, struct strata_error *error)
{
	struct stat info;
	struct strata_node node;
	const char *to;
	int status;

	*added = NULL;
	if (origin->claim != STRATA_CLAIM_PARENT && strata_collection_excludes(collection, path))
		return 0;
	if (fstatat(spot->directory, spot->name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_missing(collection, error);
	if (is_avoided(collection, &info) || is_left_out(collection, &info))
		return 0;
	to = origin->claim == STRATA_CLAIM_COPY && S_ISDIR(info.st_mode)
		     ? strata_collection_followed(collection, path)
		     : NULL;
	if (to)
		return redirect(collection, origin, path, to, error);
	status = strata_collection_check_name(path, error);
	if (status == 0)
		status = make_node(collection, spot, path, origin, &info, &node, error);
	return status < 0 ? status : strata_collection_add(collection, &node, added, error);
}

int strata_collection_add_path(struct strata_collection *collection, const char *path,
	const struct strata_origin *origin, struct strata_node **added, struct strata_error *error)
{
	struct spot spot;
	int status = locate(collection, path, origin, error);

	*added = NULL;
	if (status == 0)
		status = find_anchor(collection, origin, error);
	if (status == 0)
		status = find_spot(collection, &spot, error);
	return status < 0 ? status : add_spot(collection, &spot, path, origin, added, error);
}

int strata_collection_add_parents(struct strata_collection *collection, const char *path,
	const struct strata_origin *origin, struct strata_error *error)
{
	bool on_disk = origin->content == STRATA_CONTENT_FILES;
	struct strata_origin above = *origin;
	strata_autofree char *parent = strdup(path);
	struct strata_node node, *added;

	if (!parent)
		return strata_fail_memory(error);
	above.claim = STRATA_CLAIM_PARENT;
	for (char *slash = strchr(parent, '/'); slash; slash = strchr(slash + 1, '/')) {
		int status;

		*slash = '\0';
		if (on_disk && strata_map_get(&collection->by_path, parent) == STRATA_MAP_NONE) {
			status = strata_collection_add_path(
				collection, parent, &above, &added, error);
			if (status == 0 && !added)
				return 1;
			if (status == 0 && !S_ISDIR(added->entry.tar.mode))
				status = strata_hint(error,
					strata_fail(error, STRATA_ERROR_INVALID,
						"'/%s' lies below '/%s', which is no directory",
						path, parent),
					"name it by its path without symbolic links");
		} else {
			strata_collection_make_directory(collection, parent, 0755, &node);
			node.is_made = origin->is_addition;
			status = strata_collection_check_name(parent, error);
			if (status == 0)
				status = strata_collection_add(collection, &node, &added, error);
		}
		if (status < 0)
			return status;
		*slash = '/';
	}
	return 0;
}

static int remember_directory(
	struct strata_collection *collection, const char *path, struct strata_error *error)
{
	if (strata_grow(&collection->directories, &collection->directory_capacity,
		    collection->directory_count + 1, sizeof(*collection->directories)) < 0)
		return strata_fail_memory(error);
	collection->directories[collection->directory_count++] = (char *)path;
	return 0;
}

/* A directory that is being listed. */
struct listing {
	int descriptor;
	struct strata_buffer path; /* of the entry at hand in the image */
	size_t path_length;        /* of what comes before the entry's name, there... */
	size_t place_length;       /* ...and in collection->place */
};

static int add_listed(struct strata_collection *collection, struct listing *listing,
	const char *name, const struct strata_origin *origin, struct strata_error *error)
{
	struct spot spot = {listing->descriptor, name};
	struct strata_node *added;
	int status;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	strata_buffer_truncate(&listing->path, listing->path_length);
	strata_buffer_string(&listing->path, name);
	strata_buffer_truncate(&collection->place, listing->place_length);
	strata_buffer_string(&collection->place, name);
	status = strata_buffer_check(&listing->path, error);
	if (status == 0)
		status = strata_buffer_check(&collection->place, error);
	if (status == 0)
		status = add_spot(collection, &spot, listing->path.data, origin, &added, error);
	if (status == 0 && added && S_ISDIR(added->entry.tar.mode))
		status = remember_directory(collection, added->entry.tar.path, error);
	return status;
}

/* Read the directory with getdents64(2) itself: readdir(3) costs four more system calls. */
static int list_entries(struct strata_collection *collection, struct listing *listing,
	const struct strata_origin *origin, struct strata_error *error)
{
	_Alignas(struct dirent64) char entries[32 * 1024];
	ssize_t length;
	int status = 0;

	while ((length = getdents64(listing->descriptor, entries, sizeof(entries))) > 0) {
		ssize_t at = 0;

		while (status == 0 && at < length) {
			const struct dirent64 *entry = (const struct dirent64 *)(entries + at);

			status = add_listed(collection, listing, entry->d_name, origin, error);
			at += entry->d_reclen;
		}
		if (status < 0)
			return status;
	}
	if (length == 0)
		return 0;
	strata_buffer_truncate(&collection->place, listing->place_length);
	return strata_fail_errno(error, "cannot list '%s'", collection->place.data);
}

/* List the directory PATH of the image and add what is in it. */
static int list_directory(struct strata_collection *collection, const char *path,
	const struct strata_origin *origin, struct strata_error *error)
{
	struct listing listing = {.path = STRATA_BUFFER_INIT};
	int status;

	if (locate(collection, path, origin, error) < 0)
		return STRATA_ERROR_MEMORY;
	listing.descriptor = strata_open_beneath(collection->anchor_descriptor,
		collection->place.data + collection->below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (listing.descriptor < 0)
		return strata_fail_errno(
			error, "cannot open the directory '%s'", collection->place.data);
	strata_buffer_byte(&collection->place, '/');
	listing.place_length = collection->place.length;
	if (*path) {
		strata_buffer_string(&listing.path, path);
		strata_buffer_byte(&listing.path, '/');
	}
	listing.path_length = listing.path.length;
	status = list_entries(collection, &listing, origin, error);
	close(listing.descriptor);
	strata_buffer_release(&listing.path);
	return status;
}

int strata_collection_add_tree(struct strata_collection *collection, const char *path,
	const struct strata_origin *origin, struct strata_error *error)
{
	struct strata_node *added = NULL;
	int status;

	/* The root directory has no entry of its own. */
	if (!*path) {
		status = locate(collection, path, origin, error);
		if (status == 0)
			status = find_anchor(collection, origin, error);
		if (status == 0)
			status = remember_directory(collection, path, error);
	} else {
		status = strata_collection_add_parents(collection, path, origin, error);
		if (status == 0)
			status =
				strata_collection_add_path(collection, path, origin, &added, error);
		if (status == 0 && added && S_ISDIR(added->entry.tar.mode))
			status = remember_directory(collection, added->entry.tar.path, error);
	}
	while (status == 0 && collection->directory_count > 0) {
		const char *directory = collection->directories[--collection->directory_count];

		status = list_directory(collection, directory, origin, error);
	}
	return status;
}
