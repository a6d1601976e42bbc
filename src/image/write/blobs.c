/* SPDX-License-Identifier: Apache-2.0 */
#include "image/write/blobs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/encode/blob.h"
#include "layer/record/layer_json.h"
#include "util/file.h"

/* A file that is written to gets another time. */
static void mark(int descriptor)
{
	static const struct timespec times[2] = {
		{.tv_nsec = UTIME_NOW}, {.tv_sec = STRATA_BLOB_TIME}};

	(void)futimens(descriptor, times);
}

/* Whether the file at PATH, which INFO is about, is the blob of LAYER. One that was hashed is
 * marked, so that it need not be again. */
static bool is_blob(const char *path, const struct stat *info, const struct strata_layer *layer)
{
	struct strata_layer found = {
		.blob = (char *)path, .digest = layer->digest, .size = layer->size};
	strata_autoclose int descriptor = -1;
	struct stat own;

	if (!S_ISREG(info->st_mode) || (uint64_t)info->st_size != layer->size)
		return false;
	if (lstat(layer->blob, &own) == 0 && own.st_dev == info->st_dev &&
		own.st_ino == info->st_ino)
		return true;
	if (info->st_mtim.tv_sec == STRATA_BLOB_TIME && info->st_mtim.tv_nsec == 0)
		return true;
	if (strata_layer_check_blob(&found, NULL) < 0)
		return false;
	descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (descriptor >= 0)
		mark(descriptor);
	return true;
}

static int copy_blob(const char *top, const struct strata_layer *layer, const char *path,
	struct strata_error *error)
{
	strata_autooutput struct strata_output output = STRATA_OUTPUT_INIT;
	strata_autoclose int blob = -1;
	int status = strata_blob_open(layer, &blob, error);

	if (status == 0)
		status = strata_output_open_inside(&output, top, path, error);
	if (status == 0)
		status = strata_file_copy(
			output.descriptor, path, blob, layer->blob, 0, layer->size, error);
	if (status == 0)
		mark(output.descriptor);
	if (status == 0)
		status = strata_output_commit(&output, error);
	return status;
}

int strata_blobs_place(const char *top, const char *directory, const char *name,
	const struct strata_layer *layer, struct strata_error *error)
{
	strata_autofree char *path = strata_path_join(directory, name);
	struct stat info;

	if (!path)
		return strata_fail_memory(error);
	if (lstat(path, &info) == 0) {
		if (is_blob(path, &info, layer))
			return 0;
		/* Whatever has that name is not what it says. */
		(void)unlink(path);
	}
	/* A working copy is soon removed under its own name, so it can be linked instead of copied.
	 */
	if (layer->staged && link(layer->blob, path) == 0)
		return 0;
	return copy_blob(top, layer, path, error);
}

/* Whether the file at PATH is DOCUMENT. */
static bool is_document(const char *path, const struct strata_document *document)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct stat info;

	return lstat(path, &info) == 0 && S_ISREG(info.st_mode) &&
	       (uint64_t)info.st_size == document->size &&
	       strata_file_read(path, document->size, &text, NULL) == 0 &&
	       text.length == document->size &&
	       memcmp(text.data, document->text, document->size) == 0;
}

int strata_blobs_place_document(const char *top, const char *directory,
	const struct strata_document *document, struct strata_error *error)
{
	strata_autofree char *path =
		strata_path_join(directory, strata_digest_hex(&document->digest));

	if (!path)
		return strata_fail_memory(error);
	if (is_document(path, document))
		return 0;
	return strata_file_place(top, path, document->text, document->size, error);
}
