/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program stratapack-simulate, which 'stratapack simulate' runs: what ways of layering cost
 * over time.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options/quantity.h"
#include "cli/options/simulate_options.h"
#include "cli/program.h"
#include "cli/text/output.h"
#include "cli/text/progress.h"
#include "lab/simulate.h"
#include "lab/state.h"
#include "util/memory.h"
#include "util/text.h"

struct simulate {
	struct strata_simulate_command options;
	struct strata_simulated_state *states;
	size_t state_count;
	struct strata_contender *contenders;
	size_t contender_count;
	struct strata_rates *rates;
	struct strata_updates *updates;
	struct strata_series *series;
	struct strata_contest *contest;
};

/* --- preparing -------------------------------------------------------------------------------- */

static int parse_fleet(
	struct strata_contender *contender, const char *weight, struct strata_error *error)
{
	contender->fleet = true;
	return *weight == ':'
		       ? strata_quantity_thousandths(weight + 1, STRATA_LARGEST_STORAGE_WEIGHT,
				 &contender->storage_weight, error)
		       : 0;
}

/* The name of a strategy, or of one that weighs what is stored, and the weight. */
static int parse_strategy(
	struct strata_contender *contender, const char *name, struct strata_error *error)
{
	const char *weight = strchr(name, ':');
	strata_autobuffer struct strata_buffer alone = STRATA_BUFFER_INIT;
	int status;

	contender->strategy = strata_strategy_find(name);
	if (contender->strategy || !weight)
		return 0;
	strata_buffer_append(&alone, name, (size_t)(weight - name));
	status = strata_buffer_check(&alone, error);
	if (status < 0)
		return status;
	contender->strategy = strata_strategy_find(alone.data);
	if (contender->strategy && !contender->strategy->weighs_storage)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"the strategy '%s' does not weigh what is stored", alone.data);
	return strata_quantity_thousandths(
		weight + 1, STRATA_LARGEST_STORAGE_WEIGHT, &contender->storage_weight, error);
}

/* NAME of a strategy or "fleet", and perhaps ":WEIGHT"; "sticky:" before it. */
static int parse_contender(
	struct strata_contender *contender, const char *name, struct strata_error *error)
{
	static const char sticky[] = "sticky:", fleet[] = "fleet";
	const char *rest = name;
	int status = 0;

	*contender = (struct strata_contender){
		.name = name, .storage_weight = STRATA_DEFAULT_STORAGE_WEIGHT};
	contender->sticky = strata_text_starts_with(name, sticky);
	if (contender->sticky)
		rest += strlen(sticky);
	if (strata_text_starts_with(rest, fleet) && (!rest[5] || rest[5] == ':'))
		status = parse_fleet(contender, rest + strlen(fleet), error);
	else
		status = parse_strategy(contender, rest, error);
	if (status == 0 && !contender->fleet && !contender->strategy)
		status = strata_hint(error,
			strata_fail(
				error, STRATA_ERROR_INVALID, "there is no strategy with this name"),
			"'stratapack strategies' lists them; 'fleet' plans all images together");
	return status < 0 ? strata_context(error, status, "--strategy %s", name) : 0;
}

/* All that can be put into any number of layers. */
static int choose_all(struct strata_strings *names, struct strata_error *error)
{
	int status = strata_strings_add(names, "fleet", error);

	for (const struct strata_strategy *const *at = strata_strategies(); status == 0 && *at;
		at++) {
		if (!(*at)->least_layers)
			status = strata_strings_add(names, (*at)->name, error);
	}
	return status;
}

static int prepare_contenders(struct simulate *simulate, struct strata_error *error)
{
	struct strata_strings *names = &simulate->options.own.contenders;
	int status = names->count == 0 ? choose_all(names, error) : 0;

	if (status < 0)
		return status;
	simulate->contenders = strata_allocate(names->count, sizeof(*simulate->contenders));
	if (!simulate->contenders)
		return strata_fail_memory(error);
	for (; status == 0 && simulate->contender_count < names->count; simulate->contender_count++)
		status = parse_contender(&simulate->contenders[simulate->contender_count],
			names->items[simulate->contender_count], error);
	return status;
}

static int prepare(
	struct simulate *simulate, char *const *states, size_t count, struct strata_error *error)
{
	struct strata_simulate_options *own = &simulate->options.own;
	int status = prepare_contenders(simulate, error);

