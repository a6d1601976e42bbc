/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a base image, by the rules that clients apply layers with (OCI layer.md): later
 * layers replace files of earlier ones, and whiteouts remove them. If there is a package database
 * among the files, its lists of files are read, too: they tell which package owns each file.
 */
#include <string.h>

#include "customisation/lower.h"
#include "image/base/base_image.h"
#include "layer/cache/cache.h"
#include "layer/encode/blob.h"
#include "tar/decompress.h"
#include "tar/reader.h"
#include "tar/xattrs.h"
#include "util/text.h"

static const char whiteout[] = ".wh.";
static const char opaque[] = ".wh..wh..opq";

/* A list of a package's files as dpkg(1) or distroless images keep it. */
struct package_list {
	const char *package;
	const char *text;
	bool has_sums; /* a sum stands before each path, which has no slash in front */
};

struct reading {
	const struct strata_base *base;
	struct strata_cache *cache;
	struct strata_listing *listing;
	uint32_t layer;
	struct strata_arena arena;
	struct strata_map lists; /* path of the list -> place in the array */
	struct package_list *packages;
	size_t package_count, package_capacity;
};

static enum strata_listed_kind kind_of(const struct strata_tar_member *member)
{
	if (member->type == STRATA_TAR_DIRECTORY)
		return STRATA_LISTED_DIRECTORY;
	return member->type == STRATA_TAR_SYMLINK ? STRATA_LISTED_SYMLINK : STRATA_LISTED_OTHER;
}

static int read_content(
	struct strata_tar_reader *reader, struct strata_buffer *content, struct strata_error *error)
{
	enum { LARGEST = 64 * 1024 * 1024 };
	char chunk[16 * 1024];
	size_t got;

	do {
		int status = strata_tar_reader_read(reader, chunk, sizeof(chunk), &got, error);

		if (status < 0)
			return status;
		strata_buffer_append(content, chunk, got);
	} while (got > 0 && content->length < LARGEST);
	return strata_buffer_check(content, error);
}

/* Add MEMBER as PATH, which is absolute. */
static int add_member(struct reading *reading, struct strata_tar_reader *reader,
	const struct strata_tar_member *member, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;

	strata_autofree struct strata_xattr *xattrs =
		strata_allocate(member->attribute_count, sizeof(*xattrs));
	struct strata_listed listed = {.kind = kind_of(member),
		.path = path,
		.layer = reading->layer,
		.mode = member->mode & 07777,
		.uid = (uint32_t)member->uid,
		.gid = (uint32_t)member->gid,
		.size = member->size,
		.mtime = member->mtime,
		.xattrs = xattrs};

	if (!xattrs)
		return strata_fail_memory(error);
	if (listed.kind == STRATA_LISTED_SYMLINK)
		listed.target = member->link;
	for (size_t i = 0; listed.kind == STRATA_LISTED_DIRECTORY && i < member->attribute_count;
		i++) {
		const struct strata_tar_attribute *attribute = &member->attributes[i];

		if (!strata_xattr_is_overlay_mark(attribute->name))
			xattrs[listed.xattr_count++] = (struct strata_xattr){
				attribute->name, attribute->value, attribute->size};
	}
	if (member->type == STRATA_TAR_REGULAR &&
		(strcmp(path, "/etc/passwd") == 0 || strcmp(path, "/etc/group") == 0)) {
		int status = read_content(reader, &content, error);

		if (status < 0)
			return status;
		listed.content = content.data;
	}
	return strata_listing_add(reading->listing, &listed, error);
}

/* The package of which the file at PATH lists the files; NULL where it is no such list. */
static char *list_package(struct reading *reading, const char *path, bool *has_sums)
{
	static const char info[] = "/var/lib/dpkg/info/", parts[] = "/var/lib/dpkg/status.d/";
	static const char list[] = ".list", sums[] = ".md5sums";
	const char *name, *end;

	*has_sums = strata_text_starts_with(path, parts);
	if (!*has_sums && !strata_text_starts_with(path, info))
		return NULL;
	name = strrchr(path, '/') + 1;
	end = strrchr(name, '.');
	if (!end || strcmp(end, *has_sums ? sums : list) != 0)
		return NULL;
	return strata_arena_bytes(&reading->arena, name,
		(size_t)(end - name) < strcspn(name, ":") ? (size_t)(end - name)
							  : strcspn(name, ":"));
}

