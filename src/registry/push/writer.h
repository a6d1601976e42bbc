/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images of our own making, as what is pushed.
 */
#ifndef REGISTRY_PUSH_WRITER_H
#define REGISTRY_PUSH_WRITER_H

#include "image/write/image.h"
#include "registry/push/push.h"

/* The manifest of IMAGE under OCI's media types, or under DOCKER's, which has none for zstd
 * (STRATA_ERROR_UNSUPPORTED). */
int strata_push_manifest_of(const struct strata_image *image, bool docker,
	struct strata_manifest_bytes *manifest, struct strata_error *error) STRATA_MUST_CHECK;

/* Bring all of IMAGE, whose layers are files, where PUSH goes, with MANIFEST, which is one of its
 * own. */
int strata_push_write(struct strata_push *push, const struct strata_image *image,
	const struct strata_manifest_bytes *manifest, struct strata_error *error) STRATA_MUST_CHECK;

#endif
