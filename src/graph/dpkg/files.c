/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files belong to a package: its list, less what is diverted from it (dpkg-divert(1)),
 * plus its configuration.
 */
#include <errno.h>
#include <string.h>

#include "graph/dpkg/dpkg.h"
#include "util/file.h"
#include "util/observer.h"

/* More than any file of the database is, even with every package of Debian installed. */
enum { DATABASE_FILE_LIMIT = 1 << 29 };

/* A path that other packages' files of that name must leave. */
struct strata_dpkg_diversion {
	const char *target;
	const char *package; /* ":" for the administrator */
};

void strata_dpkg_files_release(struct strata_dpkg_files *files)
{
	strata_arena_free(&files->arena);
	strata_map_release(&files->diverted);
	free(files->diversions);
	free(files->left_out);
}

static int check_nul(
	const char *path, const struct strata_buffer *content, struct strata_error *error)
{
	const char *nul = content->length ? memchr(content->data, '\0', content->length) : NULL;
	size_t line = 1;

	if (!nul)
		return 0;
	for (const char *at = content->data; at < nul; at++)
		line += *at == '\n';
	return strata_fail(
		error, STRATA_ERROR_FORMAT, "%s:%zu: there is a NUL byte in this text", path, line);
}

int strata_dpkg_files_read(struct strata_dpkg_files *files, const char *name, const char **path,
	struct strata_buffer *content, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer full = STRATA_BUFFER_INIT;
	struct strata_error failure = STRATA_ERROR_INIT;
	int status;

	strata_buffer_format(&full, "%s%s/%s", files->root->path, files->directory, name);
	if (strata_buffer_check(&full, error) < 0)
		return STRATA_ERROR_MEMORY;
	*path = strata_arena_bytes(&files->arena, full.data, full.length);
	if (!*path)
		return strata_fail_memory(error);
	status = strata_file_read(*path, DATABASE_FILE_LIMIT, content, &failure);
	if (status < 0) {
		bool missing = failure.system_error == ENOENT;

		if (missing || !error) {
			strata_error_clear(&failure);
		} else {
			strata_error_clear(error);
			*error = failure;
		}
		return missing ? 0 : status;
	}
	status = check_nul(*path, content, error);
	return status < 0 ? status : 1;
}

static int add_diversion(struct strata_dpkg_files *files, const char *original, const char *target,
	const char *package, struct strata_error *error)
{
	struct strata_dpkg_diversion *diversion;

	if (strata_grow(&files->diversions, &files->diversion_capacity,
		    (size_t)files->diversion_count + 1, sizeof(*diversion)) < 0)
		return strata_fail_memory(error);
	diversion = &files->diversions[files->diversion_count];
	original = strata_arena_string(&files->arena, original);
	diversion->target = strata_arena_string(&files->arena, target);
	diversion->package = strata_arena_string(&files->arena, package);
	if (!original || !diversion->target || !diversion->package ||
		strata_map_put(&files->diverted, original, files->diversion_count) < 0)
		return strata_fail_memory(error);
	files->diversion_count++;
	return 0;
}

int strata_dpkg_files_open(struct strata_dpkg_files *files, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;
	const char *path, *original;
	struct strata_dpkg_lines lines;
	int status = strata_dpkg_read_left_out(files, error);

	if (status == 0)
		status = strata_dpkg_files_read(files, "diversions", &path, &content, error);
	if (status <= 0)
		return status;
	lines = (struct strata_dpkg_lines){content.data, content.data + content.length, 0};
	while ((original = strata_dpkg_next_line(&lines))) {
		const char *target = strata_dpkg_next_line(&lines);
		const char *package = strata_dpkg_next_line(&lines);

		if (!package)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"%s:%zu: the diversion of '%.200s' is cut off: three lines are "
				"expected, path, new path and package",
				path, lines.number, original);
		if (*original != '/' || *target != '/' || !*package)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"%s:%zu: a path, its new path and a package are expected in these "
				"three lines",
				path, lines.number - 2);
		status = add_diversion(files, original, target, package, error);
		if (status < 0)
			return status;
	}
	return 0;
}

int strata_dpkg_paths_add(
	struct strata_dpkg_paths *paths, const char *path, struct strata_error *error)
{
	if (strata_grow(&paths->paths, &paths->capacity, paths->count + 1, sizeof(*paths->paths)) <
		0)
		return strata_fail_memory(error);
	paths->paths[paths->count++] = path;
	return 0;
}

const char *strata_dpkg_divert(const struct strata_dpkg_files *files,
	const struct strata_dpkg_package *package, const char *path, const char **diverter)
{
	uint32_t index = strata_map_get(&files->diverted, path);

	*diverter = NULL;
	if (index == STRATA_MAP_NONE ||
		strcmp(files->diversions[index].package, package->name) == 0)
		return path;
	*diverter = files->diversions[index].package;
	return files->diversions[index].target;
}

int strata_dpkg_read_info(struct strata_dpkg_files *files,
	const struct strata_dpkg_package *package, const char *suffix, const char **path,
	struct strata_buffer *content, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;
	bool qualified = package->multi_arch == STRATA_MULTI_ARCH_SAME;
	int status = 0;

	/* Databases from before Multi-Arch have no qualified names. */
	for (int attempt = 0; status == 0 && attempt < (qualified ? 2 : 1); attempt++) {
		strata_buffer_truncate(&name, 0);
		strata_buffer_format(&name, "info/%s.%s",
			qualified && attempt == 0 ? package->id : package->name, suffix);
		if (strata_buffer_check(&name, error) < 0)
			return STRATA_ERROR_MEMORY;
		status = strata_dpkg_files_read(files, name.data, path, content, error);
	}
	return status;
}
