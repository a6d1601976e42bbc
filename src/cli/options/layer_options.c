/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/layer_options.h"

#include <string.h>

#include "cli/options/timestamp.h"
#include "util/memory.h"
#include "util/text.h"

enum {
	MOST_THREADS = 4096,
};

static int apply_owner(void *target, const char *value, struct strata_error *error)
{
	struct strata_layer_options *options = target;
	strata_autofree char *copy = strdup(value);
	char *separator;
	uint64_t uid, gid;

	if (!copy)
		return strata_fail_memory(error);
	separator = strchr(copy, ':');
	if (separator)
		*separator = '\0';
	if (!separator || !strata_text_to_number(copy, 10, &uid) ||
		!strata_text_to_number(separator + 1, 10, &gid) || uid >= UINT32_MAX ||
		gid >= UINT32_MAX)
		return strata_fail(
			error, STRATA_ERROR_INVALID, "an owner is written UID:GID, two numbers");
	options->rules.set_owner = true;
	options->rules.uid = (uint32_t)uid;
	options->rules.gid = (uint32_t)gid;
	return 0;
}

static int apply_mtime(void *target, const char *value, struct strata_error *error)
{
	struct strata_layer_options *options = target;

	options->has_mtime = true;
	if (strcmp(value, "keep") == 0) {
		options->rules.time = STRATA_TIME_KEEP;
		return 0;
	}
	options->rules.time = STRATA_TIME_LIMIT;
	if (!strata_timestamp_parse(value, &options->rules.limit))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"this is neither seconds since 1970-01-01 UTC nor 'keep'");
	return 0;
}

static int apply_compression(void *target, const char *value, struct strata_error *error)
{
	struct strata_layer_options *options = target;

	options->has_compression = true;
	return strata_compression_parse(value, &options->compression, error);
}

static int apply_threads(void *target, const char *value, struct strata_error *error)
{
	struct strata_thread_options *options = target;
	uint64_t number;

	if (!strata_text_to_number(value, 10, &number) || number > MOST_THREADS)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"this is not a number of threads from 0 to %d", MOST_THREADS);
	options->threads = (unsigned)number;
	return 0;
}

static int apply_exclude(void *target, const char *value, struct strata_error *error)
{
	struct strata_layer_options *options = target;
	int status;

	if (*value != '/')
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"patterns are of whole paths, and begin with a slash"),
			"'/**/NAME' stands for NAME in any directory");
	status = strata_strings_add(&options->exclude, value, error);
	options->rules.exclude = options->exclude.items;
	options->rules.exclude_count = options->exclude.count;
	return status;
}

void strata_layer_options_release(struct strata_layer_options *options)
{
	strata_strings_release(&options->exclude);
}

static const struct strata_option layer_options[] = {
	{.name = "owner",
		.argument = "UID:GID",
		.help = "everything belongs to this user and group (default: 0:0 for store items, "
			"files of a system as they are)",
		.apply = apply_owner},
	{.name = "mtime",
		.argument = "TIME|keep",
		.help = "modification times: seconds since 1970, which files of a system do not "
			"exceed, or as they are (default: SOURCE_DATE_EPOCH, else 1 for store "
			"items)",
		.apply = apply_mtime},
	{.name = "compression",
		.argument = "CODEC[:LEVEL]",
		.value = STRATA_VALUE_COMPRESSION,
		.help = "none, gzip or zstd (default gzip:6)",
		.apply = apply_compression},
	{.name = "exclude",
		.argument = "PATTERN",
		.help = "leave out what has such a path in the image, with all that is below, "
			"whatever brings it; repeatable",
		.apply = apply_exclude},
	{.name = NULL},
};

const struct strata_option_group strata_layer_group = {"Layers", layer_options};

static const struct strata_option thread_options[] = {
	{.name = "threads",
		.argument = "N",
		.help = "threads to work with (default 0: one for each processor); the result does "
			"not depend on it",
		.apply = apply_threads},
	{.name = NULL},
};

const struct strata_option_group strata_thread_group = {"Work", thread_options};

int strata_layer_options_complete(struct strata_layer_options *options, struct strata_error *error)
{
	bool is_set;
	int64_t seconds;
	int status;

	if (!options->has_compression) {
		status = strata_compression_parse("gzip", &options->compression, error);
		if (status < 0)
			return status;
	}
	if (options->has_mtime)
		return 0;
	status = strata_timestamp_from_environment(&is_set, &seconds, error);
	if (status < 0)
		return status;
	options->rules.time = STRATA_TIME_DEFAULT;
	if (is_set) {
		options->rules.time = STRATA_TIME_LIMIT;
		options->rules.limit = seconds;
	}
	return 0;
}

void strata_layer_options_apply(
	const struct strata_layer_options *options, struct strata_request *request)
{
	request->rules = options->rules;
	request->compression = &options->compression;
}
