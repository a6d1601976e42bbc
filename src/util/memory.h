/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owning memory and file descriptors.
 *
 * An owned pointer lives in a variable with a cleanup attribute and leaves it through
 * strata_take(): what is still in the variable at the end of its scope is released.
 *
 *	strata_autofree char *path = strdup(name);
 *	...
 *	*result = strata_take(path);
 *
 * Things that live and die together (a graph, a plan) live in an arena instead: see arena.h.
 */
#ifndef UTIL_MEMORY_H
#define UTIL_MEMORY_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* Run FUNCTION(&variable) when the variable leaves its scope. */
#define STRATA_CLEANUP(function) __attribute__((cleanup(function)))

void strata_cleanup_free(void *pointer);
void strata_cleanup_close(const int *descriptor);
void strata_cleanup_file(FILE **file);

#define strata_autofree STRATA_CLEANUP(strata_cleanup_free)
#define strata_autoclose STRATA_CLEANUP(strata_cleanup_close)
#define strata_autofile STRATA_CLEANUP(strata_cleanup_file)

/* Hand over what VARIABLE owns: its value, leaving NULL behind. */
#define strata_take(variable)                             \
	__extension__({                                   \
		__typeof__(variable) taken_ = (variable); \
		(variable) = NULL;                        \
		taken_;                                   \
	})

/* Hand over a file descriptor, leaving -1 behind. */
int strata_take_descriptor(int *descriptor);

/* An array of COUNT zeroed elements; never NULL for COUNT 0 unless memory is out. The caller owns
 * it. */
void *strata_allocate(size_t count, size_t size);

/* Make room in *ARRAY for at least NEEDED elements of SIZE bytes, doubling *CAPACITY. Returns 0,
 * or -1 where memory is out; the array is then untouched. */
int strata_grow(void *array, size_t *capacity, size_t needed, size_t size);

#endif
