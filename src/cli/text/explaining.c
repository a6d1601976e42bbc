/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text/explaining.h"

#include "cli/text/output.h"
#include "util/fixed_point.h"
#include "util/json_writer.h"
#include "util/text.h"

/* A number in 1 / STRATA_FIXED_ONE as people write it: more places where it is small. */
static void write_number(struct strata_buffer *buffer, uint64_t fixed)
{
	uint64_t hundredths = (fixed * 100 + STRATA_FIXED_ONE / 2) / STRATA_FIXED_ONE;

	if (hundredths >= 1000)
		strata_buffer_format(buffer, "%llu", (unsigned long long)(hundredths + 50) / 100);
	else if (hundredths >= 100)
		strata_buffer_format(buffer, "%llu.%llu",
			(unsigned long long)(hundredths + 5) / 100,
			(unsigned long long)(hundredths + 5) / 10 % 10);
	else
		strata_buffer_format(buffer, "0.%02llu", (unsigned long long)hundredths);
}

static void add_text(struct strata_table *table, const struct strata_buffer *text)
{
	table->cells.failed = table->cells.failed || text->failed;
	strata_table_cell(table, text->data ? text->data : "");
}

static void add_number(struct strata_table *table, uint64_t fixed)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	write_number(&text, fixed);
	add_text(table, &text);
}

/* Which causes make the layer change, and how much of it is theirs. */
static void add_causes(struct strata_table *table, const struct strata_churn *churn,
	const struct strata_layer_forecast *layer)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	for (unsigned w = 0; w < layer->worst_count; w++) {
		strata_buffer_string(&text, w > 0 ? " " : "");
		strata_text_visible(&text, strata_churn_cause_name(churn, layer->worst[w]));
		if (layer->cause_count > 1)
			strata_buffer_format(&text, " %u%%", (layer->shares[w] + 5) / 10);
	}
	if (layer->cause_count > layer->worst_count)
		strata_buffer_format(
			&text, " and %u more", layer->cause_count - layer->worst_count);
	add_text(table, &text);
}

int strata_plan_table(const struct strata_plan *plan, const struct strata_graph *graph,
	const struct strata_churn *churn, const struct strata_forecast *forecast,
	struct strata_buffer *buffer, struct strata_error *error)
{
	static const char *const headings[] = {
		"layer", "items", "size", "a year", "changed by", "contents"};
	struct strata_table table = {">>>><<", STRATA_BUFFER_INIT};
	int status;

	for (size_t index = 0; index < sizeof(headings) / sizeof(*headings); index++)
		strata_table_cell(&table, headings[index]);
	for (size_t number = 0; number < plan->layer_count; number++) {
		const struct strata_plan_layer *layer = &plan->layers[number];
		bool customised = number + 1 == plan->layer_count &&
				  !strata_customisation_is_empty(&plan->customisation) &&
				  !plan->customisation_layer;

		strata_table_number(&table, number + 1);
		strata_table_number(&table, layer->item_count);
		strata_table_size(&table, forecast->layers[number].size);
		add_number(&table, forecast->layers[number].dirty);
		add_causes(&table, churn, &forecast->layers[number]);
		strata_table_contents(&table, graph, layer->items, layer->item_count, customised);
	}
	if (plan->customisation_layer) {
		strata_table_number(&table, plan->layer_count + 1);
		strata_table_number(&table, 0);
		strata_table_size(&table, 0);
		strata_table_cell(&table, "");
		strata_table_cell(&table, "");
		strata_table_contents(&table, graph, NULL, 0, true);
	}
	status = strata_table_append(&table, buffer, error);
	strata_table_release(&table);
	return status;
}

/* "1.12": VALUE by LEAST. */
static void add_ratio(struct strata_table *table, uint64_t value, uint64_t least)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	if (least > 0) {
		/* Large numbers give up a millionth. */
		uint64_t hundredths = value < UINT64_MAX / 100
					      ? (value * 100 + least / 2) / least
					      : (value >> 20) * 100 / ((least >> 20) + 1);

		strata_buffer_format(&text, "%llu.%02llu", (unsigned long long)(hundredths / 100),
			(unsigned long long)(hundredths % 100));
	}
	add_text(table, &text);
}

static void add_figure(struct strata_table *table, const char *name, uint64_t value, uint64_t bound,
	uint64_t ideal)
{
	strata_table_cell(table, name);
	strata_table_size(table, value);
	strata_table_size(table, bound);
	add_ratio(table, value, bound);
	strata_table_size(table, ideal);
	add_ratio(table, value, ideal);
}

static void write_sources(const struct strata_forecast *forecast, struct strata_buffer *buffer)
{
	static const char *const names[STRATA_RATE_SOURCES] = {
		[STRATA_RATE_EXPECTED] = "from the graph alone",
		[STRATA_RATE_OBSERVED] = "from changes that were counted",
		[STRATA_RATE_GIVEN] = "as given",
	};
	bool any = false;

	strata_buffer_string(buffer, "rates: ");
	for (unsigned source = STRATA_RATE_SOURCES; source-- > 0;) {
		if (forecast->sources[source] == 0)
			continue;
		strata_buffer_format(buffer, "%s%u cause%s %s", any ? ", " : "",
			forecast->sources[source], forecast->sources[source] == 1 ? "" : "s",
			names[source]);
		any = true;
	}
	strata_buffer_string(buffer, any ? "\n" : "none\n");
}

