/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/source_options.h"

#include <string.h>
#include <unistd.h>

#include "util/file.h"
#include "util/memory.h"

int strata_source_options_add_file(struct strata_source_options *options, const char *path,
	int (*read)(struct strata_graph *, const char *, struct strata_error *),
	struct strata_error *error)
{
	if (strata_grow(&options->files, &options->file_capacity, options->file_count + 1,
		    sizeof(*options->files)) < 0)
		return strata_fail_memory(error);
	options->files[options->file_count].path = path;
	options->files[options->file_count].read = read;
	options->file_count++;
	return 0;
}

static int apply_references(void *target, const char *value, struct strata_error *error)
{
	return strata_source_options_add_file(target, value, strata_graph_read_references, error);
}

static int apply_nix_json(void *target, const char *value, struct strata_error *error)
{
	return strata_source_options_add_file(target, value, strata_graph_read_nix_json, error);
}

static int apply_graph(void *target, const char *value, struct strata_error *error)
{
	return strata_source_options_add_file(target, value, strata_graph_read_json, error);
}

static int apply_packages_index(void *target, const char *value, struct strata_error *error)
{
	return strata_strings_add(&((struct strata_source_options *)target)->indices, value, error);
}

static int apply_store(void *target, const char *value, struct strata_error *error)
{
	struct strata_source_options *options = target;

	if (value && options->store_database && strcmp(value, options->store_database) != 0)
		return strata_fail(
			error, STRATA_ERROR_INVALID, "only one store database can be read");
	options->store = true;
	if (value)
		options->store_database = value;
	return 0;
}

static int apply_dpkg(void *target, const char *value, struct strata_error *error)
{
	((struct strata_source_options *)target)->dpkg = true;
	return 0;
}

static int apply_essential(void *target, const char *value, struct strata_error *error)
{
	((struct strata_source_options *)target)->essential = true;
	return 0;
}

static int apply_all(void *target, const char *value, struct strata_error *error)
{
	((struct strata_source_options *)target)->all = true;
	return apply_dpkg(target, NULL, error);
}

static int apply_references_of(void *target, const char *value, struct strata_error *error)
{
	return strata_strings_add(
		&((struct strata_source_options *)target)->referring, value, error);
}

static int apply_root(void *target, const char *value, struct strata_error *error)
{
	if (!*value)
		return strata_fail(error, STRATA_ERROR_INVALID, "the directory has no name");
	((struct strata_root_options *)target)->root = value;
	return 0;
}

static const struct strata_option source_options[] = {
	{.name = "references-graph",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "read a references graph as Guix and Nix give it to builders, or a "
			"registration with hashes and sizes ('-': stdin); repeatable",
		.apply = apply_references},
	{.name = "nix-json",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "read a graph in Nix's JSON: .attrs.json of a derivation with structured "
			"attributes, or 'nix path-info --json'; repeatable",
		.apply = apply_nix_json},
	{.name = "graph",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "read a graph in our own JSON, see stratapack-graph(5); repeatable",
		.apply = apply_graph},
	{.name = "references-of",
		.argument = "ITEM",
		.help = "take what ITEM of such a graph refers to, but not ITEM itself: for what "
			"--copy brings; repeatable",
		.apply = apply_references_of},
	{.name = "store-db",
		.argument = "FILE",
		.optional = true,
		.value = STRATA_VALUE_FILE,
		.help = "look the items up in the database of a Guix or Nix store",
		.apply = apply_store},
	{.name = "dpkg",
		.help = "look the items up in the package database of a Debian system",
		.apply = apply_dpkg},
	{.name = "packages-index",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "look the items up in a Packages index of a Debian archive, to plan or "
			"simulate, not to build; repeatable, the newest version counts",
		.apply = apply_packages_index},
	{.name = "essential",
		.help = "add the essential packages, which no dependency names; without "
			"--packages-index it implies --dpkg",
		.apply = apply_essential},
	{.name = "all",
		.help = "take the whole system: every package, and a last item with what no "
			"package owns; implies --dpkg",
		.apply = apply_all},
	{.name = NULL},
};

