/* SPDX-License-Identifier: Apache-2.0 */
/* How the entries of an item stand in a recipe: what packages made when they were installed, as
 * plain data, so that the recipe stands alone (docs/recipe.schema.json). */
#include <string.h>

#include "layer/recipe/recipe.h"
#include "util/path.h"
#include "util/text.h"

static const char *const kinds[] = {
	[STRATA_ITEM_FILE] = "file",
	[STRATA_ITEM_DIRECTORY] = "directory",
	[STRATA_ITEM_SYMLINK] = "symlink",
	[STRATA_ITEM_SOURCE] = "source",
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static void write_content(struct strata_json_writer *json, const struct strata_item_entry *entry)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	bool is_text = strata_text_is_utf8(entry->content, entry->length) &&
		       !memchr(entry->content, '\0', entry->length);

	if (is_text)
		strata_buffer_append(&text, entry->content, entry->length);
	else
		strata_text_base64(&text, entry->content, entry->length);
	if (text.failed)
		json->buffer->failed = true;
	strata_json_member_string(json, is_text ? "text" : "base64", text.data);
}

static void write_path(struct strata_json_writer *json, const char *key, const char *path)
{
	if (!path)
		return;
	strata_json_key(json, key);
	strata_json_write_bytes(json, path);
}

static void write_entry(struct strata_json_writer *json, const struct strata_item_entry *entry)
{
	strata_json_begin_object(json);
	write_path(json, "path", entry->path);
	strata_json_member_string(json, "kind", kinds[entry->kind]);
	if (entry->kind != STRATA_ITEM_SOURCE) {
		strata_json_member_size(json, "mode", entry->mode);
		strata_json_member_size(json, "uid", entry->uid);
		strata_json_member_size(json, "gid", entry->gid);
	}
	if (entry->time != STRATA_ITEM_TIME_KEPT) {
		strata_json_key(json, "time");
		strata_json_write_number(json, entry->time);
	}
	write_path(json, "target", entry->target);
	write_path(json, "source", entry->source);
	write_path(json, "program", entry->program);
	if (entry->kind == STRATA_ITEM_FILE)
		write_content(json, entry);
	strata_json_end_object(json);
}

void strata_recipe_write_entries(
	struct strata_json_writer *json, const struct strata_recipe_item *item)
{
	if (item->entry_count == 0)
		return;
	strata_json_key(json, "entries");
	strata_json_begin_array(json);
	for (size_t i = 0; i < item->entry_count; i++)
		write_entry(json, &item->entries[i]);
	strata_json_end_array(json);
}

static int read_bytes(struct strata_arena *arena, const struct strata_json *object, const char *key,
	const char **result, struct strata_error *error)
{
	const struct strata_json *value = strata_json_member(object, key);
	strata_autobuffer struct strata_buffer bytes = STRATA_BUFFER_INIT;
	int status;

	if (!value)
		return 0;
	status = strata_json_bytes(value, &bytes, error);
	if (status < 0)
		return strata_context(error, status, "\"%s\"", key);
	*result = strata_arena_bytes(arena, bytes.data, bytes.length);
	return *result ? 0 : strata_fail_memory(error);
}

static int read_path(struct strata_arena *arena, const struct strata_json *object, const char *key,
	const char **path, struct strata_error *error)
{
	int status = read_bytes(arena, object, key, path, error);

	if (status == 0 && *path)
		status = strata_check_path(*path, STRATA_ERROR_FORMAT, error);
	return status;
}

static int read_number(const struct strata_json *object, const char *key, uint64_t limit,
	uint32_t *number, struct strata_error *error)
{
	uint64_t value = 0;
	int status = strata_json_get_size(object, key, false, &value, error);

	if (status == 0 && value > limit)
		status = strata_fail(error, STRATA_ERROR_FORMAT, "\"%s\" is too large", key);
	*number = (uint32_t)value;
	return status;
}

static int read_time(const struct strata_json *object, int64_t *time, struct strata_error *error)
{
	const struct strata_json *value = strata_json_member(object, "time");

	*time = STRATA_ITEM_TIME_KEPT;
	if (!value)
		return 0;
	if (strata_json_kind(value) != STRATA_JSON_INTEGER)
		return strata_fail(error, STRATA_ERROR_FORMAT, "\"time\" must be a whole number");
	*time = strata_json_integer(value);
	return 0;
}

