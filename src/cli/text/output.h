/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results: what goes to standard output, and tables for people.
 */
#ifndef CLI_TEXT_OUTPUT_H
#define CLI_TEXT_OUTPUT_H

#include <stratapack/build.h>

#include "util/buffer.h"

/* Write BUFFER to standard output. */
int strata_print(const struct strata_buffer *buffer, struct strata_error *error) STRATA_MUST_CHECK;

/* The same for a string. */
int strata_print_text(const char *text, struct strata_error *error) STRATA_MUST_CHECK;

/* A table: cells are added row by row, the first row is the heading. Columns are as wide as their
 * widest cell; those with a '>' in COLUMNS are aligned to the right, the last one is cut off at
 * the width of the table. */
struct strata_table {
	const char *columns;        /* one '<' or '>' for each column */
	struct strata_buffer cells; /* NUL-terminated strings, one behind the other */
};
void strata_table_cell(struct strata_table *table, const char *text);
void strata_table_number(struct strata_table *table, uint64_t number);
void strata_table_size(struct strata_table *table, uint64_t bytes);
/* The names of the items IDS, as many as have room; GRAPH (may be NULL) knows the short ones. */
void strata_table_contents(struct strata_table *table, const struct strata_graph *graph,
	const char *const *ids, size_t count, bool customised);
int strata_table_append(const struct strata_table *table, struct strata_buffer *buffer,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_table_release(struct strata_table *table);

/* Print the image of JOB on standard output, as JSON. */
int strata_print_job(const struct strata_job *job, struct strata_error *error) STRATA_MUST_CHECK;

/* Print what a build has made: as JSON or as a table on standard output where that is asked for;
 * else the table and its sums on stderr, where that is a terminal and QUIET does not forbid it. */
int strata_print_result(const struct strata_job *job, bool json, bool table, bool quiet,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Append the layers of an image, bottom first, and their sums. GRAPH (may be NULL) knows the
 * items' short names. */
int strata_layers_table(const struct strata_layer *layers, size_t count,
	const struct strata_graph *graph, struct strata_buffer *buffer,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
