/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of images in registries: docker://HOST/REPOSITORY[:TAG][@DIGEST].
 */
#ifndef REGISTRY_REFERENCE_H
#define REGISTRY_REFERENCE_H

#include <stdbool.h>

#include <stratapack/digest.h>

#include "util/memory.h"

#define STRATA_REGISTRY_TRANSPORT "docker://"

struct strata_remote_name {
	char *host;                  /* with its port; "docker.io" for Docker's; owned */
	char *repository;            /* owned */
	char *tag;                   /* NULL where only a digest was written; owned */
	struct strata_digest digest; /* "" where none was written */
};

#define strata_autoremotename STRATA_CLEANUP(strata_remote_name_release)

/* Read TEXT, with or without the transport in front. Where neither a tag nor a digest is written,
 * the tag is "latest". */
int strata_remote_name_parse(const char *text, struct strata_remote_name *name,
	struct strata_error *error) __attribute__((warn_unused_result));

/* The same for HOST/REPOSITORY alone. */
int strata_remote_name_parse_repository(const char *text, struct strata_remote_name *name,
	struct strata_error *error) __attribute__((warn_unused_result));

/* What manifests are asked for by: the digest where there is one, else the tag. */
const char *strata_remote_name_reference(const struct strata_remote_name *name);

void strata_remote_name_release(struct strata_remote_name *name);

#endif
