/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack cache: look after the layers that were built before.
 */
#include <string.h>

#include "cli/command.h"
#include "cli/options/cache_options.h"
#include "cli/options/quantity.h"
#include "cli/options/timestamp.h"
#include "cli/text/output.h"
#include "util/json_writer.h"
#include "util/text.h"

struct upkeep_options {
	struct strata_used used;
	struct strata_cache_limits limits;
	bool limited;
	bool json;
};

struct upkeep {
	struct strata_general_options general;
	struct strata_cache_options cache;
	struct upkeep_options options;
};

static int apply_size(void *target, const char *value, struct strata_error *error)
{
	((struct upkeep_options *)target)->limited = true;
	return strata_quantity_size(value, &((struct upkeep_options *)target)->limits.size, error);
}

static int apply_age(void *target, const char *value, struct strata_error *error)
{
	((struct upkeep_options *)target)->limited = true;
	return strata_quantity_span(value, &((struct upkeep_options *)target)->limits.age, error);
}

static const struct strata_option upkeep_option_table[] = {
	{.name = "max-size",
		.argument = "SIZE",
		.help = "prune: keep at most this much, the last used first; k, M, G and T are "
			"powers of 1000",
		.apply = apply_size},
	{.name = "max-age",
		.argument = "TIME",
		.help = "prune: keep what was used within this time: 30d, 12h, 90m, or seconds",
		.apply = apply_age},
	{.name = "json", .help = "list: as JSON", STRATA_STORES_FLAG(struct upkeep_options, json)},
	{.name = NULL},
};

static const struct strata_option_group upkeep_group = {"Upkeep", upkeep_option_table};

static const struct strata_command_group cache_groups[] = {
	{&upkeep_group, offsetof(struct upkeep, options)},
	{&strata_cache_group, offsetof(struct upkeep, cache)},
	{&strata_general_group, offsetof(struct upkeep, general)},
	{NULL, 0},
};

static bool list_row(void *data, const struct strata_cached_layer *layer)
{
	strata_autobuffer struct strata_buffer size = STRATA_BUFFER_INIT;
	struct strata_buffer *text = data;

	strata_text_size(&size, layer->size);
	strata_buffer_format(text, "%.12s  %9s  ", strata_digest_hex(&layer->digest),
		layer->has_blob ? size.data : "described");
	for (size_t i = 0; i < layer->item_count && i < 3; i++) {
		const char *slash = strrchr(layer->items[i], '/');

		strata_buffer_string(text, i > 0 ? " " : "");
		strata_text_visible(text, slash ? slash + 1 : layer->items[i]);
	}
	if (layer->item_count > 3)
		strata_buffer_format(text, " and %zu more", layer->item_count - 3);
	strata_buffer_byte(text, '\n');
	return !text->failed;
}

static bool list_json(void *data, const struct strata_cached_layer *layer)
{
	struct strata_json_writer *json = data;

	strata_json_begin_object(json);
	strata_json_member_string(json, "digest", layer->digest.text);
	strata_json_member_string(json, "diffId", layer->diff_id.text);
	strata_json_member_string(json, "recipeKey", layer->recipe_key.text);
	strata_json_member_size(json, "size", layer->size);
	strata_json_key(json, "used");
	strata_json_write_number(json, layer->used);
	strata_json_member_bool(json, "blob", layer->has_blob);
	strata_json_key(json, "items");
	strata_json_begin_array(json);
	for (size_t i = 0; i < layer->item_count; i++)
		strata_json_write_string(json, layer->items[i]);
	strata_json_end_array(json);
	strata_json_end_object(json);
	return true;
}

static int list(struct strata_cache *cache, bool as_json, struct strata_buffer *text,
	struct strata_error *error)
{
	struct strata_json_writer json = {.buffer = text, .indented = true};
	int status;

	if (!as_json)
		return strata_cache_list(cache, list_row, text, error);
	strata_json_begin_array(&json);
	status = strata_cache_list(cache, list_json, &json, error);
	strata_json_end_array(&json);
	strata_buffer_byte(text, '\n');
	return status;
}

