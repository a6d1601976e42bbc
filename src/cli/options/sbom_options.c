/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/sbom_options.h"

#include <string.h>

#include "util/error.h"
#include "util/memory.h"

static const char *const formats[] = {
	[STRATA_SBOM_SPDX_JSON] = "spdx-json",
	[STRATA_SBOM_CYCLONEDX_JSON] = "cyclonedx-json",
};

static int apply_sbom(void *target, const char *value, struct strata_error *error)
{
	struct strata_sbom_options *options = target;

	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(formats[i]);

		if (strncmp(value, formats[i], length) != 0 || value[length] != '=')
			continue;
		if (options->paths[i])
			return strata_fail(error, STRATA_ERROR_INVALID,
				"there are two files for %s", formats[i]);
		options->paths[i] = value + length + 1;
		if (*options->paths[i] && strcmp(options->paths[i], "-") != 0)
			return 0;
	}
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"'%s' is not a format of bills of materials and a file", value),
		"write spdx-json=FILE or cyclonedx-json=FILE");
}

static const struct strata_option sbom_options[] = {
	{.name = "sbom",
		.argument = "FORMAT=FILE",
		.help = "write a bill of materials, too: spdx-json (SPDX 2.3) or cyclonedx-json "
			"(CycloneDX 1.6); repeatable",
		.apply = apply_sbom},
	{.name = NULL},
};

const struct strata_option_group strata_sbom_group = {"Bill of materials", sbom_options};

int strata_sbom_options_open(struct strata_sbom_options *options, struct strata_error *error)
{
	int status = 0;

	if (options->paths[0] && options->paths[1] &&
		strcmp(options->paths[0], options->paths[1]) == 0)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"two bills of materials go to the same place, '%s'", options->paths[0]);
	for (size_t i = 0; status == 0 && i < 2; i++)
		if (options->paths[i])
			status = strata_output_open(&options->outputs[i], options->paths[i], error);
	return status;
}

static int write_one(struct strata_output *output, const struct strata_job *job,
	enum strata_sbom_format format, struct strata_error *error)
{
	strata_autofree char *text = NULL;
	int status = strata_job_sbom(job, format, &text, error);

	if (status == 0)
		status = strata_file_write(
			output->descriptor, output->path, text, strlen(text), error);
	return status < 0 ? status : strata_output_commit(output, error);
}

int strata_sbom_options_write(struct strata_sbom_options *options, const struct strata_job *job,
	struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < 2; i++)
		if (options->paths[i])
			status = write_one(
				&options->outputs[i], job, (enum strata_sbom_format)i, error);
	return status;
}

void strata_sbom_options_release(struct strata_sbom_options *options)
{
	for (size_t i = 0; i < 2; i++)
		strata_output_discard(&options->outputs[i]);
}
