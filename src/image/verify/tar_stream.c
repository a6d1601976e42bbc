/* SPDX-License-Identifier: Apache-2.0 */
#include "image/verify/tar_stream.h"

#include <inttypes.h>
#include <string.h>

#include "tar/reader.h"
#include "tar/xattrs.h"
#include "util/arena.h"
#include "util/map.h"
#include "util/text.h"

enum {
	/* Beyond these a layer is not checked further: the set of paths must fit into memory. */
	MOST_PATHS = 8 << 20,
	MOST_PATH_BYTES = 1 << 30,
	LONGEST_PATH = 4096,
	MOST_FINDINGS = 20,
};

static const char whiteout[] = ".wh.";
static const char opaque[] = ".wh..wh..opq";

/* What is known of a path. */
struct record {
	uint16_t mode;
	uint8_t type;    /* enum strata_tar_type; of a hard link, its target's */
	bool is_implied; /* a parent that has no entry of its own (yet) */
};

struct check {
	const char *where;
	struct strata_findings *findings;
	size_t reported;
	struct strata_arena arena;
	struct strata_map paths;
	struct record *records;
	size_t count, capacity;
	uint64_t path_bytes;
	const char **removed; /* paths that whiteouts remove */
	size_t removed_count, removed_capacity;
};

static void report(struct check *check, const char *path, const char *words)
{
	if (check->reported++ < MOST_FINDINGS)
		strata_finding(check->findings, "%s: '%.300s' %s", check->where, path, words);
}

static int remember(
	struct check *check, const char *path, struct record record, struct strata_error *error)
{
	size_t length = strlen(path);
	const char *copy = strata_arena_bytes(&check->arena, path, length);

	check->path_bytes += length;
	if (!copy ||
		strata_grow(&check->records, &check->capacity, check->count + 1,
			sizeof(*check->records)) < 0 ||
		strata_map_put(&check->paths, copy, (uint32_t)check->count) < 0)
		return strata_fail_memory(error);
	check->records[check->count++] = record;
	return 0;
}

/* Every parent must be a directory, or not be in the layer. PATH is changed on the way. */
static int check_parents(struct check *check, char *path, struct strata_error *error)
{
	const struct record implied = {.type = STRATA_TAR_DIRECTORY, .is_implied = true};

	for (char *slash = strrchr(path, '/'); slash;) {
		uint32_t known;
		char *next;
		int status = 0;

		*slash = '\0';
		known = strata_map_get(&check->paths, path);
		if (known == STRATA_MAP_NONE)
			status = remember(check, path, implied, error);
		else if (check->records[known].type != STRATA_TAR_DIRECTORY)
			report(check, path, "has entries beneath it, but is not a directory");
		next = known == STRATA_MAP_NONE ? strrchr(path, '/') : NULL;
		*slash = '/';
		if (status < 0)
			return status;
		slash = next;
	}
	return 0;
}

/* Check a hard link and let RECORD be what it leads to. */
static int check_link(struct check *check, const char *path, const struct strata_tar_member *member,
	struct record *record, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer target = STRATA_BUFFER_INIT;
	bool safe = strata_tar_normal_name(&target, member->link);
	uint32_t known = STRATA_MAP_NONE;

	if (strata_buffer_check(&target, error) < 0)
		return STRATA_ERROR_MEMORY;
	record->type = STRATA_TAR_REGULAR;
	if (safe)
		known = strata_map_get(&check->paths, target.data);
	if (!safe) {
		report(check, path, "is a hard link whose target has a component \"..\"");
	} else if (known == STRATA_MAP_NONE || check->records[known].type == STRATA_TAR_DIRECTORY) {
		report(check, path,
			"is a hard link to something that is not an earlier file of this layer");
	} else {
		record->type = check->records[known].type;
		if (record->type == STRATA_TAR_REGULAR &&
			check->records[known].mode != record->mode)
			report(check, path,
				"is a hard link whose mode differs from that of its target: "
				"clients give it to both");
	}
	return 0;
}

static int check_whiteout(struct check *check, const char *path, const char *base,
	const struct strata_tar_member *member, struct strata_error *error)
{
	const char *hidden = base + sizeof(whiteout) - 1;
	strata_autobuffer struct strata_buffer removed = STRATA_BUFFER_INIT;
	const char *copy;

	if (member->type == STRATA_TAR_DIRECTORY || member->size > 0)
		report(check, path, "is a whiteout, but not an empty file");
	if (strcmp(base, opaque) == 0 || strata_text_starts_with(hidden, whiteout))
		return 0;
	if (!*hidden || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0) {
		report(check, path, "is a whiteout of nothing that can be removed");
		return 0;
	}
	strata_buffer_append(&removed, path, (size_t)(base - path));
	strata_buffer_string(&removed, hidden);
	if (strata_buffer_check(&removed, error) < 0)
		return STRATA_ERROR_MEMORY;
	copy = strata_arena_string(&check->arena, removed.data);
	if (!copy || strata_grow(&check->removed, &check->removed_capacity,
			     check->removed_count + 1, sizeof(*check->removed)) < 0)
		return strata_fail_memory(error);
	check->removed[check->removed_count++] = copy;
	return 0;
}

