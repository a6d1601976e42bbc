/* SPDX-License-Identifier: Apache-2.0 */
#include "build/missing.h"

#include <string.h>

#include "customisation/lower.h"
#include "util/error.h"
#include "util/observer.h"
#include "util/text.h"

enum {
	MOST_NEAR = 3,      /* names that are told */
	LONGEST_NAME = 255, /* of a file */
};

/* Names that might have been meant. */
struct near {
	const char *name;
	const char *path;      /* what is meant, which is no name to propose */
	const char *directory; /* where they are, with a slash behind */
	size_t most;           /* changes */
	struct strata_buffer found;
	size_t count;
};

/* How many bytes must be changed, put in or left out to make RIGHT of LEFT. */
static size_t count_changes(const char *left, const char *right)
{
	size_t row[LONGEST_NAME + 1];
	size_t width = strlen(right);

	for (size_t k = 0; k <= width; k++)
		row[k] = k;
	for (size_t i = 0; left[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t k = 0; k < width; k++) {
			size_t above = row[k + 1];
			size_t least = diagonal + (left[i] != right[k]);

			if (above + 1 < least)
				least = above + 1;
			if (row[k] + 1 < least)
				least = row[k] + 1;
			row[k + 1] = least;
			diagonal = above;
		}
	}
	return row[width];
}

/* Whether QUOTED is PATH in quotes. */
static bool is_quoted(const char *quoted, const char *path)
{
	size_t length = strlen(path);

	return strlen(quoted) == length + 2 && strncmp(quoted + 1, path, length) == 0;
}

