/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recipe as canonical JSON (docs/recipe.schema.json): what its key is the digest of.
 */
#include <stdio.h>
#include <string.h>

#include "customisation/customisation.h"
#include "layer/encode/encoder.h"
#include "layer/recipe/recipe.h"
#include "tar/writer.h"
#include "util/arena.h"
#include "util/compare.h"
#include "util/file.h"
#include "util/path.h"
#include "util/text.h"

enum {
	FORMAT_VERSION = 1,
	LARGEST_FILE = 1 << 30,
};

static void write_paths(
	struct strata_json_writer *json, const char *key, const char *const *paths, size_t count)
{
	if (count == 0)
		return;
	strata_json_key(json, key);
	strata_json_begin_array(json);
	for (size_t i = 0; i < count; i++)
		strata_json_write_bytes(json, paths[i]);
	strata_json_end_array(json);
}

static void write_compression(
	struct strata_json_writer *json, const struct strata_compression *compression)
{
	const struct strata_codec *codec = strata_codec_of(compression->kind);
	char library[64];

	strata_json_key(json, "compression");
	strata_json_begin_object(json);
	strata_json_member_string(json, "codec", codec->name);
	if (codec->library) {
		snprintf(library, sizeof(library), "%s %s", codec->library,
			codec->library_version());
		strata_json_member_size(json, "level", (uint64_t)compression->level);
		strata_json_member_size(json, "rules", (uint64_t)codec->rules);
		strata_json_member_string(json, "library", library);
	}
	strata_json_end_object(json);
}

static void write_rules(struct strata_json_writer *json, const struct strata_metadata_rules *rules)
{
	if (rules->set_owner) {
		strata_json_key(json, "owner");
		strata_json_begin_object(json);
		strata_json_member_size(json, "uid", rules->uid);
		strata_json_member_size(json, "gid", rules->gid);
		strata_json_end_object(json);
	}
	if (rules->time == STRATA_TIME_KEEP)
		strata_json_member_string(json, "time", "keep");
	if (rules->time == STRATA_TIME_LIMIT) {
		strata_json_key(json, "time");
		strata_json_write_number(json, rules->limit);
	}
	write_paths(json, "exclude", rules->exclude, rules->exclude_count);
}

void strata_recipe_write(struct strata_json_writer *json, const struct strata_recipe *recipe)
{
	strata_json_begin_object(json);
	strata_json_member_size(json, "stratapackRecipe", FORMAT_VERSION);
	strata_json_member_size(json, "tarRules", STRATA_TAR_RULES);
	if (strata_customisation_has_files(&recipe->customisation))
		strata_json_member_size(json, "copyRules", STRATA_COPY_RULES);
	write_rules(json, &recipe->rules);
	write_compression(json, &recipe->compression);
	if (recipe->fingerprint.text[0])
		strata_json_member_string(json, "fingerprint", recipe->fingerprint.text);
	strata_json_key(json, "items");
	strata_json_begin_array(json);
	for (size_t i = 0; i < recipe->item_count; i++) {
		const struct strata_recipe_item *item = &recipe->items[i];

		strata_json_begin_object(json);
		strata_json_member_string(json, "id", item->id);
		strata_json_member_string(json, "identity", item->identity);
		strata_json_member_string(
			json, "content", item->content == STRATA_CONTENT_STORE ? "store" : "files");
		write_paths(json, "trees", item->trees, item->tree_count);
		write_paths(json, "files", item->files, item->file_count);
		strata_recipe_write_entries(json, item);
		strata_json_end_object(json);
	}
	strata_json_end_array(json);
	strata_customisation_write(json, &recipe->customisation);
	strata_json_end_object(json);
}

int strata_recipe_save(
	const struct strata_recipe *recipe, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text, .indented = true};
	int status;

	strata_recipe_write(&json, recipe);
	strata_buffer_byte(&text, '\n');
	status = strata_buffer_check(&text, error);
	return status < 0 ? status : strata_file_replace(path, text.data, text.length, error);
}

