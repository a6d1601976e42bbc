/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/customisation_content.h"

#include <stdlib.h>
#include <string.h>

#include "customisation/customisation.h"
#include "customisation/permissions.h"
#include "util/json.h"
#include "util/memory.h"
#include "util/text.h"

enum {
	LARGEST_FILE = 256 * 1024 * 1024,
};

/* The name that SOURCE, of LENGTH bytes, has as it was written; NULL where that says none. */
static const char *written_name(struct strata_arena *arena, const char *source, size_t length)
{
	size_t start;

	while (length > 1 && source[length - 1] == '/')
		length--;
	for (start = length; start > 0 && source[start - 1] != '/';)
		start--;
	if (length == start || strncmp(source + start, "..", length - start) == 0)
		return NULL;
	return strata_arena_bytes(arena, source + start, length - start);
}

static int add_copy(struct strata_customisation_options *options, const char *value, bool links,
	struct strata_error *error)
{
	const char *separator = strrchr(value, '=');
	size_t length = separator ? (size_t)(separator - value) : strlen(value);
	struct strata_copy *copy;
	const char *to = "/";
	bool into;

	if (length == 0)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"a copy is written SOURCE[=PATH], e.g. ./skeleton=/etc/skel");
	into = separator && separator[1] && separator[strlen(separator) - 1] == '/';
	if (separator && strcmp(separator + 1, "/") != 0) {
		char *path = NULL;
		int status = strata_copy_image_path(
			&options->arena, separator + 1, strlen(separator + 1), &path, error);

		if (status < 0)
			return status;
		to = path;
	}
	if (strata_grow(&options->copies, &options->copy_capacity, options->copy_count + 1,
		    sizeof(*options->copies)) < 0)
		return strata_fail_memory(error);
	copy = &options->copies[options->copy_count++];
	copy->from = strata_arena_bytes(&options->arena, value, length);
	copy->to = to;
	copy->links = links;
	copy->into = into;
	copy->name = written_name(&options->arena, value, length);
	return copy->from ? 0 : strata_fail_memory(error);
}

int strata_apply_copy(void *target, const char *value, struct strata_error *error)
{
	return add_copy(target, value, false, error);
}

int strata_apply_link(void *target, const char *value, struct strata_error *error)
{
	return add_copy(target, value, true, error);
}

static struct strata_permission *add_permission(struct strata_customisation_options *options)
{
	struct strata_permission *rule;

	if (strata_grow(&options->permissions, &options->permission_capacity,
		    options->permission_count + 1, sizeof(*options->permissions)) < 0)
		return NULL;
	rule = &options->permissions[options->permission_count++];
	memset(rule, 0, sizeof(*rule));
	return rule;
}

/* "GLOB=u=rwX": the mode begins behind the first "=" that a mode may follow. */
int strata_apply_chmod(void *target, const char *value, struct strata_error *error)
{
	static const char form[] =
		"modes are written GLOB=MODE, e.g. /srv/app/**=u+w or /usr/bin/su=4755";
	struct strata_customisation_options *options = target;
	struct strata_permission *rule;

	for (const char *at = strchr(value, '='); at && at != value; at = strchr(at + 1, '=')) {
		if (!strata_mode_is_valid(at + 1))
			continue;
		rule = add_permission(options);
		if (!rule)
			return strata_fail_memory(error);
		rule->paths = strata_arena_bytes(&options->arena, value, (size_t)(at - value));
		rule->mode = at + 1;
		if (!rule->paths)
			return strata_fail_memory(error);
		return strata_permission_check(rule, error);
	}
	return strata_fail(error, STRATA_ERROR_INVALID, "%s", form);
}

/* Read "UID:GID". */
static bool read_owner(const char *text, struct strata_permission *rule)
{
	strata_autofree char *copy = strdup(text);
	char *separator = copy ? strchr(copy, ':') : NULL;
	uint64_t uid, gid;

	if (!separator)
		return false;
	*separator = '\0';
	if (!strata_text_to_number(copy, 10, &uid) ||
		!strata_text_to_number(separator + 1, 10, &gid) || uid >= UINT32_MAX ||
		gid >= UINT32_MAX)
		return false;
	rule->set_owner = true;
	rule->uid = (uint32_t)uid;
	rule->gid = (uint32_t)gid;
	return true;
}

int strata_apply_chown(void *target, const char *value, struct strata_error *error)
{
	struct strata_customisation_options *options = target;
	const char *separator = strrchr(value, '=');
	struct strata_permission owner = {.mode = NULL}, *rule;

	if (!separator || separator == value || !read_owner(separator + 1, &owner))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"owners are written GLOB=UID:GID, e.g. /srv/app/**=1000:1000");
	rule = add_permission(options);
	if (!rule)
		return strata_fail_memory(error);
	*rule = owner;
	rule->paths = strata_arena_bytes(&options->arena, value, (size_t)(separator - value));
	return rule->paths ? strata_permission_check(rule, error) : strata_fail_memory(error);
}

int strata_apply_permissions(void *target, const char *value, struct strata_error *error)
{
	struct strata_customisation_options *options = target;
	strata_autojson struct strata_json *document = NULL;
	const struct strata_permission *rules;
	size_t count;
	int status = strata_json_load(value, LARGEST_FILE, &document, error);

	if (status == 0 && strata_json_kind(document) != STRATA_JSON_ARRAY)
		status = strata_fail(error, STRATA_ERROR_FORMAT, "this is no array");
	if (status == 0)
		status = strata_permissions_read(document, &options->arena, &rules, &count, error);
	if (status < 0)
		return strata_context(error, status, "%s", value);
	for (size_t index = 0; index < count; index++) {
		struct strata_permission *rule = add_permission(options);

		if (!rule)
			return strata_fail_memory(error);
		*rule = rules[index];
	}
	return 0;
}

int strata_find_copies(
	struct strata_customisation_options *options, const char *root, struct strata_error *error)
{
	for (size_t index = 0; index < options->copy_count; index++) {
		struct strata_copy *copy = &options->copies[index];
		strata_autofree char *real = NULL;
		char *path;
		int status;

		if (copy->links && root && strcmp(root, "/") != 0) {
			status = strata_copy_image_path(
				&options->arena, copy->from, strlen(copy->from), &path, error);
			if (status < 0)
				return status;
			copy->from = path;
			continue;
		}
		real = realpath(copy->from, NULL);
		if (!real)
			return strata_fail_errno(error, "cannot read '%s'", copy->from);
		copy->from = strata_arena_string(&options->arena, real);
		if (!copy->from)
			return strata_fail_memory(error);
	}
	return 0;
}
