/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fuzz.h"
#include "image/verify/tar_stream.h"
#include "tar/decompress.h"

struct memory_input {
	struct strata_input input;
	const uint8_t *data;
	size_t left;
};

static int read_memory(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	struct memory_input *memory = (struct memory_input *)input;

	(void)error;
	*got = memory->left < capacity ? memory->left : capacity;
	if (*got > 0)
		memcpy(bytes, memory->data, *got);
	memory->data += *got;
	memory->left -= *got;
	return 0;
}

/* The input is a layer: compressed or not, a tar stream with any names in it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory_input memory = {{read_memory, NULL}, data, size};
	strata_autodecompressor struct strata_decompressor *decompressor = NULL;
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_findings findings = {.report = NULL};
	int status = strata_decompressor_new(&memory.input, "input", &decompressor, &error);

	if (status == 0)
		status = strata_verify_tar(
			strata_decompressor_input(decompressor), "input", &findings, &error);
	if (status < 0)
		strata_error_clear(&error);
	strata_findings_release(&findings);
	return 0;
}