const struct strata_option_group strata_source_group = {
	"Sources (default: what the items look like)", source_options};

static const struct strata_option root_options[] = {
	{.name = "root",
		.argument = "DIR",
		.value = STRATA_VALUE_DIRECTORY,
		.help = "the items are under this directory instead of /",
		.apply = apply_root},
	{.name = NULL},
};

const struct strata_option_group strata_root_group = {"Place", root_options};

static bool has_dpkg(const char *root)
{
	strata_autofree char *path = strata_path_join(root ? root : "/", "var/lib/dpkg/status");

	return path && access(path, F_OK) == 0;
}

static int fail_no_source(const char *root, const char *item, struct strata_error *error)
{
	int result;

	if (*item == '/') {
		result = strata_fail(error, STRATA_ERROR_INVALID,
			"'%s' is in no store whose database is known here", item);
		return strata_hint(error, result,
			"give the source of the graph: --references-graph, --nix-json or --graph "
			"with a file, or --store-db=FILE");
	}
	result = strata_fail(error, STRATA_ERROR_INVALID,
		"'%s' is neither a path nor, without a package database under '%s', a package",
		item, root ? root : "/");
	return strata_hint(error, result,
		"give a store path, --root with the root of a Debian system, or the source of the "
		"graph: --references-graph, --nix-json or --graph with a file");
}

/* Whether the package database of a system is to be read. */
static bool uses_dpkg(const struct strata_source_options *options)
{
	return options->dpkg || options->packages.count > 0 ||
	       (options->essential && options->indices.count == 0);
}

static int choose_one(struct strata_source_options *options, const char *root, const char *item,
	struct strata_error *error)
{
	bool is_path = strchr(item, '/') != NULL;
	bool is_explicit = options->store || uses_dpkg(options) || options->file_count > 0 ||
			   options->indices.count > 0;

	if (!*item)
		return strata_fail(error, STRATA_ERROR_INVALID, "an item has an empty name");
	if (is_path && (options->store || (!is_explicit && strata_store_holds(root, item))))
		return strata_strings_add(&options->store_items, item, error);
	if (!is_path && options->indices.count > 0)
		return strata_strings_add(&options->index_packages, item, error);
	if (!is_path && (uses_dpkg(options) || (!is_explicit && has_dpkg(root))))
		return strata_strings_add(&options->packages, item, error);
	if (options->file_count > 0)
		return strata_strings_add(&options->roots, item, error);
	/* Beside an explicit source, an item of the other kind has its default source. */
	if (is_path && strata_store_holds(root, item))
		return strata_strings_add(&options->store_items, item, error);
	if (!is_path && has_dpkg(root))
		return strata_strings_add(&options->packages, item, error);
	return fail_no_source(root, item, error);
}

/* An option that names a source without anything to take from it is a mistake. */
static int check_used(const struct strata_source_options *options, struct strata_error *error)
{
	if (options->store && options->store_items.count == 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"--store-db needs the store paths that the image is for"),
			"name them behind the options");
	if (options->dpkg && options->packages.count == 0 && !options->essential && !options->all)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"--dpkg needs the packages that the image is for"),
			"name them, or add --essential, or take the whole system with --all");
	if (options->indices.count > 0 && options->index_packages.count == 0 && !options->essential)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"--packages-index needs the packages that the image is for"),
			"name them, or add --essential");
	if (options->file_count == 0 && options->store_items.count == 0 &&
		options->indices.count == 0 && !uses_dpkg(options) && !options->extra)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"there is nothing to make an image of"),
			"name store paths or packages, or give a graph with --references-graph, "
			"--nix-json or --graph, or take a whole Debian system with --all");
	return 0;
}

