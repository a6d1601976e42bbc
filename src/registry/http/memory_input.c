/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/http/memory_input.h"

#include <string.h>

static int read_memory(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	struct strata_memory_input *memory = (struct strata_memory_input *)input;

	*got = memory->left < capacity ? memory->left : capacity;
	memcpy(bytes, memory->bytes, *got);
	memory->bytes += *got;
	memory->left -= *got;
	return 0;
}

void strata_memory_input_init(struct strata_memory_input *memory, const void *bytes, size_t length)
{
	*memory = (struct strata_memory_input){
		.input = {.read = read_memory}, .bytes = bytes, .left = length};
}
