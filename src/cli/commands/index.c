/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack index: images of several platforms under one name.
 */
#include <stratapack/image.h>

#include "cli/command.h"
#include "cli/options/option_table.h"
#include "cli/options/registry_options.h"
#include "cli/text/output.h"
#include "cli/text/report.h"
#include "util/memory.h"

struct index_options {
	struct strata_used used;
	struct strata_destination destination;
	bool given;
	struct strata_strings names;
};

struct index {
	struct strata_general_options general;
	struct strata_registry_choices registry;
	struct index_options options;
};

static int apply_output(void *target, const char *value, struct strata_error *error)
{
	struct index_options *options = target;
	int status;

	if (options->given)
		return strata_fail(error, STRATA_ERROR_INVALID, "there is one output already");
	status = strata_destination_parse(value, &options->destination, error);
	options->given = status == 0;
	return status;
}

static const struct strata_option index_options[] = {
	{.name = "output",
		.letter = 'o',
		.argument = "oci:PATH[:NAME[:TAG]]",
		.value = STRATA_VALUE_DESTINATION,
		.help = "write the index and the images into this new OCI layout, or push them "
			"to a registry",
		.apply = apply_output},
	{.name = "tag",
		.letter = 't',
		.argument = "NAME[:TAG]",
		.help = "a name of the index; repeatable",
		STRATA_STORES_LIST(struct index_options, names)},
	{.name = NULL},
};

static const struct strata_option_group index_group = {"Output", index_options};

static const struct strata_command_group index_groups[] = {
	{&index_group, offsetof(struct index, options)},
	{&strata_registry_group, offsetof(struct index, registry)},
	{&strata_general_group, offsetof(struct index, general)},
	{NULL, 0},
};

static int prepare(struct index *index, size_t sources, struct strata_error *error)
{
	int status = 0;

	if (sources == 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "images are needed"),
			"stratapack index IMAGE... -o oci:PATH:NAME");
	if (!index->options.given)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "there is no output"),
			"add --output oci:PATH:NAME");
	for (size_t i = 0; status == 0 && i < index->options.names.count; i++)
		status = strata_destination_add_name(
			&index->options.destination, index->options.names.items[i], error);
	return status;
}

static int push_index(const struct strata_destination *destination, const char *const *sources,
	size_t count, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autofree char **names = strata_allocate(destination->name_count, sizeof(*names));
	struct strata_push_result pushed = {.blobs_sent = 0};
	int status = names ? 0 : strata_fail_memory(error);

	for (size_t i = 0; status == 0 && i < destination->name_count; i++) {
		const struct strata_reference *name = &destination->names[i];

		if (asprintf(&names[i], "%s:%s", name->name, name->tag) < 0) {
			names[i] = NULL;
			status = strata_fail_memory(error);
		}
	}
	if (status == 0)
		status = strata_registry_push_index(strata_registry_choices_opened(), sources,
			count, (const char *const *)names, destination->name_count, &pushed, error);
	for (size_t i = 0; names && i < destination->name_count; i++)
		free(names[i]);
	strata_buffer_format(&text, "%s\n", pushed.digest.text);
	return status < 0 ? status : strata_print(&text, error);
}

static int write_index(const struct strata_destination *destination, const char *const *sources,
	size_t count, struct strata_error *error)
{
	if (destination->format == STRATA_FORMAT_REGISTRY)
		return push_index(destination, sources, count, error);
	return strata_index_write(sources, count, destination, error);
}

static int run_index(const struct strata_command *command, int argc, char **argv)
{
	struct index index = {.general = {.help = false}};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &index, &index.general, &first);

	if (code == STRATA_COMMAND_GOES_ON) {
		size_t count = (size_t)(argc - first);

		code = STRATA_EXIT_DONE;
		if (prepare(&index, count, &error) < 0)
			code = strata_report_use(&error);
		else if (write_index(&index.options.destination, (const char *const *)argv + first,
				 count, &error) < 0)
			code = strata_report(&error);
	}
	strata_destination_release(&index.options.destination);
	strata_strings_release(&index.options.names);
	return code;
}

const struct strata_command strata_command_index = {
	.name = "index",
	.operands = "IMAGE... -o oci:PATH[:NAME[:TAG]]|docker://HOST/REPOSITORY[:TAG]",
	.summary = "join images of several platforms under one name",
	.description =
		"Write an OCI index that leads to all IMAGEs, of which there is one for each "
		"platform: clients choose theirs. The images are OCI layouts, archives of them, or "
		"in registries.",
	.examples = "  stratapack index oci:amd64 oci:arm64 -o oci:tool:example.org/tool:1.0\n"
		    "  stratapack index oci:amd64 docker://example.org/tool:arm64 \\\n"
		    "    -o docker://example.org/tool:1.0\n",
	.operand = STRATA_VALUE_FILE,
	.reads_registries = true,
	.groups = index_groups,
	.run = run_index,
};
