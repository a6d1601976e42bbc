/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads: a fixed number of workers that share tasks, and the small jobs that tasks give away.
 *
 * A *task* is a long piece of work that may wait (one layer). A *job* is short and never waits (one
 * block to compress). Workers prefer jobs; a task that must wait for a job runs other jobs
 * meanwhile. So all workers stay busy until the end, also where one huge layer is left, and there
 * are never more running threads than workers. With one worker everything runs in place, in
 * order: the serial reference.
 */
#ifndef UTIL_POOL_H
#define UTIL_POOL_H

#include <stdbool.h>

#include "util/error.h"
#include "util/memory.h"

struct strata_pool;

/* Embedded in the data of the job; the pool never allocates one. */
struct strata_pool_job {
	void (*run)(struct strata_pool_job *job);
	struct strata_pool_job *next;
	bool done;
};

#define strata_autopool STRATA_CLEANUP(strata_cleanup_pool)

/* A pool of THREADS workers (0: one for each processor that this process may use), the thread that
 * calls strata_pool_run() being one of them. The caller owns it; NULL on error. */
struct strata_pool *strata_pool_new(unsigned threads, struct strata_error *error);
unsigned strata_pool_threads(const struct strata_pool *pool);

/* Run TASK(data, index) for every index below COUNT, starting them in order. Returns when all have
 * ended. After a failure no further task starts; of several failures the one with the lowest
 * index is returned. */
int strata_pool_run(struct strata_pool *pool, size_t count,
	int (*task)(void *data, size_t index, struct strata_error *error), void *data,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Hand JOB to the pool, from within a task. It stays the caller's and must live until waited for.
 */
void strata_pool_submit(struct strata_pool *pool, struct strata_pool_job *job);

/* Return when JOB is done; help with other jobs until then. */
void strata_pool_wait(struct strata_pool *pool, const struct strata_pool_job *job);

/* Whether a worker has nothing to do right now: then a job given away begins at once. */
bool strata_pool_is_idle(struct strata_pool *pool);

/* Tasks that have not started yet: tells a task whether it may spread over idle workers. */
size_t strata_pool_waiting_tasks(struct strata_pool *pool);

void strata_pool_free(struct strata_pool *pool);
void strata_cleanup_pool(struct strata_pool **pool);

#endif
