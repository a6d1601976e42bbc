/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests and indexes in a registry.
 */
#ifndef REGISTRY_MANIFEST_H
#define REGISTRY_MANIFEST_H

#include "registry/client/client.h"

/* A repository of a host, and what we want to do there. All is borrowed. */
struct strata_repository {
	struct strata_host *host;
	const char *name;
	const char *scopes; /* see struct strata_call */
};

/* A manifest with its bytes as they are. */
struct strata_manifest_bytes {
	const char *bytes;
	size_t size;
	const char *media_type;
	struct strata_digest digest;
};

/* Whether REPOSITORY has a manifest called REFERENCE, a tag or a digest. *DIGEST is "" where the
 * registry does not say it. */
int strata_manifest_head(const struct strata_repository *repository, const char *reference,
	bool *there, struct strata_digest *digest, struct strata_error *error) STRATA_MUST_CHECK;

/* Read it: TEXT (empty) receives its bytes, *MEDIA_TYPE (malloced, the caller's) its type, *DIGEST
 * what the bytes have. Where REFERENCE is a digest, it is that. */
int strata_manifest_get(const struct strata_repository *repository, const char *reference,
	struct strata_buffer *text, char **media_type, struct strata_digest *digest,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Put MANIFEST under its digest, or under TAG where that is not NULL. *UNKNOWN: the registry misses
 * a blob that it refers to (STRATA_ERROR_NOT_FOUND then). */
int strata_manifest_put(const struct strata_repository *repository,
	const struct strata_manifest_bytes *manifest, const char *tag, bool *unknown,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Put it under all of COUNT TAGS: in one request where the registry can do that. */
int strata_manifest_put_tags(const struct strata_repository *repository,
	const struct strata_manifest_bytes *manifest, const char *const *tags, size_t count,
	bool *unknown, struct strata_error *error) STRATA_MUST_CHECK;

#endif
