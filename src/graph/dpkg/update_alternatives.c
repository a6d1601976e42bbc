/* SPDX-License-Identifier: Apache-2.0 */
/* What update-alternatives(1) chooses in an image. The system's choice holds where its package is
 * there, and its links are that package's. Else the image has the best candidate that is in it, by
 * priority, as update-alternatives would choose: those links depend on what else is in the image,
 * and so are in a group of their own. The administrative files are described in dpkg's source; each
 * has the mode, the link, pairs of a slave's name and link, an empty line, and for every candidate
 * its path, its priority and the path for each slave. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "graph/dpkg/image.h"
#include "util/text.h"

static const char choices_directory[] = "/etc/alternatives/";

enum { CHAIN_LIMIT = 40 };

/* The links of an alternative, the master's first. */
struct alternative {
	const char *file;
	const char **names, **links;
	size_t count, name_capacity, link_capacity;
	struct strata_dpkg_lines lines; /* at the first candidate */
};

static void release_alternative(struct alternative *alternative)
{
	free(alternative->names);
	free(alternative->links);
}

static int find_choice(struct strata_dpkg_image *image, const char *name,
	struct strata_root_entry *choice, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;

	strata_buffer_format(&path, "%s%s", choices_directory, name);
	if (strata_buffer_check(&path, error) < 0)
		return STRATA_ERROR_MEMORY;
	return strata_root_find(image->files->root, path.data, choice, error);
}

/* The package that owns what ENTRY leads to: a link that nobody owns is followed further. */
static int find_owner(struct strata_dpkg_image *image, struct strata_root_entry entry,
	uint32_t *owner, struct strata_error *error)
{
	*owner = STRATA_MAP_NONE;
	for (int i = 0; i < CHAIN_LIMIT && entry.kind != STRATA_ROOT_MISSING; i++) {
		int status;

		*owner = strata_map_get(&image->owners, entry.path);
		if (*owner != STRATA_MAP_NONE || entry.kind != STRATA_ROOT_SYMLINK)
			return 0;
		status = strata_root_follow(image->files->root, &entry, &entry, error);
		if (status < 0)
			return status;
	}
	return 0;
}

static int bad_line(
	const struct alternative *alternative, const char *expected, struct strata_error *error)
{
	return strata_fail(error, STRATA_ERROR_FORMAT, "%s:%zu: %s is expected", alternative->file,
		alternative->lines.number, expected);
}

static int add_name(struct alternative *alternative, const char *name, const char *link,
	struct strata_error *error)
{
	if (strata_grow(&alternative->names, &alternative->name_capacity, alternative->count + 1,
		    sizeof(*alternative->names)) < 0 ||
		strata_grow(&alternative->links, &alternative->link_capacity,
			alternative->count + 1, sizeof(*alternative->links)) < 0)
		return strata_fail_memory(error);
	alternative->names[alternative->count] = name;
	alternative->links[alternative->count++] = link;
	return 0;
}

static int read_links(struct alternative *alternative, const char *name, struct strata_error *error)
{
	const char *mode = strata_dpkg_next_line(&alternative->lines), *link, *slave;
	int status = 0;

	if (!mode || (strcmp(mode, "auto") != 0 && strcmp(mode, "manual") != 0))
		return bad_line(alternative, "'auto' or 'manual'", error);
	while (status == 0) {
		link = strata_dpkg_next_line(&alternative->lines);
		if (!link || *link != '/')
			return bad_line(alternative, "the absolute path of a link", error);
		status = add_name(alternative, name, link, error);
		slave = strata_dpkg_next_line(&alternative->lines);
		if (!slave)
			return bad_line(alternative, "an empty line or another slave", error);
		if (!*slave)
			return status;
		if (strchr(slave, '/'))
			return bad_line(alternative, "the name of a slave", error);
		name = slave;
	}
	return status;
}

/* Add /etc/alternatives/NAME, which leads to TARGET, and LINK, which leads there; also to what the
 * image is known to have. */
static int add_links(struct strata_dpkg_image *image, struct strata_dpkg_entries *entries,
	uint32_t owner, const char *name, const char *link, const char *target,
	struct strata_error *error)
{
	struct strata_arena *arena = &image->files->root->arena;
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	const char *places[2];
	char *choice;
	int status;

	strata_buffer_format(&path, "%s%s", choices_directory, name);
	if (strata_buffer_check(&path, error) < 0)
		return STRATA_ERROR_MEMORY;
	choice = strata_arena_string(arena, path.data);
	target = strata_arena_string(arena, target);
	if (!choice || !target)
		return strata_fail_memory(error);
	status = strata_dpkg_image_place(image, choice, &places[0], error);
	if (status == 0)
		status = strata_dpkg_image_place(image, link, &places[1], error);
	if (status < 0 || !places[0] || !places[1] ||
		strata_map_get(&image->owners, places[1]) != STRATA_MAP_NONE ||
		strata_map_get(&image->owners, places[0]) != STRATA_MAP_NONE)
		return status;
	for (int i = 0; status == 0 && i < 2; i++) {
		status = strata_dpkg_entries_add_link(
			entries, places[i], i == 0 ? target : choice, error);
		if (status == 0 && strata_map_put(&image->owners, places[i], owner) < 0)
			status = strata_fail_memory(error);
	}
	return status;
}

