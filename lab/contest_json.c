/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The results of a contest as JSON (docs/simulation.schema.json).
 */
#include "lab/series.h"
#include "util/error.h"
#include "util/file.h"
#include "util/json_writer.h"

/* A number of thousandths as a decimal fraction. */
static void write_thousandths(struct strata_json_writer *json, uint64_t thousandths)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	strata_buffer_format(&text, "%llu.%03llu", (unsigned long long)(thousandths / 1000),
		(unsigned long long)(thousandths % 1000));
	strata_json_write_raw(json, text.data);
}

static void member_thousandths(
	struct strata_json_writer *json, const char *key, uint64_t thousandths)
{
	strata_json_key(json, key);
	write_thousandths(json, thousandths);
}

static uint64_t mean(uint64_t sum, uint64_t count)
{
	return count > 0 ? sum / count : 0;
}

/* Bytes, and where there is an ideal, how many times that they are. */
static void member_bytes(struct strata_json_writer *json, const char *key, uint64_t sum,
	uint64_t count, uint64_t ideal, const struct strata_range *range)
{
	strata_json_key(json, key);
	strata_json_begin_object(json);
	strata_json_member_size(json, "bytes", mean(sum, count));
	member_thousandths(json, "multiple", strata_contest_multiple(sum, ideal));
	if (range) {
		member_thousandths(json, "least", range->least);
		member_thousandths(json, "most", range->most);
	}
	strata_json_end_object(json);
}

static void write_pull(struct strata_json_writer *json, const struct strata_result *result,
	const struct strata_outcome *ideal, size_t p)
{
	const struct strata_pull *pull = &result->sum.pulls[p];

	strata_json_begin_object(json);
	strata_json_member_size(json, "behind", pull->behind);
	member_bytes(json, "digest", pull->digest, pull->pairs, ideal->pulls[p].digest,
		&result->digest[p]);
	member_bytes(json, "prefix", pull->prefix, pull->pairs, ideal->pulls[p].digest,
		&result->prefix[p]);
	member_thousandths(json, "requests",
		pull->pairs > 0 ? strata_contest_multiple(pull->requests, pull->pairs) : 0);
	strata_json_end_object(json);
}

static void write_result(struct strata_json_writer *json, const struct strata_contest *contest,
	const struct strata_result *result)
{
	const struct strata_outcome *sum = &result->sum;

	strata_json_begin_object(json);
	strata_json_member_string(json, "strategy", result->name);
	strata_json_member_size(json, "maxLayers", result->max_layers);
	member_bytes(json, "registry", sum->registry, contest->run_count, contest->ideal.registry,
		&result->registry);
	member_bytes(
		json, "firstRevision", sum->first, contest->run_count, contest->ideal.first, NULL);
	strata_json_key(json, "pulls");
	strata_json_begin_array(json);
	for (size_t p = 0; p < sum->pull_count; p++)
		write_pull(json, result, &contest->ideal, p);
	strata_json_end_array(json);
	member_thousandths(json, "layers",
		sum->image_sum > 0 ? strata_contest_multiple(sum->layer_sum, sum->image_sum) : 0);
	strata_json_member_size(json, "planMicroseconds", mean(sum->plan_time, sum->plan_count));
	strata_json_end_object(json);
}

static void write_ideal(struct strata_json_writer *json, const struct strata_contest *contest)
{
	const struct strata_outcome *ideal = &contest->ideal;

	strata_json_begin_object(json);
	strata_json_member_size(json, "registryBytes", mean(ideal->registry, contest->run_count));
	strata_json_member_size(json, "firstRevisionBytes", mean(ideal->first, contest->run_count));
	strata_json_key(json, "pulls");
	strata_json_begin_array(json);
	for (size_t p = 0; p < ideal->pull_count; p++) {
		strata_json_begin_object(json);
		strata_json_member_size(json, "behind", ideal->pulls[p].behind);
		strata_json_member_size(
			json, "bytes", mean(ideal->pulls[p].digest, ideal->pulls[p].pairs));
		strata_json_end_object(json);
	}
	strata_json_end_array(json);
	strata_json_end_object(json);
}

int strata_contest_save(
	const struct strata_contest *contest, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text, .indented = true};

	strata_json_begin_object(&json);
	strata_json_member_size(&json, "stratapackSimulation", 1);
	strata_json_member_size(&json, "images", contest->image_count);
	strata_json_member_size(&json, "revisions", contest->revision_count);
	strata_json_member_size(&json, "runs", contest->run_count);
	strata_json_key(&json, "ideal");
	write_ideal(&json, contest);
	strata_json_key(&json, "results");
	strata_json_begin_array(&json);
	for (size_t i = 0; i < contest->result_count; i++)
		write_result(&json, contest, &contest->results[i]);
	strata_json_end_array(&json);
	strata_json_end_object(&json);
	strata_buffer_byte(&text, '\n');
	if (strata_buffer_check(&text, error) < 0)
		return STRATA_ERROR_MEMORY;
	return strata_file_replace(path, text.data, text.length, error);
}
