/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack inspect: what an image holds.
 */
#include <stratapack/image.h>

#include "cli/command.h"
#include "cli/options/registry_options.h"
#include "cli/text/image_text.h"
#include "cli/text/output.h"

struct inspect {
	struct strata_general_options general;
	struct strata_registry_choices registry;
	struct inspect_options {
		struct strata_used used;
		bool json;
	} own;
};

static const struct strata_option inspect_options[] = {
	{.name = "json",
		.help = "print JSON instead of a table",
		STRATA_STORES_FLAG(struct inspect_options, json)},
	{.name = NULL},
};

static const struct strata_option_group inspect_group = {"Output", inspect_options};

static const struct strata_command_group inspect_groups[] = {
	{&inspect_group, offsetof(struct inspect, own)},
	{&strata_registry_group, offsetof(struct inspect, registry)},
	{&strata_general_group, offsetof(struct inspect, general)},
	{NULL, 0},
};

static int print_text(const char *source, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;
	struct strata_findings findings = {0};
	struct strata_reading reading = {0};
	int status = strata_inspect_open(source, &findings, &reading, error);

	if (status == 0)
		status = strata_inspect_text(&reading, &buffer, error);
	if (status == 0)
		status = strata_print(&buffer, error);
	strata_reading_release(&reading);
	strata_findings_release(&findings);
	return status;
}

static int print_image(const char *source, bool json, struct strata_error *error)
{
	strata_autofree char *text = NULL;
	int status;

	if (!json)
		return print_text(source, error);
	status = strata_image_inspect(source, &text, error);
	return status < 0 ? status : strata_print_text(text, error);
}

static int run_inspect(const struct strata_command *command, int argc, char **argv)
{
	struct inspect inspect = {.general = {.help = false}};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &inspect, &inspect.general, &first);

	if (code != STRATA_COMMAND_GOES_ON)
		return code;
	if (argc - first != 1) {
		strata_hint(&error,
			strata_fail(&error, STRATA_ERROR_INVALID, "one image is needed"),
			"stratapack inspect IMAGE");
		return strata_report_use(&error);
	}
	return print_image(argv[first], inspect.own.json, &error) < 0 ? strata_report(&error)
								      : STRATA_EXIT_DONE;
}

const struct strata_command strata_command_inspect = {
	.name = "inspect",
	.operands = "IMAGE",
	.summary = "show what an image holds",
	.description =
		"Show the names, the config and the layers of IMAGE: an archive or a directory, in "
		"any format that stratapack, docker, podman, skopeo, Guix or nixpkgs writes. The "
		"format is found out; TRANSPORT:PATH[:NAME[:TAG]] says it, and which image of "
		"several is meant.",
	.examples = "  stratapack inspect image.tar\n"
		    "  # one image of a layout that holds several\n"
		    "  stratapack inspect oci:layout:python:3\n"
		    "  # the digests of the layers\n"
		    "  stratapack inspect --json image.tar | jq -r '.. | .diffId? // empty'\n",
	.operand = STRATA_VALUE_FILE,
	.reads_registries = true,
	.groups = inspect_groups,
	.run = run_inspect,
};