/* The system chose something of package OWNER: its links are as they are. */
static int add_chosen(struct strata_dpkg_image *image, const struct alternative *alternative,
	uint32_t owner, struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < alternative->count; i++) {
		struct strata_root_entry choice, link;

		status = find_choice(image, alternative->names[i], &choice, error);
		if (status == 0)
			status = strata_root_find(
				image->files->root, alternative->links[i], &link, error);
		if (status == 0 && choice.kind == STRATA_ROOT_SYMLINK &&
			link.kind == STRATA_ROOT_SYMLINK)
			status = add_links(image, &image->entries[owner], owner,
				alternative->names[i], alternative->links[i], choice.target, error);
	}
	return status;
}

/* Read the candidates and remember in TARGETS, one for every link, the paths of the best one that
 * the image has. *OWNER is its package, or STRATA_MAP_NONE. */
static int find_best(struct strata_dpkg_image *image, struct alternative *alternative,
	const char **targets, uint32_t *owner, struct strata_error *error)
{
	long best = 0;
	const char *path;

	*owner = STRATA_MAP_NONE;
	while ((path = strata_dpkg_next_line(&alternative->lines)) && *path) {
		const char *priority = strata_dpkg_next_line(&alternative->lines);
		struct strata_root_entry entry;
		uint32_t candidate = STRATA_MAP_NONE;
		bool is_better;
		int status = 0;

		if (*path != '/' || !priority)
			return bad_line(alternative, "a candidate's path and priority", error);
		status = strata_root_find(image->files->root, path, &entry, error);
		if (status == 0)
			status = find_owner(image, entry, &candidate, error);
		if (status < 0)
			return status;
		is_better = candidate != STRATA_MAP_NONE &&
			    (*owner == STRATA_MAP_NONE || atol(priority) > best);
		if (is_better) {
			best = atol(priority);
			*owner = candidate;
			targets[0] = path;
		}
		for (size_t i = 1; i < alternative->count; i++) {
			const char *slave = strata_dpkg_next_line(&alternative->lines);

			if (!slave)
				return bad_line(alternative, "the path of a slave", error);
			if (is_better)
				targets[i] = slave;
		}
	}
	return 0;
}

static int add_best(struct strata_dpkg_image *image, struct alternative *alternative,
	struct strata_error *error)
{
	strata_autofree const char **targets =
		strata_allocate(alternative->count, sizeof(*targets));
	struct strata_dpkg_entries *entries;
	uint32_t owner = STRATA_MAP_NONE;
	int status = targets ? find_best(image, alternative, targets, &owner, error)
			     : strata_fail_memory(error);

	if (status < 0 || owner == STRATA_MAP_NONE)
		return status;
	status = strata_dpkg_image_group(image, "alternatives", STRATA_MAP_NONE, &entries, error);
	for (size_t i = 0; status == 0 && i < alternative->count; i++) {
		bool holds = false;

		if (*targets[i])
			status = strata_dpkg_image_holds(image, targets[i], &holds, error);
		if (status == 0 && holds)
			status = add_links(image, entries, owner, alternative->names[i],
				alternative->links[i], targets[i], error);
	}
	return status;
}

static int add_alternative(
	struct strata_dpkg_image *image, const char *name, struct strata_error *error)
{
	STRATA_CLEANUP(release_alternative) struct alternative alternative = {0};
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer file = STRATA_BUFFER_INIT;
	struct strata_root_entry choice;
	uint32_t owner = STRATA_MAP_NONE;
	int status;

	strata_buffer_format(&file, "alternatives/%s", name);
	if (strata_buffer_check(&file, error) < 0)
		return STRATA_ERROR_MEMORY;
	status =
		strata_dpkg_files_read(image->files, file.data, &alternative.file, &content, error);
	if (status <= 0)
		return status;
	alternative.lines =
		(struct strata_dpkg_lines){content.data, content.data + content.length, 0};
	status = read_links(&alternative, name, error);
	if (status == 0)
		status = find_choice(image, name, &choice, error);
	if (status < 0 || choice.kind == STRATA_ROOT_MISSING)
		return status;
	if (choice.kind == STRATA_ROOT_SYMLINK)
		status = find_owner(image, choice, &owner, error);
	if (status < 0)
		return status;
	return owner == STRATA_MAP_NONE ? add_best(image, &alternative, error)
					: add_chosen(image, &alternative, owner, error);
}

/* A hidden name is none, and ".dpkg-tmp" is a file that was never finished. */
static int choose(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && !strata_text_ends_with(entry->d_name, ".dpkg-tmp");
}

int strata_dpkg_image_add_alternatives(struct strata_dpkg_image *image, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	struct dirent **names = NULL;
	int count, status = 0;

	strata_buffer_format(
		&path, "%s%s/alternatives", image->files->root->path, image->files->directory);
	if (strata_buffer_check(&path, error) < 0)
		return STRATA_ERROR_MEMORY;
	count = scandir(path.data, &names, choose, alphasort);
	if (count < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (count < 0)
		return strata_fail_errno(error, "cannot list the directory '%s'", path.data);
	for (int i = 0; i < count; i++) {
		if (status == 0)
			status = add_alternative(image, names[i]->d_name, error);
		free(names[i]);
	}
	free(names);
	return status;
}
