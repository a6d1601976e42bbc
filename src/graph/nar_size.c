/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NAR format (Dolstra's thesis, figure 5.2) is a sequence of strings, each an 8-byte length,
 * the bytes, and zeros up to a multiple of 8. Only the sizes matter here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/nar_size.h"
#include "util/buffer.h"
#include "util/error.h"

static uint64_t string_size(uint64_t length)
{
	return 8 + (length + 7) / 8 * 8;
}

static uint64_t text_size(const char *text)
{
	return string_size(strlen(text));
}

static int add_node(int directory, const char *name, struct strata_buffer *path, uint64_t *size,
	struct strata_error *error);

static int add_directory(int parent, const char *name, struct strata_buffer *path, uint64_t *size,
	struct strata_error *error)
{
	int descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	size_t length = path->length;
	struct dirent *entry;
	int status = 0;
	DIR *stream;

	if (descriptor < 0)
		return strata_fail_errno(error, "cannot open the directory '%s'", path->data);
	stream = fdopendir(descriptor);
	if (!stream) {
		close(descriptor);
		return strata_fail_memory(error);
	}
	*size += text_size("directory");
	while (status == 0 && (errno = 0, entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		*size += text_size("entry") + text_size("(") + text_size("name") +
			 text_size(entry->d_name) + text_size("node") + text_size(")");
		strata_buffer_format(path, "/%s", entry->d_name);
		status = strata_buffer_check(path, error);
		if (status == 0)
			status = add_node(dirfd(stream), entry->d_name, path, size, error);
		strata_buffer_truncate(path, length);
	}
	if (status == 0 && errno)
		status = strata_fail_errno(error, "cannot list '%s'", path->data);
	closedir(stream);
	return status;
}

static int add_node(int directory, const char *name, struct strata_buffer *path, uint64_t *size,
	struct strata_error *error)
{
	struct stat info;

	if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return strata_fail_errno(error, "cannot read '%s'", path->data);
	*size += text_size("(") + text_size("type") + text_size(")");
	switch (info.st_mode & S_IFMT) {
	case S_IFDIR:
		return add_directory(directory, name, path, size, error);
	case S_IFLNK:
		*size += text_size("symlink") + text_size("target") +
			 string_size((uint64_t)info.st_size);
		return 0;
	case S_IFREG:
		*size += text_size("regular") + text_size("contents") +
			 string_size((uint64_t)info.st_size);
		if (info.st_mode & S_IXUSR)
			*size += text_size("executable") + text_size("");
		return 0;
	default:
		/* A store holds nothing else; a tree of another kind costs about a header. */
		*size += 512;
		return 0;
	}
}

int strata_nar_size(const char *root, const char *path, uint64_t *size, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer full = STRATA_BUFFER_INIT;

	if (root && strcmp(root, "/") != 0)
		strata_buffer_string(&full, root);
	strata_buffer_string(&full, path);
	if (strata_buffer_check(&full, error) < 0)
		return STRATA_ERROR_MEMORY;
	*size = text_size("nix-archive-1");
	return add_node(AT_FDCWD, full.data, &full, size, error);
}
