/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of the customisation as JSON, and what is known of the directories above them.
 */
#include <string.h>

#include "customisation/entries.h"
#include "tar/writer.h"
#include "util/error.h"
#include "util/map.h"
#include "util/text.h"

static const char *const below_words[] = {
	[STRATA_BELOW_BASE] = "base",
	[STRATA_BELOW_FILES] = "files",
	[STRATA_BELOW_STORE] = "store",
};

/* That the image has the directory already, and how. */
static void write_below(struct strata_json_writer *json, const struct strata_entry *entry)
{
	strata_json_member_string(json, "below", below_words[entry->below]);
	if (entry->is_brought)
		strata_json_member_bool(json, "brought", true);
	if (entry->below == STRATA_BELOW_BASE) {
		strata_json_key(json, "mtime");
		strata_json_write_number(json, entry->mtime);
	}
	if (entry->xattr_count == 0)
		return;
	strata_json_key(json, "xattrs");
	strata_json_begin_array(json);
	for (size_t i = 0; i < entry->xattr_count; i++) {
		const struct strata_xattr *xattr = &entry->xattrs[i];
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

		strata_text_base64(&text, xattr->value, xattr->size);
		json->buffer->failed = json->buffer->failed || text.failed;
		strata_json_begin_object(json);
		strata_json_key(json, "name");
		strata_json_write_bytes(json, xattr->name);
		strata_json_member_string(json, "value", text.data);
		strata_json_end_object(json);
	}
	strata_json_end_array(json);
}

void strata_entries_write(
	struct strata_json_writer *json, const struct strata_entry *entries, size_t count)
{
	strata_json_begin_array(json);
	for (size_t i = 0; i < count; i++) {
		const struct strata_entry *entry = &entries[i];
		bool symlink = entry->kind == STRATA_ENTRY_SYMLINK;

		strata_json_begin_object(json);
		strata_json_key(json, "path");
		strata_json_write_bytes(json, entry->path);
		strata_json_member_string(json, "type", symlink ? "symlink" : "directory");
		if (symlink) {
			strata_json_key(json, "target");
			strata_json_write_bytes(json, entry->target);
		} else {
			char mode[16];

			snprintf(mode, sizeof(mode), "%04o", (unsigned)entry->mode);
			strata_json_member_string(json, "mode", mode);
		}
		if (!symlink || entry->uid != 0 || entry->gid != 0) {
			strata_json_member_size(json, "uid", entry->uid);
			strata_json_member_size(json, "gid", entry->gid);
		}
		if (entry->below != STRATA_BELOW_NOTHING)
			write_below(json, entry);
		strata_json_end_object(json);
	}
	strata_json_end_array(json);
}

static int read_name(const struct strata_json *object, const char *key, struct strata_arena *arena,
	const char **result, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer bytes = STRATA_BUFFER_INIT;
	const struct strata_json *value = strata_json_member(object, key);
	int status;

	if (!value)
		return strata_fail(error, STRATA_ERROR_FORMAT, "member \"%s\" is missing", key);
	status = strata_json_bytes(value, &bytes, error);
	if (status < 0)
		return strata_context(error, status, "member \"%s\"", key);
	*result = strata_arena_bytes(arena, bytes.data, bytes.length);
	return *result ? 0 : strata_fail_memory(error);
}

/* User and group ids: (uid_t)-1 means "none" to the system and is none itself. */
static int read_number(const struct strata_json *object, const char *key, uint32_t *result,
	struct strata_error *error)
{
	uint64_t number = 0;
	int status = strata_json_get_size(object, key, false, &number, error);

	if (status < 0)
		return status;
	if (number >= UINT32_MAX)
		return strata_fail(
			error, STRATA_ERROR_FORMAT, "member \"%s\" is too large for an id", key);
	*result = (uint32_t)number;
	return 0;
}

static int read_mode(
	const struct strata_json *object, struct strata_entry *entry, struct strata_error *error)
{
	const char *text = "0755";
	uint64_t mode;
	int status = strata_json_get_string(object, "mode", false, &text, error);

	if (status < 0)
		return status;
	if (!strata_text_to_number(text, 8, &mode) || mode > 07777)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"member \"mode\" must be octal digits, 0 to 7777, not \"%s\"", text);
	entry->mode = (uint32_t)mode;
	return 0;
}

static int read_xattr(const struct strata_json *object, struct strata_arena *arena,
	struct strata_xattr *xattr, struct strata_error *error)
{
	static const char *const keys[] = {"name", "value", NULL};
	strata_autobuffer struct strata_buffer bytes = STRATA_BUFFER_INIT;
	const char *value = NULL;
	int status = read_name(object, "name", arena, &xattr->name, error);

	if (status == 0)
		status = strata_json_check_keys(object, keys, error);
	if (status == 0)
		status = strata_json_get_string(object, "value", true, &value, error);
	if (status < 0)
		return status;
	if (!strata_text_from_base64(&bytes, value))
		return strata_fail(
			error, STRATA_ERROR_FORMAT, "member \"value\" is not valid base64");
	status = strata_buffer_check(&bytes, error);
	if (status < 0)
		return status;
	xattr->value = strata_arena_bytes(arena, bytes.data, bytes.length);
	xattr->size = bytes.length;
	return xattr->value ? 0 : strata_fail_memory(error);
}

