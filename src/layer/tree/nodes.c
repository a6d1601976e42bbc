/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/tree/nodes.h"

#include <string.h>

#include "util/pattern.h"
#include "util/text.h"

int strata_collection_fail_below(const char *path, struct strata_error *error)
{
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"'/%s' is no directory, but something is to lie below it", path),
		"name what lies below it by its path without symbolic links");
}

/* Two copies bring PATH. Directories are joined, of others the later one counts. A directory of
 * links takes the place of a link: what that leads to was linked there, too. */
static int check_copies(const struct strata_node *earlier, const struct strata_node *later,
	struct strata_error *error)
{
	const char *path = earlier->entry.tar.path;

	if (S_ISDIR(earlier->entry.tar.mode) == S_ISDIR(later->entry.tar.mode) ||
		earlier->is_link || later->is_link)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"'/%s' would be a directory and something else at once", path),
		"leave one of them out, or copy it to another place");
}

/* PLACE is there already when NODE comes. */
static int join(struct strata_node *place, const struct strata_node *node,
	struct strata_node **result, struct strata_error *error)
{
	bool joins = node->claim == STRATA_CLAIM_COPY ||
		     (node->claim == STRATA_CLAIM_ITEM && place->claim == STRATA_CLAIM_PARENT);
	bool replaces = node->claim > place->claim ||
			(node->claim == place->claim && node->claim == STRATA_CLAIM_COPY);
	const char *path = place->entry.tar.path;

	if (S_ISDIR(place->entry.tar.mode) != S_ISDIR(node->entry.tar.mode) &&
		(place->claim == STRATA_CLAIM_PARENT || node->claim == STRATA_CLAIM_PARENT))
		return strata_collection_fail_below(path, error);
	if (node->claim == STRATA_CLAIM_COPY && place->claim <= STRATA_CLAIM_COPY) {
		int status = check_copies(place, node, error);

		if (status < 0)
			return status;
	}
	if (node->is_link && S_ISDIR(place->entry.tar.mode))
		joins = replaces = false;
	*result = joins ? place : NULL;
	if (replaces) {
		*place = *node;
		place->entry.tar.path = path;
	}
	return 0;
}

int strata_collection_add(struct strata_collection *collection, const struct strata_node *node,
	struct strata_node **result, struct strata_error *error)
{
	uint32_t index = (uint32_t)collection->node_count;
	char *path = strata_arena_string(&collection->tree->arena, node->entry.tar.path);
	struct strata_node *place;
	uint32_t known;

	if (!path || collection->node_count >= STRATA_MAP_NONE ||
		strata_grow(&collection->nodes, &collection->node_capacity,
			collection->node_count + 1, sizeof(*collection->nodes)) < 0)
		return strata_fail_memory(error);
	known = strata_map_add(&collection->by_path, path, index);
	if (known == STRATA_MAP_NONE)
		return strata_fail_memory(error);
	place = &collection->nodes[known];
	if (known != index)
		return join(place, node, result, error);
	*place = *node;
	place->entry.tar.path = path;
	collection->node_count++;
	*result = place;
	return 0;
}

void strata_collection_apply_owner(
	const struct strata_collection *collection, struct strata_tar_entry *tar)
{
	const struct strata_metadata_rules *rules = &collection->recipe->rules;

	if (rules->set_owner) {
		tar->uid = rules->uid;
		tar->gid = rules->gid;
	}
}

void strata_collection_make_directory(const struct strata_collection *collection, const char *path,
	uint32_t mode, struct strata_node *node)
{
	const struct strata_metadata_rules *rules = &collection->recipe->rules;

	*node = (struct strata_node){.item = SIZE_MAX, .claim = STRATA_CLAIM_PARENT};
	node->entry.tar.path = path;
	node->entry.tar.mode = S_IFDIR | mode;
	node->entry.tar.mtime = rules->time == STRATA_TIME_LIMIT ? rules->limit : 1;
	strata_collection_apply_owner(collection, &node->entry.tar);
}

bool strata_collection_excludes(const struct strata_collection *collection, const char *path)
{
	const struct strata_metadata_rules *rules = &collection->recipe->rules;
	strata_autobuffer struct strata_buffer absolute = STRATA_BUFFER_INIT;

	if (rules->exclude_count == 0)
		return false;
	strata_buffer_format(&absolute, "/%s", path);
	for (char *end = strchr(absolute.data + !absolute.failed, '/');;
		end = strchr(end + 1, '/')) {
		if (end)
			*end = '\0';
		for (size_t i = 0; i < rules->exclude_count; i++) {
			if (strata_pattern_matches(rules->exclude[i], absolute.data))
				return true;
		}
		if (!end)
			return false;
		*end = '/';
	}
}

int strata_collection_check_name(const char *path, struct strata_error *error)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;

	if (strata_text_starts_with(base, ".wh."))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"'/%s' cannot be packed: in a layer, names that begin with '.wh.' "
				"mean deletion",
				path),
			"rename it, or leave out the item that holds it");
	return 0;
}
