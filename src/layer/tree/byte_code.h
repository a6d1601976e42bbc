/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Python's byte code in an image: it must name the time that its program has there.
 */
#ifndef LAYER_TREE_BYTE_CODE_H
#define LAYER_TREE_BYTE_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was seen of the head of a file; zero before its first byte. */
struct strata_byte_code {
	bool has_flags;
};

/* Let LENGTH BYTES, which are at OFFSET of a .pyc file (PEP 552), be of a program from TIME. The
 * pieces of a file come in their order. Byte code that names a hash instead stays as it is. */
void strata_byte_code_settle(struct strata_byte_code *code, uint8_t *bytes, size_t length,
	uint64_t offset, int64_t time);

#endif
