/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands for the state of a recipe's files on disk: metadata, never contents.
 */
#include <stdio.h>
#include <string.h>

#include "layer/recipe/recipe.h"
#include "layer/tree/tree.h"
#include "util/pool.h"
#include "util/sha256.h"

/* Hash what DESCRIBE says of all entries. */
static int hash_tree(const struct strata_tree *tree,
	void (*describe)(struct strata_buffer *text, const struct strata_tree_entry *entry),
	struct strata_digest *digest, struct strata_error *error)
{
	strata_autosha256 struct strata_sha256 *hash = strata_sha256_new();
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	char hex[STRATA_SHA256_HEX_SIZE];

	if (!hash)
		return strata_fail_memory(error);
	for (size_t i = 0; i < tree->count; i++) {
		strata_buffer_truncate(&text, 0);
		describe(&text, &tree->entries[i]);
		if (strata_buffer_check(&text, error) < 0)
			return STRATA_ERROR_MEMORY;
		strata_sha256_update(hash, text.data, text.length);
	}
	strata_sha256_finish(hash, hex);
	snprintf(digest->text, sizeof(digest->text), STRATA_DIGEST_PREFIX "%s", hex);
	return 0;
}

/* Its header, and its exact modification time. */
static void describe_content(struct strata_buffer *text, const struct strata_tree_entry *entry)
{
	strata_tar_write_header(text, &entry->tar);
	if (entry->is_byte_code)
		strata_buffer_format(text, "program %lld ", (long long)entry->program_time);
	if (S_ISREG(entry->tar.mode) && !entry->content)
		strata_buffer_format(text, "%lld.%09ld ", (long long)entry->modified.tv_sec,
			(long)entry->modified.tv_nsec);
}

/* Its path, and the state of its inode, which stands for everything else. Directories change
 * whenever a neighbour comes or goes, and what is on no disk has no inode: of these it is the
 * header. */
static void describe_state(struct strata_buffer *text, const struct strata_tree_entry *entry)
{
	const uint64_t state[] = {
		entry->file_system,
		entry->inode,
		entry->tar.mode,
		entry->tar.size,
		(uint64_t)entry->modified.tv_sec,
		(uint64_t)entry->modified.tv_nsec,
		(uint64_t)entry->changed.tv_sec,
		(uint64_t)entry->changed.tv_nsec,
	};

	if (!entry->on_disk || S_ISDIR(entry->tar.mode)) {
		strata_tar_write_header(text, &entry->tar);
		return;
	}
	strata_buffer_append(text, entry->tar.path, strlen(entry->tar.path) + 1);
	strata_buffer_append(text, state, sizeof(state));
}

int strata_tree_fingerprint(const struct strata_tree *tree, struct strata_digest *fingerprint,
	struct strata_error *error)
{
	return hash_tree(tree, describe_content, fingerprint, error);
}

int strata_tree_witness(
	const struct strata_tree *tree, struct strata_digest *witness, struct strata_error *error)
{
	return hash_tree(tree, describe_state, witness, error);
}

struct fingerprinting {
	struct strata_recipe *const *recipes;
	const struct strata_build_options *options;
};

/* Whether there are files that neither an identity nor the recipe stands for. */
static bool has_files(const struct strata_recipe *recipe)
{
	for (size_t i = 0; i < recipe->item_count; i++) {
		if (recipe->items[i].content == STRATA_CONTENT_FILES)
			return true;
	}
	return recipe->customisation.copy_count > 0;
}

static int take_fingerprint(void *data, size_t index, struct strata_error *error)
{
	struct fingerprinting *fingerprinting = data;
	struct strata_recipe *recipe = fingerprinting->recipes[index];
	strata_autotree struct strata_tree tree = STRATA_TREE_INIT;
	int status;

	if (!has_files(recipe))
		return 0;
	status = strata_tree_collect(recipe, fingerprinting->options, &tree, error);
	if (status == 0)
		status = strata_tree_fingerprint(&tree, &recipe->fingerprint, error);
	if (status == 0)
		status = strata_recipe_seal(recipe, error);
	return status < 0 ? strata_context(error, status, "layer %zu", index + 1) : 0;
}

int strata_recipes_fingerprint(struct strata_recipe *const *recipes, size_t count,
	const struct strata_build_options *options, struct strata_error *error)
{
	struct fingerprinting fingerprinting = {.recipes = recipes, .options = options};
	strata_autopool struct strata_pool *pool = strata_pool_new(options->threads, error);

	if (!pool)
		return STRATA_ERROR_MEMORY;
	return strata_pool_run(pool, count, take_fingerprint, &fingerprinting, error);
}
