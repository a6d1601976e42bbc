/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of packages are missing on purpose: what dpkg was told to leave out (path-exclude and
 * path-include of dpkg(1), in dpkg.cfg(5)), and documentation and translations, which systems are
 * slimmed of without telling it. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "graph/dpkg/image.h"
#include "util/text.h"

static const char *const documentation[] = {
	"/usr/share/doc",
	"/usr/share/man",
	"/usr/share/info",
	"/usr/share/locale",
	"/usr/share/lintian",
	"/usr/share/linda",
	"/usr/share/groff",
	"/usr/share/gnome/help",
	"/usr/share/help",
	"/usr/share/bug",
};

/* Whether LINE is the option NAME; *VALUE is what it says then. */
static bool is_option(char *line, const char *name, char **value)
{
	size_t length = strlen(name), end;

	line += strspn(line, " \t");
	if (strncmp(line, name, length) != 0 || !strchr("= \t", line[length]) || !line[length])
		return false;
	*value = line + length + strspn(line + length, "= \t");
	for (end = strlen(*value); end > 0 && strchr(" \t\"'", (*value)[end - 1]); end--)
		(*value)[end - 1] = '\0';
	*value += strspn(*value, "\"'");
	return **value;
}

static int add_pattern(struct strata_dpkg_files *files, const char *pattern, bool included,
	struct strata_error *error)
{
	struct strata_dpkg_left_out *kept;

	if (strata_grow(&files->left_out, &files->left_out_capacity, files->left_out_count + 1,
		    sizeof(*files->left_out)) < 0)
		return strata_fail_memory(error);
	kept = &files->left_out[files->left_out_count++];
	kept->pattern = strata_arena_string(&files->arena, pattern);
	kept->included = included;
	return kept->pattern ? 0 : strata_fail_memory(error);
}

static int read_configuration(
	struct strata_dpkg_files *files, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;
	struct strata_dpkg_lines lines;
	char *line, *value;
	int status = strata_dpkg_read_path(files, path, &content, error);

	if (status <= 0)
		return status;
	lines = (struct strata_dpkg_lines){content.data, content.data + content.length, 0};
	status = 0;
	while (status == 0 && (line = strata_dpkg_next_line(&lines))) {
		if (is_option(line, "path-exclude", &value))
			status = add_pattern(files, value, false, error);
		else if (is_option(line, "path-include", &value))
			status = add_pattern(files, value, true, error);
	}
	return status;
}

static int choose(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int strata_dpkg_read_left_out(struct strata_dpkg_files *files, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	struct dirent **names = NULL;
	int status = read_configuration(files, "/etc/dpkg/dpkg.cfg", error), count;

	strata_buffer_format(&path, "%s/etc/dpkg/dpkg.cfg.d", files->root->path);
	if (strata_buffer_check(&path, error) < 0)
		return STRATA_ERROR_MEMORY;
	count = scandir(path.data, &names, choose, alphasort);
	for (int i = 0; i < count; i++) {
		strata_buffer_truncate(&path, 0);
		strata_buffer_format(&path, "/etc/dpkg/dpkg.cfg.d/%s", names[i]->d_name);
		if (status >= 0)
			status = strata_buffer_check(&path, error);
		if (status >= 0)
			status = read_configuration(files, path.data, error);
		free(names[i]);
	}
	free(names);
	return status < 0 ? status : 0;
}

bool strata_dpkg_is_left_out(const struct strata_dpkg_files *files, const char *path)
{
	bool left_out = false;

	/* Configuration that an administrator removed stays removed, says dpkg. */
	if (strata_text_starts_with(path, "/etc/"))
		return true;
	for (size_t i = 0; i < sizeof(documentation) / sizeof(*documentation); i++) {
		size_t length = strlen(documentation[i]);

		if (strncmp(path, documentation[i], length) == 0 &&
			(path[length] == '/' || !path[length]))
			return true;
	}
	for (size_t i = 0; i < files->left_out_count; i++) {
		if (fnmatch(files->left_out[i].pattern, path, 0) == 0)
			left_out = !files->left_out[i].included;
	}
	return left_out;
}