int strata_forecast_text(const struct strata_churn *churn, const struct strata_forecast *forecast,
	struct strata_buffer *buffer, struct strata_error *error)
{
	const struct strata_cost *cost = &forecast->cost, *ideal = &forecast->bound.ideal;
	uint64_t more = forecast->bound.pulled - ideal->pulled;
	struct strata_table table = {"<>>>>>", STRATA_BUFFER_INIT};
	strata_autobuffer struct strata_buffer heading = STRATA_BUFFER_INIT;
	static const char *const headings[] = {
		"a year of rebuilds", "expected", NULL, "times", "least of all", "times"};
	int status;

	strata_buffer_format(&heading, "least in %zu layers", forecast->layer_count);
	for (size_t index = 0; index < sizeof(headings) / sizeof(*headings); index++) {
		if (headings[index])
			strata_table_cell(&table, headings[index]);
		else
			add_text(&table, &heading);
	}
	add_figure(&table, "pulled, layers reused by digest", cost->pulled, forecast->bound.pulled,
		ideal->pulled);
	add_figure(&table, "pulled, only a prefix reused", cost->pulled_prefix,
		ideal->pulled_prefix, ideal->pulled_prefix);
	add_figure(&table, "stored in a registry", cost->registry,
		strata_saturating_add(ideal->registry, more), ideal->registry);
	strata_table_cell(&table, "layers asked for");
	add_number(&table, cost->requests);
	add_number(&table, ideal->requests);
	add_ratio(&table, cost->requests, ideal->requests);
	add_number(&table, ideal->requests);
	add_ratio(&table, cost->requests, ideal->requests);
	status = strata_table_append(&table, buffer, error);
	strata_table_release(&table);
	strata_buffer_format(buffer,
		"%u rebuilds%s; bytes as the items have them, not compressed, without the "
		"customisation\n",
		strata_churn_rebuilds(churn),
		strata_churn_batch_days(churn) > 0 ? " and days on which many change" : "");
	write_sources(forecast, buffer);
	return status < 0 ? status : strata_buffer_check(buffer, error);
}

static void write_decimal(struct strata_json_writer *json, const char *key, uint64_t fixed)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	uint64_t part = (fixed & (STRATA_FIXED_ONE - 1)) * 10000 / STRATA_FIXED_ONE;

	strata_buffer_format(&text, "%llu.%04llu", (unsigned long long)(fixed / STRATA_FIXED_ONE),
		(unsigned long long)part);
	strata_json_key(json, key);
	json->buffer->failed = json->buffer->failed || text.failed;
	strata_json_write_raw(json, text.data ? text.data : "0");
}

static void write_cost(
	struct strata_json_writer *json, const char *key, const struct strata_cost *cost)
{
	strata_json_key(json, key);
	strata_json_begin_object(json);
	strata_json_member_size(json, "pulled", cost->pulled);
	strata_json_member_size(json, "pulledPrefix", cost->pulled_prefix);
	strata_json_member_size(json, "registry", cost->registry);
	write_decimal(json, "requests", cost->requests);
	strata_json_end_object(json);
}

static void write_layer(struct strata_json_writer *json, const struct strata_plan_layer *layer,
	const struct strata_churn *churn, const struct strata_layer_forecast *forecast)
{
	strata_json_begin_object(json);
	strata_json_member_size(json, "size", forecast->size);
	write_decimal(json, "updatesPerYear", forecast->dirty);
	strata_json_member_size(json, "causes", forecast->cause_count);
	strata_json_key(json, "worst");
	strata_json_begin_array(json);
	for (unsigned w = 0; w < forecast->worst_count; w++) {
		strata_json_begin_object(json);
		strata_json_member_string(
			json, "cause", strata_churn_cause_name(churn, forecast->worst[w]));
		write_decimal(json, "share", forecast->shares[w] * STRATA_FIXED_ONE / 1000);
		strata_json_end_object(json);
	}
	strata_json_end_array(json);
	strata_json_key(json, "items");
	strata_json_begin_array(json);
	for (size_t i = 0; i < layer->item_count; i++)
		strata_json_write_string(json, layer->items[i]);
	strata_json_end_array(json);
	strata_json_end_object(json);
}

void strata_forecast_json(const struct strata_plan *plan, const struct strata_churn *churn,
	const struct strata_forecast *forecast, struct strata_buffer *buffer)
{
	struct strata_json_writer json = {.buffer = buffer, .indented = true};
	struct strata_cost bound = forecast->bound.ideal;

	bound.pulled = forecast->bound.pulled;
	bound.registry += forecast->bound.pulled - forecast->bound.ideal.pulled;
	strata_json_begin_object(&json);
	strata_json_member_size(&json, "rebuildsPerYear", strata_churn_rebuilds(churn));
	strata_json_member_size(&json, "batchDaysPerYear", strata_churn_batch_days(churn));
	write_cost(&json, "expected", &forecast->cost);
	write_cost(&json, "least", &bound);
	write_cost(&json, "leastOfAll", &forecast->bound.ideal);
	strata_json_key(&json, "rates");
	strata_json_begin_object(&json);
	strata_json_member_size(&json, "given", forecast->sources[STRATA_RATE_GIVEN]);
	strata_json_member_size(&json, "observed", forecast->sources[STRATA_RATE_OBSERVED]);
	strata_json_member_size(&json, "graph", forecast->sources[STRATA_RATE_EXPECTED]);
	strata_json_end_object(&json);
	strata_json_key(&json, "layers");
	strata_json_begin_array(&json);
	for (size_t number = 0; number < plan->layer_count; number++)
		write_layer(&json, &plan->layers[number], churn, &forecast->layers[number]);
	strata_json_end_array(&json);
	strata_json_end_object(&json);
	strata_buffer_byte(buffer, '\n');
}