	if (status < 0)
		return status;
	if (count == 0 || (count == 1 && !own->updates))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"a series needs two states, or one and updates"),
			"name states behind the options, as in packages-index:FILE, or what "
			"changes with --updates");
	if (own->seeds.count > 0 && !own->updates)
		return strata_fail(
			error, STRATA_ERROR_INVALID, "--seed is about updates, but none are given");
	if (own->max_layers.count == 0)
		status = strata_numbers_add(&own->max_layers, STRATA_DEFAULT_MAX_LAYERS, error);
	if (status == 0 && own->behind.count == 0)
		status = strata_numbers_add(&own->behind, 1, error);
	if (status == 0 && own->seeds.count == 0)
		status = strata_numbers_add(&own->seeds, 1, error);
	simulate->states = strata_allocate(count, sizeof(*simulate->states));
	if (!simulate->states)
		return strata_fail_memory(error);
	for (; status == 0 && simulate->state_count < count; simulate->state_count++)
		status = strata_simulated_state_parse(&simulate->states[simulate->state_count],
			states[simulate->state_count], own->essential, error);
	return status;
}

/* --- running ---------------------------------------------------------------------------------- */

static int read_inputs(struct simulate *simulate, struct strata_error *error)
{
	const struct strata_simulate_options *own = &simulate->options.own;
	int status = 0;

	if (own->updates)
		status = strata_updates_load(own->updates, &simulate->updates, error);
	if (status == 0 && own->rates) {
		simulate->rates = strata_rates_new(error);
		status = simulate->rates ? strata_rates_load(simulate->rates, own->rates, error)
					 : STRATA_ERROR_MEMORY;
	}
	for (size_t i = 0; i < simulate->contender_count; i++)
		simulate->contenders[i].rates = simulate->rates;
	return status;
}

static int make_series(struct simulate *simulate, const struct strata_observer *observer,
	struct strata_error *error)
{
	const struct strata_simulate_options *own = &simulate->options.own;
	int status = 0;

	simulate->series = strata_series_new(own->propagate, error);
	if (!simulate->series)
		return STRATA_ERROR_MEMORY;
	for (size_t i = 0; status == 0 && i < simulate->state_count; i++) {
		struct strata_simulated_state *state = &simulate->states[i];

		status = strata_simulated_state_read(state, own->fleet, observer, error);
		if (status == 0)
			status = strata_series_add(simulate->series, state->fleet, error);
		if (status == 0)
			status = strata_signals_check(error);
	}
	for (size_t i = 0; status == 0 && simulate->updates && i < own->seeds.count; i++)
		status = strata_series_update(
			simulate->series, simulate->updates, own->seeds.numbers[i], error);
	return status;
}

static void multiple_cell(struct strata_table *table, uint64_t value, uint64_t ideal)
{
	uint64_t multiple = strata_contest_multiple(value, ideal);
	char text[32];

	snprintf(text, sizeof(text), "%llu.%02llu", (unsigned long long)((multiple + 5) / 1000),
		(unsigned long long)((multiple + 5) % 1000 / 10));
	strata_table_cell(table, text);
}

static void heading(struct strata_table *table, struct strata_buffer *columns,
	const struct strata_outcome *ideal)
{
	static const char *const before[] = {"strategy", "bound", "layers", "registry", "first"};

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		strata_table_cell(table, before[i]);
		strata_buffer_byte(columns, i == 0 ? '<' : '>');
	}
	for (size_t p = 0; p < ideal->pull_count; p++) {
		char text[32];

		snprintf(text, sizeof(text), ideal->pull_count > 1 ? "pull-%u" : "pull",
			ideal->pulls[p].behind);
		strata_table_cell(table, text);
		strata_table_cell(table, "prefix");
		strata_table_cell(table, "requests");
		strata_buffer_string(columns, ">>>");
	}
	strata_table_cell(table, "planning");
	strata_buffer_byte(columns, '>');
}

