#include "image/archive.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "layer/tar_writer.h"

static const char zeros[STRATA_TAR_END];

int strata_archive_open(
	struct strata_archive *archive, const char *path, struct strata_error *error)
{
	return strata_output_open(&archive->output, path, error);
}

void strata_archive_discard(struct strata_archive *archive)
{
	strata_output_discard(&archive->output);
}

static int write_bytes(
	struct strata_archive *archive, const void *bytes, size_t size, struct strata_error *error)
{
	return strata_file_write(
		archive->output.descriptor, archive->output.path, bytes, size, error);
}

static int write_header(struct strata_archive *archive, const char *name, mode_t mode,
	uint64_t size, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer header = STRATA_BUFFER_INIT;
	/* Time 1: tar warns of 0 as implausibly old. */
	struct strata_tar_entry entry = {.path = name, .mode = mode, .size = size, .mtime = 1};

	strata_tar_write_header(&header, &entry);
	if (strata_buffer_check(&header, error) < 0)
		return STRATA_ERROR_MEMORY;
	return write_bytes(archive, header.data, header.length, error);
}

int strata_archive_directory(
	struct strata_archive *archive, const char *name, struct strata_error *error)
{
	return write_header(archive, name, S_IFDIR | 0755, 0, error);
}

int strata_archive_bytes(struct strata_archive *archive, const char *name, const void *bytes,
	size_t size, struct strata_error *error)
{
	int status = write_header(archive, name, S_IFREG | 0644, size, error);

	if (status == 0)
		status = write_bytes(archive, bytes, size, error);
	if (status == 0)
		status = write_bytes(archive, zeros, strata_tar_padding(size), error);
	return status;
}

int strata_blob_open(const struct strata_layer *layer, int *descriptor, struct strata_error *error)
{
	strata_autoclose int opened = open(layer->blob, O_RDONLY | O_CLOEXEC);
	struct stat info;

	if (opened < 0 || fstat(opened, &info) < 0)
		return strata_fail_errno(error, "cannot open '%s'", layer->blob);
	if ((uint64_t)info.st_size != layer->size)
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"'%s' has %lld bytes, its layer %llu", layer->blob, (long long)info.st_size,
			(unsigned long long)layer->size);
	*descriptor = strata_take_descriptor(&opened);
	return 0;
}

int strata_archive_blob(struct strata_archive *archive, const char *name,
	const struct strata_layer *layer, struct strata_error *error)
{
	strata_autoclose int blob = -1;
	int status = strata_blob_open(layer, &blob, error);

	if (status == 0)
		status = write_header(archive, name, S_IFREG | 0644, layer->size, error);
	if (status == 0)
		status = strata_file_copy(archive->output.descriptor, archive->output.path, blob,
			layer->blob, 0, layer->size, error);
	if (status == 0)
		status = write_bytes(archive, zeros, strata_tar_padding(layer->size), error);
	return status;
}

int strata_archive_finish(struct strata_archive *archive, struct strata_error *error)
{
	int status = write_bytes(archive, zeros, STRATA_TAR_END, error);

	return status < 0 ? status : strata_output_commit(&archive->output, error);
}
