/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/source_options.h"

#include <string.h>

#include "util/memory.h"
#include "util/text.h"

int strata_source_options_add_file(struct strata_source_options *options, const char *path,
	int (*read)(struct strata_graph *, const char *, struct strata_error *),
	struct strata_error *error)
{
	if (strata_grow(&options->files, &options->file_capacity, options->file_count + 1,
		    sizeof(*options->files)) < 0)
		return strata_fail_memory(error);
	options->files[options->file_count].path = path;
	options->files[options->file_count].read = read;
	options->file_count++;
	return 0;
}

static int apply_references(void *target, const char *value, struct strata_error *error)
{
	return strata_source_options_add_file(target, value, strata_graph_read_references, error);
}

static int apply_nix_json(void *target, const char *value, struct strata_error *error)
{
	return strata_source_options_add_file(target, value, strata_graph_read_nix_json, error);
}

static int apply_graph(void *target, const char *value, struct strata_error *error)
{
	return strata_source_options_add_file(target, value, strata_graph_read_json, error);
}

static int apply_store(void *target, const char *value, struct strata_error *error)
{
	struct strata_source_options *options = target;

	if (value && options->store_database && strcmp(value, options->store_database) != 0)
		return strata_fail(
			error, STRATA_ERROR_INVALID, "only one store database can be read");
	options->store = true;
	if (value)
		options->store_database = value;
	return 0;
}

static int apply_dpkg(void *target, const char *value, struct strata_error *error)
{
	((struct strata_source_options *)target)->dpkg = true;
	return 0;
}

static int apply_all(void *target, const char *value, struct strata_error *error)
{
	((struct strata_source_options *)target)->all = true;
	return apply_dpkg(target, NULL, error);
}

static int apply_generated(void *target, const char *value, struct strata_error *error)
{
	static const char *const words[] = {[STRATA_GENERATED_KNOWN] = "known",
		[STRATA_GENERATED_NONE] = "none",
		[STRATA_GENERATED_ALL] = "all"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		((struct strata_source_options *)target)->generated =
			(enum strata_generated_choice)i;
		if (strcmp(value, words[i]) == 0)
			return 0;
	}
	return strata_fail(error, STRATA_ERROR_INVALID, "this is not one of none, known and all");
}

static int apply_include(void *target, const char *value, struct strata_error *error)
{
	if (*value != '/')
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"patterns are of whole paths, and begin with a slash"),
			"for example: --include '/etc/ssh/ssh_host_*'");
	return strata_strings_add(&((struct strata_source_options *)target)->include, value, error);
}

static int apply_package_database(void *target, const char *value, struct strata_error *error)
{
	static const char *const words[] = {[STRATA_DATABASE_STATUS_D] = "status.d",
		[STRATA_DATABASE_NONE] = "none",
		[STRATA_DATABASE_DPKG] = "dpkg"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		((struct strata_source_options *)target)->database =
			(enum strata_package_database)i;
		if (strcmp(value, words[i]) == 0)
			return 0;
	}
	return strata_fail(
		error, STRATA_ERROR_INVALID, "this is not one of none, status.d and dpkg");
}

static int apply_root(void *target, const char *value, struct strata_error *error)
{
	if (!*value)
		return strata_fail(error, STRATA_ERROR_INVALID, "the directory has no name");
	((struct strata_root_options *)target)->root = value;
	return 0;
}

static const struct strata_option source_options[] = {
	{.name = "references-graph",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "read a references graph as Guix and Nix give it to builders, or a "
			"registration with hashes and sizes ('-': stdin); repeatable",
		.apply = apply_references},
	{.name = "nix-json",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "read a graph in Nix's JSON: .attrs.json of a derivation with structured "
			"attributes, or 'nix path-info --json'; repeatable",
		.apply = apply_nix_json},
	{.name = "graph",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "read a graph in our own JSON, see stratapack-graph(5); repeatable",
		.apply = apply_graph},
	{.name = "references-of",
		.argument = "ITEM",
		.help = "take what ITEM of such a graph refers to, but not ITEM itself: for what "
			"--copy brings; repeatable",
		STRATA_STORES_LIST(struct strata_source_options, referring)},
	{.name = "store-db",
		.argument = "FILE",
		.optional = true,
		.value = STRATA_VALUE_FILE,
		.help = "look the items up in the database of a Guix or Nix store",
		.apply = apply_store},
	{.name = "dpkg",
		.help = "look the items up in the package database of a Debian system",
		.apply = apply_dpkg},
	{.name = "packages-index",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "look the items up in a Packages index of a Debian archive, to plan or "
			"simulate, not to build; repeatable, the newest version counts",
		STRATA_STORES_LIST(struct strata_source_options, indices)},
	{.name = "essential",
		.help = "add the essential packages, which no dependency names; without "
			"--packages-index it implies --dpkg",
		STRATA_STORES_FLAG(struct strata_source_options, essential)},
	{.name = "all",
		.help = "take the whole system: every package, and a last item with what no "
			"package owns; implies --dpkg",
		.apply = apply_all},
	{.name = "generated",
		.argument = "none|known|all",
		.help = "which files that packages made when they were installed are taken: those "
			"that a table knows (default), or all in the directories of the packages",
		.apply = apply_generated},
	{.name = "generated-table",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "rules for such files that come before the program's own, see "
			"stratapack-generated(5)",
		STRATA_STORES_TEXT(struct strata_source_options, generated_table)},
	{.name = "include",
		.argument = "PATTERN",
		.help = "take what has such a path in the system and belongs to no package, "
			"secrets too; repeatable",
		.apply = apply_include},
	{.name = "package-database",
		.argument = "none|status.d|dpkg",
		.help = "what tells in the image which packages are in it: a file with each package, "
			"for scanners (default), or a database for dpkg and apt",
		.apply = apply_package_database},
	{.name = NULL},
};

const struct strata_option_group strata_source_group = {
	"Sources (default: what the items look like)", source_options};

static const struct strata_option root_options[] = {
	{.name = "root",
		.argument = "DIR",
		.value = STRATA_VALUE_DIRECTORY,
		.help = "the items are under this directory instead of /",
		.apply = apply_root},
	{.name = NULL},
};

const struct strata_option_group strata_root_group = {"Place", root_options};

void strata_source_options_apply(
	const struct strata_source_options *options, struct strata_request *request)
{
	request->source_files = options->files;
	request->source_file_count = options->file_count;
	request->uses_store = options->store;
	request->store_database = options->store_database;
	request->uses_dpkg = options->dpkg;
	request->essential = options->essential;
	request->whole_system = options->all;
	request->packages_indices = options->indices.items;
	request->packages_index_count = options->indices.count;
	request->references_of = options->referring.items;
	request->references_of_count = options->referring.count;
	request->generated = options->generated;
	request->generated_table = options->generated_table;
	request->include = options->include.items;
	request->include_count = options->include.count;
	request->package_database = options->database;
}

void strata_source_options_release(struct strata_source_options *options)
{
	free(options->files);
	strata_strings_release(&options->include);
	strata_strings_release(&options->indices);
	strata_strings_release(&options->referring);
}
