/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/store/location.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buffer.h"
#include "util/file.h"
#include "util/text.h"

/* As many as the kernel follows. */
enum { MOST_LINKS = 40 };

const struct strata_known_store strata_known_stores[STRATA_KNOWN_STORES] = {
	{"/gnu/store", "/var/guix/db/db.sqlite", "/var/guix/daemon-socket/socket",
		"GUIX_DAEMON_SOCKET", 0x163, true},
	/* Of the versions that every Nix takes, the last whose messages are plain text. */
	{"/nix/store", "/nix/var/nix/db/db.sqlite", "/nix/var/nix/daemon-socket/socket",
		"NIX_DAEMON_SOCKET_PATH", 0x113, false},
};

bool strata_known_store_has(const struct strata_known_store *store, const char *path)
{
	size_t length = strlen(store->directory);

	return strata_text_starts_with(path, store->directory) && path[length] == '/' &&
	       path[length + 1] && !strchr(path + length + 1, '/');
}

static bool is_real_root(const char *root)
{
	return !root || strcmp(root, "/") == 0;
}

int strata_known_store_database(const struct strata_known_store *store, const char *root,
	char **database, struct strata_error *error)
{
	strata_autofree char *inside = NULL;
	struct stat info;
	int status = strata_store_follow(root, store->database, NULL, NULL, &inside, error);

	*database = NULL;
	if (status < 0)
		return status;
	*database = is_real_root(root) ? strata_take(inside) : strata_path_join(root, inside);
	if (!*database)
		return strata_fail_memory(error);
	if (stat(*database, &info) < 0)
		free(strata_take(*database));
	return 0;
}

/* A path being followed: absolute, without empty and "." components and without a slash at the
 * end ("" is the root). Its first `resolved` bytes are free of links and "..". */
struct walk {
	const char *root;
	const char *asked_for;
	struct strata_buffer path;
	size_t resolved;
	unsigned links;
};

static void cleanup_walk(struct walk *walk)
{
	strata_buffer_release(&walk->path);
}

static void append_components(struct strata_buffer *path, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "/");

		if (length > 0 && !(length == 1 && *text == '.')) {
			strata_buffer_byte(path, '/');
			strata_buffer_append(path, text, length);
		}
		text += length;
		text += *text == '/';
	}
}

static int start_walk(struct walk *walk, struct strata_error *error)
{
	strata_autofree char *working_directory = NULL;

	if (*walk->asked_for != '/' && is_real_root(walk->root)) {
		working_directory = getcwd(NULL, 0);
		if (!working_directory)
			return strata_fail_errno(error, "cannot find the working directory");
		append_components(&walk->path, working_directory);
	}
	append_components(&walk->path, walk->asked_for);
	return strata_buffer_check(&walk->path, error);
}

/* Put TEXT between the first KEPT bytes of the path and the rest from TAIL on. */
static int splice(
	struct walk *walk, size_t kept, const char *text, size_t tail, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer whole = STRATA_BUFFER_INIT;

	strata_buffer_append(&whole, walk->path.data, kept);
	append_components(&whole, text);
	strata_buffer_string(&whole, walk->path.data + tail);
	if (strata_buffer_check(&whole, error) < 0)
		return STRATA_ERROR_MEMORY;
	strata_buffer_release(&walk->path);
	walk->path = whole;
	whole = (struct strata_buffer)STRATA_BUFFER_INIT;
	walk->resolved = kept;
	return 0;
}

static int follow_link(struct walk *walk, const char *full, size_t end, struct strata_error *error)
{
	char target[PATH_MAX];
	ssize_t length = readlink(full, target, sizeof(target));

	if (length == (ssize_t)sizeof(target)) {
		errno = ENAMETOOLONG;
		length = -1;
	} else if (++walk->links > MOST_LINKS) {
		errno = ELOOP;
		length = -1;
	}
	if (length < 0)
		return strata_fail_errno(error, "cannot follow the link '%s', on the way of '%s'",
			full, walk->asked_for);
	target[length] = '\0';
	return splice(walk, *target == '/' ? 0 : walk->resolved, target, end, error);
}

/* Resolve the next component. Returns 1 where the path was rewritten, 0 where it was not. */
static int resolve_component(struct walk *walk, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer full = STRATA_BUFFER_INIT;
	const char *component = walk->path.data + walk->resolved + 1;
	size_t length = strcspn(component, "/");
	size_t end = walk->resolved + 1 + length;
	struct stat info;
	int status;

	if (length == 2 && memcmp(component, "..", 2) == 0) {
		size_t parent = walk->resolved;

		while (parent > 0 && walk->path.data[--parent] != '/')
			;
		status = splice(walk, parent, "", end, error);
		return status < 0 ? status : 1;
	}
	if (!is_real_root(walk->root))
		strata_buffer_string(&full, walk->root);
	strata_buffer_append(&full, walk->path.data, end);
	if (strata_buffer_check(&full, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (lstat(full.data, &info) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return strata_fail_errno(error, "cannot read '%s', on the way of '%s'",
				full.data, walk->asked_for);
		/* What does not exist has no links either. */
		walk->resolved = walk->path.length;
		return 0;
	}
	if (S_ISLNK(info.st_mode)) {
		status = follow_link(walk, full.data, end, error);
		return status < 0 ? status : 1;
	}
	walk->resolved = end;
	return 0;
}

/* Ask for every ancestor and the path itself; on 1 the path is cut to the item. A path with ".."
 * may leave what it seems to lie in, so it is not asked for before that is resolved. */
static int find_item(
	struct walk *walk, strata_is_item *is_item, void *context, struct strata_error *error)
{
	char *path = walk->path.data;
	size_t end = 0;

	if (strstr(path, "/../") || strata_text_ends_with(path, "/.."))
		return 0;
	while (path[end]) {
		size_t length = strcspn(path + end + 1, "/");
		char behind;
		int found;

		end += 1 + length;
		behind = path[end];
		path[end] = '\0';
		found = is_item(context, path, error);
		path[end] = behind;
		if (found > 0)
			strata_buffer_truncate(&walk->path, end);
		if (found != 0)
			return found;
	}
	return 0;
}

int strata_store_follow(const char *root, const char *path, strata_is_item *is_item, void *context,
	char **result, struct strata_error *error)
{
	STRATA_CLEANUP(cleanup_walk)
	struct walk walk = {.root = root, .asked_for = path, .path = STRATA_BUFFER_INIT};
	int status = start_walk(&walk, error);
	bool found = false, rewritten = true;

	*result = NULL;
	while (status == 0) {
		if (is_item && rewritten) {
			status = find_item(&walk, is_item, context, error);
			found = status > 0;
			if (status != 0)
				break;
		}
		if (walk.resolved == walk.path.length)
			break;
		status = resolve_component(&walk, error);
		rewritten = status > 0;
		if (rewritten)
			status = 0;
	}
	if (status < 0)
		return status;
	if (walk.path.length == 0)
		strata_buffer_byte(&walk.path, '/');
	*result = strata_buffer_take(&walk.path);
	return *result ? found : strata_fail_memory(error);
}
