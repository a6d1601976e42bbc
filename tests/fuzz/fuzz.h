/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entry point of every fuzz target, with the name that libFuzzer, AFL++ and OSS-Fuzz expect.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Run the target over SIZE bytes of DATA. A defect shows as a crash; the result is always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
