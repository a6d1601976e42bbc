/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/tree/byte_code.h"

/* Magic number, flags, and where no flag is set the time and the size of the program: 32 bits each,
 * the least significant byte first. */
enum {
	FLAGS = 4,
	TIME = 8,
	SIZE = 12,
};

void strata_byte_code_settle(
	struct strata_byte_code *code, uint8_t *bytes, size_t length, uint64_t offset, int64_t time)
{
	for (size_t i = 0; i < length && offset + i < SIZE; i++) {
		uint64_t at = offset + i;

		if (at >= FLAGS && at < TIME && bytes[i] != 0)
			code->has_flags = true;
		if (at >= TIME && !code->has_flags)
			bytes[i] = (uint8_t)((uint64_t)time >> (8 * (at - TIME)));
	}
}
