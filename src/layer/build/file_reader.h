/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the contents of a tree's files: each once, and each as it was at one moment.
 *
 * A store's daemon may link equal files to each other at any time. That changes link counts, change
 * times and, where it renames a link over a file, the inode, but not the content. So where only
 * these have changed, the file is read once more and compared with what was read first.
 *
 * Where the first read of a file finds that it is not in memory, the kernel is asked to read the
 * next files ahead: a disk serves many requests at once about as quickly as one.
 */
#ifndef LAYER_BUILD_FILE_READER_H
#define LAYER_BUILD_FILE_READER_H

#include "layer/encode/encoder.h"
#include "layer/tree/tree.h"

struct strata_file_reader {
	const struct strata_tree *tree;         /* borrowed, as all that follow */
	const char *root;                       /* where the tree's paths are; NULL: "/" */
	const struct strata_observer *observer; /* for cancelling */
	void (*progress)(void *data, uint64_t bytes);
	void *progress_data;

	/* Also compare files that were read in several pieces with what is in them. Set in a second
	 * attempt, after the first one failed without it and set "is_disturbed". */
	bool compares;
	bool is_disturbed;
	bool found_changes; /* of change times alone: what was read is right all the same */

	/* Private. */
	struct strata_buffer place;
	int anchor_descriptor; /* of the tree's anchor... */
	uint32_t anchor;       /* ...of this number; -1: none is open */
	bool never_tell;       /* this file system does not tell what is on the disk only */
	bool is_cold;
	size_t ahead; /* index of the first entry that was not asked for yet */
	uint64_t bytes_ahead;
};

#define STRATA_FILE_READER_INIT                                      \
	{                                                            \
		.place = STRATA_BUFFER_INIT, .anchor_descriptor = -1 \
	}

/* Whether ENTRY has content. */
bool strata_has_content(const struct strata_tree_entry *entry);

/* Read the content of entry INDEX, which has some, into ENCODER, and pad it. To be called in the
 * order of the tree. A file that is not what the tree saw is STRATA_ERROR_CHANGED. */
int strata_file_reader_add(struct strata_file_reader *reader, size_t index,
	struct strata_encoder *encoder, struct strata_error *error) STRATA_MUST_CHECK;

void strata_file_reader_release(struct strata_file_reader *reader);

#endif
