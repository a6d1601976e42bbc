/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sources of a graph share.
 */
#ifndef GRAPH_INTERNAL_H
#define GRAPH_INTERNAL_H

#include <stratapack/digest.h>
#include <stratapack/graph.h>

#include "util/buffer.h"
#include "util/json.h"

#define strata_autograph STRATA_CLEANUP(strata_cleanup_graph)
void strata_cleanup_graph(struct strata_graph **graph);

/* Let GRAPH own THING: RELEASE gives it back when the graph is freed, or at once where this fails.
 */
int strata_graph_own(struct strata_graph *graph, void *thing, void (*release)(void *thing),
	struct strata_error *error) STRATA_MUST_CHECK;

/* Whether ID is the path of a store item, whose name has a hash and so is new where the content is.
 */
bool strata_item_has_hash(const char *id);

/* Split the base name of a store item into what follows the hash: name and version, as Nix and
 * Guix do it (the version begins at the first dash that no letter follows). Both buffers are
 * emptied first. For an id that is no path: the part before ":" and no version. */
void strata_item_split_name(
	const char *id, struct strata_buffer *name, struct strata_buffer *version);

/* A record like ITEM, which a graph of some of the same items may be given, but for the references:
 * they are the caller's to choose. Borrows what ITEM has. */
struct strata_item_record strata_item_record_of(const struct strata_item *item);

/* The size of the tree at PATH under ROOT as a NAR (Nix's archive format): what the databases call
 * narSize, so that a graph without sizes is planned as the same graph with them. */
int strata_nar_size(const char *root, const char *path, uint64_t *size,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Read the SHA-256 of a NAR in any spelling of Nix and Guix into DIGEST: 64 hexadecimal digits, 52
 * of Nix's base 32, or base64, bare or behind "sha256:" or "sha256-" (Subresource Integrity).
 * Anything else is STRATA_ERROR_FORMAT. */
int strata_nar_hash_parse(const char *text, struct strata_digest *digest,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Read the whole file of a source ("-": standard input), of at most 1 GiB, into TEXT, which is
 * empty. *NAME is what messages call the file: PATH or a constant. */
int strata_source_read(const char *path, struct strata_buffer *text, const char **name,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The same for a source that is JSON. *DOCUMENT is the caller's. */
int strata_source_load_json(const char *path, struct strata_json **document, const char **name,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Append the beginning of TEXT, made visible: what a message shows of hostile input. */
void strata_source_excerpt(struct strata_buffer *shown, const char *text);

/* The sources from memory; NAME is what messages call the text. The references parser cuts TEXT
 * into lines in place. */
int strata_graph_parse_references(struct strata_graph *graph, const char *name,
	struct strata_buffer *text, struct strata_error *error) STRATA_MUST_CHECK;
int strata_graph_parse_nix_json(struct strata_graph *graph, const char *name, const char *text,
	size_t length, struct strata_error *error) STRATA_MUST_CHECK;
int strata_graph_parse_json(struct strata_graph *graph, const char *name, const char *text,
	size_t length, struct strata_error *error) STRATA_MUST_CHECK;

#endif
