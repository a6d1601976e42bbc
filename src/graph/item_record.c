/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of an item for another graph of some of the same items.
 */
#include "graph/item_record.h"

#include <stratapack/graph.h>

struct strata_item_record strata_item_record_of(const struct strata_item *item)
{
	return (struct strata_item_record){
		.id = item->id,
		.name = item->name,
		.version = item->version,
		.cause = item->cause,
		.identity = item->identity,
		.size = item->size,
		.has_size = true,
		.content = item->content,
		.trees = item->trees,
		.tree_count = item->tree_count,
		.files = item->files,
		.file_count = item->file_count,
		.entries = item->entries,
		.entry_count = item->entry_count,
	};
}
