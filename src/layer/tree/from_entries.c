/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of an item's entries in a tree: files, directories and links that are given as data,
 * and files that are on this machine under another path or from another time. Data has the owner,
 * mode and time that the entry says; like all files of a system it obeys the user's rules. */
#include <errno.h>
#include <string.h>

#include "layer/tree/nodes.h"

static const mode_t types[] = {
	[STRATA_ITEM_FILE] = S_IFREG,
	[STRATA_ITEM_DIRECTORY] = S_IFDIR,
	[STRATA_ITEM_SYMLINK] = S_IFLNK,
};

static int64_t choose_time(const struct strata_collection *collection, int64_t time)
{
	const struct strata_metadata_rules *rules = &collection->recipe->rules;

	return rules->time == STRATA_TIME_LIMIT && time > rules->limit ? rules->limit : time;
}

/* The time that the program of byte code ENTRY has in the image. */
static int find_program_time(struct strata_collection *collection,
	const struct strata_item_entry *entry, struct strata_node *node, struct strata_error *error)
{
	struct stat info;

	strata_tree_locate(&collection->place, collection->options->root, entry->program);
	if (strata_buffer_check(&collection->place, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (lstat(collection->place.data, &info) < 0)
		return strata_fail_errno(error, "cannot read '%s'", collection->place.data);
	node->entry.is_byte_code = S_ISREG(node->entry.tar.mode);
	node->entry.program_time =
		strata_collection_time_of(collection, STRATA_CONTENT_FILES, &info);
	return 0;
}

static int add_source(struct strata_collection *collection, const struct strata_item_entry *entry,
	struct strata_origin *origin, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer place = STRATA_BUFFER_INIT;
	struct strata_node *added;
	int status;

	strata_tree_locate(&place, collection->options->root, entry->source);
	if (strata_buffer_check(&place, error) < 0)
		return STRATA_ERROR_MEMORY;
	origin->place = place.data;
	origin->place_path = strlen(entry->path + 1);
	origin->is_elsewhere = true;
	status = strata_collection_add_path(collection, entry->path + 1, origin, &added, error);
	if (status < 0 || !added)
		return status;
	if (entry->time != STRATA_ITEM_TIME_KEPT)
		added->entry.tar.mtime = choose_time(collection, entry->time);
	return entry->program ? find_program_time(collection, entry, added, error) : 0;
}

static int add_data(struct strata_collection *collection, const struct strata_item_entry *entry,
	const struct strata_origin *origin, struct strata_error *error)
{
	struct strata_node node, *added;
	struct strata_tar_entry *tar = &node.entry.tar;
	int status = strata_collection_check_name(entry->path + 1, error);

	if (status < 0)
		return status;
	strata_collection_make_directory(collection, entry->path + 1, 0, &node);
	node.item = origin->item;
	node.claim = origin->claim;
	tar->mode = types[entry->kind] | (entry->kind == STRATA_ITEM_SYMLINK ? 0777 : entry->mode);
	tar->uid = entry->uid;
	tar->gid = entry->gid;
	if (entry->kind != STRATA_ITEM_DIRECTORY)
		tar->mtime = choose_time(collection, entry->time);
	tar->target = entry->target;
	if (entry->kind == STRATA_ITEM_FILE) {
		tar->size = entry->length;
		node.entry.content = entry->content;
	}
	strata_collection_apply_owner(collection, tar);
	return strata_collection_add(collection, &node, &added, error);
}

int strata_collection_add_item_entries(
	struct strata_collection *collection, size_t index, struct strata_error *error)
{
	const struct strata_recipe_item *item = &collection->recipe->items[index];
	int status = 0;

	for (size_t i = 0; status >= 0 && i < item->entry_count; i++) {
		const struct strata_item_entry *entry = &item->entries[i];
		struct strata_origin origin = {.place = collection->options->root,
			.claim = STRATA_CLAIM_ITEM,
			.content = item->content,
			.item = index};

		if (strata_collection_excludes(collection, entry->path + 1))
			continue;
		status = strata_collection_add_parents(collection, entry->path + 1, &origin, error);
		if (status < 0)
			return status;
		status = entry->kind == STRATA_ITEM_SOURCE
				 ? add_source(collection, entry, &origin, error)
				 : add_data(collection, entry, &origin, error);
	}
	return status;
}
