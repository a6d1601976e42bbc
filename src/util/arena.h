/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena: many small things that live and die together.
 *
 * Nothing in an arena is freed by itself; strata_arena_free() frees all of it. Zeroed
 * (STRATA_ARENA_INIT) is a valid empty arena.
 */
#ifndef UTIL_ARENA_H
#define UTIL_ARENA_H

#include <stddef.h>

struct strata_arena {
	struct strata_arena_block *blocks;
};

#define STRATA_ARENA_INIT \
	{                 \
		NULL      \
	}

/* SIZE zeroed bytes, aligned for any type, or NULL where memory is out. */
void *strata_arena_allocate(struct strata_arena *arena, size_t size);

/* COUNT zeroed elements of SIZE bytes; NULL where memory is out or the product overflows. */
void *strata_arena_array(struct strata_arena *arena, size_t count, size_t size);

/* Copies of a string, or of LENGTH bytes with a NUL behind them; NULL where memory is out. */
char *strata_arena_string(struct strata_arena *arena, const char *text);
char *strata_arena_bytes(struct strata_arena *arena, const void *bytes, size_t length);

/* The memory that it takes, in bytes. */
size_t strata_arena_size(const struct strata_arena *arena);

void strata_arena_free(struct strata_arena *arena);

#endif
