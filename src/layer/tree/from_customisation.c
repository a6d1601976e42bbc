/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes of a tree that the customisation brings: copies, links, directories, and the permissions
 * of them all.
 */
#include <errno.h>
#include <string.h>

#include "customisation/permissions.h"
#include "layer/tree/nodes.h"

/* What COPY brings. Its files belong to root, as those of a store do: who made them says nothing
 * about the image. */
static int add_copy(struct strata_collection *collection, const struct strata_copy *copy,
	size_t source, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer place = STRATA_BUFFER_INIT;
	const char *path = copy->to + 1;
	struct strata_origin origin = {.place_path = strlen(path),
		.claim = STRATA_CLAIM_COPY,
		.content = STRATA_CONTENT_STORE,
		.item = source,
		.keeps_modes = true,
		.is_addition = true,
		.links = copy->links ? copy->from : NULL};
	struct stat info;

	strata_tree_locate(&place, copy->links ? collection->options->root : NULL, copy->from);
	if (strata_buffer_check(&place, error) < 0)
		return STRATA_ERROR_MEMORY;
	origin.place = place.data;
	if (lstat(place.data, &info) < 0) {
		int status = strata_fail_errno(error, "cannot read '%s'", place.data);

		if (errno == ENOENT && error)
			status = error->status = STRATA_ERROR_NOT_FOUND;
		return status;
	}
	if (!*path && !S_ISDIR(info.st_mode))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"'%s' is no directory, and so cannot become the root directory",
				place.data),
			"say where it goes");
	return strata_collection_add_tree(collection, path, &origin, error);
}

/* Add the directories of a copy that lie where the image has links. There may be more in them. */
static int add_redirects(
	struct strata_collection *collection, size_t source, struct strata_error *error)
{
	int status = 0;

	while (status >= 0 && collection->redirect_count > 0) {
		struct strata_redirect redirect =
			collection->redirects[--collection->redirect_count];
		const char *path = *redirect.to ? redirect.to + 1 : "";
		struct strata_origin origin = {.place = redirect.place,
			.place_path = strlen(path),
			.claim = STRATA_CLAIM_COPY,
			.content = STRATA_CONTENT_STORE,
			.item = source,
			.keeps_modes = true,
			.is_addition = true,
			.links = redirect.links};

		status = strata_collection_add_tree(collection, path, &origin, error);
	}
	return status;
}

/* Give NODE, a directory that lies below the additions, the time and attributes that it has there,
 * and the owner unless the user chose another. */
static int describe_below(struct strata_collection *collection, const struct strata_entry *entry,
	struct strata_node *node, struct strata_error *error)
{
	const struct strata_metadata_rules *rules = &collection->recipe->rules;
	struct stat info;

