/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <sched.h>
#include <string.h>
#include <time.h>

#include "layer/encode/deflater.h"
#include "layer/encode/hashing.h"

static struct strata_pool *new_pool(unsigned threads)
{
	struct strata_pool *pool = strata_pool_new(threads, NULL);

	assert_non_null(pool);
	return pool;
}

static struct strata_block *take(struct strata_block_share *share)
{
	struct strata_block *block;

	assert_int_equal(strata_block_take(share, &block, NULL), 0);
	return block;
}

/* Each layer has two blocks, and all share four for each thread: no more memory than that. */
static void test_blocks_are_bounded(void **state)
{
	enum { THREADS = 3, LAYERS = 5, MOST = 2 * LAYERS + 4 * THREADS };
	strata_autopool struct strata_pool *pool = new_pool(THREADS);
	struct strata_encoding encoding;
	struct strata_block_share shares[LAYERS];
	struct strata_block *blocks[MOST + 1];
	size_t count = 0;

	(void)state;
	strata_encoding_init(&encoding, pool, LAYERS);
	for (size_t i = 0; i < LAYERS; i++)
		shares[i] = (struct strata_block_share){.encoding = &encoding};
	while ((blocks[count] = take(&shares[0])))
		count++;
	assert_int_equal(count, 2 + 4 * THREADS);
	for (size_t i = 1; i < LAYERS; i++) {
		while ((blocks[count] = take(&shares[i])))
			count++;
	}
	assert_int_equal(count, MOST);
	/* What one layer gives back, another one may take, while two are left to the first. */
	atomic_store(&blocks[0]->holders, 2);
	strata_block_release(blocks[0]);
	assert_null(take(&shares[1]));
	strata_block_release(blocks[0]);
	blocks[0] = take(&shares[1]);
	assert_non_null(blocks[0]);
	assert_null(take(&shares[2]));
	for (size_t i = 0; i < count; i++)
		strata_block_release(blocks[i]);
	each_number(size_t, i, 0, LAYERS)
		assert_int_equal(shares[i].taken, 0);
	assert_int_equal(encoding.spare_blocks, 4 * THREADS);
	strata_encoding_release(&encoding);
}

static void test_workers_are_bounded(void **state)
{
	strata_autopool struct strata_pool *pool = new_pool(4);
	struct strata_encoding encoding;
	unsigned spare;

	(void)state;
	strata_encoding_init(&encoding, pool, 100);
	spare = encoding.spare_workers;
	assert_true(spare >= 2);
	assert_int_equal(strata_workers_take(&encoding, 1), 1);
	assert_int_equal(strata_workers_take(&encoding, 1000), spare - 1);
	assert_int_equal(strata_workers_take(&encoding, 1), 0);
	strata_workers_put(&encoding, spare);
	assert_int_equal(encoding.spare_workers, spare);
	strata_encoding_release(&encoding);
}

static void fill(struct strata_block *block, unsigned seed)
{
	block->size = STRATA_BLOCK_SIZE - seed;
	for (size_t i = 0; i < block->size; i++)
		block->bytes[i] = (uint8_t)(i * seed >> 3);
}

/* Wait until no block is taken, without helping. */
static bool becomes_empty(struct strata_block_share *share)
{
	for (int i = 0; i < 3000; i++) {
		const struct timespec moment = {.tv_nsec = 10 * 1000 * 1000};
		unsigned taken;

		pthread_mutex_lock(&share->encoding->lock);
		taken = share->taken;
		pthread_mutex_unlock(&share->encoding->lock);
		if (taken == 0)
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

/* One layer is hashed by another thread than the one that reads it, where one is idle. */
static void test_hashing_uses_idle_workers(void **state)
{
	enum { BLOCKS = 6 };
	(void)state;
	each_number(unsigned, threads, 1, 3 + 1) {
		strata_autopool struct strata_pool *pool = new_pool(threads);
		strata_autosha256 struct strata_sha256 *reference = strata_sha256_new();
		struct strata_encoding encoding;
		struct strata_block_share share = {.encoding = &encoding};
		struct strata_hashing hashing;
		struct strata_digest digest;
		char hex[STRATA_SHA256_HEX_SIZE];
		uint64_t size = 0;

		strata_encoding_init(&encoding, pool, 1);
		assert_int_equal(strata_hashing_init(&hashing, pool, NULL), 0);
		while (threads > 1 && !strata_pool_is_idle(pool))
			sched_yield();
		each_number(unsigned, i, 1, BLOCKS + 1) {
			struct strata_block *block = take(&share);

			assert_non_null(block);
			fill(block, i);
			size += block->size;
			strata_sha256_update(reference, block->bytes, block->size);
			strata_hashing_add(&hashing, block);
		}
		assert_true(becomes_empty(&share));
		strata_hashing_finish(&hashing, &digest);
		strata_sha256_finish(reference, hex);
		assert_string_equal(strata_digest_hex(&digest), hex);
		assert_int_equal(hashing.size, size);
		strata_hashing_release(&hashing);
		strata_encoding_release(&encoding);
	}
}

/* Contexts are handed on among those of one kind and level only. */
static void test_contexts_are_handed_on(void **state)
{
	strata_autopool struct strata_pool *pool = new_pool(1);
	struct strata_encoding encoding;
	struct strata_deflater *deflater;

	(void)state;
	strata_encoding_init(&encoding, pool, 1);
	deflater = strata_deflater_take(&encoding, 6);
	assert_non_null(deflater);
	assert_null(strata_context_take(&encoding, STRATA_CODEC_GZIP, 6));
	strata_deflater_put(&encoding, deflater);
	assert_null(strata_context_take(&encoding, STRATA_CODEC_GZIP, 1));
	assert_null(strata_context_take(&encoding, STRATA_CODEC_ZSTD, 6));
	assert_ptr_equal(strata_deflater_take(&encoding, 6), deflater);
	strata_deflater_put(&encoding, deflater);
	strata_encoding_release(&encoding);
}

/* Output that does not fit is a failure, not a blob that nobody can unpack. */
static void test_deflating_without_room(void **state)
{
	strata_autopool struct strata_pool *pool = new_pool(1);
	struct strata_encoding encoding;
	struct strata_block_share share = {.encoding = &encoding};
	struct strata_deflater *deflater;
	struct strata_block *block;
	const char *failure;
	uint8_t output[64];

	(void)state;
	strata_encoding_init(&encoding, pool, 1);
	deflater = strata_deflater_take(&encoding, 6);
	block = take(&share);
	fill(block, 77);
	assert_int_equal(strata_deflate(deflater, block, output, sizeof(output), &failure), 0);
	assert_non_null(failure);
	block->size = 10;
	assert_true(strata_deflate(deflater, block, output, sizeof(output), &failure) > 0);
	assert_null(failure);
	strata_block_release(block);
	strata_deflater_put(&encoding, deflater);
	strata_encoding_release(&encoding);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks_are_bounded),
		cmocka_unit_test(test_workers_are_bounded),
		cmocka_unit_test(test_hashing_uses_idle_workers),
		cmocka_unit_test(test_contexts_are_handed_on),
		cmocka_unit_test(test_deflating_without_room),
	};

	return cmocka_run_group_tests_name("encoding", tests, NULL, NULL);
}
