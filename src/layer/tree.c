#include "layer/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/observe.h"
#include "base/path.h"
#include "base/text.h"
#include "layer/xattrs.h"

/* Who put an entry into the tree. A later claim on the same path replaces a weaker one. */
enum claim {
	CLAIM_PARENT, /* only because something lies below it */
	CLAIM_ITEM,
	CLAIM_CUSTOMISATION,
};

struct node {
	struct strata_tree_entry entry;
	size_t item; /* index of the item that claims it: hard links are kept within one */
	enum claim claim;
	bool may_link; /* a file with several names, of an item that keeps hard links */
};

struct collection {
	const struct strata_recipe *recipe;
	const struct strata_build_options *options;
	struct strata_tree *tree;
	struct strata_map by_path;
	struct node *nodes;
	size_t node_count, node_capacity;
	char **directories; /* still to be listed; paths owned by the arena */
	size_t directory_count, directory_capacity;
	struct strata_buffer place; /* where the path at hand is on this machine */
	size_t item;
	bool avoids;
	struct stat avoided; /* the directory to leave out */
};

void strata_tree_locate(struct strata_buffer *buffer, const char *root, const char *path)
{
	strata_buffer_truncate(buffer, 0);
	if (root && strcmp(root, "/") != 0)
		strata_buffer_string(buffer, root);
	if (*path != '/')
		strata_buffer_byte(buffer, '/');
	strata_buffer_string(buffer, path);
}

static int fail_below(const char *path, struct strata_error *error)
{
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"'/%s' is no directory, but something is to lie below it", path),
		"name what lies below it by its path without symbolic links");
}

/* *RESULT is the node where it is new or was only a parent so far, else NULL. */
static int add_node(struct collection *collection, const struct node *node, struct node **result,
	struct strata_error *error)
{
	uint32_t known = strata_map_get(&collection->by_path, node->entry.tar.path);
	struct node *place;

	if (known != STRATA_MAP_NONE) {
		place = &collection->nodes[known];
		if (S_ISDIR(place->entry.tar.mode) != S_ISDIR(node->entry.tar.mode) &&
			(place->claim == CLAIM_PARENT || node->claim == CLAIM_PARENT))
			return fail_below(node->entry.tar.path, error);
		*result = place->claim == CLAIM_PARENT && node->claim == CLAIM_ITEM ? place : NULL;
		if (node->claim > place->claim) {
			const char *path = place->entry.tar.path;

			*place = *node;
			place->entry.tar.path = path;
		}
		return 0;
	}
	if (collection->node_count >= STRATA_MAP_NONE ||
		strata_grow(&collection->nodes, &collection->node_capacity,
			collection->node_count + 1, sizeof(*collection->nodes)) < 0)
		return strata_fail_memory(error);
	place = &collection->nodes[collection->node_count];
	*place = *node;
	place->entry.tar.path = strata_arena_string(&collection->tree->arena, node->entry.tar.path);
	if (!place->entry.tar.path || strata_map_put(&collection->by_path, place->entry.tar.path,
					      (uint32_t)collection->node_count) < 0)
		return strata_fail_memory(error);
	collection->node_count++;
	*result = place;
	return 0;
}

