/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no package owns on a whole system: every path that no list names, except what belongs to
 * the running system.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "graph/dpkg/generated_table.h"
#include "graph/dpkg/image.h"
#include "util/observer.h"
#include "util/pattern.h"

struct search {
	struct strata_dpkg_files *files;
	const struct strata_map *owners;
	const struct strata_dpkg_options *options;
	struct strata_generated_table table;
	struct strata_dpkg_paths *paths;
	uint64_t *size;
	dev_t device;                     /* of the directory that is being read */
	struct strata_dpkg_paths left;    /* out, since they are secrets or this machine's */
	struct strata_dpkg_paths waiting; /* directories that are still to be read */
};

static void release_search(struct search *search)
{
	free(search->waiting.paths);
	free(search->left.paths);
	strata_generated_table_release(&search->table);
}

static int append(struct strata_dpkg_paths *paths, const char *path, struct strata_error *error)
{
	return strata_dpkg_paths_add(paths, path, error);
}

static bool is_included(const struct search *search, const char *path)
{
	for (size_t i = 0; i < search->options->include_count; i++) {
		if (strata_pattern_matches(search->options->include[i], path))
			return true;
	}
	return false;
}

/* Whether something that is to be included can be below PATH. */
static bool may_include(const struct search *search, const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < search->options->include_count; i++) {
		if (strncmp(search->options->include[i], path, length) == 0)
			return true;
	}
	return false;
}

/* What the first rule for PATH says. */
static enum strata_generated_action find_action(const struct search *search, const char *path)
{
	for (size_t i = 0; i < search->table.count; i++) {
		const struct strata_generated_rule *rule = &search->table.rules[i];

		if (strata_pattern_matches(rule->pattern, path))
			return rule->action;
	}
	return STRATA_RULE_FILE;
}

/* Whether PATH is of no use in another machine's image: by the first rule for it. */
static bool is_left_out(const struct search *search, const char *path)
{
	if (is_included(search, path))
		return false;
	return find_action(search, path) >= STRATA_RULE_NEVER;
}

/* File systems that a system has for itself and for the time that it runs. */
static bool is_pseudo(const struct search *search, const char *path)
{
	static const unsigned long kinds[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC, TMPFS_MAGIC,
		DEVPTS_SUPER_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, SECURITYFS_MAGIC,
		DEBUGFS_MAGIC, TRACEFS_MAGIC, BPF_FS_MAGIC, PSTOREFS_MAGIC, RAMFS_MAGIC,
		EFIVARFS_MAGIC, HUGETLBFS_MAGIC, SELINUX_MAGIC};
	strata_autobuffer struct strata_buffer full = STRATA_BUFFER_INIT;
	struct statfs info;

	strata_buffer_format(&full, "%s%s", search->files->root->path, path);
	if (full.failed || statfs(full.data, &info) < 0)
		return true;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if ((unsigned long)info.f_type == kinds[i])
			return true;
	}
	return false;
}

/* A file system of its own that is a part of the system: /var, /usr and the like, and whatever is
 * named to be included. */
static bool is_mounted_part(const struct search *search, const char *path)
{
	static const char *const parts[] = {"/etc", "/opt", "/srv", "/usr", "/var"};

	if (may_include(search, path))
		return true;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		size_t length = strlen(parts[i]);

		if (strncmp(path, parts[i], length) == 0 && (!path[length] || path[length] == '/'))
			return !is_pseudo(search, path);
	}
	return false;
}

/* Only directories are asked for their file system: overlays report other devices for files. */
static bool is_entered(
	const struct search *search, const char *path, dev_t above, const struct stat *info)
{
	strata_autobuffer struct strata_buffer child = STRATA_BUFFER_INIT;

	if (!S_ISDIR(info->st_mode) || (info->st_dev != above && !is_mounted_part(search, path)))
		return false;
	/* Where nothing in it is wanted, it need not be read. */
	strata_buffer_format(&child, "%s/?", path);
	return child.failed || !is_left_out(search, child.data) || may_include(search, path);
}

