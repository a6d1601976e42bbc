/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content digests, as the OCI image specification writes them: "sha256:" and 64 lower-case
 * hexadecimal digits.
 */
#ifndef STRATAPACK_DIGEST_H
#define STRATAPACK_DIGEST_H

#include <stdbool.h>

#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STRATA_DIGEST_PREFIX "sha256:"

enum {
	STRATA_DIGEST_SIZE = 72, /* prefix, digits and the NUL */
};

struct strata_digest {
	char text[STRATA_DIGEST_SIZE]; /* "" while unknown */
};

/* Read TEXT, which must be a sha256 digest and nothing else. A digest from outside becomes part
 * of paths only after this. Returns false where it is not one. */
STRATA_PUBLIC bool strata_digest_parse(const char *text, struct strata_digest *digest);

/* The 64 digits alone: how file names spell a digest. Points into DIGEST. */
STRATA_PUBLIC const char *strata_digest_hex(const struct strata_digest *digest);

STRATA_PUBLIC bool strata_digest_equal(
	const struct strata_digest *left, const struct strata_digest *right);

#ifdef __cplusplus
}
#endif

#endif
