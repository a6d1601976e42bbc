/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where copies go: what is at their place in the image decides as it does for cp(1) and COPY.
 *
 * - A file goes to its path; where a directory, or a link to one, is there, or a slash was written
 *   behind the path, into that directory under its own name. It replaces a file or a link.
 * - What is in a directory goes into the directory at its path, following links to directories, and
 *   so on below. Directories that are there stay as they are.
 * - A directory never replaces a file, nor a file a directory.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "customisation/placement.h"
#include "util/error.h"
#include "util/path.h"

/* One source on this machine, and what it becomes. */
struct source {
	struct strata_placing *placing;
	const char *links; /* where it is in the image, whose files become links; or NULL */
};

static int join(
	struct source *source, const char *from, const char *to, struct strata_error *error);

/* The link that FROM of SOURCE becomes, or is; NULL for a file. In the arena. */
static int find_target(struct source *source, const char *from, const char *links, mode_t mode,
	const char **target, struct strata_error *error)
{
	char bytes[PATH_MAX];
	ssize_t length;

	*target = links;
	if (links || !S_ISLNK(mode))
		return 0;
	length = readlink(from, bytes, sizeof(bytes));
	if (length < 0)
		return strata_fail_errno(error, "cannot read the link '%s'", from);
	*target = strata_arena_bytes(source->placing->arena, bytes, (size_t)length);
	return *target ? 0 : strata_fail_memory(error);
}

/* Where two bring links to one path, of which one leads to a directory, both are opened. Sets
 * *OPENED where nothing else is to be done for the one that comes now, to LINKS. */
static int open_links(struct strata_placing *placing, const struct strata_lower_entry *entry,
	const char *to, const char *links, bool is_directory, bool *opened,
	struct strata_error *error)
{
	bool other = false;
	int status = 0;

	if (entry->source == STRATA_LOWER_COPY && entry->listed.kind == STRATA_LISTED_SYMLINK)
		status = strata_placing_open_link(placing, entry->listed.target, to, &other, error);
	if (status < 0 || is_directory || (!other && entry->listed.kind != STRATA_LISTED_DIRECTORY))
		return status;
	return strata_placing_open_link(placing, links, to, opened, error);
}

/* FROM goes on at TO, where a link leads: there later additions find it. */
static int add_redirected(
	struct source *source, const char *from, const char *to, struct strata_error *error)
{
	struct strata_arena *arena = source->placing->arena;
	struct strata_lower_copy copy = {
		.to = strata_arena_string(arena, to), .place = strata_arena_string(arena, from)};

	if (source->links)
		copy.links = strata_arena_string(arena, source->links);
	if (!copy.to || !copy.place || (source->links && !copy.links))
		return strata_fail_memory(error);
	return strata_lower_add_copy(&source->placing->lower, &copy, error);
}

/* Something in a directory of the source, at FROM, comes to TO. */
static int join_member(struct source *source, const char *from, const char *to, const char *links,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer place = STRATA_BUFFER_INIT;
	struct source below = {source->placing, links};
	struct strata_lower_entry entry;
	const char *target = NULL;
	struct stat info;
	bool opened = false;
	int status;

	if (lstat(from, &info) < 0)
		return strata_fail_errno(error, "cannot read '%s'", from);
	status = strata_lower_find(&source->placing->lower, to, &entry, error);
	if (status == 0 && links)
		status = open_links(
			source->placing, &entry, to, links, S_ISDIR(info.st_mode), &opened, error);
	/* It may be a directory now. */
	if (status == 0 && links)
		status = strata_lower_find(&source->placing->lower, to, &entry, error);
	if (status < 0 || opened || entry.listed.kind == STRATA_LISTED_NOTHING)
		return status;
	if (!S_ISDIR(info.st_mode)) {
		status = find_target(source, from, links, info.st_mode, &target, error);
		return status < 0 ? status
				  : strata_placing_replace(
					    source->placing, from, to, &entry, target, error);
	}
	strata_buffer_string(&place, to);
	status = strata_placing_enter(source->placing, from, &place, &entry, error);
	if (status == 0 && strcmp(place.data, to) != 0)
		status = add_redirected(&below, from, place.data, error);
	if (status < 0 || entry.listed.kind == STRATA_LISTED_NOTHING)
		return status;
	return join(&below, from, place.data, error);
}