/* The strings under KEY, sorted. */
static int read_strings(struct strata_arena *arena, const struct strata_json *object,
	const char *key, const char *const **strings, size_t *count, struct strata_error *error)
{
	const struct strata_json *array = NULL;
	const char **result;
	int status = strata_json_get_array(object, key, false, &array, error);

	*count = strata_json_count(array);
	result = strata_arena_array(arena, *count + 1, sizeof(*result));
	if (status == 0 && !result)
		return strata_fail_memory(error);
	for (size_t i = 0; status == 0 && i < *count; i++) {
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

		status = strata_json_bytes(strata_json_at(array, i), &text, error);
		if (status < 0)
			return strata_context(error, status, "\"%s\"", key);
		result[i] = strata_arena_bytes(arena, text.data, text.length);
		if (!result[i])
			return strata_fail_memory(error);
	}
	if (status == 0 && *count > 0)
		qsort(result, *count, sizeof(*result), strata_compare_strings);
	*strings = result;
	return status;
}

/* The paths under KEY, sorted; each must be absolute and normal. */
static int read_paths(struct strata_arena *arena, const struct strata_json *object, const char *key,
	const char *const **paths, size_t *count, struct strata_error *error)
{
	int status = read_strings(arena, object, key, paths, count, error);

	for (size_t i = 0; status == 0 && i < *count; i++) {
		status = strata_check_path((*paths)[i], STRATA_ERROR_FORMAT, error);
		if (status < 0)
			return strata_context(error, status, "\"%s\"", key);
	}
	return status;
}

static int read_content(
	const struct strata_json *object, enum strata_content *content, struct strata_error *error)
{
	const char *word = NULL;
	int status = strata_json_get_string(object, "content", true, &word, error);

	if (status < 0)
		return status;
	*content = strcmp(word, "store") == 0 ? STRATA_CONTENT_STORE : STRATA_CONTENT_FILES;
	if (*content == STRATA_CONTENT_FILES && strcmp(word, "files") != 0)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"\"content\" must be \"store\" or \"files\", not \"%s\"", word);
	return 0;
}

static int read_item(struct strata_recipe *recipe, const struct strata_json *object,
	struct strata_recipe_item *item, struct strata_error *error)
{
	static const char *const keys[] = {
		"id", "identity", "content", "trees", "files", "entries", NULL};
	const char *id = NULL, *identity = NULL;
	int status = strata_json_get_string(object, "id", true, &id, error);

	if (status == 0)
		status = strata_json_check_keys(object, keys, error);
	if (status == 0)
		status = strata_json_get_string(object, "identity", false, &identity, error);
	if (status == 0)
		status = read_content(object, &item->content, error);
	if (status == 0)
		status = read_paths(
			recipe->arena, object, "trees", &item->trees, &item->tree_count, error);
	if (status == 0)
		status = read_paths(
			recipe->arena, object, "files", &item->files, &item->file_count, error);
	if (status == 0)
		status = strata_recipe_read_entries(recipe->arena, object, item, error);
	if (status < 0)
		return status;
	if (item->tree_count == 0 && item->file_count == 0 && item->content == STRATA_CONTENT_STORE)
		return strata_fail(error, STRATA_ERROR_FORMAT, "item '%s' has no content", id);
	item->id = strata_arena_string(recipe->arena, id);
	if (identity)
		item->identity = strata_arena_string(recipe->arena, identity);
	return item->id && (!identity || item->identity) ? 0 : strata_fail_memory(error);
}

static int compare_items(const void *left, const void *right)
{
	const struct strata_recipe_item *a = left, *b = right;

	return strcmp(a->id, b->id);
}

static int read_items(struct strata_recipe *recipe, const struct strata_json *document,
	struct strata_error *error)
{
	const struct strata_json *array = NULL;
	int status = strata_json_get_array(document, "items", true, &array, error);
	size_t count = strata_json_count(array);

	recipe->items = strata_arena_array(recipe->arena, count, sizeof(*recipe->items));
	if (!recipe->items)
		return strata_fail_memory(error);
	for (size_t i = 0; status == 0 && i < count; i++) {
		status = read_item(recipe, strata_json_at(array, i), &recipe->items[i], error);
		if (status < 0)
			return strata_context(error, status, "item %zu", i + 1);
		recipe->item_count++;
	}
	if (recipe->item_count > 0)
		qsort(recipe->items, recipe->item_count, sizeof(*recipe->items), compare_items);
	for (size_t i = 1; i < recipe->item_count; i++) {
		if (strcmp(recipe->items[i - 1].id, recipe->items[i].id) == 0)
			return strata_fail(error, STRATA_ERROR_FORMAT, "item '%s' is there twice",
				recipe->items[i].id);
	}
	return status;
}

