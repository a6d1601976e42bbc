/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack push: an image into a registry.
 */
#include "cli/command.h"
#include "cli/options/registry_options.h"
#include "cli/text/output.h"
#include "util/json_writer.h"
#include "util/text.h"
#include <string.h>

struct push_options {
	struct strata_used used;
	struct strata_push_options push;
	struct strata_strings mounts;
	bool json;
};

struct push {
	struct strata_general_options general;
	struct strata_registry_choices registry;
	struct push_options own;
};

static int apply_manifest_format(void *target, const char *value, struct strata_error *error)
{
	struct push_options *options = target;

	options->push.docker = strcmp(value, "docker") == 0;
	if (options->push.docker || strcmp(value, "keep") == 0)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID, "'%s' is no format of manifests", value),
		"write docker, or keep");
}

static const struct strata_option push_options[] = {
	{.name = "all",
		.help = "push every platform of an index, and the index itself",
		STRATA_STORES_FLAG(struct push_options, push.all)},
	{.name = "manifest-format",
		.argument = "FORMAT",
		.help = "push under the media types of Docker's schema 2 (docker), or as the image "
			"is (keep; the default)",
		.apply = apply_manifest_format},
	{.name = "mount-from",
		.argument = "IMAGE",
		.help = "take blobs from this image of the same registry where it has them; "
			"repeatable",
		STRATA_STORES_LIST(struct push_options, mounts)},
	{.name = "json",
		.help = "say what was done as JSON",
		STRATA_STORES_FLAG(struct push_options, json)},
	{.name = NULL},
};

static const struct strata_option_group push_group = {"Push", push_options};

static const struct strata_command_group push_groups[] = {
	{&push_group, offsetof(struct push, own)},
	{&strata_registry_group, offsetof(struct push, registry)},
	{&strata_general_group, offsetof(struct push, general)},
	{NULL, 0},
};

static void describe(const struct strata_push_result *result, bool json, struct strata_buffer *text)
{
	struct strata_json_writer writer = {.buffer = text, .indented = true};

	if (!json) {
		strata_buffer_format(text, "%s\n", result->digest.text);
		return;
	}
	strata_json_begin_object(&writer);
	strata_json_member_string(&writer, "digest", result->digest.text);
	strata_json_member_size(&writer, "blobsSent", result->blobs_sent);
	strata_json_member_size(&writer, "bytesSent", result->bytes_sent);
	strata_json_member_size(&writer, "blobsMounted", result->blobs_mounted);
	strata_json_member_size(&writer, "blobsPresent", result->blobs_present);
	strata_json_end_object(&writer);
	strata_buffer_byte(text, '\n');
}

static int push_image(struct push *push, const char *source, const char *const *names, size_t count,
	struct strata_error *error)
{
	struct strata_push_result result = {.blobs_sent = 0};
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_registry *registry;
	int status = strata_registry_choices_open(
		&push->registry, push->general.quiet, &registry, error);
	push->own.push.mount_from = push->own.mounts.items;
	push->own.push.mount_from_count = push->own.mounts.count;
	push->own.push.result = &result;
	if (status == 0)
		status = strata_registry_push(
			registry, source, names, count, &push->own.push, error);
	if (status < 0)
		return status;
	describe(&result, push->own.json, &text);
	return strata_print(&text, error);
}

static int run_push(const struct strata_command *command, int argc, char **argv)
{
	struct push push = {.general = {.help = false}};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &push, &push.general, &first);

	if (code != STRATA_COMMAND_GOES_ON)
		return code;
	if (argc - first < 2) {
		strata_hint(&error,
			strata_fail(&error, STRATA_ERROR_INVALID,
				"an image and the names to push it to are needed"),
			"stratapack push IMAGE docker://HOST/REPOSITORY:TAG");
		return strata_report_use(&error);
	}
	code = push_image(&push, argv[first], (const char *const *)argv + first + 1,
		       (size_t)(argc - first - 1), &error) < 0
		       ? strata_report(&error)
		       : STRATA_EXIT_DONE;
	strata_strings_release(&push.own.mounts);
	return code;
}

const struct strata_command strata_command_push = {
	.name = "push",
	.operands = "IMAGE docker://HOST/REPOSITORY[:TAG]...",
	.summary = "push an image to a registry",
	.description =
		"Push IMAGE, which is read from wherever 'stratapack inspect' reads one, to a "
		"registry, under each of the names, which are of one repository. The manifest is "
		"looked for first: what is there already costs one request. Only blobs that are "
		"missing are sent, several at a time, and the digest of the image is printed when "
		"the registry has all of it.",
	.examples = "  stratapack push oci:layout:tool:1.0 docker://example.org/team/tool:1.0\n"
		    "  # several tags at once\n"
		    "  stratapack push tool.tar docker://example.org/team/tool:1.0 "
		    "docker://example.org/team/tool:latest\n"
		    "  # every platform, from one registry to another\n"
		    "  stratapack push --all docker://example.org/team/tool:1.0 "
		    "docker://example.com/tool:1.0\n",
	.operand = STRATA_VALUE_FILE,
	.groups = push_groups,
	.run = run_push,
};
