/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The customisation as members of a JSON object, in plans and in recipes.
 */
#include "customisation/customisation.h"
#include "customisation/entries.h"
#include "customisation/permissions.h"
#include "util/error.h"
#include "util/memory.h"

static void write_copies(
	struct strata_json_writer *json, const struct strata_customisation *customisation)
{
	strata_json_key(json, "copies");
	strata_json_begin_array(json);
	for (size_t i = 0; i < customisation->copy_count; i++) {
		strata_json_begin_object(json);
		strata_json_key(json, "from");
		strata_json_write_bytes(json, customisation->copies[i].from);
		strata_json_key(json, "to");
		strata_json_write_bytes(json, customisation->copies[i].to);
		if (customisation->copies[i].links)
			strata_json_member_bool(json, "links", true);
		strata_json_end_object(json);
	}
	strata_json_end_array(json);
}

static void write_permissions(
	struct strata_json_writer *json, const struct strata_customisation *customisation)
{
	strata_json_key(json, "permissions");
	strata_json_begin_array(json);
	for (size_t i = 0; i < customisation->permission_count; i++) {
		const struct strata_permission *rule = &customisation->permissions[i];

		strata_json_begin_object(json);
		strata_json_key(json, "paths");
		strata_json_write_bytes(json, rule->paths);
		strata_json_member_string(json, "mode", rule->mode);
		if (rule->set_owner) {
			strata_json_member_size(json, "uid", rule->uid);
			strata_json_member_size(json, "gid", rule->gid);
		}
		strata_json_end_object(json);
	}
	strata_json_end_array(json);
}

static void write_followed(
	struct strata_json_writer *json, const struct strata_customisation *customisation)
{
	strata_json_key(json, "followed");
	strata_json_begin_array(json);
	for (size_t i = 0; i < customisation->followed_count; i++) {
		strata_json_begin_object(json);
		strata_json_key(json, "path");
		strata_json_write_bytes(json, customisation->followed[i].path);
		strata_json_key(json, "to");
		strata_json_write_bytes(json, customisation->followed[i].to);
		strata_json_end_object(json);
	}
	strata_json_end_array(json);
}

void strata_customisation_write(
	struct strata_json_writer *json, const struct strata_customisation *customisation)
{
	if (customisation->copy_count > 0)
		write_copies(json, customisation);
	if (customisation->entry_count > 0) {
		strata_json_key(json, "entries");
		strata_entries_write(json, customisation->entries, customisation->entry_count);
	}
	if (customisation->permission_count > 0)
		write_permissions(json, customisation);
	if (customisation->followed_count > 0)
		write_followed(json, customisation);
}