static int read_content(struct strata_arena *arena, const struct strata_json *object,
	struct strata_item_entry *entry, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer bytes = STRATA_BUFFER_INIT;
	const char *text = NULL, *base64 = NULL;
	int status = strata_json_get_string(object, "text", false, &text, error);

	if (status == 0)
		status = strata_json_get_string(object, "base64", false, &base64, error);
	if (status < 0)
		return status;
	if (!text == !base64)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"a file has its content as \"text\" or as \"base64\"");
	if (text)
		strata_buffer_string(&bytes, text);
	else if (!strata_text_from_base64(&bytes, base64))
		return strata_fail(error, STRATA_ERROR_FORMAT, "\"base64\" is not base64");
	status = strata_buffer_check(&bytes, error);
	if (status < 0)
		return status;
	entry->content = strata_arena_bytes(arena, bytes.data, bytes.length);
	entry->length = bytes.length;
	return entry->content ? 0 : strata_fail_memory(error);
}

static int read_kind(const struct strata_json *object, struct strata_item_entry *entry,
	struct strata_error *error)
{
	const char *word = NULL;
	int status = strata_json_get_string(object, "kind", true, &word, error);

	for (size_t i = 0; status == 0 && i < KINDS; i++) {
		entry->kind = (enum strata_item_entry_kind)i;
		if (strcmp(word, kinds[i]) == 0)
			return 0;
	}
	return status < 0 ? status
			  : strata_fail(error, STRATA_ERROR_FORMAT,
				    "there are no entries of the kind \"%s\"", word);
}

/* Each kind has what it needs. */
static int check_entry(const struct strata_item_entry *entry, struct strata_error *error)
{
	if (entry->path && (entry->kind == STRATA_ITEM_SOURCE) == (entry->source != NULL) &&
		(entry->kind == STRATA_ITEM_SYMLINK) == (entry->target != NULL && *entry->target) &&
		(!entry->program || entry->source) &&
		(entry->kind == STRATA_ITEM_SOURCE || entry->time != STRATA_ITEM_TIME_KEPT))
		return 0;
	return strata_fail(error, STRATA_ERROR_FORMAT,
		"an entry has a path; a \"source\", or a time; and a link has a \"target\"");
}

static int read_entry(struct strata_arena *arena, const struct strata_json *object,
	struct strata_item_entry *entry, struct strata_error *error)
{
	static const char *const keys[] = {"path", "kind", "mode", "uid", "gid", "time", "target",
		"source", "program", "text", "base64", NULL};
	int status = strata_json_check_keys(object, keys, error);

	if (status == 0)
		status = read_kind(object, entry, error);
	if (status == 0)
		status = read_path(arena, object, "path", &entry->path, error);
	if (status == 0)
		status = read_number(object, "mode", 07777, &entry->mode, error);
	if (status == 0)
		status = read_number(object, "uid", UINT32_MAX - 1, &entry->uid, error);
	if (status == 0)
		status = read_number(object, "gid", UINT32_MAX - 1, &entry->gid, error);
	if (status == 0)
		status = read_time(object, &entry->time, error);
	if (status == 0)
		status = read_bytes(arena, object, "target", &entry->target, error);
	if (status == 0)
		status = read_path(arena, object, "source", &entry->source, error);
	if (status == 0)
		status = read_path(arena, object, "program", &entry->program, error);
	if (status == 0 && entry->kind == STRATA_ITEM_FILE)
		status = read_content(arena, object, entry, error);
	return status == 0 ? check_entry(entry, error) : status;
}

int strata_recipe_read_entries(struct strata_arena *arena, const struct strata_json *object,
	struct strata_recipe_item *item, struct strata_error *error)
{
	const struct strata_json *array = NULL;
	struct strata_item_entry *entries;
	int status = strata_json_get_array(object, "entries", false, &array, error);

	if (status < 0 || !array)
		return status;
	entries = strata_arena_array(arena, strata_json_count(array) + 1, sizeof(*entries));
	if (!entries)
		return strata_fail_memory(error);
	for (size_t i = 0; i < strata_json_count(array); i++) {
		status = read_entry(arena, strata_json_at(array, i), &entries[i], error);
		if (status < 0)
			return strata_context(error, status, "element %zu of \"entries\"", i + 1);
	}
	item->entries = entries;
	item->entry_count = strata_json_count(array);
	return 0;
}
