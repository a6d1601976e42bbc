/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A contest: every contender plans the same series, and what each costs is summed over runs.
 */
#include <string.h>

#include "lab/series.h"
#include "util/error.h"
#include "util/observer.h"

void strata_contest_free(struct strata_contest *contest)
{
	if (!contest)
		return;
	strata_arena_free(contest->arena);
	free(contest->arena);
	free(contest);
}

static void cleanup_contest(struct strata_contest **contest)
{
	strata_contest_free(*contest);
}

static struct strata_contest *contest_new(struct strata_error *error)
{
	struct strata_contest *contest = calloc(1, sizeof(*contest));

	if (contest)
		contest->arena = calloc(1, sizeof(*contest->arena));
	if (contest && contest->arena)
		return contest;
	free(contest);
	strata_fail_memory(error);
	return NULL;
}

uint64_t strata_contest_multiple(uint64_t value, uint64_t ideal)
{
	if (ideal == 0)
		return value == 0 ? 1000 : UINT64_MAX;
	if (value > UINT64_MAX / 1001)
		return value / ideal * 1000;
	return (value * 1000 + ideal / 2) / ideal;
}

/* Outcomes of all runs, with room for their pulls. */
static struct strata_outcome *outcomes_new(
	struct strata_arena *arena, uint32_t count, const struct strata_contest_options *options)
{
	struct strata_outcome *outcomes = strata_arena_array(arena, count, sizeof(*outcomes));

	for (uint32_t i = 0; outcomes && i < count; i++) {
		outcomes[i].pull_count = options->behind_count;
		outcomes[i].pulls = strata_arena_array(
			arena, options->behind_count, sizeof(*outcomes[i].pulls));
		if (!outcomes[i].pulls)
			return NULL;
		for (size_t p = 0; p < options->behind_count; p++)
			outcomes[i].pulls[p].behind = options->behind[p];
	}
	return outcomes;
}

static void add_outcome(struct strata_outcome *sum, const struct strata_outcome *outcome)
{
	sum->registry += outcome->registry;
	sum->first += outcome->first;
	sum->layer_sum += outcome->layer_sum;
	sum->image_sum += outcome->image_sum;
	sum->plan_count = outcome->plan_count;
	sum->plan_time = outcome->plan_time;
	for (size_t p = 0; p < sum->pull_count; p++) {
		sum->pulls[p].pairs += outcome->pulls[p].pairs;
		sum->pulls[p].digest += outcome->pulls[p].digest;
		sum->pulls[p].prefix += outcome->pulls[p].prefix;
		sum->pulls[p].requests += outcome->pulls[p].requests;
	}
}

static void widen(struct strata_range *range, uint64_t value, uint64_t ideal, bool first)
{
	uint64_t multiple = strata_contest_multiple(value, ideal);

	if (first || multiple < range->least)
		range->least = multiple;
	if (first || multiple > range->most)
		range->most = multiple;
}

struct contest_work {
	struct strata_series *series;
	const struct strata_contest_options *options;
	struct strata_contest *contest;
	struct strata_outcome *ideals; /* one for each run */
};

static int find_ideal(struct contest_work *work, struct strata_error *error)
{
	static const struct strata_contender everything_alone = {.name = "ideal"};
	struct strata_contest *contest = work->contest;
	struct strata_outcome *sum = outcomes_new(contest->arena, 1, work->options);
	int status;

	work->ideals = outcomes_new(contest->arena, contest->run_count, work->options);
	if (!sum || !work->ideals)
		return strata_fail_memory(error);
	status = strata_simulate(work->series, &everything_alone, work->ideals, error);
	for (uint32_t run = 0; status == 0 && run < contest->run_count; run++)
		add_outcome(sum, &work->ideals[run]);
	contest->ideal = *sum;
	return status;
}

static int find_result(struct contest_work *work, const struct strata_contender *given,
	uint32_t max_layers, struct strata_result *result, struct strata_error *error)
{
	struct strata_contest *contest = work->contest;
	size_t pulls = work->options->behind_count;
	struct strata_contender contender = *given;
	struct strata_outcome *outcomes =
		outcomes_new(contest->arena, contest->run_count + 1, work->options);
	int status;

	contender.max_layers = max_layers;
	result->name = strata_arena_string(contest->arena, given->name);
	result->max_layers = max_layers;
	result->digest = strata_arena_array(contest->arena, pulls, sizeof(*result->digest));
	result->prefix = strata_arena_array(contest->arena, pulls, sizeof(*result->prefix));
	if (!outcomes || !result->name || !result->digest || !result->prefix)
		return strata_fail_memory(error);
	result->sum = outcomes[contest->run_count];
	status = strata_simulate(work->series, &contender, outcomes, error);
	for (uint32_t run = 0; status == 0 && run < contest->run_count; run++) {
		const struct strata_outcome *outcome = &outcomes[run], *ideal = &work->ideals[run];

		add_outcome(&result->sum, outcome);
		widen(&result->registry, outcome->registry, ideal->registry, run == 0);
		for (size_t p = 0; p < pulls; p++) {
			widen(&result->digest[p], outcome->pulls[p].digest, ideal->pulls[p].digest,
				run == 0);
			widen(&result->prefix[p], outcome->pulls[p].prefix, ideal->pulls[p].digest,
				run == 0);
		}
	}
	return status;
}

static int run_all(struct contest_work *work, struct strata_error *error)
{
	const struct strata_contest_options *options = work->options;
	struct strata_contest *contest = work->contest;
	int status = find_ideal(work, error);

	contest->results = strata_arena_array(contest->arena,
		options->contender_count * options->max_layers_count, sizeof(*contest->results));
	if (!contest->results)
		return strata_fail_memory(error);
	for (size_t c = 0; c < options->contender_count; c++) {
		for (size_t b = 0; status == 0 && b < options->max_layers_count; b++) {
			status = strata_check_cancelled(options->observer, error);
			if (status == 0)
				status = find_result(work, &options->contenders[c],
					options->max_layers[b],
					&contest->results[contest->result_count++], error);
		}
	}
	return status;
}

int strata_contest_run(struct strata_series *series, const struct strata_contest_options *options,
	struct strata_contest **contest, struct strata_error *error)
{
	STRATA_CLEANUP(cleanup_contest) struct strata_contest *made = contest_new(error);
	struct contest_work work = {.series = series, .options = options, .contest = made};
	int status;

	if (!made)
		return STRATA_ERROR_MEMORY;
	made->run_count = strata_series_run_count(series);
	made->revision_count = strata_series_revision_count(series);
	made->image_count = series->image_number_count;
	status = run_all(&work, error);
	if (status == 0)
		*contest = strata_take(made);
	return status;
}