static int read_bytes(const struct strata_json *object, const char *key, struct strata_arena *arena,
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

static int read_copy(const struct strata_json *object, struct strata_arena *arena,
	struct strata_copy *copy, struct strata_error *error)
{
	static const char *const keys[] = {"from", "to", "links", NULL};
	int status = read_bytes(object, "from", arena, &copy->from, error);

	if (status == 0)
		status = strata_json_check_keys(object, keys, error);
	copy->to = "/";
	if (status == 0 && strata_json_member(object, "to"))
		status = read_bytes(object, "to", arena, &copy->to, error);
	if (status == 0)
		status = strata_json_get_bool(object, "links", false, &copy->links, error);
	return status;
}

static int read_copies(const struct strata_json *object, struct strata_arena *arena,
	struct strata_customisation *customisation, struct strata_error *error)
{
	const struct strata_json *array = NULL;
	struct strata_copy *copies;
	int status = strata_json_get_array(object, "copies", false, &array, error);
	size_t count = strata_json_count(array);

	copies = strata_arena_array(arena, count, sizeof(*copies));
	if (!copies)
		return strata_fail_memory(error);
	for (size_t i = 0; status == 0 && i < count; i++) {
		status = read_copy(strata_json_at(array, i), arena, &copies[i], error);
		if (status < 0)
			return strata_context(error, status, "copy %zu", i + 1);
	}
	customisation->copies = copies;
	customisation->copy_count = count;
	return status;
}

static int read_owner(const struct strata_json *object, struct strata_permission *rule,
	struct strata_error *error)
{
	uint64_t uid = UINT64_MAX, gid = UINT64_MAX;
	int status = strata_json_get_size(object, "uid", false, &uid, error);

	if (status == 0)
		status = strata_json_get_size(object, "gid", false, &gid, error);
	if (status < 0 || (uid == UINT64_MAX && gid == UINT64_MAX))
		return status;
	if (uid == UINT64_MAX || gid == UINT64_MAX)
		return strata_fail(
			error, STRATA_ERROR_FORMAT, "\"uid\" and \"gid\" must be given together");
	if (uid >= UINT32_MAX || gid >= UINT32_MAX)
		return strata_fail(error, STRATA_ERROR_FORMAT, "user and group ids have 32 bits");
	rule->set_owner = true;
	rule->uid = (uint32_t)uid;
	rule->gid = (uint32_t)gid;
	return 0;
}

static int read_permission(const struct strata_json *object, struct strata_arena *arena,
	struct strata_permission *rule, struct strata_error *error)
{
	static const char *const keys[] = {"paths", "mode", "uid", "gid", NULL};
	const char *mode = NULL;
	int status = read_bytes(object, "paths", arena, &rule->paths, error);

	if (status == 0)
		status = strata_json_check_keys(object, keys, error);
	if (status == 0)
		status = strata_json_get_string(object, "mode", false, &mode, error);
	if (status == 0)
		status = read_owner(object, rule, error);
	if (status < 0)
		return status;
	if (mode) {
		rule->mode = strata_arena_string(arena, mode);
		if (!rule->mode)
			return strata_fail_memory(error);
	}
	return strata_permission_check(rule, error);
}

int strata_permissions_read(const struct strata_json *array, struct strata_arena *arena,
	const struct strata_permission **permissions, size_t *count, struct strata_error *error)
{
	size_t given = strata_json_count(array);
	struct strata_permission *rules = strata_arena_array(arena, given, sizeof(*rules));

	if (!rules)
		return strata_fail_memory(error);
	for (size_t i = 0; i < given; i++) {
		int status = read_permission(strata_json_at(array, i), arena, &rules[i], error);

		if (status < 0)
			return strata_context(error, status, "permission %zu", i + 1);
	}
	*permissions = rules;
	*count = given;
	return 0;
}

static int read_followed(const struct strata_json *object, struct strata_arena *arena,
	struct strata_customisation *customisation, struct strata_error *error)
{
	static const char *const keys[] = {"path", "to", NULL};
	const struct strata_json *array = NULL;
	struct strata_followed_link *links;
	int status = strata_json_get_array(object, "followed", false, &array, error);
	size_t count = strata_json_count(array);

	links = strata_arena_array(arena, count, sizeof(*links));
	if (!links)
		return strata_fail_memory(error);
	for (size_t i = 0; status == 0 && i < count; i++) {
		const struct strata_json *link = strata_json_at(array, i);

		status = read_bytes(link, "path", arena, &links[i].path, error);
		if (status == 0)
			status = read_bytes(link, "to", arena, &links[i].to, error);
		if (status == 0)
			status = strata_json_check_keys(link, keys, error);
		if (status < 0)
			return strata_context(error, status, "followed link %zu", i + 1);
	}
	customisation->followed = links;
	customisation->followed_count = count;
	return status;
}

int strata_customisation_read(const struct strata_json *object, struct strata_arena *arena,
	struct strata_customisation *customisation, struct strata_error *error)
{
	struct strata_customisation read = {.entries = NULL};
	const struct strata_json *entries = NULL, *permissions = NULL;
	int status = read_copies(object, arena, &read, error);

	if (status == 0)
		status = strata_json_get_array(object, "entries", false, &entries, error);
	if (status == 0)
		status = strata_entries_read(
			entries, arena, &read.entries, &read.entry_count, error);
	if (status == 0)
		status = strata_json_get_array(object, "permissions", false, &permissions, error);
	if (status == 0)
		status = strata_permissions_read(
			permissions, arena, &read.permissions, &read.permission_count, error);
	if (status == 0)
		status = read_followed(object, arena, &read, error);
	return status < 0 ? status : strata_customisation_copy(&read, arena, customisation, error);
}
