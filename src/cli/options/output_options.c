/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that say where images go, and under which names.
 */
#include <string.h>
#include <unistd.h>

#include "cli/options/image_options.h"
#include "util/memory.h"

static int apply_output(void *target, const char *value, struct strata_error *error)
{
	struct strata_output_options *options = target;
	int status;

	if (strata_grow(&options->destinations, &options->capacity, options->count + 1,
		    sizeof(*options->destinations)) < 0)
		return strata_fail_memory(error);
	memset(&options->destinations[options->count], 0, sizeof(*options->destinations));
	status = strata_destination_parse(value, &options->destinations[options->count], error);
	if (status < 0)
		return status;
	options->count++;
	return 0;
}

static int apply_tag(void *target, const char *value, struct strata_error *error)
{
	struct strata_reference reference = {.name = NULL};
	int status = strata_reference_parse(value, &reference, error);

	if (status < 0)
		return status;
	strata_reference_release(&reference);
	return strata_strings_add(&((struct strata_output_options *)target)->names, value, error);
}

static const struct strata_option output_options[] = {
	{.name = "output",
		.letter = 'o',
		.argument = "TRANSPORT:PATH[:NAME[:TAG]]",
		.value = STRATA_VALUE_DESTINATION,
		.help = "write the image: docker-archive, docker-v1-archive, oci-archive, "
			"universal-archive (PATH '-': stdout), oci, dir, or docker://HOST/REPOSITORY:TAG; repeatable",
		.apply = apply_output},
	{.name = "tag",
		.letter = 't',
		.argument = "NAME[:TAG]",
		.help = "a name of the image in every output; repeatable",
		.apply = apply_tag},
	{.name = "strict-v1",
		.help = "docker-v1-archive without what newer clients read",
		STRATA_STORES_FLAG(struct strata_output_options, strict_v1)},
	{.name = NULL},
};

const struct strata_option_group strata_output_group = {"Output", output_options};

/* Only an OCI layout can hold what two outputs write. */
static int check_distinct(const struct strata_output_options *options, struct strata_error *error)
{
	for (size_t index = 1; index < options->count; index++)
		for (size_t earlier = 0; earlier < index; earlier++) {
			const struct strata_destination *left = &options->destinations[earlier];
			const struct strata_destination *right = &options->destinations[index];

			if (strcmp(left->path, right->path) == 0 &&
				(left->format != STRATA_FORMAT_OCI ||
					right->format != STRATA_FORMAT_OCI))
				return strata_fail(error, STRATA_ERROR_INVALID,
					"two outputs go to the same place, '%s'", left->path);
		}
	return 0;
}

/* An archive is no text: on a terminal it helps nobody, and may change what the terminal does. */
static int check_terminal(const struct strata_output_options *options, struct strata_error *error)
{
	if (!strata_output_options_use_stdout(options) || !isatty(STDOUT_FILENO))
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"standard output is a terminal, and an archive is not written to one"),
		"give a file as the PATH, or send it on: '| podman load', '> image.tar'");
}

int strata_output_options_complete(
	struct strata_output_options *options, struct strata_error *error)
{
	bool has_v1 = false;
	int status;

	if (options->count == 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "there is no output"),
			"add e.g. --output docker-archive:image.tar:name:tag");
	for (size_t index = 0; index < options->count; index++) {
		struct strata_destination *destination = &options->destinations[index];

		for (size_t name = 0; name < options->names.count; name++) {
			status = strata_destination_add_name(
				destination, options->names.items[name], error);

			if (status < 0)
				return status;
		}
		if (destination->format == STRATA_FORMAT_DOCKER_V1_ARCHIVE) {
			destination->strict_v1 = options->strict_v1;
			has_v1 = true;
		}
	}
	if (options->strict_v1 && !has_v1)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"--strict-v1 is about docker-v1-archive, which is no output here");
	status = check_distinct(options, error);
	return status < 0 ? status : check_terminal(options, error);
}

bool strata_output_options_use_stdout(const struct strata_output_options *options)
{
	for (size_t index = 0; index < options->count; index++)
		if (strcmp(options->destinations[index].path, "-") == 0)
			return true;
	return false;
}

void strata_output_options_release(struct strata_output_options *options)
{
	for (size_t index = 0; index < options->count; index++)
		strata_destination_release(&options->destinations[index]);
	free(options->destinations);
	strata_strings_release(&options->names);
}
