/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images of our own making, as what is pushed.
 */
#ifndef REGISTRY_PUSH_WRITER_H
#define REGISTRY_PUSH_WRITER_H

#include "image/write/image.h"
#include "registry/push/push.h"

/* Bring all of IMAGE, whose layers are files, where PUSH goes. */
int strata_push_write(struct strata_push *push, const struct strata_image *image,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
