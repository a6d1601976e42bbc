/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that can be had again: a blob, wherever it is.
 */
#ifndef REGISTRY_CLIENT_BLOB_SOURCE_H
#define REGISTRY_CLIENT_BLOB_SOURCE_H

#include <stratapack/digest.h>

#include "tar/input.h"

struct strata_blob_source {
	struct strata_digest digest;
	uint64_t size;
	/* Open it from its beginning. *INPUT is for close(). */
	int (*open)(void *data, struct strata_input **input, struct strata_error *error);
	void (*close)(void *data, struct strata_input *input);
	void *data;
};

/* A stream that passes on what it reads of a blob, and fails at its end with STRATA_ERROR_MISMATCH
 * unless it was of BLOB's size and digest. */
struct strata_checked_input {
	struct strata_input input;
	struct strata_input *source; /* borrowed */
	struct strata_sha256 *hash;
	const struct strata_digest *digest; /* borrowed */
	uint64_t size, count;
};

#define strata_autochecked STRATA_CLEANUP(strata_checked_input_release)

int strata_checked_input_init(struct strata_checked_input *checked, struct strata_input *source,
	const struct strata_digest *digest, uint64_t size, struct strata_error *error);
void strata_checked_input_release(struct strata_checked_input *checked);

#endif
