/* SPDX-License-Identifier: Apache-2.0 */
#include "util/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

struct strata_pool {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a job came or ended, a run began or ended */
	pthread_t *workers;
	unsigned worker_count; /* threads of our own: one less than the pool's size */
	bool closing;
	atomic_uint idle; /* threads that wait for whatever comes */

	struct strata_pool_job *first_job, **last_job;

	int (*task)(void *data, size_t index, struct strata_error *error);
	void *data;
	size_t task_count, next_task, running_tasks;
	size_t failed_task;
	int status;
	struct strata_error failure;
};

/* Wait until something changes; the lock is held before and after. */
static void wait_idly(struct strata_pool *pool)
{
	atomic_fetch_add(&pool->idle, 1);
	pthread_cond_wait(&pool->changed, &pool->lock);
	atomic_fetch_sub(&pool->idle, 1);
}

/* Take the first job and run it; the lock is held before and after, not meanwhile. */
static bool run_one_job(struct strata_pool *pool)
{
	struct strata_pool_job *job = pool->first_job;

	if (!job)
		return false;
	pool->first_job = job->next;
	if (!pool->first_job)
		pool->last_job = &pool->first_job;
	pthread_mutex_unlock(&pool->lock);
	job->run(job);
	pthread_mutex_lock(&pool->lock);
	job->done = true;
	pthread_cond_broadcast(&pool->changed);
	return true;
}

static bool run_one_task(struct strata_pool *pool)
{
	struct strata_error error = STRATA_ERROR_INIT;
	size_t index = pool->next_task;
	int status;

	if (index >= pool->task_count || pool->status < 0)
		return false;
	pool->next_task++;
	pool->running_tasks++;
	pthread_mutex_unlock(&pool->lock);
	status = pool->task(pool->data, index, &error);
	pthread_mutex_lock(&pool->lock);
	pool->running_tasks--;
	if (status < 0 && (pool->status == 0 || index < pool->failed_task)) {
		strata_error_clear(&pool->failure);
		pool->failure = error;
		pool->failed_task = index;
		pool->status = status;
	} else {
		strata_error_clear(&error);
	}
	pthread_cond_broadcast(&pool->changed);
	return true;
}

static void *work(void *data)
{
	struct strata_pool *pool = data;

	pthread_mutex_lock(&pool->lock);
	while (!pool->closing) {
		if (!run_one_job(pool) && !run_one_task(pool))
			wait_idly(pool);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static unsigned usable_processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

struct strata_pool *strata_pool_new(unsigned threads, struct strata_error *error)
{
	strata_autopool struct strata_pool *pool = calloc(1, sizeof(*pool));

	if (threads == 0)
		threads = usable_processors();
	if (pool)
		pool->workers = calloc(threads, sizeof(*pool->workers));
	if (!pool || !pool->workers) {
		strata_fail_memory(error);
		return NULL;
	}
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	pool->last_job = &pool->first_job;
	while (pool->worker_count < threads - 1) {
		if (pthread_create(&pool->workers[pool->worker_count], NULL, work, pool) != 0)
			break; /* fewer threads give the same bytes, only later */
		pool->worker_count++;
	}
	return strata_take(pool);
}

unsigned strata_pool_threads(const struct strata_pool *pool)
{
	return pool->worker_count + 1;
}

int strata_pool_run(struct strata_pool *pool, size_t count,
	int (*task)(void *data, size_t index, struct strata_error *error), void *data,
	struct strata_error *error)
{
	int status;

	pthread_mutex_lock(&pool->lock);
	pool->task = task;
	pool->data = data;
	pool->task_count = count;
	pool->next_task = 0;
	pool->status = 0;
	pthread_cond_broadcast(&pool->changed);
	for (;;) {
		if (run_one_job(pool) || run_one_task(pool))
			continue;
		if (pool->running_tasks == 0)
			break;
		wait_idly(pool);
	}
	pool->task_count = 0;
	status = pool->status;
	if (status < 0 && error) {
		strata_error_clear(error);
		*error = pool->failure;
	} else {
		strata_error_clear(&pool->failure);
	}
	pool->failure = (struct strata_error)STRATA_ERROR_INIT;
	pthread_mutex_unlock(&pool->lock);
	return status;
}

void strata_pool_submit(struct strata_pool *pool, struct strata_pool_job *job)
{
	job->next = NULL;
	job->done = false;
	if (pool->worker_count == 0) {
		job->run(job);
		job->done = true;
		return;
	}
	pthread_mutex_lock(&pool->lock);
	*pool->last_job = job;
	pool->last_job = &job->next;
	pthread_cond_broadcast(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
}

void strata_pool_wait(struct strata_pool *pool, const struct strata_pool_job *job)
{
	if (pool->worker_count == 0)
		return;
	pthread_mutex_lock(&pool->lock);
	while (!job->done) {
		if (!run_one_job(pool))
			wait_idly(pool);
	}
	pthread_mutex_unlock(&pool->lock);
}

bool strata_pool_is_idle(struct strata_pool *pool)
{
	return atomic_load_explicit(&pool->idle, memory_order_relaxed) > 0;
}

size_t strata_pool_waiting_tasks(struct strata_pool *pool)
{
	size_t waiting;

	pthread_mutex_lock(&pool->lock);
	waiting = pool->task_count - pool->next_task;
	pthread_mutex_unlock(&pool->lock);
	return waiting;
}

void strata_pool_free(struct strata_pool *pool)
{
	if (!pool)
		return;
	if (pool->last_job) {
		pthread_mutex_lock(&pool->lock);
		pool->closing = true;
		pthread_cond_broadcast(&pool->changed);
		pthread_mutex_unlock(&pool->lock);
		for (unsigned i = 0; i < pool->worker_count; i++)
			pthread_join(pool->workers[i], NULL);
		pthread_cond_destroy(&pool->changed);
		pthread_mutex_destroy(&pool->lock);
	}
	free(pool->workers);
	free(pool);
}

void strata_cleanup_pool(struct strata_pool **pool)
{
	strata_pool_free(*pool);
}
