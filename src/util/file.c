/* SPDX-License-Identifier: Apache-2.0 */
#include "util/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int strata_file_fail_large(const char *path, size_t limit, struct strata_error *error)
{
	return strata_fail(error, STRATA_ERROR_FORMAT,
		"'%s' is larger than the %zu bytes that are plausible for it", path, limit);
}

bool strata_file_looks_like_json(const char *path)
{
	strata_autoclose int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char bytes[64];
	struct stat info;
	ssize_t length;

	if (descriptor < 0 || fstat(descriptor, &info) < 0 || !S_ISREG(info.st_mode))
		return false;
	length = read(descriptor, bytes, sizeof(bytes));
	for (ssize_t i = 0; i < length; i++) {
		if (!strchr(" \t\r\n", bytes[i]))
			return bytes[i] == '{';
	}
	return false;
}

int strata_file_read(
	const char *path, size_t limit, struct strata_buffer *buffer, struct strata_error *error)
{
	strata_autoclose int opened = -1;
	size_t total = 0;
	char chunk[65536];
	int descriptor = STDIN_FILENO;

	if (strcmp(path, "-") != 0) {
		opened = open(path, O_RDONLY | O_CLOEXEC);
		if (opened < 0)
			return strata_fail_errno(error, "cannot open '%s'", path);
		descriptor = opened;
	}
	for (;;) {
		ssize_t got = read(descriptor, chunk, sizeof(chunk));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return strata_fail_errno(error, "cannot read '%s'", path);
		if (got == 0)
			return strata_buffer_check(buffer, error);
		total += (size_t)got;
		if (total > limit)
			return strata_file_fail_large(path, limit, error);
		strata_buffer_append(buffer, chunk, (size_t)got);
	}
}

int strata_file_write(int descriptor, const char *name, const void *bytes, size_t length,
	struct strata_error *error)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t written = write(descriptor, at, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return strata_fail_errno(error, "cannot write to '%s'", name);
		at += written;
		length -= (size_t)written;
	}
	return 0;
}

int strata_file_write_at(int descriptor, const char *name, uint64_t offset, const void *bytes,
	size_t length, struct strata_error *error)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t written = pwrite(descriptor, at, length, (off_t)offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return strata_fail_errno(error, "cannot write to '%s'", name);
		at += written;
		offset += (uint64_t)written;
		length -= (size_t)written;
	}
	return 0;
}

int strata_file_reserve(int descriptor, const char *name, uint64_t size, struct strata_error *error)
{
	int status;

	/* After a power failure, the file is then as long as what was written, and not as its
	 * planned size. */
	do {
		status = fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, (off_t)size);
	} while (status < 0 && errno == EINTR);
	if (status < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
		return strata_fail_errno(error, "there is no room for the %llu bytes of '%s'",
			(unsigned long long)size, name);
	return 0;
}

int strata_file_read_at(int descriptor, const char *name, uint64_t offset, void *bytes,
	size_t length, struct strata_error *error)
{
	char *at = bytes;

	while (length > 0) {
		ssize_t got = pread(descriptor, at, length, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return strata_fail_errno(error, "cannot read '%s'", name);
		if (got == 0)
			return strata_fail(error, STRATA_ERROR_FORMAT, "'%s' ends too early", name);
		at += got;
		offset += (uint64_t)got;
		length -= (size_t)got;
	}
	return 0;
}

struct copy {
	int target, source;
	const char *target_name, *source_name;
	off_t *target_at; /* NULL: the current place */
	off_t source_at;
	uint64_t left;
};

/* Copy within the kernel as far as it can. */
static void copy_in_kernel(struct copy *copy)
{
	const uint64_t step = 1u << 30;

	while (copy->left > 0) {
		ssize_t copied = copy_file_range(copy->source, &copy->source_at, copy->target,
			copy->target_at, (size_t)(copy->left < step ? copy->left : step), 0);

		if (copied <= 0)
			break;
		copy->left -= (uint64_t)copied;
	}
}

static int copy_part(struct copy *copy, char *chunk, size_t length, struct strata_error *error)
{
	int status = strata_file_read_at(
		copy->source, copy->source_name, (uint64_t)copy->source_at, chunk, length, error);

	if (status < 0)
		return status;
	copy->source_at += (off_t)length;
	copy->left -= length;
	if (!copy->target_at)
		return strata_file_write(copy->target, copy->target_name, chunk, length, error);
	status = strata_file_write_at(
		copy->target, copy->target_name, (uint64_t)*copy->target_at, chunk, length, error);
	*copy->target_at += (off_t)length;
	return status;
}

static int copy_all(struct copy *copy, struct strata_error *error)
{
	enum { CHUNK = 256 * 1024 };
	strata_autofree char *chunk = NULL;
	int status = 0;

	copy_in_kernel(copy);
	if (copy->left == 0)
		return 0;
	chunk = malloc(CHUNK);
	if (!chunk)
		return strata_fail_memory(error);
	while (status == 0 && copy->left > 0)
		status = copy_part(
			copy, chunk, copy->left < CHUNK ? (size_t)copy->left : CHUNK, error);
	return status;
}

int strata_file_copy(int target, const char *target_name, int source, const char *source_name,
	uint64_t offset, uint64_t length, struct strata_error *error)
{
	struct copy copy = {target, source, target_name, source_name, NULL, (off_t)offset, length};

	return copy_all(&copy, error);
}

int strata_file_copy_to(int target, const char *target_name, uint64_t target_offset, int source,
	const char *source_name, uint64_t offset, uint64_t length, struct strata_error *error)
{
	off_t at = (off_t)target_offset;
	struct copy copy = {target, source, target_name, source_name, &at, (off_t)offset, length};

	return copy_all(&copy, error);
}

char *strata_path_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

char *strata_path_join(const char *directory, const char *name)
{
	size_t length = strlen(directory);
	char *path = NULL;

	while (length > 0 && directory[length - 1] == '/')
		length--;
	while (*name == '/')
		name++;
	if (asprintf(&path, "%.*s/%s", (int)length, directory, name) < 0)
		return NULL;
	return path;
}

int strata_directory_check_free(const char *path, struct strata_error *error)
{
	DIR *stream = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	if (!stream && errno == ENOENT)
		return 0;
	if (!stream)
		return strata_fail_errno(error, "cannot make the directory '%s'", path);
	while ((entry = readdir(stream)))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(stream);
	if (count == 0)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"the directory '%s' is there and is not empty", path),
		"name a new directory, or remove it first");
}

int strata_directory_create(const char *path, struct strata_error *error)
{
	strata_autofree char *partial = strdup(path);
	struct stat status;

	if (!partial)
		return strata_fail_memory(error);
	for (char *at = partial + 1;; at++) {
		char ended_by = *at;

		if (ended_by != '/' && ended_by != '\0')
			continue;
		*at = '\0';
		if (mkdir(partial, 0777) < 0 && errno != EEXIST)
			return strata_fail_errno(
				error, "cannot create the directory '%s'", partial);
		*at = ended_by;
		if (ended_by == '\0')
			break;
	}
	if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode)) {
		errno = ENOTDIR;
		return strata_fail_errno(error, "cannot use '%s' as a directory", path);
	}
	return 0;
}
