/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion scripts for shells, made from the option tables.
 */
#ifndef CLI_COMPLETION_COMPLETION_H
#define CLI_COMPLETION_COMPLETION_H

#include "cli/options/option_table.h"
#include "util/buffer.h"

void strata_completion_bash(struct strata_buffer *buffer);
void strata_completion_zsh(struct strata_buffer *buffer);
void strata_completion_fish(struct strata_buffer *buffer);

/* Append the words that complete a value of KIND, with SEPARATOR between them; nothing where they
 * are files or anything at all. */
void strata_completion_words(
	struct strata_buffer *buffer, enum strata_value_kind kind, const char *separator);

/* Append the options of COMMAND, hidden ones left out, as "--name" and "-l" with SEPARATOR between.
 */
void strata_completion_options(
	struct strata_buffer *buffer, const struct strata_command *command, const char *separator);

/* Call VISIT for every option of COMMAND that is not hidden. */
void strata_completion_visit(const struct strata_command *command,
	void (*visit)(void *data, const struct strata_command *command,
		const struct strata_option *option),
	void *data);

#endif