static int64_t choose_time(const struct strata_metadata_rules *rules, enum strata_content content,
	const struct stat *info)
{
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

static void apply_owner(const struct strata_metadata_rules *rules, struct strata_tar_entry *tar)
{
	if (rules->set_owner) {
		tar->uid = rules->uid;
		tar->gid = rules->gid;
	}
}

static int read_target(struct collection *collection, struct strata_tar_entry *tar, off_t size,
	struct strata_error *error)
{
	size_t room = (size > 0 ? (size_t)size : PATH_MAX) + 1;
	char *target = strata_arena_allocate(&collection->tree->arena, room + 1);
	ssize_t length;

	if (!target)
		return strata_fail_memory(error);
	length = readlink(collection->place.data, target, room);
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

/* Make a node of what is on disk at collection->place, which is PATH in the image. */
static int describe(struct collection *collection, const char *path, enum strata_content content,
	const struct stat *info, struct node *node, struct strata_error *error)
{
	const struct strata_metadata_rules *rules = &collection->recipe->rules;
	struct strata_tar_entry *tar = &node->entry.tar;

	*node = (struct node){.item = collection->item, .claim = CLAIM_ITEM};
	node->entry.changed = info->st_ctim;
	node->entry.modified = info->st_mtim;
	node->entry.file_system = info->st_dev;
	node->entry.inode = info->st_ino;
	node->entry.on_disk = true;
	tar->path = path;
	tar->mode = info->st_mode;
	tar->mtime = choose_time(rules, content, info);
	tar->size = S_ISREG(info->st_mode) ? (uint64_t)info->st_size : 0;
	tar->device = info->st_rdev;
	if (content == STRATA_CONTENT_STORE) {
		if (!S_ISLNK(info->st_mode))
			tar->mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
	} else {
		tar->uid = info->st_uid;
		tar->gid = info->st_gid;
		node->may_link = S_ISREG(info->st_mode) && info->st_nlink > 1;
	}
	apply_owner(rules, tar);
	if (S_ISLNK(info->st_mode))
		return read_target(collection, tar, info->st_size, error);
	if (content == STRATA_CONTENT_FILES)
		return strata_xattrs_read(collection->place.data, &collection->tree->arena,
			&tar->xattrs, &tar->xattr_count, error);
	return 0;
}

static int check_name(const char *path, struct strata_error *error)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;

	if (strata_text_starts_with(base, ".wh."))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"'/%s' cannot be packed: in a layer, names that begin with '.wh.' "
				"mean "
				"deletion",
				path),
			"rename it, or leave out the item that holds it");
	return 0;
}

/* Whether this is the directory to avoid: by identity, since it may be named in many ways. */
static bool is_avoided(const struct collection *collection, const struct stat *info)
{
	return collection->avoids && S_ISDIR(info->st_mode) &&
	       collection->avoided.st_dev == info->st_dev &&
	       collection->avoided.st_ino == info->st_ino;
}

/* Add what is at PATH of the image; *ADDED as in add_node(). */
static int add_from_disk(struct collection *collection, const char *path,
	enum strata_content content, enum claim claim, struct node **added,
	struct strata_error *error)
{
	struct stat info;
	struct node node;
	int status;

