/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outputs that appear whole or not at all (file.h). Small files that replace others, such as plans
 * and the indexes of layouts, also survive a power cut: without its index, the rest of a layout
 * cannot be found. Blobs and archives can be made again.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"
#include "util/temporary.h"

/* Files of more bytes are not synced. */
enum { SMALL = 16 << 20 };

/* Make the temporary of OUTPUT in DIRECTORY. */
static int make_in(struct strata_output *output, const char *directory,
	enum strata_temporary_kind kind, struct strata_error *error)
{
	int status = strata_temporary_make(
		directory, kind, &output->temporary, &output->descriptor, error);

	return status < 0 ? strata_context(error, status, "cannot write '%s'", output->path) : 0;
}

/* Make it beside the output's path. */
static int make_beside(
	struct strata_output *output, enum strata_temporary_kind kind, struct strata_error *error)
{
	strata_autofree char *directory = strata_path_directory(output->path);

	return directory ? make_in(output, directory, kind, error) : strata_fail_memory(error);
}

static int begin(struct strata_output *output, const char *path, struct strata_error *error)
{
	*output = (struct strata_output)STRATA_OUTPUT_INIT;
	output->path = strdup(path);
	return output->path ? 0 : strata_fail_memory(error);
}

int strata_output_open(struct strata_output *output, const char *path, struct strata_error *error)
{
	bool standard = strcmp(path, "-") == 0;
	struct stat info;
	bool there;

	if (begin(output, standard ? "standard output" : path, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (standard) {
		output->descriptor = STDOUT_FILENO;
		return 0;
	}
	there = stat(path, &info) == 0;
	if (there && S_ISDIR(info.st_mode))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"cannot write the file '%s': it is a directory", path);
	/* Devices and pipes are written to, not replaced. */
	if (there && !S_ISREG(info.st_mode)) {
		output->descriptor = open(path, O_WRONLY | O_CLOEXEC);
		if (output->descriptor < 0)
			return strata_fail_errno(error, "cannot open '%s'", path);
		return 0;
	}
	return make_beside(output, STRATA_TEMPORARY_FILE, error);
}

int strata_output_open_inside(struct strata_output *output, const char *directory, const char *path,
	struct strata_error *error)
{
	int status = begin(output, path, error);

	return status < 0 ? status : make_in(output, directory, STRATA_TEMPORARY_FILE, error);
}

int strata_output_open_directory(
	struct strata_output *output, const char *path, struct strata_error *error)
{
	int status = begin(output, path, error);

	if (status < 0)
		return status;
	output->is_directory = true;
	for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
		output->path[length - 1] = '\0';
	return make_beside(output, STRATA_TEMPORARY_DIRECTORY, error);
}

/* Write the file to the disk before it replaces another. */
static int sync_small(const struct strata_output *output, struct strata_error *error)
{
	struct stat old, new;

	if (lstat(output->path, &old) < 0 || fstat(output->descriptor, &new) < 0 ||
		new.st_size > SMALL)
		return 0;
	if (fdatasync(output->descriptor) < 0 && errno != EINVAL && errno != EROFS)
		return strata_fail_errno(error, "cannot write to '%s'", output->path);
	return 0;
}

/* Network file systems report a full disk only when a file is closed. The descriptor itself stays
 * open: it holds the lock until the file has its name. */
static int flush(struct strata_output *output, struct strata_error *error)
{
	int copy = fcntl(output->descriptor, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		copy = strata_take_descriptor(&output->descriptor);
	if (close(copy) < 0)
		return strata_fail_errno(error, "cannot write to '%s'", output->path);
	return 0;
}

int strata_output_commit(struct strata_output *output, struct strata_error *error)
{
	if (!output->temporary)
		return 0;
	if (!output->is_directory && (sync_small(output, error) < 0 || flush(output, error) < 0))
		return STRATA_ERROR_IO;
	if (rename(output->temporary, output->path) < 0)
		return strata_fail_errno(
			error, "cannot put the finished output in place as '%s'", output->path);
	free(strata_take(output->temporary));
	strata_cleanup_close(&output->descriptor);
	output->descriptor = -1;
	return 0;
}

void strata_output_discard(struct strata_output *output)
{
	int saved = errno;

	if (output->descriptor >= 0 && output->descriptor != STDOUT_FILENO)
		close(output->descriptor);
	if (output->temporary && !output->is_directory)
		unlink(output->temporary);
	else if (output->temporary)
		strata_directory_remove(output->temporary);
	free(output->temporary);
	free(output->path);
	*output = (struct strata_output)STRATA_OUTPUT_INIT;
	errno = saved;
}

static int write_whole(
	struct strata_output *output, const void *bytes, size_t length, struct strata_error *error)
{
	int status = strata_file_write(output->descriptor, output->path, bytes, length, error);

	return status < 0 ? status : strata_output_commit(output, error);
}

int strata_file_replace(
	const char *path, const void *bytes, size_t length, struct strata_error *error)
{
	strata_autooutput struct strata_output output = STRATA_OUTPUT_INIT;
	int status = strata_output_open(&output, path, error);

	return status < 0 ? status : write_whole(&output, bytes, length, error);
}

int strata_file_place(const char *directory, const char *path, const void *bytes, size_t length,
	struct strata_error *error)
{
	strata_autooutput struct strata_output output = STRATA_OUTPUT_INIT;
	int status = strata_output_open_inside(&output, directory, path, error);

	return status < 0 ? status : write_whole(&output, bytes, length, error);
}
