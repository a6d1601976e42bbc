/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts in an image: those that every Debian system has (base-passwd's masters), and those that
 * the packages of the image make. What people are called is no matter of an image, passwords are
 * none, and the day when an account was made is forgotten. Formats: passwd(5), group(5), shadow(5),
 * gshadow(5). */
#include <stdlib.h>
#include <string.h>

#include "graph/dpkg/generated.h"
#include "util/text.h"

/* Debian Policy 9.2.2: accounts of people begin here. */
enum { FIRST_HUMAN = 1000, LAST_HUMAN = 59999 };

enum { MOST_FIELDS = 9 };

/* Cut LINE at its colons. */
static size_t cut(char *line, char *fields[MOST_FIELDS])
{
	size_t count = 0;

	while (count < MOST_FIELDS) {
		char *colon = strchr(line, ':');

		fields[count++] = line;
		if (!colon)
			break;
		*colon = '\0';
		line = colon + 1;
	}
	return count;
}

/* Remember in NAMES the accounts (or groups) that a file lists. */
static int read_names(struct strata_generated *generated, const char *path, bool with_numbers,
	struct strata_map *names, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_dpkg_lines lines;
	char *line;
	int status = strata_dpkg_read_path(generated->image->files, path, &text, error);

	if (status <= 0)
		return status;
	lines = (struct strata_dpkg_lines){text.data, text.data + text.length, 0};
	while ((line = strata_dpkg_next_line(&lines))) {
		char *fields[MOST_FIELDS];
		size_t count = cut(line, fields);
		uint64_t number = 0;
		const char *kept;

		if (with_numbers && (count < 3 || !strata_text_to_number(fields[2], 10, &number)))
			continue;
		kept = strata_arena_string(&generated->image->files->root->arena, fields[0]);
		if (!kept || strata_map_put(names, kept, (uint32_t)number) < 0)
			return strata_fail_memory(error);
	}
	return 0;
}

/* What is known of all accounts and groups of the system. */
struct accounts {
	struct strata_map fixed, fixed_groups; /* of every system */
	struct strata_map users, groups;       /* name -> number */
	const struct strata_map *made;         /* by packages of the image */
	bool all;                              /* a whole system has all of its accounts */
};

static void release_accounts(struct accounts *accounts)
{
	strata_map_release(&accounts->fixed);
	strata_map_release(&accounts->fixed_groups);
	strata_map_release(&accounts->users);
	strata_map_release(&accounts->groups);
}

static int read_accounts(
	struct strata_generated *generated, struct accounts *accounts, struct strata_error *error)
{
	int status = read_names(
		generated, "/usr/share/base-passwd/passwd.master", true, &accounts->fixed, error);

	accounts->made = &generated->scripts.accounts;
	accounts->all = generated->options->all;
	if (status == 0)
		status = read_names(generated, "/usr/share/base-passwd/group.master", true,
			&accounts->fixed_groups, error);
	if (status == 0)
		status = read_names(generated, "/etc/passwd", true, &accounts->users, error);
	if (status == 0)
		status = read_names(generated, "/etc/group", true, &accounts->groups, error);
	return status;
}

static bool is_kept(const struct accounts *accounts, const struct strata_map *fixed,
	const struct strata_map *numbers, const char *name)
{
	uint32_t number = strata_map_get(numbers, name);

	if (accounts->all || strata_map_get(fixed, name) != STRATA_MAP_NONE || number == 0)
		return true;
	if (number >= FIRST_HUMAN && number <= LAST_HUMAN)
		return false;
	return strata_map_get(accounts->made, name) != STRATA_MAP_NONE;
}

static bool keeps_user(const struct accounts *accounts, const char *name)
{
	return is_kept(accounts, &accounts->fixed, &accounts->users, name);
}

static bool keeps_group(const struct accounts *accounts, const char *name)
{
	return is_kept(accounts, &accounts->fixed_groups, &accounts->groups, name) ||
	       (strata_map_get(&accounts->users, name) != STRATA_MAP_NONE &&
		       strata_map_get(&accounts->groups, name) < FIRST_HUMAN &&
		       keeps_user(accounts, name));
}

/* Append those of the names in LIST, between commas, that are kept. */
static void append_members(
	const struct accounts *accounts, char *list, struct strata_buffer *reduced)
{
	char *position = NULL;
	bool first = true;

	for (char *name = strtok_r(list, ",", &position); name;
		name = strtok_r(NULL, ",", &position)) {
		if (!keeps_user(accounts, name))
			continue;
		strata_buffer_format(reduced, "%s%s", first ? "" : ",", name);
		first = false;
	}
}

/* A password that nobody has: locked accounts stay as they are locked. */
static const char *lock(const char *password)
{
	return password[0] == '!' && (!password[1] || strcmp(password, "!*") == 0 ||
					     strcmp(password, "!!") == 0)
		       ? password
		       : "*";
}

/* The kinds of files, by their fields. */
static void append_line(const struct accounts *accounts, const char *base, char **fields,
	size_t count, struct strata_buffer *reduced)
{
	bool is_group = strcmp(base, "group") == 0, is_gshadow = strcmp(base, "gshadow") == 0;
	bool is_shadow = strcmp(base, "shadow") == 0;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			strata_buffer_byte(reduced, ':');
		if ((is_group && i == 3) || (is_gshadow && i >= 2))
			append_members(accounts, fields[i], reduced);
		else if (i == 1 && strcmp(fields[1], "x") != 0 && (!is_group || *fields[1]))
			strata_buffer_string(reduced, lock(fields[1]));
		else if (!(is_shadow && i == 2)) /* the day of the last change */
			strata_buffer_string(reduced, fields[i]);
	}
	strata_buffer_byte(reduced, '\n');
}

int strata_accounts_reduce(struct strata_generated *generated, const char *path,
	struct strata_buffer *content, struct strata_buffer *reduced, struct strata_error *error)
{
	STRATA_CLEANUP(release_accounts) struct accounts accounts = {0};
	struct strata_dpkg_lines lines = {content->data, content->data + content->length, 0};
	const char *base = strrchr(path, '/') + 1;
	bool is_group = strata_text_starts_with(base, "g");
	int status = read_accounts(generated, &accounts, error);
	char *line;

	while (status == 0 && (line = strata_dpkg_next_line(&lines))) {
		char *fields[MOST_FIELDS];
		size_t count = cut(line, fields);

		if (count > 1 && (is_group ? keeps_group(&accounts, fields[0])
					   : keeps_user(&accounts, fields[0])))
			append_line(&accounts, base, fields, count, reduced);
	}
	return status == 0 ? strata_buffer_check(reduced, error) : status;
}

int strata_shells_reduce(struct strata_generated *generated, struct strata_buffer *content,
	struct strata_buffer *reduced, struct strata_error *error)
{
	struct strata_dpkg_lines lines = {content->data, content->data + content->length, 0};
	const char *line;

	while ((line = strata_dpkg_next_line(&lines))) {
		bool holds = true;

		if (*line == '/') {
			int status = strata_dpkg_image_holds(generated->image, line, &holds, error);

			if (status < 0)
				return status;
		}
		if (holds)
			strata_buffer_format(reduced, "%s\n", line);
	}
	return strata_buffer_check(reduced, error);
}
