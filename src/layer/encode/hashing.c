/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/encode/hashing.h"

#include <stdio.h>

/* The oldest block, or NULL where there is none; then no thread hashes any longer. */
static struct strata_block *next_block(struct strata_hashing *hashing)
{
	struct strata_block *block;

	pthread_mutex_lock(&hashing->lock);
	block = hashing->first;
	if (block) {
		hashing->first = block->next;
		if (!hashing->first)
			hashing->last = &hashing->first;
	} else {
		hashing->running = false;
	}
	pthread_mutex_unlock(&hashing->lock);
	return block;
}

static void hash_blocks(struct strata_pool_job *job)
{
	struct strata_hashing *hashing = (struct strata_hashing *)job;
	struct strata_block *block;

	while ((block = next_block(hashing))) {
		strata_sha256_update(hashing->hash, block->bytes, block->size);
		strata_block_release(block);
	}
}

int strata_hashing_init(
	struct strata_hashing *hashing, struct strata_pool *pool, struct strata_error *error)
{
	*hashing = (struct strata_hashing){.job = {.run = hash_blocks, .done = true}, .pool = pool};
	hashing->hash = strata_sha256_new();
	if (!hashing->hash)
		return strata_fail_memory(error);
	hashing->last = &hashing->first;
	pthread_mutex_init(&hashing->lock, NULL);
	return 0;
}

void strata_hashing_add(struct strata_hashing *hashing, struct strata_block *block)
{
	bool last = block->last;
	bool running;

	hashing->size += block->size;
	block->next = NULL;
	pthread_mutex_lock(&hashing->lock);
	*hashing->last = block;
	hashing->last = &block->next;
	running = hashing->running;
	hashing->running = true;
	pthread_mutex_unlock(&hashing->lock);
	if (running)
		return;
	/* Here and now, while this core has the bytes, unless another one is idle. */
	if (last || !strata_pool_is_idle(hashing->pool)) {
		hash_blocks(&hashing->job);
		return;
	}
	/* The job has ended, or is about to. */
	strata_pool_wait(hashing->pool, &hashing->job);
	strata_pool_submit(hashing->pool, &hashing->job);
}

void strata_hashing_wait(struct strata_hashing *hashing)
{
	strata_pool_wait(hashing->pool, &hashing->job);
}

void strata_hashing_finish(struct strata_hashing *hashing, struct strata_digest *digest)
{
	char hex[STRATA_SHA256_HEX_SIZE];

	strata_hashing_wait(hashing);
	strata_sha256_finish(hashing->hash, hex);
	snprintf(digest->text, sizeof(digest->text), STRATA_DIGEST_PREFIX "%s", hex);
}

void strata_hashing_release(struct strata_hashing *hashing)
{
	if (!hashing->hash)
		return;
	strata_hashing_wait(hashing);
	pthread_mutex_destroy(&hashing->lock);
	strata_sha256_free(hashing->hash);
}
