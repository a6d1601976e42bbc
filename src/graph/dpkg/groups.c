/* SPDX-License-Identifier: Apache-2.0 */
/* How groups of generated files become items: each with an identity that is a digest of all that is
 * in it, so that it is the same item wherever and whenever it was made, and with the source of the
 * package that it is for as its cause. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "graph/dpkg/image.h"
#include "util/sha256.h"

static int compare_entries(const void *left, const void *right)
{
	const struct strata_item_entry *a = left, *b = right;

	return strcmp(a->path, b->path);
}

/* Append all about ENTRY, and add to SIZE the bytes of its content. */
static int describe(const struct strata_dpkg_image *image, const struct strata_item_entry *entry,
	struct strata_buffer *text, uint64_t *size, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;
	struct strata_root_entry found;
	int status;

	strata_buffer_format(text, "%s %d %o %u:%u %s %zu\n", entry->path, (int)entry->kind,
		entry->mode, entry->uid, entry->gid, entry->target ? entry->target : "",
		entry->length);
	if (entry->kind == STRATA_ITEM_FILE)
		strata_buffer_append(text, entry->content, entry->length);
	*size += entry->length;
	if (entry->kind != STRATA_ITEM_SOURCE)
		return strata_buffer_check(text, error);
	status = strata_root_find(image->files->root, entry->source, &found, error);
	if (status < 0 || found.kind != STRATA_ROOT_OTHER)
		return status;
	status = strata_dpkg_read_path(image->files, entry->source, &content, error);
	strata_buffer_format(text, "%zu\n", content.length);
	strata_buffer_append(text, content.data, content.length);
	*size += content.length;
	return status < 0 ? status : strata_buffer_check(text, error);
}

static int add_group(const struct strata_dpkg_image *image, struct strata_dpkg_group *group,
	bool root, struct strata_graph *graph, struct strata_error *error)
{
	const struct strata_dpkg_package *owner = group->owner < image->database->count
							  ? &image->database->packages[group->owner]
							  : NULL;
	struct strata_dpkg_entries *entries = &group->entries;
	strata_autobuffer struct strata_buffer id = STRATA_BUFFER_INIT, text = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer identity = STRATA_BUFFER_INIT;
	struct strata_item_record record = {.content = STRATA_CONTENT_FILES,
		.version = "",
		.has_size = true,
		.references = owner ? &owner->id : NULL,
		.reference_count = owner ? 1 : 0,
		.entries = entries->entries,
		.entry_count = entries->count};
	char hex[STRATA_SHA256_HEX_SIZE];
	int status = 0;

	qsort(entries->entries, entries->count, sizeof(*entries->entries), compare_entries);
	for (size_t i = 0; status == 0 && i < entries->count; i++)
		status = describe(image, &entries->entries[i], &text, &record.size, error);
	if (status == 0)
		status = strata_sha256_of(text.data, text.length, hex, error);
	if (status < 0)
		return status;
	strata_buffer_format(&id, "generated:%s", group->name);
	strata_buffer_format(&name, "generated-%s", group->name);
	strata_buffer_format(&identity, "generated:sha256:%s", hex);
	if (id.failed || name.failed || identity.failed)
		return strata_fail_memory(error);
	record.id = id.data;
	record.name = name.data;
	record.identity = identity.data;
	record.cause = owner ? owner->source : name.data;
	status = strata_graph_add(graph, &record, error);
	return status == 0 && root ? strata_graph_add_root(graph, id.data, error) : status;
}

int strata_dpkg_add_groups(const struct strata_dpkg_image *image, bool roots,
	struct strata_graph *graph, struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < image->group_count; i++) {
		if (image->groups[i].entries.count > 0)
			status = add_group(image, &image->groups[i], roots, graph, error);
	}
	return status;
}
