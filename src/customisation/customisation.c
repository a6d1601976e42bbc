/* SPDX-License-Identifier: Apache-2.0 */
#include "customisation/customisation.h"

#include <string.h>

#include "customisation/entries.h"
#include "customisation/permissions.h"
#include "util/path.h"

bool strata_customisation_is_empty(const struct strata_customisation *customisation)
{
	return customisation->entry_count == 0 && customisation->copy_count == 0;
}

bool strata_customisation_has_files(const struct strata_customisation *customisation)
{
	for (size_t i = 0; i < customisation->copy_count; i++) {
		if (!customisation->copies[i].links)
			return true;
	}
	return false;
}

static int check_copy(const struct strata_copy *copy, struct strata_error *error)
{
	int status = strata_check_path(copy->from, STRATA_ERROR_INVALID, error);

	if (status == 0 && strcmp(copy->to, "/") != 0)
		status = strata_check_path(copy->to, STRATA_ERROR_INVALID, error);
	return status;
}

static int copy_copies(const struct strata_customisation *from, struct strata_arena *arena,
	struct strata_customisation *copy, struct strata_error *error)
{
	struct strata_copy *copies = strata_arena_array(arena, from->copy_count, sizeof(*copies));

	if (!copies)
		return strata_fail_memory(error);
	for (size_t i = 0; i < from->copy_count; i++) {
		int status = check_copy(&from->copies[i], error);

		if (status < 0)
			return status;
		copies[i].from = strata_arena_string(arena, from->copies[i].from);
		copies[i].to = strata_arena_string(arena, from->copies[i].to);
		copies[i].links = from->copies[i].links;
		if (!copies[i].from || !copies[i].to)
			return strata_fail_memory(error);
	}
	copy->copies = copies;
	copy->copy_count = from->copy_count;
	return 0;
}

static int copy_permissions(const struct strata_customisation *from, struct strata_arena *arena,
	struct strata_customisation *copy, struct strata_error *error)
{
	struct strata_permission *rules =
		strata_arena_array(arena, from->permission_count, sizeof(*rules));

	if (!rules)
		return strata_fail_memory(error);
	for (size_t i = 0; i < from->permission_count; i++) {
		const struct strata_permission *rule = &from->permissions[i];
		int status = strata_permission_check(rule, error);

		if (status < 0)
			return status;
		rules[i] = *rule;
		rules[i].paths = strata_arena_string(arena, rule->paths);
		if (rule->mode)
			rules[i].mode = strata_arena_string(arena, rule->mode);
		if (!rules[i].paths || (rule->mode && !rules[i].mode))
			return strata_fail_memory(error);
	}
	if (from->permission_count > 0 && strata_customisation_is_empty(from))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"there are permissions, but nothing that they could be for");
	copy->permissions = rules;
	copy->permission_count = from->permission_count;
	return 0;
}

static int copy_followed(const struct strata_customisation *from, struct strata_arena *arena,
	struct strata_customisation *copy, struct strata_error *error)
{
	struct strata_followed_link *links =
		strata_arena_array(arena, from->followed_count, sizeof(*links));

	if (!links)
		return strata_fail_memory(error);
	for (size_t i = 0; i < from->followed_count; i++) {
		const struct strata_followed_link *link = &from->followed[i];
		int status = strata_check_path(link->path, STRATA_ERROR_INVALID, error);

		if (status == 0 && *link->to)
			status = strata_check_path(link->to, STRATA_ERROR_INVALID, error);
		if (status < 0)
			return status;
		links[i].path = strata_arena_string(arena, link->path);
		links[i].to = strata_arena_string(arena, link->to);
		if (!links[i].path || !links[i].to)
			return strata_fail_memory(error);
	}
	copy->followed = links;
	copy->followed_count = from->followed_count;
	return 0;
}

int strata_customisation_copy(const struct strata_customisation *from, struct strata_arena *arena,
	struct strata_customisation *copy, struct strata_error *error)
{
	struct strata_customisation made = {.entries = NULL};
	int status = strata_entries_sort(
		from->entries, from->entry_count, arena, &made.entries, &made.entry_count, error);

	if (status == 0)
		status = copy_copies(from, arena, &made, error);
	if (status == 0)
		status = copy_permissions(from, arena, &made, error);
	if (status == 0)
		status = copy_followed(from, arena, &made, error);
	if (status == 0)
		*copy = made;
	return status;
}