/* The digest of a layer depends on the library that its recipe names. No other library may be used
 * in its place. */
static int check_library(
	const struct strata_codec *codec, const char *library, struct strata_error *error)
{
	char ours[64];

	snprintf(ours, sizeof(ours), "%s %s", codec->library ? codec->library : "",
		codec->library ? codec->library_version() : "");
	if (!library || strcmp(library, ours) == 0)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"the recipe is for %s, this program has %s: the blob would have another "
			"digest",
			library, codec->library ? ours : "none"),
		"make the recipe again, or remove the member \"library\" to accept another digest");
}

static int read_compression(struct strata_recipe *recipe, const struct strata_json *document,
	struct strata_error *error)
{
	static const char *const keys[] = {"codec", "level", "rules", "library", NULL};
	const struct strata_json *object = NULL;
	const struct strata_codec *codec;
	const char *name = NULL, *library = NULL;
	uint64_t level, rules;
	int status = strata_json_get_object(document, "compression", true, &object, error);

	if (status == 0)
		status = strata_json_check_keys(object, keys, error);
	if (status == 0)
		status = strata_json_get_string(object, "codec", true, &name, error);
	if (status == 0)
		status = strata_codec_parse(name, &recipe->compression.kind, error);
	if (status < 0)
		return status;
	codec = strata_codec_of(recipe->compression.kind);
	level = (uint64_t)codec->usual_level;
	rules = (uint64_t)codec->rules;
	status = strata_json_get_size(object, "level", false, &level, error);
	if (status == 0)
		status = strata_json_get_size(object, "rules", false, &rules, error);
	if (status == 0)
		status = strata_json_get_string(object, "library", false, &library, error);
	if (status < 0)
		return status;
	if (level < (uint64_t)codec->lowest_level || level > (uint64_t)codec->highest_level)
		return strata_fail(error, STRATA_ERROR_FORMAT, "%s has no level %llu", codec->name,
			(unsigned long long)level);
	if (rules != (uint64_t)codec->rules)
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"the recipe follows version %llu of the %s rules, this program version %d",
			(unsigned long long)rules, codec->name, codec->rules);
	recipe->compression.level = (int)level;
	return check_library(codec, library, error);
}

static int read_owner(struct strata_metadata_rules *rules, const struct strata_json *document,
	struct strata_error *error)
{
	static const char *const keys[] = {"uid", "gid", NULL};
	const struct strata_json *owner = NULL;
	uint64_t uid = 0, gid = 0;
	int status = strata_json_get_object(document, "owner", false, &owner, error);

	if (status < 0 || !owner)
		return status;
	status = strata_json_check_keys(owner, keys, error);
	if (status == 0)
		status = strata_json_get_size(owner, "uid", true, &uid, error);
	if (status == 0)
		status = strata_json_get_size(owner, "gid", true, &gid, error);
	if (status == 0 && (uid >= UINT32_MAX || gid >= UINT32_MAX))
		status = strata_fail(
			error, STRATA_ERROR_FORMAT, "\"owner\": user and group ids have 32 bits");
	rules->set_owner = true;
	rules->uid = (uint32_t)uid;
	rules->gid = (uint32_t)gid;
	return status;
}

static int read_time(struct strata_metadata_rules *rules, const struct strata_json *document,
	struct strata_error *error)
{
	const struct strata_json *time = strata_json_member(document, "time");

	if (!time)
		return 0;
	if (strata_json_kind(time) == STRATA_JSON_INTEGER) {
		rules->time = STRATA_TIME_LIMIT;
		rules->limit = strata_json_integer(time);
		return 0;
	}
	if (!strata_json_string(time) || strcmp(strata_json_string(time), "keep") != 0)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"\"time\" must be a number of seconds or \"keep\"");
	rules->time = STRATA_TIME_KEEP;
	return 0;
}

