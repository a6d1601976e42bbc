#include <string.h>

#include "base/observe.h"
#include "graph/dpkg.h"
#include "graph/internal.h"

/* Everything about one reading. */
struct reading {
	const struct strata_dpkg_options *options;
	struct strata_root root;
	struct strata_dpkg database;
	struct strata_dpkg_files files;
	struct strata_map owners; /* path in the image -> package */

	/* For every package: */
	bool *reached;
	uint32_t **references;
	size_t *reference_counts;
	struct strata_dpkg_paths *lists;

	uint32_t *roots;
	size_t root_count;
};

static void release_reading(struct reading *reading)
{
	for (uint32_t i = 0; reading->lists && i < reading->database.count; i++)
		free(reading->lists[i].paths);
	free(reading->lists);
	free(reading->roots);
	free(reading->reference_counts);
	free(reading->references);
	free(reading->reached);
	strata_map_release(&reading->owners);
	strata_dpkg_files_release(&reading->files);
	strata_dpkg_release(&reading->database);
	strata_root_release(&reading->root);
}

static int check_options(const struct strata_dpkg_options *options, struct strata_error *error)
{
	if (options->all && options->package_count > 0)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"package '%s' is named, but all packages are asked for already",
			options->packages[0]);
	if (!options->all && !options->essential && options->package_count == 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "no package is named"),
			"name packages, or ask for the essential or for all packages");
	return 0;
}

/* The database's directory may be behind links, which count from the root. */
static int find_database(struct reading *reading, struct strata_error *error)
{
	struct strata_root_entry entry;
	int status = strata_root_find(&reading->root, "/var/lib/dpkg/status", &entry, error);

	if (status < 0)
		return status;
	if (entry.kind == STRATA_ROOT_MISSING)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_NOT_FOUND,
				"there is no package database '%s/var/lib/dpkg/status'",
				reading->root.path),
			"is this a Debian system? --root names another root");
	reading->files.directory = strata_arena_bytes(
		&reading->root.arena, entry.path, (size_t)(strrchr(entry.path, '/') - entry.path));
	return reading->files.directory ? 0 : strata_fail_memory(error);
}

static int open_database(struct reading *reading, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;
	const char *path;
	int status = strata_root_open(&reading->root, reading->options->root, error);

	if (status == 0)
		status = find_database(reading, error);
	if (status < 0)
		return status;
	reading->files.root = &reading->root;
	reading->files.observer = reading->options->observer;
	status = strata_dpkg_files_read(&reading->files, "status", &path, &content, error);
	if (status == 0)
		return strata_fail(
			error, STRATA_ERROR_CHANGED, "'%s' vanished while it was read", path);
	if (status > 0)
		status = strata_dpkg_parse_status(
			&reading->database, path, content.data, content.length, error);
	return status == 0 ? strata_dpkg_files_open(&reading->files, error) : status;
}

static int allocate(struct reading *reading, struct strata_error *error)
{
	size_t count = reading->database.count, most = count + reading->options->package_count;

	reading->reached = strata_allocate(count, sizeof(*reading->reached));
	reading->references = strata_allocate(count, sizeof(*reading->references));
	reading->reference_counts = strata_allocate(count, sizeof(*reading->reference_counts));
	reading->lists = strata_allocate(count, sizeof(*reading->lists));
	reading->roots = strata_allocate(most, sizeof(*reading->roots));
	return reading->reached && reading->references && reading->reference_counts &&
			       reading->lists && reading->roots
		       ? 0
		       : strata_fail_memory(error);
}

/* What the closure begins with. Where nothing is named, the essential packages are what was asked
 * for, or all are (and then nothing is a root of the graph in particular). */
static int find_roots(struct reading *reading, struct strata_error *error)
{
	const struct strata_dpkg_options *options = reading->options;

	for (size_t i = 0; i < options->package_count; i++) {
		int status = strata_dpkg_find(&reading->database, options->packages[i],
			&reading->roots[reading->root_count++], error);

		if (status < 0)
			return status;
	}
	for (uint32_t i = 0; options->package_count == 0 && i < reading->database.count; i++) {
		if (options->all || reading->database.packages[i].essential)
			reading->roots[reading->root_count++] = i;
	}
	if (reading->root_count == 0 && !options->all)
		return strata_fail(error, STRATA_ERROR_NOT_FOUND,
			"no installed package is essential, says '%s'", reading->database.file);
	return 0;
}

/* Every Debian package depends on the essential ones without saying so. For the graph it is enough
 * that those asked for do; as roots they would count as asked for themselves. */
static int add_essential(struct reading *reading, uint32_t index, struct strata_error *error)
{
	struct strata_dpkg *database = &reading->database;
	size_t *count = &reading->reference_counts[index];
	uint32_t *references =
		strata_arena_array(&database->arena, *count + database->count, sizeof(*references));

	if (!references)
		return strata_fail_memory(error);
	if (*count > 0)
		memcpy(references, reading->references[index], *count * sizeof(*references));
	for (uint32_t i = 0; i < database->count; i++) {
		if (database->packages[i].essential)
			references[(*count)++] = i;
	}
	reading->references[index] = references;
	return 0;
}

