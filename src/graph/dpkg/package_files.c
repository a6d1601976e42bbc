/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of a package an image gets: what dpkg(1)'s list of it names and is there, under the
 * name that it has where diversions (dpkg-divert(1)) count only as far as the image has the package
 * that asked for them. */
#include <string.h>

#include "graph/dpkg/image.h"
#include "util/observer.h"
#include "util/text.h"

/* Everything about one package. */
struct listing {
	struct strata_dpkg_image *image;
	uint32_t index;
	const struct strata_dpkg_package *package;
	const char *name; /* of the list, for messages */
	const char *const *last_links;
	size_t listed, found, missing;
	const char *first_missing;
};

int strata_dpkg_image_place(struct strata_dpkg_image *image, const char *path, const char **real,
	struct strata_error *error)
{
	const char *base = strrchr(path, '/');
	struct strata_root *root = image->files->root;
	strata_autobuffer struct strata_buffer full = STRATA_BUFFER_INIT;
	struct strata_root_entry entry;
	const char *parent = strata_arena_bytes(&root->arena, path, (size_t)(base - path));
	int status = 0;

	*real = NULL;
	if (!parent)
		return strata_fail_memory(error);
	entry = (struct strata_root_entry){.kind = STRATA_ROOT_DIRECTORY, .path = ""};
	if (*parent)
		status = strata_root_find(root, parent, &entry, error);
	for (int i = 0; status == 0 && i < 40 && entry.kind == STRATA_ROOT_SYMLINK; i++)
		status = strata_root_follow(root, &entry, &entry, error);
	if (status < 0 || entry.kind != STRATA_ROOT_DIRECTORY)
		return status;
	strata_buffer_format(&full, "%s%s", entry.path, base);
	if (strata_buffer_check(&full, error) < 0)
		return STRATA_ERROR_MEMORY;
	*real = strata_arena_string(&root->arena, full.data);
	return *real ? 0 : strata_fail_memory(error);
}

static int own(struct listing *listing, const char *path, struct strata_error *error)
{
	if (strata_map_add(&listing->image->owners, path, listing->index) == STRATA_MAP_NONE)
		return strata_fail_memory(error);
	return 0;
}

static int add_path(struct listing *listing, const char *path, struct strata_error *error)
{
	int status = strata_dpkg_paths_add(&listing->image->lists[listing->index], path, error);

	return status == 0 ? own(listing, path, error) : status;
}

/* Add the link at PATH, which leads to TARGET and which no package brings: it was made when the
 * system was, and the time of that is no matter of the package. */
static int add_made_link(
	struct listing *listing, const char *path, const char *target, struct strata_error *error)
{
	struct strata_dpkg_entries *entries = &listing->image->entries[listing->index];
	int status;

	for (size_t i = 0; i < entries->count; i++) {
		if (strcmp(entries->entries[i].path, path) == 0)
			return 0;
	}
	status = own(listing, path, error);
	return status < 0 ? status : strata_dpkg_entries_add_link(entries, path, target, error);
}

/* Whether LINK stands for a directory that packages bring. */
static bool replaces_directory(const struct listing *listing, const struct strata_root_entry *link)
{
	return link->kind == STRATA_ROOT_SYMLINK &&
	       strata_map_get(&listing->image->directories, link->path) != STRATA_MAP_NONE;
}

/* A link on the way to a file. */
static int add_way(struct listing *listing, const char *path, struct strata_error *error)
{
	struct strata_root_entry link;
	int status = strata_root_find(listing->image->files->root, path, &link, error);

	if (status < 0 || link.kind != STRATA_ROOT_SYMLINK)
		return status;
	if (strata_map_get(&listing->image->every_owner, path) != STRATA_MAP_NONE &&
		!replaces_directory(listing, &link))
		return add_path(listing, path, error);
	return add_made_link(listing, path, link.target, error);
}

static int add_ways(
	struct listing *listing, const struct strata_root_entry *entry, struct strata_error *error)
{
	int status = 0;

	/* Neighbours share their links: once is enough. */
	if (entry->links == listing->last_links)
		return 0;
	listing->last_links = entry->links;
	for (size_t i = 0; status == 0 && i < entry->link_count; i++)
		status = add_way(listing, entry->links[i], error);
	return status;
}

