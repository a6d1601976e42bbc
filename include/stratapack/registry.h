/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registries (OCI distribution specification): what is missing there is pushed, what is missing
 * here is pulled, and every digest is known before.
 *
 * A registry's images are called docker://HOST/REPOSITORY[:TAG][@DIGEST], as with skopeo, wherever
 * a function takes the source of an image: strata_image_inspect(), strata_base_open() and the like.
 * Who we are is what `docker login`, `podman login` or strata_registry_login() have kept. TLS is
 * verified; plain HTTP is spoken with this machine itself, and with hosts that are named for it.
 *
 * A library that was built without registries has all of these functions, and they fail with
 * STRATA_ERROR_UNSUPPORTED.
 */
#ifndef STRATAPACK_REGISTRY_H
#define STRATAPACK_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "error.h"
#include "observer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How to talk to registries. Zero and NULL are the defaults. Strings and lists are borrowed. */
struct strata_registry_options {
	const char *const *plain_hosts; /* HOST[:PORT] to which plain HTTP may be spoken */
	size_t plain_host_count;
	const char *credentials_file; /* read instead of all other files with credentials */
	const char *certificates;     /* a directory to use instead of the directories certs.d */
	unsigned tries;               /* for failures that may pass; 0: 6 */
	unsigned stall_seconds;       /* without progress, until a try has failed; 0: 60 */
	unsigned transfers;           /* blobs that are sent or fetched at once; 0: 6 */
	uint64_t
		chunk_size; /* of uploads in pieces, which can be taken up again; 0: in one piece */
	const struct strata_observer *observer;
};

/* Connections, tokens, and what was found out about hosts. Several threads may use one at a time.
 */
struct strata_registry;

/* Speak with registries by OPTIONS (NULL: the usual), which must outlive it. Nothing is sent yet.
 * *REGISTRY is the caller's. */
STRATA_PUBLIC int strata_registry_open(const struct strata_registry_options *options,
	struct strata_registry **registry, struct strata_error *error);
STRATA_PUBLIC void strata_registry_close(struct strata_registry *registry);

/* Use REGISTRY for the images called docker://... that other functions of the library read and
 * write from now on (NULL: one with the usual options, opened when it is needed). It must outlive
 * them. */
STRATA_PUBLIC void strata_registry_use(struct strata_registry *registry);

/* What a push did. */
struct strata_push_result {
	struct strata_digest digest; /* of the manifest or index that the tags name now */
	uint64_t blobs_sent, bytes_sent;
	uint64_t blobs_mounted; /* from other repositories */
	uint64_t blobs_present; /* were there already */
};

struct strata_push_options {
	/* Images that may have some of the blobs in another repository of the same registry. */
	const char *const *mount_from;
	size_t mount_from_count;
	bool all;    /* every platform of an index, not the one of this machine alone */
	bool docker; /* under Docker's media types (schema 2), whatever it was under */
	struct strata_push_result *result; /* NULL: not wanted */
};

/* Push the image in SOURCE (as strata_image_inspect() takes it) to each of COUNT names in one
 * repository: docker://HOST/REPOSITORY:TAG, or without the transport. Manifests stay as they are,
 * unless another kind is asked for. */
STRATA_PUBLIC int strata_registry_push(struct strata_registry *registry, const char *source,
	const char *const *names, size_t count, const struct strata_push_options *options,
	struct strata_error *error);

/* Join the images in COUNT sources in an index, as strata_index_write() does, and push it with them
 * to each of the names. RESULT may be NULL. */
STRATA_PUBLIC int strata_registry_push_index(struct strata_registry *registry,
	const char *const *sources, size_t count, const char *const *names, size_t name_count,
	struct strata_push_result *result, struct strata_error *error);

/* Call VISIT for every tag of REPOSITORY (HOST/REPOSITORY), in the registry's order, until it
 * returns false. */
STRATA_PUBLIC int strata_registry_tags(struct strata_registry *registry, const char *repository,
	bool (*visit)(void *data, const char *tag), void *data, struct strata_error *error);

/* Check that HOST accepts USER with PASSWORD, and keep them: with the credential helper that the
 * credentials file names for the host, or else in that file, which only its owner can read. *PLACE
 * (malloced, the caller's) says where. */
STRATA_PUBLIC int strata_registry_login(struct strata_registry *registry, const char *host,
	const char *user, const char *password, char **place, struct strata_error *error);

/* Forget the credentials for HOST. STRATA_ERROR_NOT_FOUND where there were none. */
STRATA_PUBLIC int strata_registry_logout(struct strata_registry *registry, const char *host,
	char **place, struct strata_error *error);

#ifdef __cplusplus
}
#endif

#endif
