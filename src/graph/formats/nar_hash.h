/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes of NARs, in any spelling.
 */
#ifndef GRAPH_FORMATS_NAR_HASH_H
#define GRAPH_FORMATS_NAR_HASH_H

#include <stratapack/digest.h>

#include "util/error.h"

/* Read the SHA-256 of a NAR in any spelling of Nix and Guix into DIGEST: 64 hexadecimal digits, 52
 * of Nix's base 32, or base64, bare or behind "sha256:" or "sha256-" (Subresource Integrity).
 * Anything else is STRATA_ERROR_FORMAT. */
int strata_nar_hash_parse(const char *text, struct strata_digest *digest,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
