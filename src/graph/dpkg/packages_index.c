/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph of an archive's Packages indices: packages that are not on this machine, for plans and
 * simulations.
 */
#include <stratapack/graph.h>

#include "graph/dpkg/dpkg.h"
#include "graph/formats/source_text.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/memory.h"

static int read_files(struct strata_dpkg *database,
	const struct strata_packages_index_options *options, struct strata_error *error)
{
	for (size_t i = 0; i < options->file_count; i++) {
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
		const char *name;
		int status = strata_source_read(options->files[i], &text, &name, error);

		if (status == 0)
			status = strata_dpkg_parse_index(
				database, name, text.data, text.length, error);
		if (status == STRATA_ERROR_FORMAT)
			return strata_hint(error, status,
				"is it a Packages index, and not compressed? "
				"'/usr/lib/apt/apt-helper cat-file' unpacks what apt has fetched");
		if (status < 0)
			return status;
	}
	return strata_dpkg_finish_indices(database, error);
}

static int add_packages(const struct strata_dpkg *database,
	const struct strata_dpkg_closure *closure, struct strata_graph *graph,
	struct strata_error *error)
{
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < database->count; i++) {
		struct strata_item_record record = {.content = STRATA_CONTENT_ABSENT};

		if (closure->reached[i])
			status = strata_dpkg_add_package(
				database, closure, i, &record, graph, error);
	}
	return status;
}

int strata_graph_read_packages_index(struct strata_graph *graph,
	const struct strata_packages_index_options *options, struct strata_error *error)
{
	strata_autodpkg struct strata_dpkg database = STRATA_DPKG_INIT;
	STRATA_CLEANUP(strata_dpkg_closure_release) struct strata_dpkg_closure closure = {0};
	struct strata_dpkg_request request = {
		.packages = options->packages,
		.package_count = options->package_count,
		.essential = options->essential,
		.all = options->package_count == 0 && !options->essential,
		.observer = options->observer,
	};
	int status;

	database.presence = "in the package index";
	status = read_files(&database, options, error);
	if (status == 0)
		status = strata_dpkg_closure_find(&database, &request, &closure, error);
	if (status == 0)
		status = add_packages(&database, &closure, graph, error);
	if (status < 0 || request.all)
		return status;
	return strata_dpkg_add_roots(&database, &closure, graph, error);
}