static int compare_name(void *data, const char *name, struct strata_error *error)
{
	struct near *near = data;
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;

	if (near->count >= MOST_NEAR || strlen(name) > LONGEST_NAME ||
		count_changes(near->name, name) > near->most)
		return 0;
	strata_buffer_format(&path, "'%s%s'", near->directory, name);
	if (strata_buffer_check(&path, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (strstr(near->found.data, path.data) || is_quoted(path.data, near->path))
		return 0;
	strata_buffer_string(&near->found, near->count++ > 0 ? ", " : "");
	strata_text_visible(&near->found, path.data);
	return strata_buffer_check(&near->found, error);
}

/* Look for names like the one of NEAR in DIRECTORY of the image. */
static int look_in(struct strata_lower *image, const char *directory, struct near *near,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer place = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer prefix = STRATA_BUFFER_INIT;
	struct strata_lower_entry entry;
	int status = strata_lower_follow(image, directory, &place, &entry, error);

	if (status < 0 || entry.listed.kind != STRATA_LISTED_DIRECTORY)
		return status;
	strata_buffer_format(&prefix, "%s%s", strcmp(directory, "/") == 0 ? "" : directory, "/");
	status = strata_buffer_check(&prefix, error);
	near->directory = prefix.data;
	return status < 0 ? status
			  : strata_lower_list(image, place.data, compare_name, near, error);
}

/* The directories that programs are in: those of PATH, and of the items. */
static int look_in_all(struct strata_lower *image, const char *search, struct near *near,
	struct strata_error *error)
{
	int status = 0;

	near->most = 0;
	for (uint32_t i = 0; status == 0 && i < strata_graph_count(image->graph); i++) {
		const struct strata_item *item = strata_graph_item(image->graph, i);

		for (size_t k = 0; status == 0 && k < item->tree_count; k++) {
			strata_autobuffer struct strata_buffer bin = STRATA_BUFFER_INIT;

			strata_buffer_format(&bin, "%s/bin", item->trees[k]);
			status = strata_buffer_check(&bin, error);
			if (status == 0)
				status = look_in(image, bin.data, near, error);
		}
	}
	for (const char *at = search; status == 0 && *at;) {
		size_t length = strcspn(at, ":");
		strata_autofree char *directory = strndup(at, length);

		if (!directory)
			return strata_fail_memory(error);
		if (*directory == '/')
			status = look_in(image, directory, near, error);
		at += length + (at[length] == ':');
	}
	return status;
}

/* Find what looks like PATH, which is not in the image. */
static int find_near(struct strata_lower *image, const char *path, const char *search,
	struct near *near, struct strata_error *error)
{
	const char *slash = strrchr(path, '/');
	strata_autofree char *directory = strndup(path, slash ? (size_t)(slash - path) : 0);
	int status = 0;

	if (!directory)
		return strata_fail_memory(error);
	near->path = path;
	near->name = slash ? slash + 1 : path;
	if (strlen(near->name) > LONGEST_NAME)
		return 0;
	near->most = strlen(near->name) > 5 ? 2 : 1;
	if (slash)
		status = look_in(image, *directory ? directory : "/", near, error);
	return status < 0 ? status : look_in_all(image, search, near, error);
}

static void tell(
	const struct strata_job *job, const char *what, const char *name, const struct near *near)
{
	strata_note(job->request.observer, "%s '%s' is not in the image%s%s%s", what, name,
		near->count > 0 ? "; there is " : "", near->found.data,
		near->count > 0 ? ": was that meant?" : "");
}

/* The variable PATH that containers have. */
static const char *search_path(const struct strata_job *job)
{
	for (size_t i = 0; i < job->config.env_count; i++) {
		if (strata_text_starts_with(job->config.env[i], "PATH="))
			return job->config.env[i] + strlen("PATH=");
	}
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/* Whether the program NAME is there; without a slash it is looked for in SEARCH. */
static int has_program(struct strata_lower *image, const char *name, const char *search,
	bool *result, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer resolved = STRATA_BUFFER_INIT;
	struct strata_lower_entry entry;
	int status = 0;

	if (*name == '/') {
		status = strata_lower_follow(image, name, &resolved, &entry, error);
		*result = entry.listed.kind == STRATA_LISTED_OTHER;
		return status;
	}
	for (*result = false; status == 0 && !*result && *search;) {
		size_t length = strcspn(search, ":");
		strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;

		strata_buffer_format(&path, "%.*s/%s", (int)length, search, name);
		status = strata_buffer_check(&path, error);
		if (status == 0)
			status = strata_lower_follow(image, path.data, &resolved, &entry, error);
		*result = status == 0 && entry.listed.kind == STRATA_LISTED_OTHER;
		search += length + (search[length] == ':');
	}
	return status;
}

/* Tell what is at NAME, an absolute path, and cannot be run. Of copies with permissions of their
 * own the mode is not known yet. */
static void tell_unrunnable(const struct strata_job *job, const char *what, const char *name,
	const struct strata_lower_entry *entry)
{
	bool has_permissions = job->plan->customisation.permission_count > 0;

	if (entry->listed.kind == STRATA_LISTED_DIRECTORY)
		strata_note(job->request.observer, "%s '%s' is a directory", what, name);
	else if ((entry->listed.mode & 0111) == 0 &&
		 !(entry->source == STRATA_LOWER_COPY && has_permissions))
		strata_note(job->request.observer, "%s '%s' is not executable: its mode is %04o",
			what, name, entry->listed.mode);
}

/* What the image says that containers run. One that is relative to a directory, and one of a base
 * whose search path is not known here, is not looked at. */
static int check_program(const struct strata_job *job, struct strata_lower *image, const char *what,
	const char *name, struct strata_error *error)
{
	struct near near = {.found = STRATA_BUFFER_INIT};
	const char *search = search_path(job);
	struct strata_lower_entry entry;
	strata_autobuffer struct strata_buffer resolved = STRATA_BUFFER_INIT;
	bool has;
	int status;

	if (*name == '/') {
		status = strata_lower_follow(image, name, &resolved, &entry, error);
		if (status == 0 && entry.listed.kind != STRATA_LISTED_NOTHING)
			tell_unrunnable(job, what, name, &entry);
		if (status < 0 || entry.listed.kind != STRATA_LISTED_NOTHING)
			return status;
	}
	if (*name != '/' && (job->base || strchr(name, '/')))
		return 0;
	status = has_program(image, name, search, &has, error);
	if (status == 0 && !has)
		status = find_near(image, name, search, &near, error);
	if (status == 0 && !has)
		tell(job, what, name, &near);
	strata_buffer_release(&near.found);
	return status;
}

static int check_programs(
	const struct strata_job *job, struct strata_lower *image, struct strata_error *error)
{
	const struct strata_image_config *config = &job->config;

	if (config->entrypoint_count > 0)
		return check_program(job, image, "the entrypoint", config->entrypoint[0], error);
	if (config->cmd_count > 0 && !job->base)
		return check_program(job, image, "the command", config->cmd[0], error);
	return 0;
}

/* Whether the account NAME is in the list PASSWD (passwd(5)). */
static bool lists_account(const char *passwd, const char *name, size_t length)
{
	for (const char *line = passwd; *line;) {
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			return true;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return false;
}

/* Tell of NAME, of LENGTH bytes and no number, where the list at PATH does not have it. */
static int check_account(const struct strata_job *job, struct strata_lower *image, const char *what,
	const char *name, size_t length, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer list = STRATA_BUFFER_INIT;
	int known;

	if (length == 0 || strspn(name, "0123456789") == length)
		return 0;
	known = strata_lower_read(image, path, &list, error);
	if (known < 0)
		return known;
	if (!lists_account(list.data, name, length))
		strata_note(job->request.observer,
			"the %s '%.*s' is not in the image: %s %s%s; no container can start as it",
			what, (int)length, name, known ? "its" : "it has no", path,
			known ? " does not list it" : "");
	return 0;
}

static int check_user(
	const struct strata_job *job, struct strata_lower *image, struct strata_error *error)
{
	const char *user = job->config.user;
	size_t length = user ? strcspn(user, ":") : 0;
	int status = 0;

	if (user)
		status = check_account(job, image, "user", user, length, "/etc/passwd", error);
	if (status == 0 && user && user[length] == ':')
		status = check_account(job, image, "group", user + length + 1,
			strlen(user + length + 1), "/etc/group", error);
	return status;
}

/* Relative targets were made to lie in an item: that it lacks one is an error. */
static int check_link(const struct strata_job *job, struct strata_lower *image,
	const struct strata_entry *entry, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer resolved = STRATA_BUFFER_INIT;
	struct near near = {.found = STRATA_BUFFER_INIT};
	struct strata_lower_entry led;
	int status = strata_lower_follow(image, entry->target, &resolved, &led, error);

	if (status < 0 || led.listed.kind != STRATA_LISTED_NOTHING)
		return status;
	status = find_near(image, entry->target, "", &near, error);
	if (status == 0 && entry->was_relative)
		status = strata_hint(error,
			strata_fail(error, STRATA_ERROR_NOT_FOUND,
				"the target of the link '%s', '%s', is not there%s%s", entry->path,
				entry->target, near.count > 0 ? "; there is " : "",
				near.found.data),
			"correct the target of --symlink");
	else if (status == 0)
		tell(job, "the target of a link,", entry->target, &near);
	strata_buffer_release(&near.found);
	return status;
}

/* Links that lead out of the image on purpose, as to /proc, are none of ours. */
static bool leads_elsewhere(const char *target)
{
	return *target != '/' || strata_text_starts_with(target, "/proc/") ||
	       strata_text_starts_with(target, "/dev/") ||
	       strata_text_starts_with(target, "/sys/") || strata_text_starts_with(target, "/run/");
}

static int check_directory(
	const struct strata_job *job, struct strata_lower *image, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer resolved = STRATA_BUFFER_INIT;
	const char *directory = job->config.working_directory;
	struct strata_lower_entry entry;
	int status = 0;

	if (!directory)
		return 0;
	status = strata_lower_follow(image, directory, &resolved, &entry, error);
	if (status == 0 && entry.listed.kind == STRATA_LISTED_OTHER)
		strata_note(job->request.observer,
			"the working directory '%s' is a file: no container can start in it",
			directory);
	return status;
}

static int check_links(
	const struct strata_job *job, struct strata_lower *image, struct strata_error *error)
{
	const struct strata_customisation *asked = &job->customisation;
	int status = 0;

	for (size_t i = 0; status == 0 && i < asked->entry_count; i++) {
		if (asked->entries[i].kind == STRATA_ENTRY_SYMLINK &&
			!leads_elsewhere(asked->entries[i].target))
			status = check_link(job, image, &asked->entries[i], error);
	}
	return status;
}

int strata_missing_tell(const struct strata_job *job, struct strata_error *error)
{
	struct strata_lower image = STRATA_LOWER_INIT;
	int status =
		strata_lower_open(&image, job->base_files, job->graph, job->request.root, error);

	if (status == 0)
		status = strata_lower_add_customisation(&image, &job->plan->customisation, error);
	if (status == 0)
		status = check_links(job, &image, error);
	if (status == 0)
		status = check_programs(job, &image, error);
	if (status == 0)
		status = check_directory(job, &image, error);
	if (status == 0)
		status = check_user(job, &image, error);
	strata_lower_release(&image);
	return status;
}