/* PATH was diverted for a package that the image does not have: it keeps its own name. */
static int add_restored(struct listing *listing, const char *path,
	const struct strata_root_entry *diverted, struct strata_error *error)
{
	struct strata_item_entry entry = {.kind = STRATA_ITEM_SOURCE,
		.source = diverted->path,
		.time = STRATA_ITEM_TIME_KEPT};
	int status = strata_dpkg_image_place(listing->image, path, &entry.path, error);

	if (status < 0)
		return status;
	if (!entry.path)
		return add_path(listing, diverted->path, error);
	status = own(listing, entry.path, error);
	return status < 0 ? status
			  : strata_dpkg_entries_add(
				    &listing->image->entries[listing->index], &entry, error);
}

static int add_found(struct listing *listing, const char *path, const char *diverter,
	const struct strata_root_entry *entry, struct strata_error *error)
{
	int status = add_ways(listing, entry, error);

	if (status < 0)
		return status;
	/* ":" is the administrator. */
	if (diverter && strcmp(diverter, ":") != 0 &&
		strata_dpkg_image_package(listing->image, diverter) == STRATA_MAP_NONE)
		return add_restored(listing, path, entry, error);
	if (replaces_directory(listing, entry))
		return add_made_link(listing, entry->path, entry->target, error);
	return add_path(listing, entry->path, error);
}

static int add_listed(struct listing *listing, const char *path, struct strata_error *error)
{
	struct strata_dpkg_files *files = listing->image->files;
	struct strata_root_entry entry;
	const char *diverter;
	const char *place = strata_dpkg_divert(files, listing->package, path, &diverter);
	int status = strata_root_find(files->root, place, &entry, error);

	if (status < 0)
		return status;
	listing->listed++;
	if (entry.kind == STRATA_ROOT_MISSING) {
		if (strata_dpkg_is_left_out(files, path))
			return 0;
		if (listing->missing++ == 0)
			listing->first_missing = strata_arena_string(&files->arena, path);
		return listing->first_missing ? 0 : strata_fail_memory(error);
	}
	listing->found++;
	if (entry.kind == STRATA_ROOT_SOCKET) {
		strata_note(files->observer, "package %s: '%s' is a socket and is left out",
			listing->package->id, entry.path);
		return 0;
	}
	return add_found(listing, path, diverter, &entry, error);
}

static bool has_dots(const char *path)
{
	for (; (path = strstr(path, "/..")); path += 3) {
		if (path[3] == '/' || !path[3])
			return true;
	}
	return false;
}

static int add_line(struct listing *listing, const struct strata_dpkg_lines *lines,
	const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer absolute = STRATA_BUFFER_INIT;
	if (!*path)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s:%zu: a path is expected in this line", listing->name, lines->number);
	/* dpkg reads "./usr", "usr" and "/usr" as the same. */
	if (path[0] == '.' && (path[1] == '/' || !path[1]))
		path++;
	strata_buffer_format(&absolute, "%s%s", *path == '/' ? "" : "/", path);
	if (strata_buffer_check(&absolute, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (has_dots(absolute.data))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s:%zu: '%.200s' is no path of a package", listing->name, lines->number,
			path);
	if (strcmp(absolute.data, "/.") == 0 || strcmp(absolute.data, "/") == 0)
		return 0;
	return add_listed(listing, absolute.data, error);
}

/* Systems are slimmed by removing documentation, with and without telling dpkg; all files of a
 * package, or files that programs need, are another matter. */
static int tell_missing(const struct listing *listing, struct strata_error *error)
{
	const char *id = listing->package->id;

	if (listing->missing == 0)
		return 0;
	if (listing->found == 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_NOT_FOUND,
				"package %s: none of its %zu files is there, '%s' for one", id,
				listing->missing, listing->first_missing),
			"install the package again, or remove it from the system");
	strata_note(listing->image->files->observer,
		"package %s: %zu of its %zu files %s missing, '%s' for one", id, listing->missing,
		listing->listed, listing->missing == 1 ? "is" : "are", listing->first_missing);
	return 0;
}

int strata_dpkg_image_add_files(
	struct strata_dpkg_image *image, uint32_t index, struct strata_error *error)
{
	struct listing listing = {
		.image = image, .index = index, .package = &image->database->packages[index]};
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;
	struct strata_dpkg_lines lines;
	const char *path;
	int status = strata_dpkg_read_info(
		image->files, listing.package, "list", &listing.name, &content, error);

	if (status < 0)
		return status;
	if (status == 0) {
		strata_note(image->files->observer, "package %s: the list of its files is missing",
			listing.package->id);
		return 0;
	}
	lines = (struct strata_dpkg_lines){content.data, content.data + content.length, 0};
	status = 0;
	while (status == 0 && (path = strata_dpkg_next_line(&lines)))
		status = add_line(&listing, &lines, path, error);
	return status == 0 ? tell_missing(&listing, error) : status;
}
