/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strategy `popularity`: Graham Christensen's contest on the reference graph (nixpkgs, 2018).
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "plan/strategies/cut.h"
#include "plan/strategies/popularity_scores.h"
#include "plan/strategies/strategies.h"
#include "util/error.h"
#include "util/memory.h"

struct ranked {
	const struct strata_scores *scores;
	const char *id;
	uint32_t component;
	uint32_t item;
};

/* Walks an id whose part before the first '-' is moved to the end: what follows the hash of a
 * store path decides, the hash only where that is the same. */
struct key {
	const char *id;
	const char *at;
	const char *dash; /* the first '-', NULL where there is none */
};

static struct key key_start(const char *id)
{
	const char *dash = strchr(id, '-');

	return (struct key){id, dash ? dash + 1 : id, dash};
}

/* The next byte, or -1 at the end. */
static int key_next(struct key *key)
{
	if (key->at == key->dash)
		return -1;
	if (*key->at)
		return (unsigned char)*key->at++;
	if (!key->dash)
		return -1;
	key->at = key->id;
	return '-';
}

static int compare_keys(const char *left, const char *right)
{
	struct key a = key_start(left), b = key_start(right);

	for (;;) {
		int x = key_next(&a), y = key_next(&b);

		if (x != y)
			return x < y ? -1 : 1;
		if (x < 0)
			return strcmp(left, right);
	}
}

static int compare_ranked(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;
	int order = strata_scores_compare(a->scores, b->component, a->component);

	return order != 0 ? order : compare_keys(a->id, b->id);
}

static int partition_by_popularity(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	strata_autoscores struct strata_scores scores = STRATA_SCORES_INIT;
	strata_autofree struct ranked *ranking = NULL;
	uint32_t count = partition->item_count;
	int status = strata_components_find(graph, &components, error);

	if (status == 0)
		status = strata_scores_count(&components, &scores, error);
	if (status < 0)
		return status;
	ranking = strata_allocate(count, sizeof(*ranking));
	if (!ranking)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++) {
		const char *id = strata_graph_item(graph, i)->id;

		ranking[i] = (struct ranked){&scores, id, components.of_item[i], i};
	}
	qsort(ranking, count, sizeof(*ranking), compare_ranked);
	for (uint32_t i = 0; i < count; i++)
		partition->order[i] = ranking[i].item;
	strata_partition_cut(partition, bound);
	return 0;
}

/* Graham Christensen's ranking as nixpkgs orders and cuts it, roots that were named included: its
 * roots are what nothing else refers to. The members of a cycle share their score; nixpkgs knows
 * no cycles. */
const struct strata_strategy strata_strategy_popularity = {
	.name = "popularity",
	.summary = "the most used items alone, all others in one layer",
	.trade_off = "What almost every package needs is shared between images, without any "
		     "knowledge of them. In closures larger than the bound, the last layer holds "
		     "most of the bytes and also what changes most often.",
	.partition = partition_by_popularity,
};
