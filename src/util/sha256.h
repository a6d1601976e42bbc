/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4). The library that computes it is private to sha256.c.
 */
#ifndef UTIL_SHA256_H
#define UTIL_SHA256_H

#include <stddef.h>

#include "util/error.h"
#include "util/memory.h"

enum {
	STRATA_SHA256_SIZE = 32,
	STRATA_SHA256_HEX_SIZE = 65, /* lower-case digits and the NUL */
};

struct strata_sha256;

#define strata_autosha256 STRATA_CLEANUP(strata_cleanup_sha256)

/* A new computation; NULL where memory is out. The caller owns it. One thread at a time. */
struct strata_sha256 *strata_sha256_new(void);
void strata_sha256_update(struct strata_sha256 *hash, const void *bytes, size_t length);

/* Write the digest of everything so far as lower-case hex; the computation then starts anew. */
void strata_sha256_finish(struct strata_sha256 *hash, char hex[STRATA_SHA256_HEX_SIZE]);

void strata_sha256_free(struct strata_sha256 *hash);
void strata_cleanup_sha256(struct strata_sha256 **hash);

/* The digest of LENGTH bytes in one call. */
int strata_sha256_of(const void *bytes, size_t length, char hex[STRATA_SHA256_HEX_SIZE],
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
