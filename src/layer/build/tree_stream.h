/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tar stream of a tree: how long it will be, and its bytes.
 */
#ifndef LAYER_BUILD_TREE_STREAM_H
#define LAYER_BUILD_TREE_STREAM_H

#include "layer/build/file_reader.h"
#include "layer/encode/encoder.h"
#include "layer/tree/tree.h"

/* The length in bytes of the stream of TREE. No file is read. */
int strata_tree_stream_size(const struct strata_tree *tree, uint64_t *size,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Write the stream of the tree of READER into ENCODER: every entry, and the end of the archive. */
int strata_tree_stream_write(struct strata_file_reader *reader, struct strata_encoder *encoder,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
