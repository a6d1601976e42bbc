/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack verify: whether an image is what it says.
 */
#include <stratapack/image.h>

#include "cli/command.h"
#include "cli/options/registry_options.h"
#include "cli/text/output.h"
#include "util/text.h"

struct verify {
	struct strata_general_options general;
	struct strata_registry_choices registry;
};

static const struct strata_command_group verify_groups[] = {
	{&strata_registry_group, offsetof(struct verify, registry)},
	{&strata_general_group, offsetof(struct verify, general)},
	{NULL, 0},
};

static void add_finding(void *data, const char *text)
{
	struct strata_buffer *buffer = data;

	strata_text_visible(buffer, text);
	strata_buffer_byte(buffer, '\n');
}

/* Returns an exit code, or a negative status. */
static int verify(const char *source, bool quiet, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	size_t count = 0;
	int status = strata_image_verify(source, add_finding, &text, &count, error);

	if (status < 0)
		return status;
	if (count > 0)
		strata_buffer_format(&text, "%zu problem%s found\n", count, count == 1 ? "" : "s");
	else if (!quiet) {
		strata_buffer_string(&text, "verified: ");
		strata_text_visible(&text, source);
		strata_buffer_byte(&text, '\n');
	}
	status = strata_print(&text, error);
	if (status < 0)
		return status;
	return count > 0 ? STRATA_EXIT_MISMATCH : STRATA_EXIT_DONE;
}

static int run_verify(const struct strata_command *command, int argc, char **argv)
{
	struct verify options = {.general = {.help = false}};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &options, &options.general, &first);

	if (code != STRATA_COMMAND_GOES_ON)
		return code;
	if (argc - first != 1) {
		strata_hint(&error,
			strata_fail(&error, STRATA_ERROR_INVALID, "one image is needed"),
			"stratapack verify IMAGE");
		return strata_report_use(&error);
	}
	code = verify(argv[first], options.general.quiet, &error);
	return code < 0 ? strata_report(&error) : code;
}

const struct strata_command strata_command_verify = {
	.name = "verify",
	.operands = "IMAGE",
	.summary = "check an image against what it says of itself",
	.description =
		"Hash everything in IMAGE again and check digests, sizes, diff IDs, media types, "
		"config against manifest, and the paths in the layers. Findings are printed one on "
		"a line; the exit status is then 3.",
	.examples = "  stratapack verify image.tar\n"
		    "  # in a script: only the exit status and what is wrong\n"
		    "  stratapack verify --quiet oci:layout:python:3 || exit\n",
	.operand = STRATA_VALUE_FILE,
	.reads_registries = true,
	.groups = verify_groups,
	.run = run_verify,
};