static void row(struct strata_table *table, const struct strata_contest *contest,
	const struct strata_result *result)
{
	const struct strata_outcome *sum = &result->sum, *ideal = &contest->ideal;
	char text[32];

	strata_table_cell(table, result->name);
	strata_table_number(table, result->max_layers);
	strata_table_number(
		table, sum->image_sum ? (sum->layer_sum + sum->image_sum / 2) / sum->image_sum : 0);
	multiple_cell(table, sum->registry, ideal->registry);
	multiple_cell(table, sum->first, ideal->first);
	for (size_t p = 0; p < sum->pull_count; p++) {
		multiple_cell(table, sum->pulls[p].digest, ideal->pulls[p].digest);
		multiple_cell(table, sum->pulls[p].prefix, ideal->pulls[p].digest);
		multiple_cell(table, sum->pulls[p].requests, sum->pulls[p].pairs);
	}
	snprintf(text, sizeof(text), "%llu ms",
		(unsigned long long)(sum->plan_time / (sum->plan_count ? sum->plan_count : 1) +
				     500) /
			1000);
	strata_table_cell(table, text);
}

static int print_table(const struct strata_contest *contest, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer columns = STRATA_BUFFER_INIT;
	struct strata_table table = {.cells = STRATA_BUFFER_INIT};
	const struct strata_outcome *ideal = &contest->ideal;
	int status;

	heading(&table, &columns, ideal);
	for (size_t i = 0; i < contest->result_count; i++)
		row(&table, contest, &contest->results[i]);
	table.columns = columns.data;
	strata_buffer_format(&text, "%u images, %u revisions%s. Multiples of the ideal: registry ",
		contest->image_count, contest->revision_count,
		contest->run_count > 1 ? ", mean of several runs" : "");
	strata_text_size(&text, ideal->registry / contest->run_count);
	for (size_t p = 0; p < ideal->pull_count; p++) {
		strata_buffer_string(&text, ", pull ");
		strata_text_size(&text,
			ideal->pulls[p].pairs ? ideal->pulls[p].digest / ideal->pulls[p].pairs : 0);
	}
	strata_buffer_byte(&text, '\n');
	status = strata_table_append(&table, &text, error);
	strata_table_release(&table);
	return status < 0 ? status : strata_print(&text, error);
}

static int run_prepared(struct simulate *simulate)
{
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	const struct strata_simulate_options *own = &simulate->options.own;
	struct strata_progress_line line;
	struct strata_contest_options options = {
		.contenders = simulate->contenders,
		.contender_count = simulate->contender_count,
		.max_layers = own->max_layers.numbers,
		.max_layers_count = own->max_layers.count,
		.behind = own->behind.numbers,
		.behind_count = own->behind.count,
		.observer = &line.observer,
	};
	int status = read_inputs(simulate, &error);

	strata_progress_begin(&line, simulate->options.general.quiet);
	if (status == 0)
		status = make_series(simulate, &line.observer, &error);
	if (status == 0)
		status = strata_contest_run(simulate->series, &options, &simulate->contest, &error);
	if (status == 0 && own->plot)
		status = strata_contest_save_plot(simulate->contest, own->plot, &error);
	if (status == 0)
		status = own->json ? strata_contest_save(simulate->contest, "-", &error)
				   : print_table(simulate->contest, &error);
	strata_progress_end(&line);
	return status < 0 ? strata_report(&error) : STRATA_EXIT_DONE;
}

static void release(struct simulate *simulate)
{
	strata_contest_free(simulate->contest);
	strata_series_free(simulate->series);
	strata_updates_free(simulate->updates);
	if (simulate->rates)
		strata_rates_free(simulate->rates);
	for (size_t i = 0; i < simulate->state_count; i++)
		strata_simulated_state_release(&simulate->states[i]);
	free(simulate->states);
	free(simulate->contenders);
	strata_strings_release(&simulate->options.own.contenders);
	free(simulate->options.own.max_layers.numbers);
	free(simulate->options.own.behind.numbers);
	free(simulate->options.own.seeds.numbers);
}

static int run_simulate(int argc, char **argv)
{
	struct simulate simulate = {.states = NULL};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(&strata_command_simulate, argc, argv, &simulate.options,
		&simulate.options.general, &first);

	if (code == STRATA_COMMAND_GOES_ON) {
		if (prepare(&simulate, argv + first, (size_t)(argc - first), &error) < 0)
			code = strata_report_use(&error);
		else
			code = run_prepared(&simulate);
	}
	release(&simulate);
	return code;
}

int main(int argc, char **argv)
{
	return strata_program_run(run_simulate, argc, argv);
}
