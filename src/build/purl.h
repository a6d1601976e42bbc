/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package URLs (ECMA-427): how scanners name what an item is.
 */
#ifndef BUILD_PURL_H
#define BUILD_PURL_H

#include <stratapack/graph.h>

#include "util/buffer.h"

/* The distribution that packages are of, as os-release(5) tells it. */
struct strata_distribution {
	struct strata_buffer id;      /* "debian"; that, too, where nothing tells */
	struct strata_buffer version; /* "13"; "" where there is none */
};

/* Read os-release(5) below ROOT (NULL: "/"). */
int strata_distribution_read(const char *root, struct strata_distribution *distribution,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_distribution_release(struct strata_distribution *distribution);

/* The architecture of ITEM where it is a Debian package, else NULL. */
const char *strata_purl_architecture(const struct strata_item *item);

void strata_purl_append(struct strata_buffer *buffer, const struct strata_item *item,
	const struct strata_distribution *distribution);

#endif
