/* SPDX-License-Identifier: Apache-2.0 */
#include "build/sources.h"

#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

/* The items asked for, by the source that they are looked up in. */
struct chosen {
	const struct strata_request *request;
	const struct strata_extra_source *extra;
	struct strata_strings store_items, packages, index_packages, roots;
};

#define autochosen STRATA_CLEANUP(release_chosen)

static void release_chosen(struct chosen *chosen)
{
	strata_strings_release(&chosen->store_items);
	strata_strings_release(&chosen->packages);
	strata_strings_release(&chosen->index_packages);
	strata_strings_release(&chosen->roots);
}

static bool has_dpkg(const char *root)
{
	strata_autofree char *path = strata_path_join(root ? root : "/", "var/lib/dpkg/status");

	return path && access(path, F_OK) == 0;
}

static int fail_no_source(const char *root, const char *item, struct strata_error *error)
{
	int status;

	if (*item == '/') {
		status = strata_fail(error, STRATA_ERROR_INVALID,
			"'%s' is in no store whose database is known here", item);
		return strata_hint(error, status,
			"give the source of the graph: --references-graph, --nix-json or --graph "
			"with a file, or --store-db=FILE");
	}
	status = strata_fail(error, STRATA_ERROR_INVALID,
		"'%s' is neither a path nor, without a package database under '%s', a package",
		item, root ? root : "/");
	return strata_hint(error, status,
		"give a store path, --root with the root of a Debian system, or the source of the "
		"graph: --references-graph, --nix-json or --graph with a file");
}

/* Whether the package database of a system is to be read. */
static bool uses_dpkg(const struct chosen *chosen)
{
	const struct strata_request *request = chosen->request;

	return request->uses_dpkg || request->whole_system || chosen->packages.count > 0 ||
	       (request->essential && request->packages_index_count == 0);
}

static int choose_one(struct chosen *chosen, const char *item, struct strata_error *error)
{
	const struct strata_request *request = chosen->request;
	const char *root = request->root;
	bool is_path = strchr(item, '/') != NULL;
	bool is_explicit = request->uses_store || uses_dpkg(chosen) ||
			   request->source_file_count > 0 || request->packages_index_count > 0;

	if (!*item)
		return strata_fail(error, STRATA_ERROR_INVALID, "an item has an empty name");
	if (is_path && (request->uses_store || (!is_explicit && strata_store_holds(root, item))))
		return strata_strings_add(&chosen->store_items, item, error);
	if (!is_path && request->packages_index_count > 0)
		return strata_strings_add(&chosen->index_packages, item, error);
	if (!is_path && (uses_dpkg(chosen) || (!is_explicit && has_dpkg(root))))
		return strata_strings_add(&chosen->packages, item, error);
	if (request->source_file_count > 0)
		return strata_strings_add(&chosen->roots, item, error);
	/* Beside an explicit source, an item of the other kind has its default source. */
	if (is_path && strata_store_holds(root, item))
		return strata_strings_add(&chosen->store_items, item, error);
	if (!is_path && has_dpkg(root))
		return strata_strings_add(&chosen->packages, item, error);
	return fail_no_source(root, item, error);
}

/* A source that is named without anything to take from it is a mistake. */
static int check_used(const struct chosen *chosen, struct strata_error *error)
{
	const struct strata_request *request = chosen->request;

	if (request->uses_store && chosen->store_items.count == 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"--store-db needs the store paths that the image is for"),
			"name them behind the options");
	if (request->uses_dpkg && chosen->packages.count == 0 && !request->essential &&
		!request->whole_system)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"--dpkg needs the packages that the image is for"),
			"name them, or add --essential, or take the whole system with --all");
	if (request->packages_index_count > 0 && chosen->index_packages.count == 0 &&
		!request->essential)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"--packages-index needs the packages that the image is for"),
			"name them, or add --essential");
	if (request->source_file_count == 0 && chosen->store_items.count == 0 &&
		request->packages_index_count == 0 && !uses_dpkg(chosen) && !chosen->extra)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"there is nothing to make an image of"),
			"name store paths or packages, or give a graph with --references-graph, "
			"--nix-json or --graph, or take a whole Debian system with --all");
	return 0;
}

/* Find the source of each of COUNT ITEMS. */
static int choose(
	struct chosen *chosen, const char *const *items, size_t count, struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < count; i++)
		status = choose_one(chosen, items[i], error);
	if (status == 0)
		status = check_used(chosen, error);
	return strata_wrong_use(error, status);
}

static int choose_planned(
	struct chosen *chosen, const struct strata_plan *plan, struct strata_error *error)
{
	int status = 0;

