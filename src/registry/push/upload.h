/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bringing one blob into a repository.
 */
#ifndef REGISTRY_PUSH_UPLOAD_H
#define REGISTRY_PUSH_UPLOAD_H

#include "registry/manifest.h"

enum strata_upload_outcome {
	STRATA_UPLOAD_SENT,
	STRATA_UPLOAD_MOUNTED, /* from another repository: no byte was sent */
	STRATA_UPLOAD_PRESENT, /* it was there when an upload was tried again */
};

/* Whether the blob called DIGEST is in REPOSITORY. */
int strata_blob_head(const struct strata_repository *repository, const struct strata_digest *digest,
	bool *there, struct strata_error *error) STRATA_MUST_CHECK;

/* Bring BLOB into REPOSITORY, from the repository FROM of the same host where that is not NULL and
 * the registry finds it there. It goes in one piece where *CHUNK is 0, else in pieces of that many
 * bytes; where the registry refuses the one, *CHUNK is set for the other. */
int strata_blob_upload(const struct strata_repository *repository,
	const struct strata_blob_source *blob, const char *from, _Atomic uint64_t *chunk,
	enum strata_upload_outcome *outcome, struct strata_error *error) STRATA_MUST_CHECK;

#endif
