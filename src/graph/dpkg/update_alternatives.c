/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The links of update-alternatives(1): which of an image's packages own what they lead to.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "graph/dpkg/dpkg.h"
#include "util/text.h"

static const char choices_directory[] = "/etc/alternatives/";

/* Alternatives may point to each other. */
enum { CHAIN_LIMIT = 40 };

/* Find the symbolic link through which alternative NAME chooses. */
static int find_choice(struct strata_dpkg_files *files, const char *name,
	struct strata_root_entry *choice, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;

	strata_buffer_format(&path, "%s%s", choices_directory, name);
	if (strata_buffer_check(&path, error) < 0)
		return STRATA_ERROR_MEMORY;
	return strata_root_find(files->root, path.data, choice, error);
}

/* The package that owns what CHOICE points to: a link that nobody owns is followed further. */
static int find_owner(struct strata_dpkg_files *files, const struct strata_map *owners,
	const struct strata_root_entry *choice, uint32_t *owner, struct strata_error *error)
{
	struct strata_root_entry entry = *choice;

	*owner = STRATA_MAP_NONE;
	for (int i = 0; i < CHAIN_LIMIT && entry.kind == STRATA_ROOT_SYMLINK; i++) {
		int status = strata_root_follow(files->root, &entry, &entry, error);

		if (status < 0 || entry.kind == STRATA_ROOT_MISSING)
			return status;
		*owner = strata_map_get(owners, entry.path);
		if (*owner != STRATA_MAP_NONE)
			return 0;
	}
	return 0;
}

static int add_if_link(struct strata_dpkg_paths *list, const struct strata_root_entry *entry,
	struct strata_error *error)
{
	if (entry->kind != STRATA_ROOT_SYMLINK)
		return 0;
	return strata_dpkg_paths_add(list, entry, error);
}

/* Add the two links of an alternative or of a slave: LINK leads to /etc/alternatives/NAME. */
static int add_links(struct strata_dpkg_files *files, const char *name, const char *link,
	struct strata_dpkg_paths *list, struct strata_error *error)
{
	struct strata_root_entry entry;
	int status = find_choice(files, name, &entry, error);

	if (status < 0 || entry.kind != STRATA_ROOT_SYMLINK)
		return status;
	status = add_if_link(list, &entry, error);
	if (status == 0)
		status = strata_root_find(files->root, link, &entry, error);
	return status == 0 ? add_if_link(list, &entry, error) : status;
}

static int bad_line(const char *path, const struct strata_dpkg_lines *lines, const char *expected,
	struct strata_error *error)
{
	return strata_fail(error, STRATA_ERROR_FORMAT, "%s:%zu: %s is expected", path,
		lines->number, expected);
}

/* Read the names and links of one alternative: its mode, its link, pairs of a slave's name and
 * link, and an empty line. What follows, the candidates, does not matter: the choice itself is in
 * /etc/alternatives. */
static int read_alternative(struct strata_dpkg_files *files, const char *name, const char *path,
	struct strata_buffer *content, struct strata_dpkg_paths *list, struct strata_error *error)
{
	struct strata_dpkg_lines lines = {content->data, content->data + content->length, 0};
	const char *mode = strata_dpkg_next_line(&lines);
	const char *link, *slave;
	int status = 0;

	if (!mode || (strcmp(mode, "auto") != 0 && strcmp(mode, "manual") != 0))
		return bad_line(path, &lines, "'auto' or 'manual'", error);
	while (status == 0) {
		link = strata_dpkg_next_line(&lines);
		if (!link || *link != '/')
			return bad_line(path, &lines, "the absolute path of a link", error);
		status = add_links(files, name, link, list, error);
		slave = strata_dpkg_next_line(&lines);
		if (!slave)
			return bad_line(path, &lines, "an empty line or another slave", error);
		if (!*slave)
			return status;
		if (strchr(slave, '/'))
			return bad_line(path, &lines, "the name of a slave", error);
		name = slave;
	}
	return status;
}

static int add_alternative(struct strata_dpkg_files *files, const struct strata_map *owners,
	const char *name, struct strata_dpkg_paths *lists, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer file = STRATA_BUFFER_INIT;
	struct strata_root_entry choice;
	const char *path;
	uint32_t owner;
	int status = find_choice(files, name, &choice, error);

	if (status < 0 || choice.kind != STRATA_ROOT_SYMLINK)
		return status;
	status = find_owner(files, owners, &choice, &owner, error);
	if (status < 0 || owner == STRATA_MAP_NONE)
		return status;
	strata_buffer_format(&file, "alternatives/%s", name);
	if (strata_buffer_check(&file, error) < 0)
		return STRATA_ERROR_MEMORY;
	status = strata_dpkg_files_read(files, file.data, &path, &content, error);
	if (status <= 0)
		return status;
	return read_alternative(files, name, path, &content, &lists[owner], error);
}

static void close_stream(DIR **stream)
{
	if (*stream)
		closedir(*stream);
}

int strata_dpkg_add_alternatives(struct strata_dpkg_files *files, const struct strata_map *owners,
	struct strata_dpkg_paths *lists, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	STRATA_CLEANUP(close_stream) DIR *stream = NULL;
	const struct dirent *entry;
	int status = 0;

	strata_buffer_format(&path, "%s%s/alternatives", files->root->path, files->directory);
	if (strata_buffer_check(&path, error) < 0)
		return STRATA_ERROR_MEMORY;
	stream = opendir(path.data);
	if (!stream && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!stream)
		return strata_fail_errno(error, "cannot open the directory '%s'", path.data);
	while (status == 0 && (errno = 0, entry = readdir(stream))) {
		/* A hidden name is none, and ".dpkg-tmp" is a file that was never finished. */
		if (entry->d_name[0] != '.' && !strata_text_ends_with(entry->d_name, ".dpkg-tmp"))
			status = add_alternative(files, owners, entry->d_name, lists, error);
	}
	if (status == 0 && errno)
		status = strata_fail_errno(error, "cannot list '%s'", path.data);
	return status;
}
