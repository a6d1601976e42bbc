/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Observers: how the library tells its caller what happens. The library itself never prints.
 *
 * Functions of an observer may be called from several threads at once.
 */
#ifndef STRATAPACK_OBSERVER_H
#define STRATAPACK_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How far a long operation has come. Totals are 0 while they are not known. */
struct strata_progress {
	uint32_t layers_done;
	uint32_t layers_total;
	uint64_t bytes_done;
	uint64_t bytes_total;
};

/* Any function may be NULL. */
struct strata_observer {
	/* Something that the user should know and that is not an error, e.g. a skipped socket. */
	void (*note)(void *data, const char *text);
	void (*progress)(void *data, const struct strata_progress *progress);
	/* Asked now and then during long work: true stops it with STRATA_ERROR_CANCELLED, cleanly.
	 */
	bool (*cancelled)(void *data);
	void *data;
};

#ifdef __cplusplus
}
#endif

#endif
