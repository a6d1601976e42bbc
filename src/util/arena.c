/* SPDX-License-Identifier: Apache-2.0 */
#include "util/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 64 * 1024 };

struct strata_arena_block {
	struct strata_arena_block *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) unsigned char data[];
};

void *strata_arena_allocate(struct strata_arena *arena, size_t size)
{
	const size_t alignment = _Alignof(max_align_t);
	struct strata_arena_block *block = arena->blocks;
	void *result;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + alignment - 1) / alignment * alignment;
	if (!block || block->size - block->used < size) {
		size_t room = size > BLOCK_SIZE / 4 ? size : BLOCK_SIZE;

		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		block->used = 0;
		block->size = room;
		/* A large thing gets a block of its own behind the current one, whose room is
		 * still good. */
		if (room != BLOCK_SIZE && arena->blocks) {
			block->next = arena->blocks->next;
			arena->blocks->next = block;
		} else {
			block->next = arena->blocks;
			arena->blocks = block;
		}
	}
	result = block->data + block->used;
	block->used += size;
	return memset(result, 0, size);
}

void *strata_arena_array(struct strata_arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return strata_arena_allocate(arena, total);
}

char *strata_arena_string(struct strata_arena *arena, const char *text)
{
	return strata_arena_bytes(arena, text, strlen(text));
}

char *strata_arena_bytes(struct strata_arena *arena, const void *bytes, size_t length)
{
	char *copy = strata_arena_allocate(arena, length + 1);

	if (copy && length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

size_t strata_arena_size(const struct strata_arena *arena)
{
	size_t size = 0;

	for (const struct strata_arena_block *block = arena->blocks; block; block = block->next)
		size += sizeof(*block) + block->size;
	return size;
}

void strata_arena_free(struct strata_arena *arena)
{
	struct strata_arena_block *block = arena->blocks;

	while (block) {
		struct strata_arena_block *next = block->next;

		free(block);
		block = next;
	}
	arena->blocks = NULL;
}