int strata_source_options_choose(struct strata_source_options *options, const char *root,
	const char *const *items, size_t count, struct strata_error *error)
{
	for (size_t index = 0; index < count; index++) {
		int result = choose_one(options, root, items[index], error);

		if (result < 0)
			return result;
	}
	return check_used(options, error);
}

int strata_source_options_choose_planned(struct strata_source_options *options, const char *root,
	const struct strata_plan *plan, struct strata_error *error)
{
	/* These sources are complete without items, and some of their items are not packages. */
	if (options->file_count > 0 || options->all)
		return check_used(options, error);
	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		const struct strata_plan_layer *planned = &plan->layers[layer];

		for (size_t index = 0; index < planned->item_count; index++) {
			int result = choose_one(options, root, planned->items[index], error);

			if (result < 0)
				return result;
		}
	}
	return check_used(options, error);
}

static int read_store(const struct strata_source_options *options, const char *root,
	const struct strata_observer *observer, struct strata_graph *graph,
	struct strata_error *error)
{
	struct strata_store_options store = {
		.database = options->store_database,
		.root = root,
		.items = options->store_items.items,
		.item_count = options->store_items.count,
		.observer = observer,
	};

	return strata_graph_read_store(graph, &store, error);
}

static int read_dpkg(const struct strata_source_options *options, const char *root,
	const struct strata_observer *observer, struct strata_graph *graph,
	struct strata_error *error)
{
	struct strata_dpkg_options dpkg = {
		.root = root,
		.packages = options->packages.items,
		.package_count = options->packages.count,
		.essential = options->essential,
		.all = options->all,
		.observer = observer,
	};

	return strata_graph_read_dpkg(graph, &dpkg, error);
}

static int read_indices(const struct strata_source_options *options,
	const struct strata_observer *observer, struct strata_graph *graph,
	struct strata_error *error)
{
	struct strata_packages_index_options indices = {
		.files = options->indices.items,
		.file_count = options->indices.count,
		.packages = options->index_packages.items,
		.package_count = options->index_packages.count,
		.essential = options->essential,
		.observer = observer,
	};

	return strata_graph_read_packages_index(graph, &indices, error);
}

static int fill_graph(const struct strata_source_options *options, const char *root,
	const struct strata_observer *observer, struct strata_graph *graph,
	struct strata_error *error)
{
	int result = 0;

	for (size_t index = 0; result == 0 && index < options->file_count; index++)
		result = options->files[index].read(graph, options->files[index].path, error);
	for (size_t index = 0; result == 0 && index < options->roots.count; index++)
		result = strata_graph_add_root(graph, options->roots.items[index], error);
	if (result == 0 && options->store_items.count > 0)
		result = read_store(options, root, observer, graph, error);
	if (result == 0 && options->indices.count > 0)
		result = read_indices(options, observer, graph, error);
	if (result == 0 && uses_dpkg(options))
		result = read_dpkg(options, root, observer, graph, error);
	if (result == 0 && options->extra)
		result = options->extra(options->extra_data, graph, error);
	for (size_t index = 0; result == 0 && index < options->referring.count; index++)
		result = strata_graph_add_references_as_roots(
			graph, options->referring.items[index], error);
	return result < 0 ? result : strata_graph_finish(graph, root, error);
}

int strata_source_options_read(const struct strata_source_options *options, const char *root,
	const struct strata_observer *observer, struct strata_graph **graph,
	struct strata_error *error)
{
	struct strata_graph *filled = strata_graph_new(error);
	int result;

	if (!filled)
		return STRATA_ERROR_MEMORY;
	result = fill_graph(options, root, observer, filled, error);
	if (result < 0) {
		strata_graph_free(filled);
		return result;
	}
	*graph = filled;
	return 0;
}

void strata_source_options_release(struct strata_source_options *options)
{
	free(options->files);
	strata_strings_release(&options->store_items);
	strata_strings_release(&options->packages);
	strata_strings_release(&options->indices);
	strata_strings_release(&options->index_packages);
	strata_strings_release(&options->roots);
	strata_strings_release(&options->referring);
}