/* Join the directory FROM with the one at TO of the image, "" being its root. */
static int join(struct source *source, const char *from, const char *to, struct strata_error *error)
{
	struct dirent *entry;
	DIR *stream = opendir(from);
	int status = 0;

	if (!stream)
		return strata_fail_errno(error, "cannot open the directory '%s'", from);
	while (status == 0 && (errno = 0, entry = readdir(stream))) {
		strata_autobuffer struct strata_buffer member = STRATA_BUFFER_INIT;
		strata_autobuffer struct strata_buffer place = STRATA_BUFFER_INIT;
		strata_autobuffer struct strata_buffer links = STRATA_BUFFER_INIT;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		strata_buffer_format(&member, "%s/%s", from, entry->d_name);
		strata_buffer_format(&place, "%s/%s", to, entry->d_name);
		strata_buffer_format(
			&links, "%s/%s", source->links ? source->links : "", entry->d_name);
		if (member.failed || place.failed || links.failed)
			status = strata_fail_memory(error);
		else
			status = join_member(source, member.data, place.data,
				source->links ? links.data : NULL, error);
	}
	if (status == 0 && errno)
		status = strata_fail_errno(error, "cannot list '%s'", from);
	closedir(stream);
	return status;
}

/* Find where COPY->to is, following every link to a directory. */
static int find_place(struct strata_placing *placing, const struct strata_copy *copy,
	struct strata_buffer *place, struct strata_lower_entry *entry, struct strata_error *error)
{
	int status;

	*entry = (struct strata_lower_entry){.listed = {.kind = STRATA_LISTED_DIRECTORY}};
	if (strcmp(copy->to, "/") == 0)
		return 0;
	status = strata_placing_resolve(placing, copy->to, place, error);
	return status < 0 ? status : strata_lower_find(&placing->lower, place->data, entry, error);
}

static int place_directory(struct strata_placing *placing, const struct strata_copy *copy,
	const char *from, struct strata_buffer *place, struct strata_error *error)
{
	struct source source = {placing, copy->links ? copy->from : NULL};
	struct strata_lower_entry entry;
	int status = find_place(placing, copy, place, &entry, error);

	if (status == 0 && place->length > 0)
		status = strata_placing_enter(placing, from, place, &entry, error);
	if (status < 0 || entry.listed.kind == STRATA_LISTED_NOTHING)
		return status;
	return join(&source, from, place->data, error);
}

/* The name that a file has in a directory that it is copied into. */
static const char *name_of(const struct strata_copy *copy)
{
	const char *slash = strrchr(copy->from, '/');

	return copy->name ? copy->name : slash + 1;
}

/* Whether the file COPY goes into the directory at PLACE, which ENTRY is about. */
static int goes_into(struct strata_placing *placing, const struct strata_copy *copy,
	const struct strata_buffer *place, const struct strata_lower_entry *entry, bool *result,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer resolved = STRATA_BUFFER_INIT;
	struct strata_lower_entry led = *entry;
	int status = 0;

	if (entry->listed.kind == STRATA_LISTED_SYMLINK)
		status = strata_lower_follow(&placing->lower, place->data, &resolved, &led, error);
	*result = copy->into || led.listed.kind == STRATA_LISTED_DIRECTORY;
	return status;
}