static int find_closure(struct reading *reading, struct strata_error *error)
{
	struct strata_dpkg *database = &reading->database;
	strata_autofree uint32_t *stack = strata_allocate(database->count, sizeof(*stack));
	strata_autofree bool *named = strata_allocate(database->count, sizeof(*named));
	uint32_t depth = 0;

	if (!stack || !named)
		return strata_fail_memory(error);
	for (size_t r = 0; r < reading->root_count; r++) {
		uint32_t root = reading->roots[r];

		if (!reading->reached[root])
			stack[depth++] = root;
		reading->reached[root] = true;
		named[root] = reading->options->package_count > 0;
	}
	while (depth > 0) {
		uint32_t index = stack[--depth];
		int status = strata_dpkg_resolve(database, index, reading->options->observer,
			&reading->references[index], &reading->reference_counts[index], error);

		if (status == 0 && reading->options->essential && named[index])
			status = add_essential(reading, index, error);
		if (status < 0)
			return status;
		for (size_t r = 0; r < reading->reference_counts[index]; r++) {
			uint32_t reference = reading->references[index][r];

			if (!reading->reached[reference])
				stack[depth++] = reference;
			reading->reached[reference] = true;
		}
	}
	return 0;
}

/* Remember whose the paths of package INDEX are; a path of several packages is the first one's. */
static int own(struct reading *reading, uint32_t index, struct strata_error *error)
{
	const struct strata_dpkg_paths *list = &reading->lists[index];

	for (size_t i = 0; i < list->count; i++) {
		if (strata_map_get(&reading->owners, list->paths[i]) == STRATA_MAP_NONE &&
			strata_map_put(&reading->owners, list->paths[i], index) < 0)
			return strata_fail_memory(error);
	}
	return 0;
}

/* List the files of the packages that are needed. */
static int find_files(struct reading *reading, struct strata_error *error)
{
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < reading->database.count; i++) {
		if (!reading->reached[i])
			continue;
		status = strata_check_cancelled(reading->options->observer, error);
		if (status == 0)
			status = strata_dpkg_files_of(&reading->files,
				&reading->database.packages[i], &reading->lists[i], error);
		if (status == 0)
			status = own(reading, i, error);
	}
	if (status == 0)
		status = strata_dpkg_add_alternatives(
			&reading->files, &reading->owners, reading->lists, error);
	return status;
}

static int add_package(struct reading *reading, struct strata_graph *graph, uint32_t index,
	struct strata_error *error)
{
	const struct strata_dpkg_package *packages = reading->database.packages;
	const struct strata_dpkg_package *package = &packages[index];
	size_t count = reading->reference_counts[index];
	strata_autofree const char **references = strata_allocate(count, sizeof(*references));
	strata_autobuffer struct strata_buffer identity = STRATA_BUFFER_INIT;
	struct strata_item_record record = {
		.id = package->id,
		.name = package->name,
		.version = package->version,
		.cause = package->source,
		.size = package->size,
		.has_size = package->has_size,
		.content = STRATA_CONTENT_FILES,
		.references = references,
		.reference_count = count,
		.files = reading->lists[index].paths,
		.file_count = reading->lists[index].count,
	};

	strata_buffer_format(&identity, "dpkg:%s=%s", package->id, package->version);
	if (!references || strata_buffer_check(&identity, error) < 0)
		return strata_fail_memory(error);
	for (size_t r = 0; r < count; r++)
		references[r] = packages[reading->references[index][r]].id;
	record.identity = identity.data;
	return strata_graph_add(graph, &record, error);
}

/* The item with everything that no package owns. */
static int add_unowned(
	struct reading *reading, struct strata_graph *graph, struct strata_error *error)
{
	struct strata_dpkg_paths paths = {0};
	struct strata_item_record record = {
		.id = "unowned",
		.name = "unowned",
		.version = "",
		.cause = "unowned",
		.has_size = true,
		.content = STRATA_CONTENT_FILES,
	};
	int status = 0;

	/* The links of alternatives were found after their owners. */
	for (uint32_t i = 0; status == 0 && i < reading->database.count; i++)
		status = own(reading, i, error);
	if (status == 0)
		status = strata_dpkg_find_unowned(
			&reading->files, &reading->owners, &paths, &record.size, error);
	record.files = paths.paths;
	record.file_count = paths.count;
	if (status == 0)
		status = strata_graph_add(graph, &record, error);
	free(paths.paths);
	return status;
}

static int fill(struct reading *reading, struct strata_graph *graph, struct strata_error *error)
{
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < reading->database.count; i++) {
		if (reading->reached[i])
			status = add_package(reading, graph, i, error);
	}
	if (status < 0)
		return status;
	if (reading->options->all)
		return add_unowned(reading, graph, error);
	for (size_t r = 0; status == 0 && r < reading->root_count; r++)
		status = strata_graph_add_root(
			graph, reading->database.packages[reading->roots[r]].id, error);
	return status;
}

int strata_graph_read_dpkg(struct strata_graph *graph, const struct strata_dpkg_options *options,
	struct strata_error *error)
{
	STRATA_CLEANUP(release_reading)
	struct reading reading = {
		.options = options, .root = STRATA_ROOT_INIT, .database = STRATA_DPKG_INIT};
	int status = check_options(options, error);

	if (status == 0)
		status = open_database(&reading, error);
	if (status == 0)
		status = allocate(&reading, error);
	if (status == 0)
		status = find_roots(&reading, error);
	if (status == 0)
		status = find_closure(&reading, error);
	if (status == 0)
		status = find_files(&reading, error);
	return status == 0 ? fill(&reading, graph, error) : status;
}