static int read_xattrs(const struct strata_json *object, struct strata_arena *arena,
	struct strata_entry *entry, struct strata_error *error)
{
	const struct strata_json *array = NULL;
	int status = strata_json_get_array(object, "xattrs", false, &array, error);
	size_t count = strata_json_count(array);
	struct strata_xattr *xattrs = strata_arena_array(arena, count, sizeof(*xattrs));

	if (status == 0 && !xattrs)
		return strata_fail_memory(error);
	for (size_t i = 0; status == 0 && i < count; i++) {
		status = read_xattr(strata_json_at(array, i), arena, &xattrs[i], error);
		if (status < 0)
			return strata_context(error, status, "extended attribute %zu", i + 1);
	}
	entry->xattrs = xattrs;
	entry->xattr_count = count;
	return status;
}

static int read_below(const struct strata_json *object, struct strata_arena *arena,
	struct strata_entry *entry, struct strata_error *error)
{
	enum { WORDS = sizeof(below_words) / sizeof(*below_words) };
	const struct strata_json *mtime = strata_json_member(object, "mtime");
	const char *word = NULL;
	int status = strata_json_get_string(object, "below", false, &word, error);

	if (status < 0 || !word)
		return status;
	for (size_t i = 0; i < WORDS; i++) {
		if (below_words[i] && strcmp(word, below_words[i]) == 0)
			entry->below = (enum strata_below)i;
	}
	if (entry->below == STRATA_BELOW_NOTHING)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"member \"below\" must be \"base\", \"files\" or \"store\", not "
			"\"%s\"",
			word);
	if (mtime && strata_json_kind(mtime) != STRATA_JSON_INTEGER)
		return strata_fail(
			error, STRATA_ERROR_FORMAT, "member \"mtime\" must be a number of seconds");
	entry->mtime = mtime ? strata_json_integer(mtime) : 0;
	status = strata_json_get_bool(object, "brought", false, &entry->is_brought, error);
	return status < 0 ? status : read_xattrs(object, arena, entry, error);
}

static int read_entry(const struct strata_json *object, struct strata_arena *arena,
	struct strata_entry *entry, struct strata_error *error)
{
	static const char *const directory_keys[] = {
		"path", "type", "mode", "uid", "gid", "below", "brought", "mtime", "xattrs", NULL};
	static const char *const symlink_keys[] = {"path", "type", "target", "uid", "gid", NULL};
	const char *type = NULL;
	bool symlink;
	int status = strata_json_get_string(object, "type", true, &type, error);

	if (status < 0)
		return status;
	symlink = strcmp(type, "symlink") == 0;
	if (!symlink && strcmp(type, "directory") != 0)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"member \"type\" must be \"directory\" or \"symlink\", not \"%s\"", type);
	entry->kind = symlink ? STRATA_ENTRY_SYMLINK : STRATA_ENTRY_DIRECTORY;
	status = strata_json_check_keys(object, symlink ? symlink_keys : directory_keys, error);
	if (status == 0)
		status = read_name(object, "path", arena, &entry->path, error);
	if (status == 0)
		status = symlink ? read_name(object, "target", arena, &entry->target, error)
				 : read_mode(object, entry, error);
	if (status == 0)
		status = read_number(object, "uid", &entry->uid, error);
	if (status == 0)
		status = read_number(object, "gid", &entry->gid, error);
	if (status == 0 && !symlink)
		status = read_below(object, arena, entry, error);
	return status;
}

static int check_repeats(
	const struct strata_entry *entries, size_t count, struct strata_error *error)
{
	strata_automap struct strata_map seen = STRATA_MAP_INIT;

	for (size_t i = 0; i < count; i++) {
		uint32_t other = strata_map_get(&seen, entries[i].path);

		if (other != STRATA_MAP_NONE)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"entries %u and %zu are both for '%s'", other + 1, i + 1,
				entries[i].path);
		if (strata_map_put(&seen, entries[i].path, (uint32_t)i) < 0)
			return strata_fail_memory(error);
	}
	return 0;
}

int strata_entries_read(const struct strata_json *array, struct strata_arena *arena,
	const struct strata_entry **entries, size_t *count, struct strata_error *error)
{
	size_t given = strata_json_count(array);
	strata_autofree struct strata_entry *read = strata_allocate(given, sizeof(*read));
	int status;

	if (!read)
		return strata_fail_memory(error);
	for (size_t i = 0; i < given; i++) {
		status = read_entry(strata_json_at(array, i), arena, &read[i], error);
		if (status < 0)
			return strata_context(error, status, "entry %zu", i + 1);
	}
	status = check_repeats(read, given, error);
	if (status < 0)
		return status;
	return strata_entries_sort(read, given, arena, entries, count, error);
}