/* In a layer, whiteouts are marked by their names. With the marks of overlay file systems, some
 * clients delete files, and others do not see the marks. */
static void check_overlay_marks(
	struct check *check, const char *path, const struct strata_tar_member *member)
{
	if (member->type == STRATA_TAR_CHARACTER_DEVICE && member->device_major == 0 &&
		member->device_minor == 0)
		report(check, path, "is an overlay's mark of a deleted file, the device 0:0");
	for (size_t i = 0; i < member->attribute_count; i++) {
		if (strata_xattr_is_overlay_mark(member->attributes[i].name))
			report(check, path,
				"has an attribute by which overlays mark what is deleted");
	}
}

static int check_member(
	struct check *check, const struct strata_tar_member *member, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	struct record record = {.mode = (uint16_t)member->mode, .type = (uint8_t)member->type};
	const char *base;
	uint32_t known;
	int status = 0;

	if (!strata_tar_normal_name(&path, member->name)) {
		report(check, member->name, "has a component \"..\"");
		return 0;
	}
	if (strata_buffer_check(&path, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (!*member->name || (path.length == 0 && member->type != STRATA_TAR_DIRECTORY)) {
		report(check, member->name, "is no name for a file");
		return 0;
	}
	if (path.length > LONGEST_PATH) {
		report(check, path.data, "is longer than a path can be");
		return 0;
	}
	status = check_parents(check, path.data, error);
	if (status == 0 && member->type == STRATA_TAR_HARD_LINK)
		status = check_link(check, path.data, member, &record, error);
	if (status < 0)
		return status;
	check_overlay_marks(check, path.data, member);
	base = strrchr(path.data, '/') ? strrchr(path.data, '/') + 1 : path.data;
	if (strata_text_starts_with(base, whiteout))
		status = check_whiteout(check, path.data, base, member, error);
	if (status < 0)
		return status;
	known = strata_map_get(&check->paths, path.data);
	if (known == STRATA_MAP_NONE)
		return remember(check, path.data, record, error);
	if (!check->records[known].is_implied)
		report(check, path.data, "is there twice: some clients refuse that");
	else if (record.type != STRATA_TAR_DIRECTORY)
		report(check, path.data, "has entries beneath it, but is not a directory");
	check->records[known] = record;
	return 0;
}

static int read_members(
	struct check *check, struct strata_tar_reader *reader, struct strata_error *error)
{
	struct strata_tar_member member;
	struct strata_tar_end end;
	int status;

	while ((status = strata_tar_reader_next(reader, &member, error)) > 0) {
		status = check_member(check, &member, error);
		if (status < 0)
			return status;
		if (check->count > MOST_PATHS || check->path_bytes > MOST_PATH_BYTES) {
			strata_finding(check->findings,
				"%s: more paths than are plausible; the rest is not checked",
				check->where);
			return 0;
		}
	}
	if (status < 0)
		return status;
	for (size_t i = 0; i < check->removed_count; i++) {
		if (strata_map_get(&check->paths, check->removed[i]) != STRATA_MAP_NONE)
			report(check, check->removed[i],
				"is there and has a whiteout in the same layer: clients differ");
	}
	/* A stream that just stops behind a member is sound: umoci writes such layers, and every
	 * client takes them. */
	end = strata_tar_reader_end(reader);
	if (end.garbage)
		strata_finding(check->findings,
			"%s: there is something behind the end of the tar stream", check->where);
	return 0;
}

int strata_verify_tar(struct strata_input *input, const char *where,
	struct strata_findings *findings, struct strata_error *error)
{
	struct check check = {.where = where, .findings = findings};
	strata_autotarreader struct strata_tar_reader *reader = NULL;
	int status = strata_tar_reader_new(input, where, &reader, error);

	if (status == 0)
		status = read_members(&check, reader, error);
	if (check.reported > MOST_FINDINGS)
		strata_finding(findings, "%s: and %zu more entries like these", where,
			check.reported - MOST_FINDINGS);
	strata_map_release(&check.paths);
	strata_arena_free(&check.arena);
	free(check.records);
	free(check.removed);
	return status;
}
