/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of files that packages make when they are installed (data/generated-files says what its
 * lines mean). One is part of the program; lines of users come before it.
 */
#ifndef GRAPH_DPKG_GENERATED_TABLE_H
#define GRAPH_DPKG_GENERATED_TABLE_H

#include <stddef.h>

#include "util/arena.h"
#include "util/error.h"

enum strata_generated_action {
	STRATA_RULE_FILE,
	STRATA_RULE_DIRECTORY,
	STRATA_RULE_SECRET,
	STRATA_RULE_SHARED,
	STRATA_RULE_ACCOUNTS,
	STRATA_RULE_CERTIFICATES,
	STRATA_RULE_JAVA_CERTIFICATES,
	STRATA_RULE_LOADER_CACHE,
	STRATA_RULE_SHELLS,
	STRATA_RULE_BYTE_CODE,
	STRATA_RULE_PERSONAL,
	STRATA_RULE_NEVER,
	STRATA_RULE_VOLATILE,
};

struct strata_generated_rule {
	const char *pattern;
	const char *owner; /* a package, "@target" and the like, or "-" */
	enum strata_generated_action action;
};

struct strata_generated_table {
	struct strata_arena arena;
	struct strata_generated_rule *rules;
	size_t count, capacity;
};

/* The program's own lines: data/generated-files. */
extern const char *const strata_generated_lines[];
extern const size_t strata_generated_line_count;

/* Read the file of a user at PATH (NULL: none), then the program's own lines. */
int strata_generated_table_read(struct strata_generated_table *table, const char *path,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_generated_table_release(struct strata_generated_table *table);

#endif
