/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/tree/tree.h"

#include <string.h>

#include "layer/tree/nodes.h"
#include "util/map.h"
#include "util/observer.h"
#include "util/path.h"
#include "util/text.h"

void strata_tree_locate(struct strata_buffer *buffer, const char *root, const char *path)
{
	strata_buffer_truncate(buffer, 0);
	if (root && strcmp(root, "/") != 0)
		strata_buffer_string(buffer, root);
	if (*path && *path != '/')
		strata_buffer_byte(buffer, '/');
	strata_buffer_string(buffer, path);
}

static int add_item(struct strata_collection *collection, size_t index, struct strata_error *error)
{
	const struct strata_recipe_item *item = &collection->recipe->items[index];
	const char *root = collection->options->root;
	struct strata_origin origin = {
		.place = root, .claim = STRATA_CLAIM_ITEM, .content = item->content, .item = index};
	int status = 0;

	for (size_t i = 0; status >= 0 && i < item->tree_count; i++)
		status = strata_collection_add_tree(collection, item->trees[i] + 1, &origin, error);
	for (size_t i = 0; status >= 0 && i < item->file_count; i++) {
		const char *path = item->files[i] + 1;
		struct strata_node *added;

		if (!*path)
			continue; /* the root directory has no entry of its own */
		if (strata_collection_excludes(collection, path))
			continue;
		status = strata_collection_add_parents(collection, path, &origin, error);
		if (status == 0)
			status = strata_collection_add_path(
				collection, path, &origin, &added, error);
	}
	if (status >= 0)
		status = strata_collection_add_item_entries(collection, index, error);
	return status < 0 ? strata_context(error, status, "item '%s'", item->id) : 0;
}

/* A path with NULs instead of slashes: as bytes, keys are in the order of paths by components. */
struct key {
	const char *bytes;
	size_t length;
	const struct strata_node *node;
};

static int compare_keys(const void *left, const void *right)
{
	const struct key *a = left, *b = right;
	int order = memcmp(a->bytes, b->bytes, a->length < b->length ? a->length : b->length);

	if (order != 0)
		return order;
	return a->length < b->length ? -1 : a->length > b->length;
}

static const char *make_key(struct strata_arena *arena, const char *path, size_t length)
{
	char *bytes = strata_arena_bytes(arena, path, length);

	for (char *slash = bytes; slash && (slash = strchr(slash, '/'));)
		*slash++ = '\0';
	return bytes;
}

static int fill_keys(const struct strata_collection *collection, struct strata_arena *arena,
	struct key *keys, struct strata_error *error)
{
	for (size_t i = 0; i < collection->node_count; i++) {
		const struct strata_node *node = &collection->nodes[i];
		size_t length = strlen(node->entry.tar.path);

		keys[i] = (struct key){make_key(arena, node->entry.tar.path, length), length, node};
		if (!keys[i].bytes)
			return strata_fail_memory(error);
	}
	return 0;
}

static int sort_nodes(struct strata_collection *collection, struct strata_error *error)
{
	size_t count = collection->node_count;
	strata_autofree struct key *keys = strata_allocate(count, sizeof(*keys));
	struct strata_node *sorted = strata_allocate(count, sizeof(*sorted));
	struct strata_arena arena = STRATA_ARENA_INIT;
	int status = keys && sorted ? fill_keys(collection, &arena, keys, error)
				    : strata_fail_memory(error);

	if (status == 0) {
		qsort(keys, count, sizeof(*keys), compare_keys);
		for (size_t i = 0; i < count; i++)
			sorted[i] = *keys[i].node;
		free(collection->nodes);
		collection->nodes = strata_take(sorted);
		collection->node_capacity = count;
	}
	free(sorted);
	strata_arena_free(&arena);
	return status;
}

/* What lies in a directory follows right after it. An item's directory may have been replaced by
 * a link of the customisation. */
static int check_directories(const struct strata_collection *collection, struct strata_error *error)
{
	for (size_t i = 1; i < collection->node_count; i++) {
		const struct strata_tar_entry *upper = &collection->nodes[i - 1].entry.tar;
		const char *lower = collection->nodes[i].entry.tar.path;

		if (!S_ISDIR(upper->mode) && strata_text_starts_with(lower, upper->path) &&
			lower[strlen(upper->path)] == '/')
			return strata_collection_fail_below(upper->path, error);
	}
	return 0;
}

