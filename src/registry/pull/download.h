/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading one blob of a repository as a stream.
 */
#ifndef REGISTRY_PULL_DOWNLOAD_H
#define REGISTRY_PULL_DOWNLOAD_H

#include "registry/manifest.h"

struct strata_download {
	struct strata_input input;
	const struct strata_repository *repository; /* borrowed */
	struct strata_digest digest;
	uint64_t size, position;
	struct strata_http_exchange *exchange; /* NULL: to be opened at POSITION */
	bool too_long;                         /* it has bytes behind its end */
	unsigned attempt;                      /* without a byte since the last one */
};

/* A stream of the blob DIGEST, of which SIZE bytes are expected. Where the connection breaks, it
 * goes on at the byte that was reached. Its digest is not checked here. */
void strata_download_init(struct strata_download *download,
	const struct strata_repository *repository, const struct strata_digest *digest,
	uint64_t size);
void strata_download_release(struct strata_download *download);

#endif
