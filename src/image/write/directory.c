/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skopeo's "dir:": a schema 2 manifest, and blobs by the digits of their digests (containers-
 * transports(5)).
 */
#include "image/write/blobs.h"

#include <string.h>

#include "util/file.h"

static int write_file(const char *directory, const char *name, const void *bytes, size_t size,
	struct strata_error *error)
{
	strata_autofree char *path = strata_path_join(directory, name);

	return path ? strata_file_place(directory, path, bytes, size, error)
		    : strata_fail_memory(error);
}

int strata_check_directory(const struct strata_destination *destination, struct strata_error *error)
{
	return strata_directory_check_free(destination->path, error);
}

int strata_write_directory(const struct strata_image *image,
	const struct strata_destination *destination, struct strata_error *error)
{
	static const char version[] = "Directory Transport Version: 1.1\n";
	strata_autooutput struct strata_output output = STRATA_OUTPUT_INIT;
	int status = strata_output_open_directory(&output, destination->path, error);

	for (size_t i = 0; status == 0 && i < image->layer_count; i++)
		status = strata_blobs_place(output.temporary, output.temporary,
			strata_digest_hex(&image->layers[i].digest), &image->layers[i], error);
	if (status == 0)
		status = strata_blobs_place_document(
			output.temporary, output.temporary, &image->config, error);
	if (status == 0)
		status = write_file(output.temporary, "version", version, strlen(version), error);
	if (status == 0)
		status = write_file(output.temporary, "manifest.json", image->docker_manifest.text,
			image->docker_manifest.size, error);
	if (status == 0)
		status = strata_output_commit(&output, error);
	return status;
}
