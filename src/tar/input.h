/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte streams to read from, that can be put one behind the other: a part of a file, a stream that
 * is hashed as it passes, a stream that is decompressed (decompress.h), a tar archive
 * (reader.h).
 *
 * A kind of stream is a struct that begins with a struct strata_input. Streams borrow the one that
 * they read from; it must outlive them.
 */
#ifndef TAR_INPUT_H
#define TAR_INPUT_H

#include <stdint.h>

#include "util/error.h"
#include "util/sha256.h"

struct strata_input {
	/* Read up to CAPACITY bytes, which is not 0. *GOT is 0 at the end only. */
	int (*read)(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
		struct strata_error *error);
	/* Pass over up to LENGTH bytes without reading them; *PASSED is less at the end only. NULL
	 * where the bytes must be read. */
	int (*pass)(struct strata_input *input, uint64_t length, uint64_t *passed,
		struct strata_error *error);
};

/* Read up to CAPACITY bytes, fewer at the end only. */
int strata_input_read(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Pass over up to LENGTH bytes; *PASSED is less at the end only. */
int strata_input_pass(struct strata_input *input, uint64_t length, uint64_t *passed,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Read to the end and forget the bytes. */
int strata_input_drain(struct strata_input *input, struct strata_error *error) STRATA_MUST_CHECK;

/* The bytes of a file from `position` up to `end`. */
struct strata_file_input {
	struct strata_input input;
	int descriptor;   /* borrowed */
	const char *name; /* what messages call it; borrowed */
	uint64_t position, end;
};

/* Read SIZE bytes from OFFSET on. A file that ends earlier was cut since its size was found out:
 * STRATA_ERROR_CHANGED. */
void strata_file_input_init(struct strata_file_input *file, int descriptor, const char *name,
	uint64_t offset, uint64_t size);

/* Hashes and counts what is read through it. */
struct strata_hash_input {
	struct strata_input input;
	struct strata_input *source; /* borrowed */
	struct strata_sha256 *hash;  /* borrowed */
	uint64_t count;
};

void strata_hash_input_init(struct strata_hash_input *hash_input, struct strata_input *source,
	struct strata_sha256 *hash);

#endif
