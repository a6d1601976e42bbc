/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack copy: an image from one place to another.
 */
#include <string.h>

#include "cli/command.h"
#include "cli/options/registry_options.h"
#include "cli/text/output.h"
#include "cli/text/progress.h"
#include "util/text.h"

struct copy_options {
	struct strata_used used;
	bool all;
};

struct copy {
	struct strata_general_options general;
	struct strata_registry_choices registry;
	struct copy_options own;
};

static const struct strata_option copy_options[] = {
	{.name = "all",
		.help = "copy every platform of an index, and the index itself, to a registry",
		STRATA_STORES_FLAG(struct copy_options, all)},
	{.name = NULL},
};

static const struct strata_option_group copy_group = {"Copy", copy_options};

static const struct strata_command_group copy_groups[] = {
	{&copy_group, offsetof(struct copy, own)},
	{&strata_registry_group, offsetof(struct copy, registry)},
	{&strata_general_group, offsetof(struct copy, general)},
	{NULL, 0},
};

static int copy_to_registry(
	struct copy *copy, const char *source, const char *name, struct strata_error *error)
{
	struct strata_push_result result = {.blobs_sent = 0};
	struct strata_push_options options = {.all = copy->own.all, .result = &result};
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_registry *registry;
	int status = strata_registry_choices_open(
		&copy->registry, copy->general.quiet, &registry, error);

	if (status == 0)
		status = strata_registry_push(registry, source, &name, 1, &options, error);
	if (status < 0)
		return status;
	strata_buffer_format(&text, "%s\n", result.digest.text);
	return strata_print(&text, error);
}

static int copy_to_file(
	struct copy *copy, const char *source, const char *target, struct strata_error *error)
{
	struct strata_destination destination;
	struct strata_progress_line line;
	int status = strata_destination_parse(target, &destination, error);

	if (status < 0)
		return strata_wrong_use(error, status);
	if (copy->own.all)
		status = strata_wrong_use(
			error, strata_hint(error,
				       strata_fail(error, STRATA_ERROR_UNSUPPORTED,
					       "--all is for registries"),
				       "'stratapack index' joins images in a layout"));
	strata_progress_begin(&line, copy->general.quiet);
	if (status == 0)
		status = strata_image_copy(source, &destination, &line.observer, error);
	strata_progress_end(&line);
	strata_destination_release(&destination);
	return status;
}

static int run_copy(const struct strata_command *command, int argc, char **argv)
{
	struct copy copy = {.general = {.help = false}};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first, status;
	int code = strata_command_begin(command, argc, argv, &copy, &copy.general, &first);

	if (code != STRATA_COMMAND_GOES_ON)
		return code;
	if (argc - first != 2) {
		strata_hint(&error,
			strata_fail(
				&error, STRATA_ERROR_INVALID, "where from and where to are needed"),
			"stratapack copy IMAGE TRANSPORT:PATH[:NAME[:TAG]]");
		return strata_report_use(&error);
	}
	if (strata_text_starts_with(argv[first + 1], "docker://"))
		status = copy_to_registry(&copy, argv[first], argv[first + 1], &error);
	else
		status = copy_to_file(&copy, argv[first], argv[first + 1], &error);
	return status < 0 ? strata_report_failure(&error) : STRATA_EXIT_DONE;
}

const struct strata_command strata_command_copy = {
	.name = "copy",
	.operands = "IMAGE TRANSPORT:PATH[:NAME[:TAG]]",
	.summary = "copy an image from one place to another",
	.description =
		"Copy IMAGE, which is read from wherever 'stratapack inspect' reads one, to a "
		"registry, a layout, or an archive of any format. Every layer is verified on the "
		"way. The config keeps its bytes, and so does the manifest where the other format "
		"has a place for it.",
	.examples =
		"  # from a registry into a file for docker load\n"
		"  stratapack copy docker://example.org/team/tool:1.0 docker-archive:tool.tar:tool\n"
		"  # from one registry to another, every platform\n"
		"  stratapack copy --all docker://example.org/team/tool:1.0 "
		"docker://example.com/tool:1.0\n",
	.operand = STRATA_VALUE_FILE,
	.reads_registries = true,
	.groups = copy_groups,
	.run = run_copy,
};