	*added = NULL;
	strata_tree_locate(&collection->place, collection->options->root, path);
	if (strata_buffer_check(&collection->place, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (lstat(collection->place.data, &info) < 0) {
		enum strata_status kind = errno == ENOENT || errno == ENOTDIR
						  ? STRATA_ERROR_NOT_FOUND
						  : STRATA_ERROR_IO;

		status = strata_fail_errno(error, "cannot read '%s'", collection->place.data);
		if (error)
			error->status = kind;
		return kind == STRATA_ERROR_IO ? status : (int)kind;
	}
	if (is_avoided(collection, &info))
		return 0;
	if (S_ISSOCK(info.st_mode)) {
		strata_note(collection->options->observer, "'%s' is a socket: left out",
			collection->place.data);
		return 0;
	}
	status = check_name(path, error);
	if (status == 0)
		status = describe(collection, path, content, &info, &node, error);
	if (status < 0)
		return status;
	node.claim = claim;
	return add_node(collection, &node, added, error);
}

static void make_directory(
	const struct collection *collection, const char *path, uint32_t mode, struct node *node)
{
	const struct strata_metadata_rules *rules = &collection->recipe->rules;

	*node = (struct node){.item = SIZE_MAX, .claim = CLAIM_PARENT};
	node->entry.tar.path = path;
	node->entry.tar.mode = S_IFDIR | mode;
	node->entry.tar.mtime = rules->time == STRATA_TIME_LIMIT ? rules->limit : 1;
	apply_owner(rules, &node->entry.tar);
}

/* Add the directories above PATH. Those above files are as they are on disk, those above store
 * items and customisation entries are made up. Returns 1 where one is the directory to avoid. */
static int add_parents(
	struct collection *collection, const char *path, bool on_disk, struct strata_error *error)
{
	strata_autofree char *parent = strdup(path);
	struct node node, *added;

	if (!parent)
		return strata_fail_memory(error);
	for (char *slash = strchr(parent, '/'); slash; slash = strchr(slash + 1, '/')) {
		int status;

		*slash = '\0';
		if (on_disk && strata_map_get(&collection->by_path, parent) == STRATA_MAP_NONE) {
			status = add_from_disk(collection, parent, STRATA_CONTENT_FILES,
				CLAIM_PARENT, &added, error);
			if (status == 0 && !added)
				return 1;
			if (status == 0 && !S_ISDIR(added->entry.tar.mode))
				status = strata_hint(error,
					strata_fail(error, STRATA_ERROR_INVALID,
						"'/%s' lies below '/%s', which is no directory",
						path, parent),
					"name it by its path without symbolic links");
		} else {
			make_directory(collection, parent, 0755, &node);
			status = check_name(parent, error);
			if (status == 0)
				status = add_node(collection, &node, &added, error);
		}
		if (status < 0)
			return status;
		*slash = '/';
	}
	return 0;
}

static int remember_directory(
	struct collection *collection, const char *path, struct strata_error *error)
{
	if (strata_grow(&collection->directories, &collection->directory_capacity,
		    collection->directory_count + 1, sizeof(*collection->directories)) < 0)
		return strata_fail_memory(error);
	collection->directories[collection->directory_count++] = (char *)path;
	return 0;
}

/* List the directory PATH of the image and add what is in it. */
static int list_directory(struct collection *collection, const char *path,
	enum strata_content content, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer child = STRATA_BUFFER_INIT;
	struct dirent *entry;
	DIR *stream = NULL;
	int status = 0;
	int descriptor;

	strata_tree_locate(&collection->place, collection->options->root, path);
	if (strata_buffer_check(&collection->place, error) < 0)
		return STRATA_ERROR_MEMORY;
	descriptor = open(collection->place.data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (descriptor >= 0)
		stream = fdopendir(descriptor);
	if (!stream) {
		status = strata_fail_errno(
			error, "cannot open the directory '%s'", collection->place.data);
		if (descriptor >= 0)
			close(descriptor);
		return status;
	}
	while (status == 0 && (errno = 0, entry = readdir(stream))) {
		struct node *added = NULL;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		strata_buffer_truncate(&child, 0);
		strata_buffer_format(&child, "%s/%s", path, entry->d_name);
		status = strata_buffer_check(&child, error);
		if (status == 0)
			status = add_from_disk(
				collection, child.data, content, CLAIM_ITEM, &added, error);
		if (status == 0 && added && S_ISDIR(added->entry.tar.mode))
			status = remember_directory(collection, added->entry.tar.path, error);
	}
	if (status == 0 && errno)
		status = strata_fail_errno(error, "cannot list '/%s'", path);
	closedir(stream);
	return status;
}

static int add_tree(struct collection *collection, const char *path, enum strata_content content,
	struct strata_error *error)
{
	struct node *added = NULL;
	int status = add_parents(collection, path, content == STRATA_CONTENT_FILES, error);

	if (status == 0)
		status = add_from_disk(collection, path, content, CLAIM_ITEM, &added, error);
	if (status == 0 && added && S_ISDIR(added->entry.tar.mode))
		status = remember_directory(collection, added->entry.tar.path, error);
	while (status == 0 && collection->directory_count > 0) {
		const char *directory = collection->directories[--collection->directory_count];

		status = list_directory(collection, directory, content, error);
	}
	return status;
}

static int add_item(struct collection *collection, const struct strata_recipe_item *item,
	struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status >= 0 && i < item->tree_count; i++)
		status = add_tree(collection, item->trees[i] + 1, item->content, error);
	for (size_t i = 0; status >= 0 && i < item->file_count; i++) {
		const char *path = item->files[i] + 1;
		struct node *added;

		if (!*path)
			continue; /* the root directory has no entry of its own */
		status =
			add_parents(collection, path, item->content == STRATA_CONTENT_FILES, error);
		if (status == 0)
			status = add_from_disk(
				collection, path, item->content, CLAIM_ITEM, &added, error);
	}
	return status < 0 ? strata_context(error, status, "item '%s'", item->id) : 0;
}

static int add_entry(
	struct collection *collection, const struct strata_entry *entry, struct strata_error *error)
{
	struct node node, *added;
	int status = check_name(entry->path + 1, error);

	if (status == 0)
		status = add_parents(collection, entry->path + 1, false, error);
	if (status < 0)
		return status;
	make_directory(collection, entry->path + 1, entry->mode, &node);
	node.claim = CLAIM_CUSTOMISATION;
	node.entry.tar.uid = entry->uid;
	node.entry.tar.gid = entry->gid;
	if (entry->kind == STRATA_ENTRY_SYMLINK) {
		node.entry.tar.mode = S_IFLNK | 0777;
		node.entry.tar.target =
			strata_arena_string(&collection->tree->arena, entry->target);
		if (!node.entry.tar.target)
			return strata_fail_memory(error);
	}
	apply_owner(&collection->recipe->rules, &node.entry.tar);
	return add_node(collection, &node, &added, error);
}

static int compare_nodes(const void *left, const void *right)
{
	const struct node *a = left, *b = right;

	return strata_path_compare(a->entry.tar.path, b->entry.tar.path);
}

/* What lies in a directory follows right after it. An item's directory may have been replaced by
 * a link of the customisation. */
static int check_directories(const struct collection *collection, struct strata_error *error)
{
	for (size_t i = 1; i < collection->node_count; i++) {
		const struct strata_tar_entry *upper = &collection->nodes[i - 1].entry.tar;
		const char *lower = collection->nodes[i].entry.tar.path;

		if (!S_ISDIR(upper->mode) && strata_text_starts_with(lower, upper->path) &&
			lower[strlen(upper->path)] == '/')
			return fail_below(upper->path, error);
	}
	return 0;
}

/* Sorts the names of one file of one item together, first name first. */
static int compare_inodes(const void *left, const void *right)
{
	const struct node *a = *(const struct node *const *)left;
	const struct node *b = *(const struct node *const *)right;

	if (a->item != b->item)
		return a->item < b->item ? -1 : 1;
	if (a->entry.file_system != b->entry.file_system)
		return a->entry.file_system < b->entry.file_system ? -1 : 1;
	if (a->entry.inode != b->entry.inode)
		return a->entry.inode < b->entry.inode ? -1 : 1;
	return a < b ? -1 : a > b;
}

static int find_hard_links(struct collection *collection, struct strata_error *error)
{
	strata_autofree struct node **candidates =
		strata_allocate(collection->node_count, sizeof(*candidates));
	size_t count = 0;
	struct node *first = NULL;

	if (!candidates)
		return strata_fail_memory(error);
	for (size_t i = 0; i < collection->node_count; i++) {
		if (collection->nodes[i].may_link)
			candidates[count++] = &collection->nodes[i];
	}
	qsort(candidates, count, sizeof(*candidates), compare_inodes);
	for (size_t i = 0; i < count; i++) {
		struct node *node = candidates[i];

		if (first && first->item == node->item &&
			first->entry.file_system == node->entry.file_system &&
			first->entry.inode == node->entry.inode) {
			node->entry.tar.hard_link = true;
			node->entry.tar.target = first->entry.tar.path;
		} else {
			first = node;
		}
	}
	return 0;
}

static int keep_entries(struct collection *collection, struct strata_error *error)
{
	struct strata_tree *tree = collection->tree;
	int status;

	if (collection->node_count > 0)
		qsort(collection->nodes, collection->node_count, sizeof(*collection->nodes),
			compare_nodes);
	status = check_directories(collection, error);
	if (status == 0)
		status = find_hard_links(collection, error);
	if (status < 0)
		return status;
	tree->entries = strata_allocate(collection->node_count, sizeof(*tree->entries));
	if (!tree->entries)
		return strata_fail_memory(error);
	for (size_t i = 0; i < collection->node_count; i++)
		tree->entries[i] = collection->nodes[i].entry;
	tree->count = collection->node_count;
	return 0;
}

int strata_tree_collect(const struct strata_recipe *recipe,
	const struct strata_build_options *options, struct strata_tree *tree,
	struct strata_error *error)
{
	struct collection collection = {.recipe = recipe,
		.options = options,
		.tree = tree,
		.by_path = STRATA_MAP_INIT,
		.place = STRATA_BUFFER_INIT};
	int status = 0;

	collection.avoids = options->avoid && stat(options->avoid, &collection.avoided) == 0;
	for (size_t i = 0; status == 0 && i < recipe->item_count; i++) {
		collection.item = i;
		status = add_item(&collection, &recipe->items[i], error);
		if (status == 0)
			status = strata_check_cancelled(options->observer, error);
	}
	for (size_t i = 0; status == 0 && i < recipe->customisation.entry_count; i++)
		status = add_entry(&collection, &recipe->customisation.entries[i], error);
	if (status == 0)
		status = keep_entries(&collection, error);
	strata_map_release(&collection.by_path);
	strata_buffer_release(&collection.place);
	free(collection.nodes);
	free(collection.directories);
	return status;
}

void strata_tree_release(struct strata_tree *tree)
{
	free(tree->entries);
	strata_arena_free(&tree->arena);
	*tree = (struct strata_tree)STRATA_TREE_INIT;
}