/* Patterns of paths, which begin with a slash. */
static int read_exclude(struct strata_recipe *recipe, const struct strata_json *document,
	struct strata_error *error)
{
	struct strata_metadata_rules *rules = &recipe->rules;
	int status = read_strings(
		recipe->arena, document, "exclude", &rules->exclude, &rules->exclude_count, error);

	for (size_t i = 0; status == 0 && i < rules->exclude_count; i++) {
		if (rules->exclude[i][0] != '/')
			status = strata_fail(error, STRATA_ERROR_FORMAT,
				"\"exclude\": patterns begin with a slash");
	}
	return status;
}

static int read_fingerprint(struct strata_recipe *recipe, const struct strata_json *document,
	struct strata_error *error)
{
	const char *text = NULL;
	int status = strata_json_get_string(document, "fingerprint", false, &text, error);

	if (status == 0 && text && !strata_digest_parse(text, &recipe->fingerprint))
		return strata_fail(
			error, STRATA_ERROR_FORMAT, "\"fingerprint\" is not a sha256 digest");
	return status;
}

static int check_version(const struct strata_json *document, const char *key, uint64_t ours,
	struct strata_error *error)
{
	uint64_t version = 0;
	int status = strata_json_get_size(document, key, true, &version, error);

	if (status == 0 && version != ours)
		status = strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"\"%s\" is version %llu, this program knows version %llu", key,
			(unsigned long long)version, (unsigned long long)ours);
	return status;
}

static int read_recipe(struct strata_recipe *recipe, const struct strata_json *document,
	struct strata_error *error)
{
	static const char *const keys[] = {"stratapackRecipe", "tarRules", "copyRules", "owner",
		"time", "exclude", "compression", "fingerprint", "items", "copies", "entries",
		"permissions", "followed", NULL};
	uint64_t copy_rules = 1;
	int status = check_version(document, "stratapackRecipe", FORMAT_VERSION, error);

	if (status == 0)
		status = strata_json_check_keys(document, keys, error);
	if (status == 0)
		status = check_version(document, "tarRules", STRATA_TAR_RULES, error);
	if (status == 0)
		status = read_owner(&recipe->rules, document, error);
	if (status == 0)
		status = read_time(&recipe->rules, document, error);
	if (status == 0)
		status = read_exclude(recipe, document, error);
	if (status == 0)
		status = read_compression(recipe, document, error);
	if (status == 0)
		status = read_fingerprint(recipe, document, error);
	if (status == 0)
		status = read_items(recipe, document, error);
	if (status == 0)
		status = strata_customisation_read(
			document, recipe->arena, &recipe->customisation, error);
	if (status == 0)
		status = strata_json_get_size(document, "copyRules", false, &copy_rules, error);
	if (status == 0 && strata_customisation_has_files(&recipe->customisation) &&
		copy_rules != STRATA_COPY_RULES)
		status = strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"\"copyRules\" is version %llu, this program knows version %d",
			(unsigned long long)copy_rules, STRATA_COPY_RULES);
	if (status == 0 && recipe->item_count == 0 &&
		strata_customisation_is_empty(&recipe->customisation))
		status = strata_fail(error, STRATA_ERROR_FORMAT, "there is nothing in this layer");
	return status;
}

/* Nix gives a builder its attributes in one object, .attrs.json. A recipe may be one of them. */
static const struct strata_json *recipe_in(const struct strata_json *document)
{
	const struct strata_json *recipe = strata_json_member(document, "recipe");

	return recipe && !strata_json_member(document, "stratapackRecipe") ? recipe : document;
}

int strata_recipe_load(const char *path, struct strata_recipe **result, struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;
	strata_autorecipe struct strata_recipe *recipe = strata_recipe_new(error);
	int status;

	if (!recipe)
		return STRATA_ERROR_MEMORY;
	status = strata_json_load(path, LARGEST_FILE, &document, error);
	if (status < 0)
		return status;
	status = read_recipe(recipe, recipe_in(document), error);
	if (status < 0)
		return strata_context(error, status, "recipe '%s'", path);
	status = strata_recipe_seal(recipe, error);
	if (status == 0)
		*result = strata_take(recipe);
	return status;
}
