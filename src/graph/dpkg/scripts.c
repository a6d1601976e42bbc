/* SPDX-License-Identifier: Apache-2.0 */
/* What the maintainer scripts of packages (Debian Policy, chapter 6), their sysusers.d(5) and
 * tmpfiles.d(5) files and ucf's registry speak of: which paths, and which accounts. Nothing is run:
 * a path counts as named where it stands in the text, and an account where its name is a word of a
 * text that makes accounts. */
#include <stdlib.h>
#include <string.h>

#include "graph/dpkg/generated.h"
#include "util/text.h"

static const char *const script_names[] = {"preinst", "postinst", "config"};

/* What makes accounts. */
static const char *const makers[] = {
	"adduser", "addgroup", "useradd", "groupadd", "sysusers", "update-passwd"};

void strata_scripts_release(struct strata_scripts *scripts)
{
	strata_map_release(&scripts->paths);
	strata_map_release(&scripts->accounts);
	strata_map_release(&scripts->ucf);
	free(scripts->all_paths.paths);
}

static bool is_word(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || (byte && strchr("._-+", byte));
}

static bool is_path(char byte)
{
	return is_word(byte) || byte == '/' || byte == '@' || byte == '~';
}

static int remember(struct strata_map *map, struct strata_dpkg_image *image, const char *text,
	size_t length, uint32_t package, const char **kept, struct strata_error *error)
{
	char *copy = strata_arena_bytes(&image->files->root->arena, text, length);

	*kept = NULL;
	if (!copy)
		return strata_fail_memory(error);
	if (strata_map_get(map, copy) != STRATA_MAP_NONE)
		return 0;
	if (strata_map_put(map, copy, package) < 0)
		return strata_fail_memory(error);
	*kept = copy;
	return 0;
}

static int remember_path(struct strata_scripts *scripts, struct strata_map *map,
	struct strata_dpkg_image *image, const char *text, size_t length, uint32_t package,
	struct strata_error *error)
{
	const char *kept;
	int status;

	while (length > 1 && strchr("/.", text[length - 1]))
		length--;
	status = remember(map, image, text, length, package, &kept, error);
	return status < 0 || !kept ? status
				   : strata_dpkg_paths_add(&scripts->all_paths, kept, error);
}

/* Paths of two components and more, absolute, in the directories where packages make things. */
static int scan_paths(struct strata_scripts *scripts, struct strata_dpkg_image *image,
	const char *text, uint32_t package, struct strata_error *error)
{
	for (const char *at = strchr(text, '/'); at; at = strchr(at, '/')) {
		size_t length = 0;
		int status = 0;

		while (is_path(at[length]))
			length++;
		if ((at == text || !is_path(at[-1])) &&
			(strata_text_starts_with(at, "/etc/") ||
				strata_text_starts_with(at, "/var/") ||
				strata_text_starts_with(at, "/usr/")))
			status = remember_path(
				scripts, &scripts->paths, image, at, length, package, error);
		if (status < 0)
			return status;
		at += length;
	}
	return 0;
}

static int scan_words(struct strata_scripts *scripts, struct strata_dpkg_image *image,
	const char *text, uint32_t package, struct strata_error *error)
{
	while (*text) {
		size_t length = 0;
		const char *kept;
		int status = 0;

		while (is_word(text[length]))
			length++;
		if (length > 0)
			status = remember(
				&scripts->accounts, image, text, length, package, &kept, error);
		if (status < 0)
			return status;
		text += length > 0 ? length : 1;
	}
	return 0;
}

static int scan(struct strata_scripts *scripts, struct strata_dpkg_image *image, const char *text,
	uint32_t package, bool makes_accounts, struct strata_error *error)
{
	int status = scan_paths(scripts, image, text, package, error);

	for (size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++)
		makes_accounts = makes_accounts || strstr(text, makers[i]);
	return status == 0 && makes_accounts ? scan_words(scripts, image, text, package, error)
					     : status;
}

static int read_scripts(struct strata_scripts *scripts, struct strata_dpkg_image *image,
	uint32_t package, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	const char *path;
	int status = 0;

	for (size_t i = 0; status >= 0 && i < sizeof(script_names) / sizeof(*script_names); i++) {
		strata_buffer_truncate(&text, 0);
		status = strata_dpkg_read_info(image->files, &image->database->packages[package],
			script_names[i], &path, &text, error);
		if (status > 0)
			status = scan(scripts, image, text.data, package, false, error);
		/* A script may be a program of any kind. */
		if (status == STRATA_ERROR_FORMAT) {
			strata_error_clear(error);
			status = 0;
		}
	}
	return status < 0 ? status : 0;
}

/* The files of a package that systemd makes accounts and directories by. */
static int read_declarations(struct strata_scripts *scripts, struct strata_dpkg_image *image,
	uint32_t package, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	const struct strata_dpkg_paths *list = &image->lists[package];
	int status = 0;

	for (size_t i = 0; status >= 0 && i < list->count; i++) {
		bool accounts = strata_text_starts_with(list->paths[i], "/usr/lib/sysusers.d/");

		if (!accounts && !strata_text_starts_with(list->paths[i], "/usr/lib/tmpfiles.d/"))
			continue;
		strata_buffer_truncate(&text, 0);
		status = strata_dpkg_read_path(image->files, list->paths[i], &text, error);
		if (status > 0)
			status = scan(scripts, image, text.data, package, accounts, error);
	}
	return status < 0 ? status : 0;
}

/* ucf's registry: a package and a path in each line. */
static int read_registry(
	struct strata_scripts *scripts, struct strata_dpkg_image *image, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_dpkg_lines lines;
	char *line;
	int status = strata_dpkg_read_path(image->files, "/var/lib/ucf/registry", &text, error);

	if (status <= 0)
		return status;
	lines = (struct strata_dpkg_lines){text.data, text.data + text.length, 0};
	status = 0;
	while (status == 0 && (line = strata_dpkg_next_line(&lines))) {
		char *position = NULL;
		const char *name = strtok_r(line, " \t", &position);
		const char *path = strtok_r(NULL, " \t", &position);
		uint32_t package = name ? strata_dpkg_image_package(image, name) : STRATA_MAP_NONE;

		if (package != STRATA_MAP_NONE && path && *path == '/')
			status = remember_path(
				scripts, &scripts->ucf, image, path, strlen(path), package, error);
	}
	return status;
}

int strata_scripts_read(
	struct strata_scripts *scripts, struct strata_dpkg_image *image, struct strata_error *error)
{
	int status = read_registry(scripts, image, error);

	for (uint32_t i = 0; status == 0 && i < image->database->count; i++) {
		if (!image->closure.reached[i])
			continue;
		status = read_scripts(scripts, image, i, error);
		if (status == 0)
			status = read_declarations(scripts, image, i, error);
	}
	return status;
}