/* Sorts the names of one file of one item together, first name first. */
static int compare_inodes(const void *left, const void *right)
{
	const struct strata_node *a = *(const struct strata_node *const *)left;
	const struct strata_node *b = *(const struct strata_node *const *)right;

	if (a->item != b->item)
		return a->item < b->item ? -1 : 1;
	if (a->entry.file_system != b->entry.file_system)
		return a->entry.file_system < b->entry.file_system ? -1 : 1;
	if (a->entry.inode != b->entry.inode)
		return a->entry.inode < b->entry.inode ? -1 : 1;
	return a < b ? -1 : a > b;
}

static bool same_xattrs(const struct strata_tar_entry *a, const struct strata_tar_entry *b)
{
	if (a->xattr_count != b->xattr_count)
		return false;
	for (size_t i = 0; i < a->xattr_count; i++) {
		const struct strata_xattr *left = &a->xattrs[i], *right = &b->xattrs[i];

		if (strcmp(left->name, right->name) != 0 || left->size != right->size ||
			memcmp(left->value, right->value, left->size) != 0)
			return false;
	}
	return true;
}

static bool is_same_inode(const struct strata_node *first, const struct strata_node *node)
{
	return first->item == node->item && first->entry.file_system == node->entry.file_system &&
	       first->entry.inode == node->entry.inode;
}

/* Rules may have given the names of one file different permissions: then they are two. */
static bool has_same_metadata(const struct strata_node *first, const struct strata_node *node)
{
	const struct strata_tar_entry *a = &first->entry.tar, *b = &node->entry.tar;

	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid && a->mtime == b->mtime &&
	       same_xattrs(a, b);
}

static int find_hard_links(struct strata_collection *collection, struct strata_error *error)
{
	strata_autofree struct strata_node **candidates =
		strata_allocate(collection->node_count, sizeof(*candidates));
	size_t count = 0;

	if (!candidates)
		return strata_fail_memory(error);
	for (size_t i = 0; i < collection->node_count; i++) {
		if (collection->nodes[i].may_link)
			candidates[count++] = &collection->nodes[i];
	}
	qsort(candidates, count, sizeof(*candidates), compare_inodes);
	for (size_t i = 0, first = 0; i < count; i++) {
		struct strata_node *node = candidates[i];

		/* Names of one inode stand together. */
		if (!is_same_inode(candidates[first], node))
			first = i;
		for (size_t other = first; other < i; other++) {
			const struct strata_node *earlier = candidates[other];

			if (earlier->entry.tar.hard_link || !has_same_metadata(earlier, node))
				continue;
			node->entry.tar.hard_link = true;
			node->entry.tar.target = earlier->entry.tar.path;
			break;
		}
	}
	return 0;
}

static int keep_entries(struct strata_collection *collection, struct strata_error *error)
{
	struct strata_tree *tree = collection->tree;
	int status = sort_nodes(collection, error);

	if (status == 0)
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

static int find_avoided(struct strata_collection *collection, struct strata_error *error)
{
	const struct strata_build_options *options = collection->options;

	collection->avoided = strata_allocate(options->avoid_count, sizeof(*collection->avoided));
	if (!collection->avoided)
		return strata_fail_memory(error);
	for (size_t i = 0; i < options->avoid_count; i++) {
		if (stat(options->avoid[i], &collection->avoided[collection->avoided_count]) == 0)
			collection->avoided_count++;
	}
	return 0;
}

int strata_tree_collect(const struct strata_recipe *recipe,
	const struct strata_build_options *options, struct strata_tree *tree,
	struct strata_error *error)
{
	struct strata_collection collection = {.recipe = recipe,
		.options = options,
		.tree = tree,
		.by_path = STRATA_MAP_INIT,
		.place = STRATA_BUFFER_INIT,
		.parent_path = STRATA_BUFFER_INIT,
		.anchor_descriptor = -1,
		.parent_descriptor = -1};
	int status = 0;

	status = find_avoided(&collection, error);
	for (size_t i = 0; status == 0 && i < recipe->item_count; i++) {
		status = add_item(&collection, i, error);
		if (status == 0)
			status = strata_check_cancelled(options->observer, error);
	}
	if (status == 0)
		status = strata_collection_customise(&collection, error);
	if (status == 0)
		status = keep_entries(&collection, error);
	strata_map_release(&collection.by_path);
	strata_buffer_release(&collection.place);
	strata_collection_leave(&collection);
	free(collection.nodes);
	free(collection.directories);
	free(collection.avoided);
	free(collection.redirects);
	return status;
}

void strata_tree_release(struct strata_tree *tree)
{
	free(tree->entries);
	free(tree->anchors);
	strata_arena_free(&tree->arena);
	*tree = (struct strata_tree)STRATA_TREE_INIT;
}
