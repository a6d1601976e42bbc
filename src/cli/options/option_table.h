/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Option tables: one description of every option, from which parsing, --help, the completions and
 * the check of the man pages all come.
 *
 * A *group* is a table of options that belong together and that several commands may share. What
 * they say is stored in the group's own structure, whose first member counts as a mark: the name
 * of the first option of the group that was used. A *command* lists its groups and where their
 * structures are inside its own.
 */
#ifndef CLI_OPTIONS_OPTION_TABLE_H
#define CLI_OPTIONS_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buffer.h"
#include "util/error.h"
#include "util/strings.h"

/* What completes the argument of an option. */
enum strata_value_kind {
	STRATA_VALUE_TEXT,
	STRATA_VALUE_FILE,
	STRATA_VALUE_DIRECTORY,
	STRATA_VALUE_STRATEGY,
	STRATA_VALUE_DESTINATION, /* TRANSPORT:PATH */
	STRATA_VALUE_COMPRESSION,
	STRATA_VALUE_SHELL,
	STRATA_VALUE_COMMAND,
};

enum strata_store_kind {
	STRATA_STORE_NOTHING,
	STRATA_STORE_FLAG,
	STRATA_STORE_TEXT,
	STRATA_STORE_LIST,
};

struct strata_option {
	const char *name;     /* long name without dashes */
	char letter;          /* or 0 */
	const char *argument; /* how help calls it; NULL: the option takes none */
	bool optional;        /* the argument may be left out */
	enum strata_value_kind value;
	const char *help; /* one or two lines; NULL: a hidden option */

	/* What most options do with their argument: STRATA_STORES_… say it. */
	enum strata_store_kind store;
	size_t offset; /* of the member of the group's structure that is stored to */

	/* Else: take VALUE (NULL where there is none) into TARGET, the group's structure. VALUE
	 * lives as long as the process. */
	int (*apply)(void *target, const char *value, struct strata_error *error);
};

/* Set the bool, or the text, MEMBER of TYPE, or add to the list MEMBER (struct strata_strings). */
#define STRATA_STORES_FLAG(type, member) \
	.store = STRATA_STORE_FLAG, .offset = offsetof(type, member)
#define STRATA_STORES_TEXT(type, member) \
	.store = STRATA_STORE_TEXT, .offset = offsetof(type, member)
#define STRATA_STORES_LIST(type, member) \
	.store = STRATA_STORE_LIST, .offset = offsetof(type, member)

struct strata_option_group {
	const char *title;
	const struct strata_option *options; /* ended by a NULL name */
};

/* The first member of every group's structure. */
struct strata_used {
	const char *option; /* the first option used, without dashes; NULL: none */
};

struct strata_command_group {
	const struct strata_option_group *group; /* NULL ends the list */
	size_t offset;                           /* of its structure in the command's */
};

struct strata_command {
	const char *name;
	const char *operands; /* "[ITEM]..." */
	const char *summary;  /* one line */
	const char *description;
	const char *examples; /* lines, each indented by two blanks */
	enum strata_value_kind operand;
	bool reads_registries; /* its words may be docker://..., and it has the options for that */
	const struct strata_command_group *groups;
	int (*run)(const struct strata_command *command, int argc, char **argv); /* exit code */
};

/* The options that every command has. */
struct strata_general_options {
	struct strata_used used;
	bool help;
	bool quiet;
};
extern const struct strata_option_group strata_general_group;

/* Parse ARGV, of which element 0 is the command's name, into TARGET, the command's structure.
 * Options and operands may be mixed; "--" ends the options. ARGV is reordered: the operands are
 * its last elements, *FIRST the index of the first. */
int strata_options_parse(const struct strata_command *command, int argc, char **argv, void *target,
	int *first, struct strata_error *error) STRATA_MUST_CHECK;

/* Append what `COMMAND --help` prints. */
void strata_options_help(const struct strata_command *command, struct strata_buffer *buffer);

#endif