	node->entry.tar.xattrs = entry->xattrs;
	node->entry.tar.xattr_count = entry->xattr_count;
	node->is_below = !entry->is_brought;
	if (entry->below == STRATA_BELOW_BASE) {
		node->entry.tar.mtime = entry->mtime;
		if (!entry->is_brought)
			return 0;
	}
	strata_collection_apply_owner(collection, &node->entry.tar);
	if (entry->below != STRATA_BELOW_FILES)
		return 0;
	node->entry.tar.mtime = 1;
	if (rules->time != STRATA_TIME_KEEP)
		return 0;
	strata_tree_locate(&collection->place, collection->options->root, entry->path);
	if (strata_buffer_check(&collection->place, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (lstat(collection->place.data, &info) == 0)
		node->entry.tar.mtime = info.st_mtime;
	return 0;
}

static int add_entry(struct strata_collection *collection, const struct strata_entry *entry,
	struct strata_error *error)
{
	const struct strata_origin made_up = {.content = STRATA_CONTENT_STORE, .is_addition = true};
	struct strata_node node, *added;
	int status = strata_collection_check_name(entry->path + 1, error);

	if (status == 0)
		status =
			strata_collection_add_parents(collection, entry->path + 1, &made_up, error);
	if (status < 0)
		return status;
	strata_collection_make_directory(collection, entry->path + 1, entry->mode, &node);
	node.claim = STRATA_CLAIM_ENTRY;
	node.entry.tar.uid = entry->uid;
	node.entry.tar.gid = entry->gid;
	if (entry->kind == STRATA_ENTRY_SYMLINK) {
		node.entry.tar.mode = S_IFLNK | 0777;
		node.entry.tar.target =
			strata_arena_string(&collection->tree->arena, entry->target);
		if (!node.entry.tar.target)
			return strata_fail_memory(error);
	}
	if (entry->below != STRATA_BELOW_NOTHING)
		status = describe_below(collection, entry, &node, error);
	else
		strata_collection_apply_owner(collection, &node.entry.tar);
	return status < 0 ? status : strata_collection_add(collection, &node, &added, error);
}

static void apply_permission(const struct strata_permission *rule, struct strata_tar_entry *tar)
{
	if (rule->mode && !S_ISLNK(tar->mode))
		tar->mode = (tar->mode & S_IFMT) |
			    strata_mode_apply(
				    rule->mode, tar->mode & ~(mode_t)S_IFMT, S_ISDIR(tar->mode));
	if (rule->set_owner) {
		tar->uid = rule->uid;
		tar->gid = rule->gid;
	}
}

const char *strata_collection_followed(const struct strata_collection *collection, const char *path)
{
	const struct strata_customisation *customisation = &collection->recipe->customisation;

	for (size_t i = 0; i < customisation->followed_count; i++) {
		if (strcmp(customisation->followed[i].path + 1, path) == 0)
			return customisation->followed[i].to;
	}
	return NULL;
}

/* Whether RULE is for PATH, by its own name or one that leads to it through a link. */
static int matches(const struct strata_customisation *customisation,
	const struct strata_permission *rule, const char *path, struct strata_error *error)
{
	if (strata_pattern_matches(rule->paths, path))
		return 1;
	for (size_t i = 0; i < customisation->followed_count; i++) {
		const struct strata_followed_link *link = &customisation->followed[i];
		strata_autobuffer struct strata_buffer given = STRATA_BUFFER_INIT;
		size_t length = strlen(link->to);

		if (strncmp(path, link->to, length) != 0 ||
			(path[length] != '/' && path[length] != '\0'))
			continue;
		strata_buffer_format(&given, "%s%s", link->path, path + length);
		if (strata_buffer_check(&given, error) < 0)
			return STRATA_ERROR_MEMORY;
		if (strata_pattern_matches(rule->paths, given.data))
			return 1;
	}
	return 0;
}

/* A rule is for what the customisation brings, and for directories that are made for that. What
 * lies below is only changed where its name is written out. */
static bool is_open_to(
	const struct strata_node *node, const struct strata_permission *rule, const char *path)
{
	if (node->is_below)
		return strata_pattern_names(rule->paths, path);
	return node->claim >= STRATA_CLAIM_COPY || node->is_made;
}

/* A rule that matches nothing is one that was misspelt. */
static int apply_rule(struct strata_collection *collection, const struct strata_permission *rule,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	bool found = false;

	for (size_t i = 0; i < collection->node_count; i++) {
		struct strata_node *node = &collection->nodes[i];

		int status;

		strata_tree_locate(&path, NULL, node->entry.tar.path);
		if (strata_buffer_check(&path, error) < 0)
			return STRATA_ERROR_MEMORY;
		if (!is_open_to(node, rule, path.data))
			continue;
		status = matches(&collection->recipe->customisation, rule, path.data, error);
		if (status < 0)
			return status;
		if (status > 0) {
			apply_permission(rule, &node->entry.tar);
			found = true;
		}
	}
	if (found)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_NOT_FOUND,
			"the customisation brings nothing that the permissions for '%s' could be "
			"for",
			rule->paths),
		"correct the pattern, or leave the rule out");
}

int strata_collection_customise(struct strata_collection *collection, struct strata_error *error)
{
	const struct strata_customisation *customisation = &collection->recipe->customisation;
	int status = 0;

	for (size_t i = 0; status >= 0 && i < customisation->copy_count; i++) {
		/* Hard links are kept within one copy; items count from 0. */
		size_t source = SIZE_MAX - 1 - i;

		status = add_copy(collection, &customisation->copies[i], source, error);
		if (status >= 0)
			status = add_redirects(collection, source, error);
		if (status < 0)
			return strata_context(
				error, status, "copy of '%s'", customisation->copies[i].from);
	}
	status = 0;
	for (size_t i = 0; status == 0 && i < customisation->entry_count; i++)
		status = add_entry(collection, &customisation->entries[i], error);
	for (size_t i = 0; status == 0 && i < customisation->permission_count; i++)
		status = apply_rule(collection, &customisation->permissions[i], error);
	return status;
}
