/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "graph/dpkg/dpkg.h"

#include <stratapack/graph.h>

#include "graph/dpkg/generated.h"
#include "graph/dpkg/image.h"
#include "graph/dpkg/package_database.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/memory.h"
#include "util/observer.h"

/* Everything about one reading. */
struct reading {
	const struct strata_dpkg_options *options;
	struct strata_root root;
	struct strata_dpkg database;
	struct strata_dpkg_files files;
	struct strata_dpkg_image image;
};

static void release_reading(struct reading *reading)
{
	strata_dpkg_image_release(&reading->image);
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

/* List the files of the packages that are needed. */
static int find_files(struct reading *reading, struct strata_error *error)
{
	struct strata_dpkg_image *image = &reading->image;
	int status;

	image->lists = strata_allocate(reading->database.count, sizeof(*image->lists));
	image->entries = strata_allocate(reading->database.count, sizeof(*image->entries));
	if (!image->lists || !image->entries)
		return strata_fail_memory(error);
	status = strata_dpkg_image_own(image, error);
	for (uint32_t i = 0; status == 0 && i < reading->database.count; i++) {
		if (!image->closure.reached[i])
			continue;
		status = strata_check_cancelled(reading->options->observer, error);
		if (status == 0)
			status = strata_dpkg_image_add_files(image, i, error);
	}
	return status == 0 ? strata_dpkg_image_add_alternatives(image, error) : status;
}

/* Find what the packages made when they were installed, and say which they are. A whole system has
 * its own database. */
static int find_made(struct reading *reading, struct strata_error *error)
{
	const struct strata_dpkg_options *options = reading->options;
	int status = 0;

	if (!options->all && options->database != STRATA_DATABASE_NONE)
		status = strata_dpkg_add_distribution(&reading->image, error);
	if (status == 0)
		status = strata_generated_add(&reading->image, options, error);
	if (status == 0 && !options->all && options->database == STRATA_DATABASE_STATUS_D)
		status = strata_dpkg_add_status_d(&reading->image, error);
	if (status == 0 && !options->all && options->database == STRATA_DATABASE_DPKG)
		status = strata_dpkg_add_database(&reading->image, error);
	return status;
}

static int add_packages(
	struct reading *reading, struct strata_graph *graph, struct strata_error *error)
{
	const struct strata_dpkg_image *image = &reading->image;
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < reading->database.count; i++) {
		struct strata_item_record record = {
			.content = STRATA_CONTENT_FILES,
			.files = image->lists[i].paths,
			.file_count = image->lists[i].count,
			.entries = image->entries[i].entries,
			.entry_count = image->entries[i].count,
		};

		if (image->closure.reached[i])
			status = strata_dpkg_add_package(
				&reading->database, &image->closure, i, &record, graph, error);
	}
	return status;
}

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
	int status = strata_dpkg_find_unowned(
		&reading->image, reading->options, &paths, &record.size, error);

	record.files = paths.paths;
	record.file_count = paths.count;
	if (status == 0)
		status = strata_graph_add(graph, &record, error);
	free(paths.paths);
	return status;
}

static int fill(struct reading *reading, struct strata_graph *graph, struct strata_error *error)
{
	int status = strata_dpkg_set_platform(&reading->image, graph, error);

	if (status == 0)
		status = add_packages(reading, graph, error);
	if (status == 0)
		status = strata_dpkg_add_groups(
			&reading->image, !reading->options->all, graph, error);
	if (status < 0)
		return status;
	if (reading->options->all)
		return add_unowned(reading, graph, error);
	return strata_dpkg_add_roots(&reading->database, &reading->image.closure, graph, error);
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
			&reading.database, &request, &reading.image.closure, error);
	reading.image.database = &reading.database;
	reading.image.files = &reading.files;
	if (status == 0)
		status = find_files(&reading, error);
	if (status == 0)
		status = find_made(&reading, error);
	return status == 0 ? fill(&reading, graph, error) : status;
}
