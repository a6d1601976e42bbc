/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credential helpers: programs called docker-credential-NAME that keep secrets in some safe place.
 */
#ifndef REGISTRY_AUTH_HELPER_H
#define REGISTRY_AUTH_HELPER_H

#include "registry/auth/credentials.h"

/* Ask the helper NAME for the credentials of SERVER. That it has none is no error. */
int strata_helper_get(const char *name, const char *server, struct strata_credentials *credentials,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Let it keep USER and SECRET, or forget them. */
int strata_helper_store(const char *name, const char *server, const char *user, const char *secret,
	struct strata_error *error) STRATA_MUST_CHECK;
int strata_helper_erase(
	const char *name, const char *server, struct strata_error *error) STRATA_MUST_CHECK;

#endif
