/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no package owns on a whole system: every path that no list names, except what belongs to
 * the running system.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/dpkg/dpkg.h"
#include "util/observer.h"

/* Directories whose content belongs to the running system or to nobody. */
static const char *const volatile_directories[] = {
	"/proc",
	"/run",
	"/sys",
	"/tmp",
	"/var/tmp",
};

struct search {
	struct strata_dpkg_files *files;
	const struct strata_map *owners;
	struct strata_dpkg_paths *paths;
	uint64_t *size;
	dev_t device;
	struct strata_dpkg_paths waiting; /* directories that are still to be read */
};

static void release_search(struct search *search)
{
	free(search->waiting.paths);
}

static bool is_volatile(const char *path)
{
	for (size_t i = 0; i < sizeof(volatile_directories) / sizeof(*volatile_directories); i++) {
		if (strcmp(path, volatile_directories[i]) == 0)
			return true;
	}
	return false;
}

static int append(struct strata_dpkg_paths *paths, const char *path, struct strata_error *error)
{
	struct strata_root_entry entry = {.path = path};

	return strata_dpkg_paths_add(paths, &entry, error);
}

/* Only directories are asked for their file system: overlays report other devices for files. */
static bool is_entered(const struct search *search, const char *path, const struct stat *info)
{
	return S_ISDIR(info->st_mode) && info->st_dev == search->device && !is_volatile(path);
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
	if (strata_map_get(search->owners, path) == STRATA_MAP_NONE) {
		status = append(search->paths, kept, error);
		if (S_ISREG(info.st_mode))
			*search->size += (uint64_t)info.st_size;
	}
	if (status == 0 && is_entered(search, path, &info))
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
	stream = fdopendir(descriptor);
	if (!stream)
		return strata_fail_memory(error);
	strata_take_descriptor(&descriptor);
	status = read_directory(search, path, stream, error);
	closedir(stream);
	return status;
}

int strata_dpkg_find_unowned(struct strata_dpkg_files *files, const struct strata_map *owners,
	struct strata_dpkg_paths *paths, uint64_t *size, struct strata_error *error)
{
	STRATA_CLEANUP(release_search)
	struct search search = {.files = files, .owners = owners, .paths = paths, .size = size};
	struct stat info;
	int status;

	*size = 0;
	if (fstat(files->root->descriptor, &info) < 0)
		return strata_fail_errno(error, "cannot read '%s/'", files->root->path);
	search.device = info.st_dev;
	status = append(&search.waiting, "", error);
	while (status == 0 && search.waiting.count > 0) {
		status = strata_check_cancelled(files->observer, error);
		if (status == 0)
			status =
				enter(&search, search.waiting.paths[--search.waiting.count], error);
	}
	return status;
}
