/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a source that is a file.
 */
#ifndef GRAPH_FORMATS_SOURCE_TEXT_H
#define GRAPH_FORMATS_SOURCE_TEXT_H

#include "util/buffer.h"
#include "util/json.h"

/* Read the whole file of a source ("-": standard input), of at most 1 GiB, into TEXT, which is
 * empty. *NAME is what messages call the file: PATH or a constant. */
int strata_source_read(const char *path, struct strata_buffer *text, const char **name,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The same for a source that is JSON. *DOCUMENT is the caller's. */
int strata_source_load_json(const char *path, struct strata_json **document, const char **name,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Append the beginning of TEXT, made visible: what a message shows of hostile input. */
void strata_source_excerpt(struct strata_buffer *shown, const char *text);

#endif
