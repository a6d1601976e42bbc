/* SPDX-License-Identifier: Apache-2.0 */
#include "util/memory.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

void strata_cleanup_free(void *pointer)
{
	int saved = errno;

	free(*(void **)pointer);
	errno = saved;
}

void strata_cleanup_close(const int *descriptor)
{
	int saved = errno;

	if (*descriptor >= 0)
		close(*descriptor);
	errno = saved;
}

void strata_cleanup_file(FILE **file)
{
	int saved = errno;

	if (*file)
		fclose(*file);
	errno = saved;
}

int strata_take_descriptor(int *descriptor)
{
	int taken = *descriptor;

	*descriptor = -1;
	return taken;
}

void *strata_allocate(size_t count, size_t size)
{
	return calloc(count ? count : 1, size);
}

int strata_grow(void *array, size_t *capacity, size_t needed, size_t size)
{
	size_t wanted = *capacity ? *capacity : 16;
	void *old, *grown;

	if (needed <= *capacity)
		return 0;
	while (wanted < needed) {
		if (wanted > SIZE_MAX / 2 / size)
			return -1;
		wanted *= 2;
	}
	memcpy(&old, array, sizeof(old));
	grown = reallocarray(old, wanted, size);
	if (!grown)
		return -1;
	memcpy(array, &grown, sizeof(grown));
	*capacity = wanted;
	return 0;
}