	/* These sources are complete without items, and some of their items are not packages. */
	if (chosen->request->source_file_count > 0 || chosen->request->whole_system)
		return choose(chosen, NULL, 0, error);
	for (size_t layer = 0; status == 0 && layer < plan->layer_count; layer++) {
		const struct strata_plan_layer *planned = &plan->layers[layer];

		for (size_t i = 0; status == 0 && i < planned->item_count; i++) {
			/* What packages make comes with them. */
			if (!strata_text_starts_with(planned->items[i], "generated:"))
				status = choose_one(chosen, planned->items[i], error);
		}
	}
	if (status == 0)
		status = check_used(chosen, error);
	return strata_wrong_use(error, status);
}

static int read_store(
	const struct chosen *chosen, struct strata_graph *graph, struct strata_error *error)
{
	struct strata_store_options store = {
		.database = chosen->request->store_database,
		.root = chosen->request->root,
		.items = chosen->store_items.items,
		.item_count = chosen->store_items.count,
		.observer = chosen->request->observer,
	};

	return strata_graph_read_store(graph, &store, error);
}

static int read_dpkg(
	const struct chosen *chosen, struct strata_graph *graph, struct strata_error *error)
{
	struct strata_dpkg_options dpkg = {
		.root = chosen->request->root,
		.packages = chosen->packages.items,
		.package_count = chosen->packages.count,
		.essential = chosen->request->essential,
		.all = chosen->request->whole_system,
		.generated = chosen->request->generated,
		.generated_table = chosen->request->generated_table,
		.include = chosen->request->include,
		.include_count = chosen->request->include_count,
		.database = chosen->request->package_database,
		.observer = chosen->request->observer,
	};

	return strata_graph_read_dpkg(graph, &dpkg, error);
}

static int read_indices(
	const struct chosen *chosen, struct strata_graph *graph, struct strata_error *error)
{
	struct strata_packages_index_options indices = {
		.files = chosen->request->packages_indices,
		.file_count = chosen->request->packages_index_count,
		.packages = chosen->index_packages.items,
		.package_count = chosen->index_packages.count,
		.essential = chosen->request->essential,
		.observer = chosen->request->observer,
	};

	return strata_graph_read_packages_index(graph, &indices, error);
}

static int fill_graph(
	const struct chosen *chosen, struct strata_graph *graph, struct strata_error *error)
{
	const struct strata_request *request = chosen->request;
	const struct strata_source_file *files = request->source_files;
	int status = 0;

	for (size_t i = 0; status == 0 && i < request->source_file_count; i++)
		status = files[i].read(graph, files[i].path, error);
	for (size_t i = 0; status == 0 && i < chosen->roots.count; i++)
		status = strata_graph_add_root(graph, chosen->roots.items[i], error);
	if (status == 0 && chosen->store_items.count > 0)
		status = read_store(chosen, graph, error);
	if (status == 0 && request->packages_index_count > 0)
		status = read_indices(chosen, graph, error);
	if (status == 0 && uses_dpkg(chosen))
		status = read_dpkg(chosen, graph, error);
	if (status == 0 && chosen->extra)
		status = chosen->extra->fill(chosen->extra->data, graph, error);
	for (size_t i = 0; status == 0 && i < request->references_of_count; i++)
		status = strata_graph_add_references_as_roots(
			graph, request->references_of[i], error);
	return status < 0 ? status : strata_graph_finish(graph, request->root, error);
}

static int read_chosen(
	const struct chosen *chosen, struct strata_graph **graph, struct strata_error *error)
{
	struct strata_graph *filled = strata_graph_new(error);
	int status;

	if (!filled)
		return STRATA_ERROR_MEMORY;
	status = fill_graph(chosen, filled, error);
	if (status < 0) {
		strata_graph_free(filled);
		return status;
	}
	*graph = filled;
	return 0;
}

int strata_sources_read(const struct strata_request *request, const char *const *items,
	size_t count, const struct strata_extra_source *extra, struct strata_graph **graph,
	struct strata_error *error)
{
	autochosen struct chosen chosen = {.request = request, .extra = extra};
	int status = choose(&chosen, items, count, error);

	return status < 0 ? status : read_chosen(&chosen, graph, error);
}

int strata_sources_read_planned(const struct strata_request *request,
	const struct strata_plan *plan, struct strata_graph **graph, struct strata_error *error)
{
	autochosen struct chosen chosen = {.request = request};
	int status = choose_planned(&chosen, plan, error);

	return status < 0 ? status : read_chosen(&chosen, graph, error);
}

int strata_sources_check(const struct strata_request *request, const char *const *items,
	size_t count, const struct strata_extra_source *extra, struct strata_error *error)
{
	autochosen struct chosen chosen = {.request = request, .extra = extra};

	return choose(&chosen, items, count, error);
}
