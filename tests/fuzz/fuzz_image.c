/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <stratapack/image.h>

#include "fuzz.h"

/* The input is a file with an image in any format. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strata_error error = STRATA_ERROR_INIT;
	int descriptor = memfd_create("image", MFD_CLOEXEC);
	char path[64], *output = NULL;
	size_t count;

	if (descriptor < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	if (write(descriptor, data, size) == (ssize_t)size) {
		(void)strata_image_verify(path, NULL, NULL, &count, &error);
		(void)strata_image_inspect(path, &output, &error);
		free(output);
	}
	close(descriptor);
	strata_error_clear(&error);
	return 0;
}