static int place_file(struct strata_placing *placing, const struct strata_copy *copy,
	const char *from, mode_t mode, struct strata_buffer *place, struct strata_error *error)
{
	struct source source = {placing, NULL};
	struct strata_lower_entry entry;
	const char *target = NULL;
	bool into = false;
	int status;

	if (strcmp(copy->to, "/") == 0 && !copy->into)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"'%s' is no directory, and so cannot become the root directory",
				from),
			"say where it goes");
	status = find_place(placing, copy, place, &entry, error);
	if (status == 0)
		status = goes_into(placing, copy, place, &entry, &into, error);
	if (status == 0 && into && place->length > 0)
		status = strata_placing_enter(placing, from, place, &entry, error);
	if (status == 0 && into) {
		strata_buffer_format(place, "/%s", name_of(copy));
		status = strata_buffer_check(place, error);
		if (status == 0)
			status = strata_lower_find(&placing->lower, place->data, &entry, error);
	}
	if (status == 0)
		status = find_target(
			&source, from, copy->links ? copy->from : NULL, mode, &target, error);
	return status < 0
		       ? status
		       : strata_placing_replace(placing, from, place->data, &entry, target, error);
}

int strata_placing_lay(struct strata_placing *placing, const struct strata_copy *copy,
	const char *from, struct strata_error *error)
{
	struct strata_lower_copy laid = {.links = copy->links ? copy->from : NULL};
	struct strata_copy placed = *copy;

	placed.into = false;
	placed.name = NULL;
	placed.from = strata_arena_string(placing->arena, copy->from);
	placed.to = laid.to = strata_arena_string(placing->arena, copy->to);
	laid.place = strata_arena_string(placing->arena, from);
	if (!placed.from || !placed.to || !laid.place ||
		strata_grow(&placing->copies, &placing->copy_capacity, placing->copy_count + 1,
			sizeof(*placing->copies)) < 0)
		return strata_fail_memory(error);
	placing->copies[placing->copy_count++] = placed;
	return strata_lower_add_copy(&placing->lower, &laid, error);
}

/* Find where COPY is on this machine, and check what it says. Links of the image to what is to be
 * linked are followed. */
static int find_source(struct strata_placing *placing, struct strata_copy *copy,
	struct strata_buffer *from, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer resolved = STRATA_BUFFER_INIT;
	struct strata_lower_entry entry;
	int status = strata_check_path(copy->from, STRATA_ERROR_INVALID, error);

	if (status == 0 && strcmp(copy->to, "/") != 0)
		status = strata_check_path(copy->to, STRATA_ERROR_INVALID, error);
	if (status == 0 && copy->links)
		status = strata_lower_follow(&placing->lower, copy->from, &resolved, &entry, error);
	if (status == 0 && copy->links && entry.listed.kind == STRATA_LISTED_DIRECTORY &&
		resolved.length > 0) {
		copy->from = strata_arena_string(placing->arena, resolved.data);
		if (!copy->from)
			return strata_fail_memory(error);
	}
	strata_buffer_format(from, "%s%s", copy->links ? placing->lower.root : "", copy->from);
	return status < 0 ? status : strata_buffer_check(from, error);
}

int strata_placing_add_copy(
	struct strata_placing *placing, const struct strata_copy *given, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer from = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer place = STRATA_BUFFER_INIT;
	struct strata_copy copy = *given;
	struct strata_lower_entry entry;
	struct stat info;
	int status = find_source(placing, &copy, &from, error);

	if (status < 0)
		return status;
	if (lstat(from.data, &info) == 0)
		status = S_ISDIR(info.st_mode)
				 ? place_directory(placing, &copy, from.data, &place, error)
				 : place_file(
					   placing, &copy, from.data, info.st_mode, &place, error);
	else if (errno == ENOENT)
		/* What is not here, in the plan for another machine, is taken for a directory. */
		status = find_place(placing, &copy, &place, &entry, error);
	else
		status = strata_fail_errno(error, "cannot read '%s'", from.data);
	copy.to = place.length > 0 ? place.data : "/";
	return status < 0 ? status : strata_placing_lay(placing, &copy, from.data, error);
}
