/* SPDX-License-Identifier: Apache-2.0 */
#include "util/root_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As many links as Linux follows in one path. */
enum { LINK_LIMIT = 40 };

/* What is at a path that goes through no links. */
struct strata_root_node {
	enum strata_root_kind kind;
	const char *target;
};

/* Where a directory really is, after following all links. */
struct strata_root_directory {
	bool missing;
	const char *path; /* "" for the root itself */
	const char **links;
	size_t link_count;
};

int strata_root_open(struct strata_root *root, const char *path, struct strata_error *error)
{
	if (!path)
		path = "/";
	root->path = strcmp(path, "/") != 0 ? path : "";
	root->descriptor = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root->descriptor < 0)
		return strata_hint(error,
			strata_fail_errno(error, "cannot open the root directory '%s'", path),
			"--root names the root directory of another system");
	return 0;
}

void strata_root_release(struct strata_root *root)
{
	strata_cleanup_close(&root->descriptor);
	strata_arena_free(&root->arena);
	strata_map_release(&root->known);
	strata_map_release(&root->directories);
	for (uint32_t i = 0; i < root->resolved_count; i++)
		free(root->resolved[i].links);
	free(root->resolved);
	free(root->nodes);
	strata_buffer_release(&root->scratch);
}

static int read_target(
	struct strata_root *root, const char *path, const char **target, struct strata_error *error)
{
	char bytes[PATH_MAX];
	ssize_t length = readlinkat(root->descriptor, path + 1, bytes, sizeof(bytes));

	if (length < 0)
		return strata_fail_errno(error, "cannot read the link '%s%s'", root->path, path);
	*target = strata_arena_bytes(&root->arena, bytes, (size_t)length);
	return *target ? 0 : strata_fail_memory(error);
}

static int examine(struct strata_root *root, const char *path, struct strata_root_node *node,
	struct strata_error *error)
{
	struct stat info;

	*node = (struct strata_root_node){STRATA_ROOT_MISSING, NULL};
	if (fstatat(root->descriptor, path + 1, &info, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == EACCES)
			node->kind = STRATA_ROOT_UNKNOWN;
		else if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG &&
			 errno != ELOOP)
			return strata_fail_errno(error, "cannot read '%s%s'", root->path, path);
		return 0;
	}
	switch (info.st_mode & S_IFMT) {
	case S_IFDIR:
		node->kind = STRATA_ROOT_DIRECTORY;
		break;
	case S_IFLNK:
		node->kind = STRATA_ROOT_SYMLINK;
		return read_target(root, path, &node->target, error);
	case S_IFSOCK:
		node->kind = STRATA_ROOT_SOCKET;
		break;
	default:
		node->kind = STRATA_ROOT_OTHER;
	}
	return 0;
}

/* What is at PATH. Directories and links are remembered: they are asked for again and again. */
static int look(struct strata_root *root, const char *path, struct strata_root_node *node,
	struct strata_error *error)
{
	uint32_t index = strata_map_get(&root->known, path);
	char *key;
	int status;

	if (index != STRATA_MAP_NONE) {
		*node = root->nodes[index];
		return 0;
	}
	status = examine(root, path, node, error);
	if (status < 0 ||
		(node->kind != STRATA_ROOT_DIRECTORY && node->kind != STRATA_ROOT_SYMLINK))
		return status;
	key = strata_arena_string(&root->arena, path);
	if (!key || strata_grow(&root->nodes, &root->node_capacity, (size_t)root->node_count + 1,
			    sizeof(*root->nodes)) < 0)
		return strata_fail_memory(error);
	root->nodes[root->node_count] = *node;
	if (strata_map_put(&root->known, key, root->node_count) < 0)
		return strata_fail_memory(error);
	root->node_count++;
	return 0;
}

/* A walk from the root along a path that is still to go. */
struct walk {
	struct strata_buffer here; /* without links */
	struct strata_buffer rest;
	const char **links;
	size_t link_count;
	size_t link_capacity;
	bool missing;
};

static void release_walk(struct walk *walk)
{
	strata_buffer_release(&walk->here);
	strata_buffer_release(&walk->rest);
	free(walk->links);
}

static void go_up(struct strata_buffer *here)
{
	const char *slash = strrchr(here->data, '/');

	strata_buffer_truncate(here, slash ? (size_t)(slash - here->data) : 0);
}

/* Continue at the target of the link that the walk stands on; REMAINING is what follows it. */
static int take_link(struct strata_root *root, struct walk *walk, const char *target,
	const char *remaining, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer rest = STRATA_BUFFER_INIT;
	char *link = strata_arena_string(&root->arena, walk->here.data);

	if (!link || strata_grow(&walk->links, &walk->link_capacity, walk->link_count + 1,
			     sizeof(*walk->links)) < 0)
		return strata_fail_memory(error);
	walk->links[walk->link_count++] = link;
	walk->missing = walk->link_count > LINK_LIMIT;
	strata_buffer_string(&rest, target);
	strata_buffer_byte(&rest, '/');
	strata_buffer_string(&rest, remaining);
	if (*target == '/')
		strata_buffer_truncate(&walk->here, 0);
	else
		go_up(&walk->here);
	strata_buffer_truncate(&walk->rest, 0);
	strata_buffer_append(&walk->rest, rest.data, rest.length);
	return strata_buffer_check(&rest, error);
}