static int take_list(struct reading *reading, struct strata_tar_reader *reader,
	const struct strata_tar_member *member, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;
	struct package_list list = {.text = NULL};
	uint32_t place = strata_map_get(&reading->lists, path);
	char *key;
	int status;

	if (member->type != STRATA_TAR_REGULAR)
		return 0;
	list.package = list_package(reading, path, &list.has_sums);
	if (!list.package)
		return 0;
	status = read_content(reader, &content, error);
	if (status < 0)
		return status;
	list.text = strata_arena_string(&reading->arena, content.data);
	if (!list.text || strata_grow(&reading->packages, &reading->package_capacity,
				  reading->package_count + 1, sizeof(*reading->packages)) < 0)
		return strata_fail_memory(error);
	if (place == STRATA_MAP_NONE) {
		place = (uint32_t)reading->package_count++;
		key = strata_arena_string(&reading->arena, path);
		if (!key || strata_map_put(&reading->lists, key, place) < 0)
			return strata_fail_memory(error);
	}
	reading->packages[place] = list;
	return 0;
}

/* What is at PATH of the layer: something, or the mark that something below it is gone. */
static int take_member(struct reading *reading, struct strata_tar_reader *reader,
	const struct strata_tar_member *member, struct strata_buffer *path,
	struct strata_error *error)
{
	char *name = strrchr(path->data, '/') + 1;
	int status;

	if (!strata_text_starts_with(name, whiteout)) {
		status = add_member(reading, reader, member, path->data, error);
		return status < 0 ? status : take_list(reading, reader, member, path->data, error);
	}
	if (strcmp(name, opaque) == 0) {
		name[-1] = '\0';
		strata_listing_remove(reading->listing, path->data, true, reading->layer);
		return 0;
	}
	memmove(name, name + sizeof(whiteout) - 1, strlen(name + sizeof(whiteout) - 1) + 1);
	if (*name)
		strata_listing_remove(reading->listing, path->data, false, reading->layer);
	return 0;
}

static int read_members(
	struct reading *reading, struct strata_tar_reader *reader, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	struct strata_tar_member member;
	int status;

	while ((status = strata_tar_reader_next(reader, &member, error)) > 0) {
		strata_buffer_truncate(&path, 0);
		strata_buffer_byte(&path, '/');
		/* verify tells of names that lead out of the image; clients refuse them. */
		if (!strata_tar_normal_name(&path, member.name) || path.length == 1)
			continue;
		status = strata_buffer_check(&path, error);
		if (status == 0)
			status = take_member(reading, reader, &member, &path, error);
		if (status < 0)
			return status;
	}
	return status;
}

/* Open the layer in the cache, which has checked it, or else in the base. */
static int open_layer(struct reading *reading, const struct strata_read_layer *layer,
	struct strata_layer *cached, struct strata_part *part, struct strata_error *error)
{
	static const struct strata_digest no_witness;
	struct strata_digest key = {""};
	bool found = false;
	int status = 0;

	if (reading->cache)
		status = strata_base_layer_key(reading->base, layer, &key, error);
	if (status == 0 && key.text[0])
		status = strata_cache_find(
			reading->cache, &key, &no_witness, true, cached, &found, error);
	if (status < 0)
		return status;
	if (!found)
		return strata_part_open(reading->base->reading.store, &layer->place, part, error);
	status = strata_blob_open(cached, &part->owned, error);
	strata_file_input_init(&part->file, part->owned, cached->blob, 0, cached->size);
	part->input = &part->file.input;
	return status;
}

