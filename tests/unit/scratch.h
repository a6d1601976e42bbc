/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A temporary directory for tests that build layers and images: files to pack under `root`, outputs
 * under `output`.
 *
 *	scratch_file(scratch, "/store/a/bin/tool", "content", 0555);
 *	struct strata_recipe_item item = STORE_ITEM("/store/a");
 *	struct strata_recipe recipe = {.items = &item, .item_count = 1};
 *	assert_string_equal(scratch_build_listing(scratch, &recipe), "...");
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "unit.h"

#include <stdbool.h>
#include <sys/types.h>

#include <stratapack/image.h>
#include <stratapack/layer.h>

#include "util/arena.h"
#include "util/buffer.h"

struct scratch {
	char directory[64];
	const char *root, *output;
	struct strata_arena arena;
	struct strata_error error;
	struct strata_buffer notes; /* what the observer was told, one a line */
	struct strata_observer observer;
	struct strata_build_options options;
};

/* For cmocka_unit_test_setup_teardown(); *STATE is the struct scratch. */
int scratch_make(void **state);
int scratch_remove(void **state);

#define scratch_test(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_remove)

/* A formatted string that lives as long as SCRATCH. */
const char *scratch_text(struct scratch *scratch, const char *format, ...) STRATA_PRINTF(2, 3);

/* PATH under the root. */
const char *scratch_at(struct scratch *scratch, const char *path);

/* Make things under the root, parents included (mode 0755). */
void scratch_file(struct scratch *scratch, const char *path, const char *content, mode_t mode);
void scratch_bytes(
	struct scratch *scratch, const char *path, const void *bytes, size_t length, mode_t mode);
void scratch_directory(struct scratch *scratch, const char *path, mode_t mode);
void scratch_symlink(struct scratch *scratch, const char *path, const char *target);
void scratch_hard_link(struct scratch *scratch, const char *path, const char *first);
void scratch_time(struct scratch *scratch, const char *path, int64_t seconds);

/* LENGTH bytes that compress somewhat, the same always; malloced. */
char *scratch_content(size_t length);

/* Append the whole file at PATH, which is not under the root. */
void scratch_read(struct scratch *scratch, const char *path, struct strata_buffer *buffer);

/* The names in DIRECTORY, sorted, each with a blank behind it. */
const char *scratch_names(struct scratch *scratch, const char *directory);

/* Write RECIPE's key and build its layer; the layer is the caller's. */
int scratch_build(struct scratch *scratch, struct strata_recipe *recipe, unsigned threads,
	struct strata_layer *layer);

/* Read LENGTH bytes of tar strictly and say what is in it, a line each:
 * "TYPE MODE UID:GID SIZE @MTIME NAME[ -> LINK][ {ATTRIBUTE=VALUE}...]", TYPE as `ls` writes it
 * and "h" for hard links. */
const char *scratch_list(struct scratch *scratch, const void *tar, size_t length);

/* The text of member NAME in LENGTH bytes of tar, which must have it. */
const char *scratch_member(
	struct scratch *scratch, const void *tar, size_t length, const char *name);

/* Build RECIPE uncompressed and list it. */
const char *scratch_build_listing(struct scratch *scratch, struct strata_recipe *recipe);

/* Build RECIPE, which must fail with STATUS and WORDS and leave nothing behind. */
void scratch_build_fails(
	struct scratch *scratch, struct strata_recipe *recipe, int status, const char *words);

/* An item with one tree or one file. */
#define ITEM_OF(kind, member, path)                                                    \
	{                                                                              \
		.id = path, .content = kind, .member##s = (const char *const[]){path}, \
		.member##_count = 1                                                    \
	}
#define STORE_ITEM(path) ITEM_OF(STRATA_CONTENT_STORE, tree, path)
#define FILES_TREE(path) ITEM_OF(STRATA_CONTENT_FILES, tree, path)
#define FILES_FILE(path) ITEM_OF(STRATA_CONTENT_FILES, file, path)

#define RECIPE(list)                                                          \
	{                                                                     \
		.items = (list), .item_count = sizeof(list) / sizeof(*(list)) \
	}

#endif
