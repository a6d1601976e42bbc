/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes in memory as a stream.
 */
#ifndef REGISTRY_HTTP_MEMORY_INPUT_H
#define REGISTRY_HTTP_MEMORY_INPUT_H

#include "tar/input.h"

struct strata_memory_input {
	struct strata_input input;
	const char *bytes; /* borrowed */
	size_t left;
};

void strata_memory_input_init(struct strata_memory_input *memory, const void *bytes, size_t length);

#endif
