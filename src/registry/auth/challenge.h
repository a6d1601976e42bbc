/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a registry asks for: the WWW-Authenticate headers of an answer (RFC 9110, section 11.6.1).
 */
#ifndef REGISTRY_AUTH_CHALLENGE_H
#define REGISTRY_AUTH_CHALLENGE_H

#include <stdbool.h>

#include "util/memory.h"

enum strata_auth_scheme {
	STRATA_AUTH_NONE,
	STRATA_AUTH_BASIC,
	STRATA_AUTH_BEARER,
};

struct strata_challenge {
	enum strata_auth_scheme scheme;
	/* Of a bearer token: where it is given, for what, and why the last one was refused. Owned;
	 * NULL where they were not said. */
	char *realm, *service, *scope, *error;
};

/* Read one header, which may hold several challenges, and put the best of them in the place of
 * *CHALLENGE unless that is better: Bearer before Basic. What is malformed is passed over. Returns
 * 0, or -1 where memory is out. */
int strata_challenge_read(const char *header, struct strata_challenge *challenge);

void strata_challenge_release(struct strata_challenge *challenge);

#define strata_autochallenge STRATA_CLEANUP(strata_challenge_release)

#endif
