/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/dpkg/generated_table.h"

#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"
#include "util/file.h"
#include "util/memory.h"

enum { LARGEST_TABLE = 1 << 24 };

static const char *const actions[] = {
	[STRATA_RULE_FILE] = "file",
	[STRATA_RULE_DIRECTORY] = "directory",
	[STRATA_RULE_SECRET] = "secret",
	[STRATA_RULE_SHARED] = "shared",
	[STRATA_RULE_ACCOUNTS] = "accounts",
	[STRATA_RULE_CERTIFICATES] = "certificates",
	[STRATA_RULE_JAVA_CERTIFICATES] = "java-certificates",
	[STRATA_RULE_LOADER_CACHE] = "loader-cache",
	[STRATA_RULE_SHELLS] = "shells",
	[STRATA_RULE_BYTE_CODE] = "byte-code",
	[STRATA_RULE_PERSONAL] = "personal",
	[STRATA_RULE_NEVER] = "never",
	[STRATA_RULE_VOLATILE] = "volatile",
};

void strata_generated_table_release(struct strata_generated_table *table)
{
	strata_arena_free(&table->arena);
	free(table->rules);
}

static bool find_action(const char *word, enum strata_generated_action *action)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		*action = (enum strata_generated_action)i;
		if (strcmp(word, actions[i]) == 0)
			return true;
	}
	return false;
}

/* Read LINE, which is cut up: three words, or none, or a comment. */
static int read_line(struct strata_generated_table *table, const char *name, size_t number,
	char *line, struct strata_error *error)
{
	static const char blanks[] = " \t\r";
	char *position = NULL;
	const char *words[4];
	struct strata_generated_rule *rule;

	for (int i = 0; i < 4; i++)
		words[i] = strtok_r(i == 0 ? line : NULL, blanks, &position);
	if (!words[0] || words[0][0] == '#')
		return 0;
	if (words[0][0] != '/' || !words[1] || !words[2] || words[3])
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_FORMAT,
				"%s:%zu: a pattern of absolute paths, a package and what is done "
				"are expected in this line",
				name, number),
			"for example: /var/lib/app/index app file");
	if (strata_grow(&table->rules, &table->capacity, table->count + 1, sizeof(*table->rules)) <
		0)
		return strata_fail_memory(error);
	rule = &table->rules[table->count++];
	*rule = (struct strata_generated_rule){
		.pattern = strata_arena_string(&table->arena, words[0]),
		.owner = strata_arena_string(&table->arena, words[1])};
	if (!rule->pattern || !rule->owner)
		return strata_fail_memory(error);
	if (!find_action(words[2], &rule->action))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s:%zu: '%s' is nothing that can be done with files of packages", name,
			number, words[2]);
	return 0;
}

static int read_file(
	struct strata_generated_table *table, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	int status = strata_file_read(path, LARGEST_TABLE, &text, error);
	size_t number = 0;

	for (char *line = text.data, *end; status == 0 && line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		status = read_line(table, path, ++number, line, error);
	}
	return status;
}

int strata_generated_table_read(
	struct strata_generated_table *table, const char *path, struct strata_error *error)
{
	int status = path ? read_file(table, path, error) : 0;

	for (size_t i = 0; status == 0 && i < strata_generated_line_count; i++) {
		char *line = strata_arena_string(&table->arena, strata_generated_lines[i]);

		if (!line)
			return strata_fail_memory(error);
		status = read_line(table, "generated-files", i + 1, line, error);
	}
	return status;
}
