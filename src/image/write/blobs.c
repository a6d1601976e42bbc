/* SPDX-License-Identifier: Apache-2.0 */
#include "image/write/blobs.h"

#include <sys/stat.h>
#include <unistd.h>

#include "layer/encode/blob.h"
#include "util/file.h"

static bool is_there(const char *path, uint64_t size)
{
	struct stat info;

	return lstat(path, &info) == 0 && S_ISREG(info.st_mode) && (uint64_t)info.st_size == size;
}

static int copy_blob(const struct strata_layer *layer, const char *path, struct strata_error *error)
{
	strata_autooutput struct strata_output output = STRATA_OUTPUT_INIT;
	strata_autoclose int blob = -1;
	int status = strata_blob_open(layer, &blob, error);

	if (status == 0)
		status = strata_output_open(&output, path, error);
	if (status == 0)
		status = strata_file_copy(
			output.descriptor, path, blob, layer->blob, 0, layer->size, error);
	if (status == 0)
		status = strata_output_commit(&output, error);
	return status;
}

int strata_blobs_place(const char *directory, const char *name, const struct strata_layer *layer,
	struct strata_error *error)
{
	strata_autofree char *path = strata_path_join(directory, name);

	if (!path)
		return strata_fail_memory(error);
	if (is_there(path, layer->size))
		return 0;
	/* A working copy is about to be removed under its own name: no need to copy the bytes. */
	if (layer->staged && link(layer->blob, path) == 0)
		return 0;
	return copy_blob(layer, path, error);
}

int strata_blobs_place_document(
	const char *directory, const struct strata_document *document, struct strata_error *error)
{
	strata_autofree char *path =
		strata_path_join(directory, strata_digest_hex(&document->digest));

	if (!path)
		return strata_fail_memory(error);
	if (is_there(path, document->size))
		return 0;
	return strata_file_replace(path, document->text, document->size, error);
}
