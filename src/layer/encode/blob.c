/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/encode/blob.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "util/file.h"

int strata_blob_open(const struct strata_layer *layer, int *descriptor, struct strata_error *error)
{
	strata_autoclose int opened = open(layer->blob, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat info;

	if (opened < 0 || fstat(opened, &info) < 0)
		return strata_fail_errno(error, "cannot open '%s'", layer->blob);
	if (!S_ISREG(info.st_mode))
		return strata_fail(
			error, STRATA_ERROR_FORMAT, "'%s' is not a regular file", layer->blob);
	if ((uint64_t)info.st_size != layer->size)
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"'%s' has %lld bytes, its layer %llu", layer->blob, (long long)info.st_size,
			(unsigned long long)layer->size);
	*descriptor = strata_take_descriptor(&opened);
	return 0;
}

int strata_blob_copy(const struct strata_layer *layer, const struct strata_blob_place *place,
	struct strata_error *error)
{
	strata_autoclose int blob = -1;
	int status = strata_blob_open(layer, &blob, error);

	if (status == 0)
		status = strata_file_copy_to(place->descriptor, place->name, place->offset, blob,
			layer->blob, 0, layer->size, error);
	return status;
}