/* Go one step along the path, of which everything before OFFSET is behind us. */
static int step(
	struct strata_root *root, struct walk *walk, size_t *offset, struct strata_error *error)
{
	const char *name = walk->rest.data + *offset;
	size_t length = strcspn(name, "/");
	struct strata_root_node node;
	int status;

	*offset += length;
	if (length == 0 || (length == 1 && name[0] == '.'))
		return 0;
	if (length == 2 && name[0] == '.' && name[1] == '.') {
		go_up(&walk->here);
		return 0;
	}
	strata_buffer_byte(&walk->here, '/');
	strata_buffer_append(&walk->here, name, length);
	status = strata_buffer_check(&walk->here, error);
	if (status == 0)
		status = look(root, walk->here.data, &node, error);
	if (status < 0)
		return status;
	if (node.kind == STRATA_ROOT_SYMLINK) {
		status = take_link(root, walk, node.target, name + length, error);
		*offset = 0;
	} else if (node.kind != STRATA_ROOT_DIRECTORY && node.kind != STRATA_ROOT_UNKNOWN) {
		walk->missing = true;
	}
	return status;
}

static int run_walk(struct strata_root *root, struct walk *walk, const char *path,
	struct strata_root_directory *directory, struct strata_error *error)
{
	size_t offset = 0;

	strata_buffer_string(&walk->rest, path);
	while (!walk->missing && walk->rest.data[offset]) {
		int status = 0;

		if (walk->rest.data[offset] == '/')
			offset++;
		else
			status = step(root, walk, &offset, error);
		if (status == 0)
			status = strata_buffer_check(&walk->rest, error);
		if (status < 0)
			return status;
	}
	directory->missing = walk->missing;
	directory->path = strata_arena_string(&root->arena, walk->here.data);
	if (!directory->path)
		return strata_fail_memory(error);
	directory->links = strata_take(walk->links);
	directory->link_count = walk->link_count;
	return 0;
}

static int resolve_directory(struct strata_root *root, const char *path,
	const struct strata_root_directory **result, struct strata_error *error)
{
	uint32_t index = strata_map_get(&root->directories, path);
	STRATA_CLEANUP(release_walk)
	struct walk walk = {.here = STRATA_BUFFER_INIT, .rest = STRATA_BUFFER_INIT};
	char *key;
	int status;

	if (index != STRATA_MAP_NONE) {
		*result = &root->resolved[index];
		return 0;
	}
	key = strata_arena_string(&root->arena, path);
	if (!key || strata_grow(&root->resolved, &root->resolved_capacity,
			    (size_t)root->resolved_count + 1, sizeof(*root->resolved)) < 0)
		return strata_fail_memory(error);
	status = run_walk(root, &walk, path, &root->resolved[root->resolved_count], error);
	if (status < 0)
		return status;
	*result = &root->resolved[root->resolved_count];
	root->resolved_count++;
	if (strata_map_put(&root->directories, key, root->resolved_count - 1) < 0)
		return strata_fail_memory(error);
	return 0;
}

int strata_root_find(struct strata_root *root, const char *path, struct strata_root_entry *entry,
	struct strata_error *error)
{
	const struct strata_root_directory *directory = NULL;
	struct strata_buffer *scratch = &root->scratch;
	struct strata_root_node node;
	const char *base;
	size_t length = strlen(path);
	int status;

	*entry = (struct strata_root_entry){0};
	while (length > 0 && path[length - 1] == '/')
		length--;
	for (base = path + length; base > path && base[-1] != '/';)
		base--;
	length -= (size_t)(base - path);
	if (length == 0 || (length == 1 && base[0] == '.') ||
		(length == 2 && base[0] == '.' && base[1] == '.'))
		return 0;
	strata_buffer_truncate(scratch, 0);
	strata_buffer_append(scratch, path, (size_t)(base - path));
	status = strata_buffer_check(scratch, error);
	if (status == 0)
		status = resolve_directory(root, scratch->data, &directory, error);
	if (status < 0 || directory->missing)
		return status;
	strata_buffer_truncate(scratch, 0);
	strata_buffer_string(scratch, directory->path);
	strata_buffer_byte(scratch, '/');
	strata_buffer_append(scratch, base, length);
	status = strata_buffer_check(scratch, error);
	if (status == 0)
		status = look(root, scratch->data, &node, error);
	if (status < 0 || node.kind == STRATA_ROOT_MISSING)
		return status;
	*entry = (struct strata_root_entry){node.kind,
		strata_arena_bytes(&root->arena, scratch->data, scratch->length), node.target,
		directory->links, directory->link_count};
	return entry->path ? 0 : strata_fail_memory(error);
}

int strata_root_follow(struct strata_root *root, const struct strata_root_entry *link,
	struct strata_root_entry *entry, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;

	if (*link->target != '/')
		strata_buffer_append(
			&path, link->path, (size_t)(strrchr(link->path, '/') - link->path) + 1);
	strata_buffer_string(&path, link->target);
	if (strata_buffer_check(&path, error) < 0)
		return STRATA_ERROR_MEMORY;
	return strata_root_find(root, path.data, entry, error);
}
