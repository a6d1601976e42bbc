/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pushing an index of images from anywhere: they are joined in a layout of its own first, which
 * says what is missing in the registry.
 */
#include <stratapack/registry.h>

#include <stratapack/image.h>

#include "image/write/copy.h"
#include "util/error.h"
#include "util/file.h"

static int join_and_push(struct strata_registry *registry, const char *const *sources, size_t count,
	char *layout, const char *const *names, size_t name_count,
	struct strata_push_result *result, struct strata_error *error)
{
	struct strata_destination destination = {.format = STRATA_FORMAT_OCI, .path = layout};
	struct strata_push_options options = {.all = true, .result = result};
	int status = strata_index_write(sources, count, &destination, error);

	if (status < 0)
		return status;
	return strata_registry_push(registry, layout, names, name_count, &options, error);
}

int strata_registry_push_index(struct strata_registry *registry, const char *const *sources,
	size_t count, const char *const *names, size_t name_count,
	struct strata_push_result *result, struct strata_error *error)
{
	strata_autofree char *parent = strata_image_working_parent();
	strata_autofree char *staging = NULL;
	strata_autofree char *layout = NULL;
	int status;

	if (!parent)
		return strata_fail_memory(error);
	staging = strata_directory_temporary(parent, error);
	if (!staging)
		return error ? (int)error->status : STRATA_ERROR_IO;
	layout = strata_path_join(staging, "index");
	status = layout ? join_and_push(registry, sources, count, layout, names, name_count, result,
				  error)
			: strata_fail_memory(error);
	strata_directory_remove(staging);
	return status;
}
