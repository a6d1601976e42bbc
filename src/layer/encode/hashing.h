/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashing the blocks of one layer, in order, on whichever thread is free: so that one huge layer
 * is read, hashed and written on several cores.
 */
#ifndef LAYER_ENCODE_HASHING_H
#define LAYER_ENCODE_HASHING_H

#include "layer/encode/shared_buffers.h"
#include "util/sha256.h"

struct strata_hashing {
	struct strata_pool_job job; /* first: the job is the hashing */
	struct strata_pool *pool;
	struct strata_sha256 *hash;
	uint64_t size;        /* bytes that were added */
	pthread_mutex_t lock; /* guards what follows */
	struct strata_block *first, **last;
	bool running;
};

int strata_hashing_init(struct strata_hashing *hashing, struct strata_pool *pool,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Hash BLOCK, now or later, and release it then. */
void strata_hashing_add(struct strata_hashing *hashing, struct strata_block *block);

/* Return when every block that was added is hashed. */
void strata_hashing_wait(struct strata_hashing *hashing);

/* The digest of everything. */
void strata_hashing_finish(struct strata_hashing *hashing, struct strata_digest *digest);

/* Wait, and free what it has. Zeroed is fine. */
void strata_hashing_release(struct strata_hashing *hashing);

#endif
