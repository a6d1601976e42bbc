/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "graph/dpkg/dpkg.h"
#include "graph/internal.h"
#include "util/observer.h"

/* Everything about one reading. */
struct reading {
	const struct strata_dpkg_options *options;
	struct strata_root root;
	struct strata_dpkg database;
	struct strata_dpkg_files files;
	struct strata_map owners; /* path in the image -> package */

	struct strata_dpkg_closure closure;
	struct strata_dpkg_paths *lists; /* the files of every package */
};

static void release_reading(struct reading *reading)
{
	for (uint32_t i = 0; reading->lists && i < reading->database.count; i++)
		free(reading->lists[i].paths);
	free(reading->lists);
	strata_dpkg_closure_release(&reading->closure);
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

	reading->lists = strata_allocate(reading->database.count, sizeof(*reading->lists));
	if (!reading->lists)
		return strata_fail_memory(error);
	for (uint32_t i = 0; status == 0 && i < reading->database.count; i++) {
		if (!reading->closure.reached[i])
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

static int add_packages(
	struct reading *reading, struct strata_graph *graph, struct strata_error *error)
{
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < reading->database.count; i++) {
		struct strata_item_record record = {
			.content = STRATA_CONTENT_FILES,
			.files = reading->lists[i].paths,
			.file_count = reading->lists[i].count,
		};

		if (reading->closure.reached[i])
			status = strata_dpkg_add_package(
				&reading->database, &reading->closure, i, &record, graph, error);
	}
	return status;
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
	int status = add_packages(reading, graph, error);

	if (status < 0)
		return status;
	if (reading->options->all)
		return add_unowned(reading, graph, error);
	return strata_dpkg_add_roots(&reading->database, &reading->closure, graph, error);
}

int strata_graph_read_dpkg(struct strata_graph *graph, const struct strata_dpkg_options *options,
	struct strata_error *error)
{
	STRATA_CLEANUP(release_reading)
	struct reading reading = {
		.options = options, .root = STRATA_ROOT_INIT, .database = STRATA_DPKG_INIT};
	struct strata_dpkg_request request = {
		.packages = options->packages,
		.package_count = options->package_count,
		.essential = options->essential,
		.all = options->all,
		.observer = options->observer,
	};
	int status = check_options(options, error);

	if (status == 0)
		status = open_database(&reading, error);
	if (status == 0)
		status = strata_dpkg_closure_find(
			&reading.database, &request, &reading.closure, error);
	if (status == 0)
		status = find_files(&reading, error);
	return status == 0 ? fill(&reading, graph, error) : status;
}
