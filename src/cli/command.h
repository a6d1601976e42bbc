/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of the program.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/options/option_table.h"
#include "cli/text/report.h"

extern const struct strata_command strata_command_build;
extern const struct strata_command strata_command_plan;
extern const struct strata_command strata_command_layer;
extern const struct strata_command strata_command_image;
extern const struct strata_command strata_command_inspect;
extern const struct strata_command strata_command_index;
extern const struct strata_command strata_command_verify;
extern const struct strata_command strata_command_why;
extern const struct strata_command strata_command_simulate;
extern const struct strata_command strata_command_cache;
extern const struct strata_command strata_command_diff;
extern const struct strata_command strata_command_strategies;
extern const struct strata_command strata_command_completion;
extern const struct strata_command strata_command_push;
extern const struct strata_command strata_command_copy;
extern const struct strata_command strata_command_tags;
extern const struct strata_command strata_command_login;
extern const struct strata_command strata_command_logout;
extern const struct strata_command strata_command_help;

/* All of them, in the order in which help lists them, ended by NULL. */
extern const struct strata_command *const strata_commands[];

/* The command with this name, or NULL. */
const struct strata_command *strata_command_find(const char *name);

enum {
	STRATA_COMMAND_GOES_ON = -1,
};

/* What every command begins with: parse ARGV into OPTIONS (its structure, which GENERAL is part
 * of) and print help where that was asked for. Returns STRATA_COMMAND_GOES_ON, or the exit code
 * to return at once. */
int strata_command_begin(const struct strata_command *command, int argc, char **argv, void *options,
	const struct strata_general_options *general, int *first);

#endif