static void add_finding(void *data, const char *finding)
{
	strata_text_visible(data, finding);
	strata_buffer_byte(data, '\n');
}

static int verify(struct strata_cache *cache, struct strata_buffer *text, int *code,
	struct strata_error *error)
{
	size_t count;
	int status = strata_cache_verify(cache, add_finding, text, &count, error);

	if (status == 0 && count > 0) {
		strata_buffer_format(text, "%zu blob%s removed; they will be built anew\n", count,
			count == 1 ? "" : "s");
		*code = STRATA_EXIT_MISMATCH;
	} else if (status == 0) {
		strata_buffer_format(text, "verified: %s\n", strata_cache_path(cache));
	}
	return status;
}

static int prune(struct strata_cache *cache, const struct strata_cache_limits *limits,
	struct strata_buffer *text, struct strata_error *error)
{
	struct strata_cache_removal removal;
	int status = strata_cache_prune(cache, limits, &removal, error);

	if (status < 0)
		return status;
	strata_buffer_format(text, "removed %llu layers, ", (unsigned long long)removal.layers);
	strata_text_size(text, removal.bytes);
	strata_buffer_format(text, "; kept %llu, ", (unsigned long long)removal.layers_left);
	strata_text_size(text, removal.bytes_left);
	strata_buffer_byte(text, '\n');
	return 0;
}

static int check_use(const struct upkeep *upkeep, const char *action, struct strata_error *error)
{
	if (strcmp(action, "list") != 0 && strcmp(action, "verify") != 0 &&
		strcmp(action, "prune") != 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"'%s' is nothing to do with a cache", action),
			"stratapack cache list|verify|prune");
	if (strcmp(action, "prune") == 0 && !upkeep->options.limited)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "prune needs a limit"),
			"give --max-size, --max-age, or both; --max-size 0 empties the cache");
	return 0;
}

static int run_upkeep(
	const struct upkeep *upkeep, const char *action, int *code, struct strata_error *error)
{
	strata_autocache struct strata_cache *cache = NULL;
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	int status = strata_cache_options_open(&upkeep->cache, &cache, error);

	if (status < 0)
		return status;
	if (!cache)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_NOT_FOUND, "there is no cache"),
			"name one with --cache DIR");
	if (strcmp(action, "list") == 0)
		status = list(cache, upkeep->options.json, &text, error);
	else if (strcmp(action, "verify") == 0)
		status = verify(cache, &text, code, error);
	else
		status = prune(cache, &upkeep->options.limits, &text, error);
	if (status == 0)
		status = strata_buffer_check(&text, error);
	return status < 0 ? status : strata_print(&text, error);
}

static int run_cache(const struct strata_command *command, int argc, char **argv)
{
	struct upkeep upkeep = {.options.limits = {UINT64_MAX, INT64_MAX}};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first, done = STRATA_EXIT_DONE;
	int code = strata_command_begin(command, argc, argv, &upkeep, &upkeep.general, &first);

	if (code != STRATA_COMMAND_GOES_ON)
		return code;
	if (argc - first != 1) {
		strata_hint(&error,
			strata_fail(&error, STRATA_ERROR_INVALID, "one action is needed"),
			"stratapack cache list|verify|prune");
		return strata_report_use(&error);
	}
	if (check_use(&upkeep, argv[first], &error) < 0)
		return strata_report_use(&error);
	if (run_upkeep(&upkeep, argv[first], &done, &error) < 0)
		return strata_report(&error);
	return done;
}

const struct strata_command strata_command_cache = {
	.name = "cache",
	.operands = "list|verify|prune",
	.summary = "look after the layers that were built before",
	.description =
		"List the layers in the cache, hash them again, or remove those that were not used "
		"for longest.",
	.examples = "  stratapack cache list\n"
		    "  # keep what was used this month, and no more than 20 GB of it\n"
		    "  stratapack cache prune --max-age 30d --max-size 20G\n"
		    "  # what is in it is an OCI layout\n"
		    "  skopeo copy oci:$HOME/.cache/stratapack:1.0 docker://example.org/tool:1.0\n",
	.groups = cache_groups,
	.run = run_cache,
};
