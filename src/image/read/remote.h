/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images in registries, seen as the members of an OCI layout. The stage of registries, which is
 * above this one, implements these functions for the readers here.
 */
#ifndef IMAGE_READ_REMOTE_H
#define IMAGE_READ_REMOTE_H

#include <stdbool.h>

#include <stratapack/digest.h>

#include "tar/input.h"
#include "util/buffer.h"

/* What the sources of such images begin with. */
#define STRATA_REMOTE_TRANSPORT "docker://"

struct strata_remote;

/* Open SOURCE, of which the first manifest is read. *REMOTE is the caller's. */
int strata_remote_open(const char *source, struct strata_remote **remote,
	struct strata_error *error) __attribute__((warn_unused_result));

/* Find the member NAME. Returns 1 with *SIZE filled, 0 where there is none, or an error. */
int strata_remote_find(struct strata_remote *remote, const char *name, uint64_t *size,
	struct strata_error *error) __attribute__((warn_unused_result));

/* Open it. *INPUT is for strata_remote_close(). Several threads may read at a time. */
int strata_remote_read(struct strata_remote *remote, const char *name, struct strata_input **input,
	struct strata_error *error) __attribute__((warn_unused_result));
void strata_remote_close(struct strata_input *input);

/* NULL is fine. */
void strata_remote_free(struct strata_remote *remote);

#endif
