/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "customisation/permissions.h"
#include "layer/tree/nodes.h"

/* What COPY brings. Its files belong to root, as those of a store do: who made them says nothing
 * about the image. */
static int add_copy(struct strata_collection *collection, const struct strata_copy *copy,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer place = STRATA_BUFFER_INIT;
	const char *path = copy->to + 1;
	struct strata_origin origin = {.place_path = strlen(path),
		.claim = STRATA_CLAIM_COPY,
		.content = STRATA_CONTENT_STORE,
		.item = SIZE_MAX,
		.keeps_modes = true,
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

static int add_entry(struct strata_collection *collection, const struct strata_entry *entry,
	struct strata_error *error)
{
	const struct strata_origin made_up = {.content = STRATA_CONTENT_STORE};
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
	strata_collection_apply_owner(collection, &node.entry.tar);
	return strata_collection_add(collection, &node, &added, error);
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

/* A rule that matches nothing is one that was misspelt. */
static int apply_rule(struct strata_collection *collection, const struct strata_permission *rule,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	bool matches = false;

	for (size_t i = 0; i < collection->node_count; i++) {
		struct strata_node *node = &collection->nodes[i];

		if (node->claim < STRATA_CLAIM_COPY)
			continue;
		strata_tree_locate(&path, NULL, node->entry.tar.path);
		if (strata_buffer_check(&path, error) < 0)
			return STRATA_ERROR_MEMORY;
		if (strata_pattern_matches(rule->paths, path.data)) {
			apply_permission(rule, &node->entry.tar);
			matches = true;
		}
	}
	if (matches)
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
		status = add_copy(collection, &customisation->copies[i], error);
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