static int visit(struct search *search, const char *path, struct strata_error *error)
{
	struct strata_root *root = search->files->root;
	struct stat info;
	const char *kept;
	int status = 0;

	if (fstatat(root->descriptor, path + 1, &info, AT_SYMLINK_NOFOLLOW) < 0) {
		/* The system is alive: files vanish. */
		if (errno == ENOENT)
			return 0;
		return strata_fail_errno(error, "cannot read '%s%s'", root->path, path);
	}
	if (S_ISSOCK(info.st_mode)) {
		strata_note(search->files->observer, "'%s' is a socket and is left out", path);
		return 0;
	}
	kept = strata_arena_string(&root->arena, path);
	if (!kept)
		return strata_fail_memory(error);
	if (is_left_out(search, path)) {
		if (S_ISREG(info.st_mode) && find_action(search, path) == STRATA_RULE_NEVER)
			status = append(&search->left, kept, error);
	} else if (strata_map_get(search->owners, path) == STRATA_MAP_NONE) {
		status = append(search->paths, kept, error);
		if (S_ISREG(info.st_mode))
			*search->size += (uint64_t)info.st_size;
	}
	if (status == 0 && is_entered(search, path, search->device, &info))
		status = append(&search->waiting, kept, error);
	return status;
}

static int read_directory(
	struct search *search, const char *path, DIR *stream, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer child = STRATA_BUFFER_INIT;
	const struct dirent *entry;

	while ((errno = 0, entry = readdir(stream))) {
		int status;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		strata_buffer_truncate(&child, 0);
		strata_buffer_format(&child, "%s/%s", path, entry->d_name);
		status = strata_buffer_check(&child, error);
		if (status == 0)
			status = visit(search, child.data, error);
		if (status < 0)
			return status;
	}
	return errno ? strata_fail_errno(
			       error, "cannot list '%s%s'", search->files->root->path, path)
		     : 0;
}

static int enter(struct search *search, const char *path, struct strata_error *error)
{
	const struct strata_root *root = search->files->root;
	strata_autoclose int descriptor = openat(root->descriptor, *path ? path + 1 : ".",
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat info;
	DIR *stream;
	int status;

	if (descriptor < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (descriptor < 0) {
		status = strata_fail_errno(
			error, "cannot open the directory '%s%s'", root->path, *path ? path : "/");
		return error && error->system_error == EACCES
			       ? strata_hint(error, status,
					 "a whole system can only be read by its administrator")
			       : status;
	}
	if (fstat(descriptor, &info) < 0)
		return strata_fail_errno(error, "cannot read '%s%s'", root->path, path);
	search->device = info.st_dev;
	stream = fdopendir(descriptor);
	if (!stream)
		return strata_fail_memory(error);
	strata_take_descriptor(&descriptor);
	status = read_directory(search, path, stream, error);
	closedir(stream);
	return status;
}

static int compare_paths(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void tell(const struct search *search)
{
	const struct strata_dpkg_paths *left = &search->left;

	if (left->count == 0)
		return;
	qsort(left->paths, left->count, sizeof(*left->paths), compare_paths);
	strata_note(search->files->observer,
		"%zu files are left out, since they are secrets, people's or this machine's alone, "
		"'%s' for one (--include takes them)",
		left->count, left->paths[0]);
}

int strata_dpkg_find_unowned(struct strata_dpkg_image *image,
	const struct strata_dpkg_options *options, struct strata_dpkg_paths *paths, uint64_t *size,
	struct strata_error *error)
{
	STRATA_CLEANUP(release_search)
	struct search search = {.files = image->files,
		.owners = &image->owners,
		.options = options,
		.paths = paths,
		.size = size};
	int status = strata_generated_table_read(&search.table, options->generated_table, error);

	*size = 0;
	if (status == 0)
		status = append(&search.waiting, "", error);
	while (status == 0 && search.waiting.count > 0) {
		status = strata_check_cancelled(image->files->observer, error);
		if (status == 0)
			status =
				enter(&search, search.waiting.paths[--search.waiting.count], error);
	}
	if (status == 0)
		tell(&search);
	return status;
}
