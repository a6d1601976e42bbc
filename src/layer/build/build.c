/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "layer/build/build.h"
#include "util/observer.h"

void strata_build_report(struct strata_build *build, uint64_t more)
{
	struct strata_progress progress = {
		.layers_done = atomic_load(&build->layers_done),
		.layers_total = build->layer_count,
		.bytes_done = atomic_fetch_add(&build->bytes_done, more) + more,
		.bytes_total = build->bytes_total,
	};

	strata_report_progress(build->options->observer, &progress);
}

/* Hand over every finished layer whose lower layers were handed over. One thread at a time does
 * this. Layers that other threads finish meanwhile are handed over by the same thread. */
static int deliver(struct strata_build *build, size_t index, struct strata_error *error)
{
	const struct strata_build_options *options = build->options;
	int status = 0;

	pthread_mutex_lock(&build->delivery);
	build->made[index] = true;
	while (status == 0 && options->ready && !build->delivering &&
		build->delivered < build->layer_count && build->made[build->delivered]) {
		const struct strata_layer *layer = &build->layers[build->delivered];

		build->delivering = true;
		pthread_mutex_unlock(&build->delivery);
		status = options->ready(options->data, layer, error);
		pthread_mutex_lock(&build->delivery);
		/* After a failure nothing more is handed over. */
		build->delivering = status < 0;
		build->delivered++;
	}
	pthread_mutex_unlock(&build->delivery);
	return status;
}

static int run_task(void *data, size_t index, struct strata_error *error)
{
	struct strata_build *build = data;
	size_t layer = build->order[index];
	int status = strata_check_cancelled(build->options->observer, error);

	if (status == 0)
		status = strata_build_layer(build, layer, error);
	if (status < 0)
		return strata_context(error, status, "layer %zu", layer + 1);
	atomic_fetch_add(&build->layers_done, 1);
	strata_build_report(build, 0);
	return deliver(build, layer, error);
}

struct rank {
	uint64_t size;
	size_t index;
};

static int compare_ranks(const void *left, const void *right)
{
	const struct rank *a = left, *b = right;

	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* Largest first, so that the last layer to start is a small one. */
static size_t *order_by_size(struct strata_recipe *const *recipes, size_t count)
{
	strata_autofree struct rank *ranks = strata_allocate(count, sizeof(*ranks));
	size_t *order = strata_allocate(count, sizeof(*order));

	if (!ranks)
		free(strata_take(order));
	for (size_t i = 0; order && i < count; i++)
		ranks[i] = (struct rank){recipes[i]->size, i};
	if (order && count > 0)
		qsort(ranks, count, sizeof(*ranks), compare_ranks);
	for (size_t i = 0; order && i < count; i++)
		order[i] = ranks[i].index;
	return order;
}

int strata_layers_build(struct strata_recipe *const *recipes, size_t count, const char *directory,
	const struct strata_build_options *options, struct strata_layer *layers,
	struct strata_error *error)
{
	strata_autofree size_t *order = order_by_size(recipes, count);
	strata_autofree bool *made = strata_allocate(count, sizeof(*made));
	strata_autofree struct strata_draft *drafts = strata_allocate(count, sizeof(*drafts));
	strata_autopool struct strata_pool *pool = NULL;
	struct strata_build build = {.recipes = recipes,
		.order = order,
		.directory = directory,
		.options = options,
		.layers = layers,
		.drafts = drafts,
		.made = made,
		.layer_count = (uint32_t)count};
	int status;

	if (!order || !made || !drafts)
		return strata_fail_memory(error);
	pool = strata_pool_new(options->threads, error);
	if (!pool)
		return STRATA_ERROR_MEMORY;
	strata_encoding_init(&build.encoding, pool, count);
	for (size_t i = 0; i < count; i++) {
		layers[i] = (struct strata_layer){0};
		build.bytes_total += recipes[i]->size;
	}
	pthread_mutex_init(&build.copying, NULL);
	pthread_mutex_init(&build.delivery, NULL);
	status = options->place ? strata_build_place(&build, error) : 0;
	if (status == 0)
		status = strata_pool_run(pool, count, run_task, &build, error);
	pthread_mutex_destroy(&build.delivery);
	pthread_mutex_destroy(&build.copying);
	strata_encoding_release(&build.encoding);
	for (size_t i = 0; i < count; i++)
		strata_draft_drop_tree(&drafts[i]);
	for (size_t i = 0; status < 0 && i < count; i++) {
		/* What a cache has is good for the next attempt. */
		if (layers[i].blob && !options->cache)
			unlink(layers[i].blob);
		strata_layer_release(&layers[i]);
	}
	return status;
}
