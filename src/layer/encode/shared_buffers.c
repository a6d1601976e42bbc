/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/encode/shared_buffers.h"

enum {
	/* What a layer always gets, and what each thread adds for all. */
	BLOCKS_PER_LAYER = 2,
	SPARE_BLOCKS_PER_THREAD = 4,

	/* Mebibytes, measured at zstd's usual level: a context with one worker, each further
	 * worker, and what they may take together. */
	CONTEXT_MEMORY = 22,
	WORKER_MEMORY = 9,
	MEMORY_PER_THREAD = 16,
	MEMORY = 80,
};

static unsigned count_spare_workers(unsigned threads, size_t layers)
{
	size_t side_by_side = layers < threads ? layers : threads;
	size_t memory = MEMORY + (size_t)threads * MEMORY_PER_THREAD;
	size_t contexts = side_by_side * CONTEXT_MEMORY;
	size_t workers = contexts < memory ? (memory - contexts) / WORKER_MEMORY : 0;

	/* A large layer among small ones needs some workers. The contexts of the small ones stay
	 * small. */
	return workers > threads / 2 ? (unsigned)workers : threads / 2;
}

void strata_encoding_init(struct strata_encoding *encoding, struct strata_pool *pool, size_t layers)
{
	unsigned threads = strata_pool_threads(pool);

	*encoding = (struct strata_encoding){
		.pool = pool,
		.spare_blocks = threads * SPARE_BLOCKS_PER_THREAD,
		.spare_workers = count_spare_workers(threads, layers),
	};
	pthread_mutex_init(&encoding->lock, NULL);
}

void strata_encoding_release(struct strata_encoding *encoding)
{
	while (encoding->free_blocks) {
		struct strata_block *block = encoding->free_blocks;

		encoding->free_blocks = block->next;
		free(block);
	}
	while (encoding->contexts) {
		struct strata_context *context = encoding->contexts;

		encoding->contexts = context->next;
		context->free(context);
	}
	pthread_mutex_destroy(&encoding->lock);
}

/* Whether SHARE may take one more; then it is counted. */
static bool count_block(struct strata_block_share *share)
{
	if (share->taken >= BLOCKS_PER_LAYER) {
		if (share->encoding->spare_blocks == 0)
			return false;
		share->encoding->spare_blocks--;
	}
	share->taken++;
	return true;
}

static void uncount_block(struct strata_block_share *share)
{
	share->taken--;
	if (share->taken >= BLOCKS_PER_LAYER)
		share->encoding->spare_blocks++;
}

int strata_block_take(
	struct strata_block_share *share, struct strata_block **result, struct strata_error *error)
{
	struct strata_encoding *encoding = share->encoding;
	struct strata_block *block;
	bool granted;

	*result = NULL;
	pthread_mutex_lock(&encoding->lock);
	granted = count_block(share);
	block = granted ? encoding->free_blocks : NULL;
	if (block)
		encoding->free_blocks = block->next;
	pthread_mutex_unlock(&encoding->lock);
	if (!granted)
		return 0;
	if (!block)
		block = malloc(sizeof(*block));
	if (!block) {
		pthread_mutex_lock(&encoding->lock);
		uncount_block(share);
		pthread_mutex_unlock(&encoding->lock);
		return strata_fail_memory(error);
	}
	block->next = NULL;
	block->share = share;
	block->size = 0;
	block->last = false;
	atomic_init(&block->holders, 1);
	*result = block;
	return 0;
}

void strata_block_release(struct strata_block *block)
{
	struct strata_encoding *encoding = block->share->encoding;

	if (atomic_fetch_sub(&block->holders, 1) > 1)
		return;
	pthread_mutex_lock(&encoding->lock);
	uncount_block(block->share);
	block->next = encoding->free_blocks;
	encoding->free_blocks = block;
	pthread_mutex_unlock(&encoding->lock);
}

struct strata_context *strata_context_take(
	struct strata_encoding *encoding, enum strata_codec_kind kind, int level)
{
	struct strata_context *context;

	pthread_mutex_lock(&encoding->lock);
	for (struct strata_context **at = &encoding->contexts; (context = *at);
		at = &context->next) {
		if (context->kind == kind && context->level == level) {
			*at = context->next;
			break;
		}
	}
	pthread_mutex_unlock(&encoding->lock);
	return context;
}

void strata_context_put(struct strata_encoding *encoding, struct strata_context *context)
{
	pthread_mutex_lock(&encoding->lock);
	context->next = encoding->contexts;
	encoding->contexts = context;
	pthread_mutex_unlock(&encoding->lock);
}

unsigned strata_workers_take(struct strata_encoding *encoding, unsigned wanted)
{
	unsigned taken;

	pthread_mutex_lock(&encoding->lock);
	taken = wanted < encoding->spare_workers ? wanted : encoding->spare_workers;
	encoding->spare_workers -= taken;
	pthread_mutex_unlock(&encoding->lock);
	return taken;
}

void strata_workers_put(struct strata_encoding *encoding, unsigned count)
{
	pthread_mutex_lock(&encoding->lock);
	encoding->spare_workers += count;
	pthread_mutex_unlock(&encoding->lock);
}
