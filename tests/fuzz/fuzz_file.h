/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For parsers that read a file: the input becomes one that is in memory only.
 */
#ifndef FUZZ_FILE_H
#define FUZZ_FILE_H

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "util/error.h"

/* Call USE with the path of a file that holds the input. */
static inline int fuzz_in_file(
	const uint8_t *data, size_t size, void (*use)(const char *path, struct strata_error *error))
{
	struct strata_error error = STRATA_ERROR_INIT;
	int descriptor = memfd_create("input", MFD_CLOEXEC);
	char path[64];

	if (descriptor < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	if (write(descriptor, data, size) == (ssize_t)size)
		use(path, &error);
	close(descriptor);
	strata_error_clear(&error);
	return 0;
}

#define FUZZ_FILE(use)                                               \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) \
	{                                                            \
		return fuzz_in_file(data, size, use);                \
	}

#endif
