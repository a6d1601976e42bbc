/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A main() for the fuzz targets: runs each file named on the command line through the target, so
 * that a corpus can be replayed with any compiler, and under valgrind.
 */
#include <stdio.h>

#include "fuzz.h"
#include "util/file.h"

int main(int count, char **arguments)
{
	for (int i = 1; i < count; i++) {
		strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;
		struct strata_error error = STRATA_ERROR_INIT;

		if (strata_file_read(arguments[i], (size_t)1 << 30, &content, &error) < 0) {
			fprintf(stderr, "%s\n", error.message);
			strata_error_clear(&error);
			return 1;
		}
		(void)LLVMFuzzerTestOneInput((const uint8_t *)content.data, content.length);
	}
	return 0;
}
