/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzing the status file of dpkg: whatever the bytes, parsing ends with packages or an error.
 */
#include "graph/dpkg/dpkg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	strata_autodpkg struct strata_dpkg database = STRATA_DPKG_INIT;
	struct strata_error error = STRATA_ERROR_INIT;
	int status = strata_dpkg_parse_status(
		&database, "status", size > 0 ? (const char *)data : "", size, &error);

	for (uint32_t i = 0; status == 0 && i < database.count; i++) {
		uint32_t *references, found;
		size_t count;

		status = strata_dpkg_resolve(&database, i, NULL, &references, &count, &error);
		for (size_t r = 0; status == 0 && r < count; r++) {
			if (references[r] >= database.count)
				__builtin_trap();
		}
		if (status == 0)
			status = strata_dpkg_find(
				&database, database.packages[i].id, &found, &error);
	}
	strata_error_clear(&error);
	return 0;
}
