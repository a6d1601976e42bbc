/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack build: from a source to images, in one go.
 */
#include "cli/command.h"
#include "cli/options/cache_options.h"
#include "cli/options/layer_options.h"
#include "cli/options/planning_options.h"
#include "cli/options/registry_options.h"
#include "cli/options/result_options.h"
#include "cli/options/sbom_options.h"
#include "cli/text/output.h"
#include "cli/text/progress.h"

struct build {
	struct strata_general_options general;
	struct strata_registry_choices registry;
	struct strata_planning_options planning;
	struct strata_layer_options layer;
	struct strata_cache_options cache;
	struct strata_thread_options thread;
	struct strata_result_options result;
	struct strata_sbom_options sbom;
};

static const struct strata_command_group build_groups[] = {
	STRATA_PLANNING_GROUPS(struct build, planning),
	{&strata_layer_group, offsetof(struct build, layer)},
	STRATA_RESULT_GROUPS(struct build, result),
	{&strata_sbom_group, offsetof(struct build, sbom)},
	{&strata_cache_group, offsetof(struct build, cache)},
	{&strata_thread_group, offsetof(struct build, thread)},
	{&strata_registry_group, offsetof(struct build, registry)},
	{&strata_general_group, offsetof(struct build, general)},
	{NULL, 0},
};

/* Complete the options and say in REQUEST what they say. Failures are wrong use. */
static int prepare(struct build *build, char *const *items, size_t count,
	struct strata_request *request, struct strata_error *error)
{
	int status = strata_layer_options_complete(&build->layer, error);

	if (status == 0)
		status = strata_result_options_complete(&build->result, error);
	if (status == 0)
		status = strata_planning_options_check(&build->planning, error);
	strata_planning_options_apply(&build->planning, items, count, request);
	strata_layer_options_apply(&build->layer, request);
	strata_result_options_apply(&build->result, request);
	request->threads = build->thread.threads;
	return strata_wrong_use(error, status);
}

static int execute(struct build *build, struct strata_request *request, struct strata_job **job,
	struct strata_error *error)
{
	struct strata_progress_line line;
	int status = strata_cache_options_open(&build->cache, &request->cache, error);

	if (status == 0)
		status = strata_sbom_options_open(&build->sbom, error);
	if (status < 0)
		return status;
	strata_progress_begin(&line, build->general.quiet);
	request->observer = &line.observer;
	status = strata_job_run(request, strata_result_options_goal(&build->result), job, error);
	strata_progress_end(&line);
	return status < 0 ? status : strata_sbom_options_write(&build->sbom, *job, error);
}

static int run_prepared(struct build *build, struct strata_request *request)
{
	const struct strata_report_options *report = &build->result.report;
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	struct strata_job *job = NULL;
	int status = execute(build, request, &job, &error);

	if (status == 0)
		status = strata_print_result(job, report->json || report->describe, report->table,
			build->general.quiet, &error);
	strata_job_free(job);
	strata_cache_close(request->cache);
	return status < 0 ? strata_report_failure(&error) : STRATA_EXIT_DONE;
}

static int run_build(const struct strata_command *command, int argc, char **argv)
{
	struct build build = {.sbom = {.outputs = {STRATA_OUTPUT_INIT, STRATA_OUTPUT_INIT}}};
	struct strata_request request = STRATA_REQUEST_INIT;
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &build, &build.general, &first);

	if (code == STRATA_COMMAND_GOES_ON) {
		if (prepare(&build, argv + first, (size_t)(argc - first), &request, &error) < 0)
			code = strata_report_use(&error);
		else
			code = run_prepared(&build, &request);
	}
	strata_planning_options_release(&build.planning);
	strata_layer_options_release(&build.layer);
	strata_result_options_release(&build.result);
	strata_sbom_options_release(&build.sbom);
	return code;
}

const struct strata_command strata_command_build = {
	.name = "build",
	.operands = "[ITEM]... -o TRANSPORT:PATH[:NAME[:TAG]]",
	.summary = "make an image of items and everything that they need",
	.description =
		"Make a layered image of ITEMs, which are store paths or Debian packages, and of "
		"everything that they refer to. It is plan, layer and image in one.",
	.examples =
		"  # this machine's python3, for docker load and podman load\n"
		"  stratapack build python3 --essential --entrypoint python3 \\\n"
		"    -o docker-archive:python.tar:python:3\n"
		"  # a Guix profile, in two formats from one pass over the files\n"
		"  stratapack build /gnu/store/...-profile -S /bin=bin --entrypoint /bin/hello \\\n"
		"    -o oci:layout:hello -o universal-archive:hello.tar:hello\n"
		"  # inside a derivation, from the closure that the builder was given\n"
		"  stratapack build --references-graph closure --compression zstd:19 \\\n"
		"    -o oci-archive:image.tar:tool:1.0\n"
		"  # straight into podman\n"
		"  stratapack build git -o docker-archive:-:git | podman load\n",
	.reads_registries = true,
	.groups = build_groups,
	.run = run_build,
};
