/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack why: what leads to an item, and what would leave with it.
 */
#include "graph/why.h"

#include "cli/command.h"
#include "cli/options/planning_options.h"
#include "cli/text/output.h"
#include "util/json_writer.h"
#include "util/text.h"

struct why {
	struct strata_general_options general;
	struct strata_root_options root;
	struct strata_source_options source;
	struct strata_plan_file_options file;
	struct why_options {
		struct strata_used used;
		bool json;
	} own;
};

static const struct strata_option why_options[] = {
	{.name = "json",
		.help = "print JSON instead of text",
		STRATA_STORES_FLAG(struct why_options, json)},
	{.name = NULL},
};

static const struct strata_option_group why_group = {"Output", why_options};

static const struct strata_command_group why_groups[] = {
	{&strata_source_group, offsetof(struct why, source)},
	{&strata_root_group, offsetof(struct why, root)},
	{&strata_plan_file_group, offsetof(struct why, file)},
	{&why_group, offsetof(struct why, own)},
	{&strata_general_group, offsetof(struct why, general)},
	{NULL, 0},
};

static void write_ids(struct strata_json_writer *json, const struct strata_graph *graph,
	const uint32_t *items, uint32_t count)
{
	strata_json_begin_array(json);
	for (uint32_t i = 0; i < count; i++)
		strata_json_write_string(json, strata_graph_item(graph, items[i])->id);
	strata_json_end_array(json);
}

static void write_json(
	const struct strata_why *why, const struct strata_graph *graph, struct strata_buffer *text)
{
	struct strata_json_writer json = {.buffer = text, .indented = true};
	const struct strata_item *item = strata_graph_item(graph, why->item);

	strata_json_begin_object(&json);
	strata_json_member_string(&json, "item", item->id);
	strata_json_member_size(&json, "size", item->size);
	strata_json_member_size(&json, "sizeWithLeaving", why->size);
	strata_json_key(&json, "paths");
	strata_json_begin_array(&json);
	for (uint32_t i = 0; i < why->path_count; i++)
		write_ids(&json, graph, why->paths[i].items, why->paths[i].count);
	strata_json_end_array(&json);
	strata_json_key(&json, "leaving");
	write_ids(&json, graph, why->leaving, why->leaving_count);
	strata_json_end_object(&json);
	strata_buffer_byte(text, '\n');
}

static void write_text(
	const struct strata_why *why, const struct strata_graph *graph, struct strata_buffer *text)
{
	for (uint32_t i = 0; i < why->path_count; i++)
		for (uint32_t step = 0; step < why->paths[i].count; step++) {
			strata_buffer_format(text, "%*s%s", (int)(step < 40 ? step : 40) * 2, "",
				step > 0 ? "-> " : "");
			strata_text_visible(
				text, strata_graph_item(graph, why->paths[i].items[step])->id);
			strata_buffer_byte(text, '\n');
		}
	strata_buffer_string(text, "\nIts size is ");
	strata_text_size(text, strata_graph_item(graph, why->item)->size);
	strata_buffer_string(text, "; with what only it needs, ");
	strata_text_size(text, why->size);
	strata_buffer_string(text, why->leaving_count > 0 ? ":\n" : ": nothing else.\n");
	for (uint32_t i = 0; i < why->leaving_count; i++) {
		const struct strata_item *item = strata_graph_item(graph, why->leaving[i]);

		strata_buffer_string(text, "  ");
		strata_text_visible(text, item->id);
		strata_buffer_string(text, "  ");
		strata_text_size(text, item->size);
		strata_buffer_byte(text, '\n');
	}
}

static int answer(
	const struct strata_graph *graph, const char *asked, bool json, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_why why;
	uint32_t item;
	int status = strata_why_find(graph, asked, &item, error);

	if (status < 0)
		return status;
	status = strata_why_ask(&why, graph, item, error);
	if (status == 0 && json)
		write_json(&why, graph, &text);
	else if (status == 0)
		write_text(&why, graph, &text);
	strata_why_release(&why);
	return status < 0 ? status : strata_print(&text, error);
}

static int run_asked(const struct why *why, char **operands, size_t count)
{
	struct strata_request request = STRATA_REQUEST_INIT;
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	struct strata_job *job = NULL;
	int status;

	request.items = (const char *const *)operands;
	request.item_count = count - 1;
	request.root = why->root.root;
	request.plan = why->file.path;
	strata_source_options_apply(&why->source, &request);
	status = strata_job_run(&request, STRATA_GOAL_PLAN, &job, &error);
	if (status == 0)
		status = answer(strata_job_graph(job), operands[count - 1], why->own.json, &error);
	strata_job_free(job);
	return status < 0 ? strata_report_failure(&error) : STRATA_EXIT_DONE;
}

static int run_why(const struct strata_command *command, int argc, char **argv)
{
	struct why why = {.general = {.help = false}};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &why, &why.general, &first);

	if (code == STRATA_COMMAND_GOES_ON && first == argc) {
		strata_hint(&error,
			strata_fail(&error, STRATA_ERROR_INVALID, "no item is asked about"),
			"name it last, behind the items that an image would be made of");
		code = strata_report_use(&error);
	} else if (code == STRATA_COMMAND_GOES_ON) {
		code = run_asked(&why, argv + first, (size_t)(argc - first));
	}
	strata_source_options_release(&why.source);
	return code;
}

const struct strata_command strata_command_why = {
	.name = "why",
	.operands = "[ITEM]... ASKED",
	.summary = "tell why an item is in an image",
	.description = "Print the shortest paths of references that lead from ITEMs to the item "
		       "ASKED, what would leave with it, and its size alone and with that.",
	.examples = "  # why does git bring a part of Perl?\n"
		    "  stratapack why git perl-base\n"
		    "  # the same of an image that is planned already\n"
		    "  stratapack why --plan plan.json perl-base\n",
	.groups = why_groups,
	.run = run_why,
};
