/* SPDX-License-Identifier: Apache-2.0 */
#include "image/write/archive.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/encode/blob.h"
#include "tar/writer.h"

static const char zeros[STRATA_TAR_END];

int strata_archive_open(
	struct strata_archive *archive, const char *path, struct strata_error *error)
{
	*archive = (struct strata_archive)STRATA_ARCHIVE_INIT;
	return strata_output_open(&archive->output, path, error);
}

void strata_archive_discard(struct strata_archive *archive)
{
	strata_output_discard(&archive->output);
	free(strata_take(archive->offsets));
}

static int write_bytes(
	struct strata_archive *archive, const void *bytes, size_t size, struct strata_error *error)
{
	const struct strata_output *output = &archive->output;
	uint64_t position = archive->position;

	archive->position += size;
	switch (archive->mode) {
	case STRATA_ARCHIVE_MEASURED:
		return 0;
	case STRATA_ARCHIVE_PLACED:
		return strata_file_write_at(
			output->descriptor, output->path, position, bytes, size, error);
	case STRATA_ARCHIVE_APPENDED:
		break;
	}
	return strata_file_write(output->descriptor, output->path, bytes, size, error);
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

static int append_blob(struct strata_archive *archive, const struct strata_layer *layer,
	struct strata_error *error)
{
	strata_autoclose int blob = -1;
	int status = strata_blob_open(layer, &blob, error);

	if (status == 0)
		status = strata_file_copy(archive->output.descriptor, archive->output.path, blob,
			layer->blob, 0, layer->size, error);
	return status;
}

/* Move SIZE bytes of the archive from OFFSET to TARGET, which is before it. */
static int move_up(struct strata_archive *archive, uint64_t target, uint64_t offset, uint64_t size,
	struct strata_error *error)
{
	enum { CHUNK = 256 * 1024 };
	const struct strata_output *output = &archive->output;
	strata_autofree char *chunk = malloc(CHUNK);
	int status = chunk ? 0 : strata_fail_memory(error);

	while (status == 0 && size > 0) {
		size_t part = size < CHUNK ? (size_t)size : CHUNK;

		status = strata_file_read_at(
			output->descriptor, output->path, offset, chunk, part, error);
		if (status == 0)
			status = strata_file_write_at(
				output->descriptor, output->path, target, chunk, part, error);
		offset += part;
		target += part;
		size -= part;
	}
	return status;
}

/* The blob is in the file already. Where members before it were left out, it moves up behind its
 * header. It only overwrites blobs before it, which were all made and added already. */
static int adopt_blob(struct strata_archive *archive, const struct strata_layer *layer,
	struct strata_error *error)
{
	uint64_t offset;

	assert(archive->next_blob < archive->blob_count);
	offset = archive->offsets[archive->next_blob];
	assert(archive->position <= offset);
	if (archive->position == offset)
		return 0;
	return move_up(archive, archive->position, offset, layer->size, error);
}

static int add_content(struct strata_archive *archive, const struct strata_layer *layer,
	struct strata_error *error)
{
	switch (archive->mode) {
	case STRATA_ARCHIVE_MEASURED:
		archive->offsets[archive->next_blob] = archive->position;
		return 0;
	case STRATA_ARCHIVE_PLACED:
		return adopt_blob(archive, layer, error);
	case STRATA_ARCHIVE_APPENDED:
		break;
	}
	return append_blob(archive, layer, error);
}

int strata_archive_blob(struct strata_archive *archive, const char *name,
	const struct strata_layer *layer, struct strata_error *error)
{
	int status = write_header(archive, name, S_IFREG | 0644, layer->size, error);

	if (status == 0)
		status = add_content(archive, layer, error);
	archive->position += layer->size;
	archive->next_blob++;
	if (status == 0)
		status = write_bytes(archive, zeros, strata_tar_padding(layer->size), error);
	return status;
}

void strata_archive_skip_blob(struct strata_archive *archive)
{
	archive->next_blob++;
}

bool strata_archive_takes_places(const struct strata_archive *archive)
{
	return archive->output.temporary != NULL;
}

int strata_archive_place(struct strata_archive *archive, size_t count,
	int (*add)(void *data, struct strata_error *error), void *data,
	struct strata_blob_file *file, struct strata_error *error)
{
	uint64_t begin = archive->position;
	uint64_t size;
	int status;

	archive->offsets = strata_allocate(count, sizeof(*archive->offsets));
	if (!archive->offsets)
		return strata_fail_memory(error);
	archive->blob_count = count;
	archive->next_blob = 0;
	archive->mode = STRATA_ARCHIVE_MEASURED;
	status = add(data, error);
	assert(status < 0 || archive->next_blob == count);
	size = archive->position;
	archive->mode = STRATA_ARCHIVE_PLACED;
	archive->position = begin;
	archive->next_blob = 0;
	*file = (struct strata_blob_file){
		archive->output.descriptor, archive->output.path, archive->offsets};
	if (status < 0)
		return status;
	return strata_file_reserve(archive->output.descriptor, archive->output.path, size, error);
}

int strata_archive_finish(struct strata_archive *archive, struct strata_error *error)
{
	int status = write_bytes(archive, zeros, STRATA_TAR_END, error);

	/* What fell out left room behind the end. */
	if (status == 0 && archive->mode == STRATA_ARCHIVE_PLACED &&
		ftruncate(archive->output.descriptor, (off_t)archive->position) < 0)
		status = strata_fail_errno(error, "cannot write to '%s'", archive->output.path);
	return status < 0 ? status : strata_output_commit(&archive->output, error);
}
