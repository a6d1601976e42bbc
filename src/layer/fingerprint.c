#include <stdio.h>

#include "base/pool.h"
#include "base/sha256.h"
#include "layer/recipe.h"
#include "layer/tree.h"

/* Hash the headers of all entries, and what ADD says of each beyond its header. */
static int hash_tree(const struct strata_tree *tree,
	void (*add)(struct strata_buffer *text, const struct strata_tree_entry *entry),
	struct strata_digest *digest, struct strata_error *error)
{
	strata_autosha256 struct strata_sha256 *hash = strata_sha256_new();
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	char hex[STRATA_SHA256_HEX_SIZE];

	if (!hash)
		return strata_fail_memory(error);
	for (size_t i = 0; i < tree->count; i++) {
		const struct strata_tree_entry *entry = &tree->entries[i];

		strata_buffer_truncate(&text, 0);
		strata_tar_write_header(&text, &entry->tar);
		add(&text, entry);
		if (strata_buffer_check(&text, error) < 0)
			return STRATA_ERROR_MEMORY;
		strata_sha256_update(hash, text.data, text.length);
	}
	strata_sha256_finish(hash, hex);
	snprintf(digest->text, sizeof(digest->text), STRATA_DIGEST_PREFIX "%s", hex);
	return 0;
}

static void add_time(struct strata_buffer *text, struct timespec time)
{
	strata_buffer_format(text, "%lld.%09ld ", (long long)time.tv_sec, (long)time.tv_nsec);
}

static void add_modified(struct strata_buffer *text, const struct strata_tree_entry *entry)
{
	if (S_ISREG(entry->tar.mode))
		add_time(text, entry->modified);
}

/* Directories change whenever a neighbour comes or goes; what is in them is in the tree. */
static void add_state(struct strata_buffer *text, const struct strata_tree_entry *entry)
{
	if (!entry->on_disk || S_ISDIR(entry->tar.mode))
		return;
	strata_buffer_format(text, "%llu %llu ", (unsigned long long)entry->file_system,
		(unsigned long long)entry->inode);
	add_time(text, entry->modified);
	add_time(text, entry->changed);
}

int strata_tree_fingerprint(const struct strata_tree *tree, struct strata_digest *fingerprint,
	struct strata_error *error)
{
	return hash_tree(tree, add_modified, fingerprint, error);
}

int strata_tree_witness(
	const struct strata_tree *tree, struct strata_digest *witness, struct strata_error *error)
{
	return hash_tree(tree, add_state, witness, error);
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
