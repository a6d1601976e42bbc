/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who we are at a registry: what `docker login`, `podman login` and their helpers have kept.
 */
#ifndef REGISTRY_AUTH_CREDENTIALS_H
#define REGISTRY_AUTH_CREDENTIALS_H

#include <stdbool.h>

#include "util/error.h"
#include "util/memory.h"

struct strata_json;

/* Owned; NULL where there is none. At most one kind is there: a user with a password, a token that
 * is exchanged for others, or one that is sent as it is. */
struct strata_credentials {
	char *user, *password;
	char *identity_token;
	char *registry_token;
};

#define strata_autocredentials STRATA_CLEANUP(strata_credentials_release)

/* Find the credentials for REPOSITORY at HOST ("docker.io" for Docker's), of all files and helpers
 * in the order in which containers' tools look: FILE (NULL: none) or $REGISTRY_AUTH_FILE alone,
 * else auth.json below $XDG_RUNTIME_DIR and the user's configuration, then Docker's config.json.
 * None are no error: CREDENTIALS is empty then. */
int strata_credentials_find(const char *file, const char *host, const char *repository,
	struct strata_credentials *credentials, struct strata_error *error) STRATA_MUST_CHECK;

/* Whether there are any. */
bool strata_credentials_are_there(const struct strata_credentials *credentials);

/* Erase and free. */
void strata_credentials_release(struct strata_credentials *credentials);

/* The key under which files and helpers have HOST. */
const char *strata_credentials_key(const char *host);

/* The files, in their order: the path of number INDEX, malloced; NULL with *STATUS 0 behind the
 * last one, and where memory is out. */
char *strata_credentials_file(const char *file, size_t index, int *status);

/* Where login writes: FILE, or the first of the files that containers' tools write. */
char *strata_credentials_own_file(const char *file, struct strata_error *error);

/* The helper that DOCUMENT names for HOST, or NULL. */
const char *strata_credentials_helper(const struct strata_json *document, const char *host);

enum {
	STRATA_CREDENTIALS_LIMIT = 1024 * 1024, /* bytes of a file */
};

#endif