static int read_layer(struct reading *reading, struct strata_error *error)
{
	const struct strata_read_layer *layer = &reading->base->image->layers[reading->layer];
	STRATA_CLEANUP(strata_layer_release) struct strata_layer cached = {0};
	strata_autopart struct strata_part part = STRATA_PART_INIT;
	strata_autodecompressor struct strata_decompressor *decompressor = NULL;
	strata_autotarreader struct strata_tar_reader *reader = NULL;
	int status = open_layer(reading, layer, &cached, &part, error);

	if (status == 0)
		status = strata_decompressor_new(
			part.input, layer->place.name, &decompressor, error);
	if (status == 0)
		status = strata_tar_reader_new(
			strata_decompressor_input(decompressor), layer->label, &reader, error);
	return status < 0 ? status : read_members(reading, reader, error);
}

/* Remember that the file at PATH, which may lead through links, is of PACKAGE. */
static int own(struct strata_lower *lower, struct strata_listing *listing, const char *path,
	const char *package, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer place = STRATA_BUFFER_INIT;
	strata_autofree char *directory = strdup(path);
	char *name = directory ? strrchr(directory, '/') : NULL;
	struct strata_lower_entry entry;
	uint32_t index;
	int status;

	if (!directory)
		return strata_fail_memory(error);
	if (!name || !name[1])
		return 0;
	*name++ = '\0';
	status = strata_lower_follow(lower, directory, &place, &entry, error);
	strata_buffer_format(&place, "/%s", name);
	if (status == 0)
		status = strata_buffer_check(&place, error);
	if (status < 0)
		return status;
	index = strata_map_get(&listing->by_path, place.data);
	if (index != STRATA_MAP_NONE)
		listing->entries[index].package = package;
	return 0;
}

static int own_list(struct strata_lower *lower, struct strata_listing *listing,
	const struct package_list *list, struct strata_error *error)
{
	const char *package = strata_arena_string(&listing->arena, list->package);
	int status = 0;

	if (!package || strata_map_put(&listing->packages, package, 0) < 0)
		return strata_fail_memory(error);
	for (const char *line = list->text; status == 0 && *line;) {
		size_t length = strcspn(line, "\n");
		const char *end = line + length;
		const char *path = line;
		strata_autobuffer struct strata_buffer absolute = STRATA_BUFFER_INIT;

		if (list->has_sums) {
			path += strcspn(path, " \n");
			path += strspn(path, " ");
			strata_buffer_byte(&absolute, '/');
		}
		strata_buffer_append(&absolute, path, (size_t)(end - path));
		status = strata_buffer_check(&absolute, error);
		if (status == 0 && *absolute.data == '/')
			status = own(lower, listing, absolute.data, package, error);
		line = *end ? end + 1 : end;
	}
	return status;
}

static int own_all(struct reading *reading, struct strata_error *error)
{
	struct strata_lower lower = STRATA_LOWER_INIT;
	int status = 0;

	lower.base = reading->listing;
	for (size_t i = 0; status == 0 && i < reading->package_count; i++)
		status = own_list(&lower, reading->listing, &reading->packages[i], error);
	strata_lower_release(&lower);
	return status;
}

int strata_base_list_files(const struct strata_base *base, struct strata_cache *cache,
	struct strata_listing **listing, struct strata_error *error)
{
	strata_autolisting struct strata_listing *made = NULL;
	struct reading reading = {.base = base, .cache = cache};
	int status = 0;

	*listing = NULL;
	if (!base)
		return 0;
	reading.listing = made = strata_listing_new(error);
	if (!made)
		return STRATA_ERROR_MEMORY;
	for (; status == 0 && reading.layer < base->image->layer_count; reading.layer++) {
		status = read_layer(&reading, error);
		if (status < 0)
			status = strata_context(error, status, "the base image '%s': %s",
				base->source, base->image->layers[reading.layer].label);
	}
	if (status == 0)
		status = own_all(&reading, error);
	strata_map_release(&reading.lists);
	strata_arena_free(&reading.arena);
	free(reading.packages);
	if (status == 0)
		*listing = strata_take(made);
	return status;
}
