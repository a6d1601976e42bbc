/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A push into one repository: blobs are taken as they come, while others are still being made, and
 * several go up at a time; the manifest follows when all of its blobs are there.
 */
#ifndef REGISTRY_PUSH_PUSH_H
#define REGISTRY_PUSH_PUSH_H

#include "registry/manifest.h"
#include "registry/reference.h"

struct strata_push;

#define strata_autopush STRATA_CLEANUP(strata_cleanup_push)

/* Begin a push to COUNT names, at least one, which must be of one repository; they must outlive it.
 * Nothing is sent yet. *PUSH is the caller's. */
int strata_push_new(struct strata_registry *registry, const struct strata_remote_name *names,
	size_t count, const struct strata_push_options *options, struct strata_push **push,
	struct strata_error *error) STRATA_MUST_CHECK;

/* How much of an image is in the registry. */
enum strata_push_found {
	STRATA_PUSH_MISSING, /* nothing is known */
	STRATA_PUSH_UNNAMED, /* all of it, but not under all names */
	STRATA_PUSH_DONE,
};

/* Ask for what all names lead to, and whether that is DIGEST. */
int strata_push_find(struct strata_push *push, const struct strata_digest *digest,
	enum strata_push_found *found, struct strata_error *error) STRATA_MUST_CHECK;

/* Read the manifest that a name leads to, if any, whose blobs are there, and those of images that
 * blobs may be mounted from. */
int strata_push_learn(struct strata_push *push, struct strata_error *error) STRATA_MUST_CHECK;

/* Whether what was learnt shows that nothing is to do: the only name leads to DIGEST. */
bool strata_push_has(const struct strata_push *push, const struct strata_digest *digest);

/* Forget what was learnt, and which blobs were added: it was wrong. */
void strata_push_forget(struct strata_push *push);

/* Bring BLOB there unless it is. It is copied; its data must live until strata_push_wait(). A blob
 * that was added before is not added again. An error is that of any blob so far. */
int strata_push_add(struct strata_push *push, const struct strata_blob_source *blob,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Return when all blobs are there. */
int strata_push_wait(struct strata_push *push, struct strata_error *error) STRATA_MUST_CHECK;

/* Put a manifest, whose blobs and manifests are there: under its digest alone, or TAGGED under all
 * names. *UNKNOWN: it failed because a blob is missing. */
int strata_push_put(struct strata_push *push, const struct strata_manifest_bytes *manifest,
	bool tagged, bool *unknown, struct strata_error *error) STRATA_MUST_CHECK;

/* What became of it. */
void strata_push_result(struct strata_push *push, struct strata_push_result *result);

/* End it, finished or not. NULL is fine. */
void strata_push_free(struct strata_push *push);
void strata_cleanup_push(struct strata_push **push);

#endif
