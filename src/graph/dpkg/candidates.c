/* SPDX-License-Identifier: Apache-2.0 */
/* Where generated files are looked for: where the patterns of the table lead, what the scripts of
 * the packages name, byte code beside the programs, and what is to be included. Only what no
 * package lists is a candidate. Patterns are followed component by component, so that nothing is
 * read that they cannot match. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/dpkg/generated.h"
#include "util/observer.h"
#include "util/path.h"
#include "util/pattern.h"
#include "util/text.h"

static const char cache_directory[] = "/__pycache__";

/* What was found so far. */
struct search {
	struct strata_generated *generated;
	struct strata_map known; /* paths -> nothing in particular */
	struct strata_dpkg_paths paths;
};

static void release_search(struct search *search)
{
	strata_map_release(&search->known);
	free(search->paths.paths);
}

static int add(struct search *search, const char *path, struct strata_error *error)
{
	struct strata_root *root = search->generated->image->files->root;
	const char *kept;

	if (strata_dpkg_image_owner(search->generated->image, path) != STRATA_MAP_NONE ||
		strata_map_get(&search->known, path) != STRATA_MAP_NONE)
		return 0;
	kept = strata_arena_string(&root->arena, path);
	if (!kept || strata_map_put(&search->known, kept, 0) < 0)
		return strata_fail_memory(error);
	return strata_dpkg_paths_add(&search->paths, kept, error);
}

static int choose(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* The names in the directory PATH, which has no links in it; none where there is no such thing, or
 * where it may not be read: what belongs to packages everybody may list. */
static int list(const struct search *search, const char *path, struct dirent ***names)
{
	const struct strata_root *root = search->generated->image->files->root;
	strata_autoclose int descriptor = openat(root->descriptor, *path ? path + 1 : ".",
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int count;

	*names = NULL;
	if (descriptor < 0)
		return 0;
	count = scandirat(descriptor, ".", names, choose, alphasort);
	return count < 0 ? 0 : count;
}

static int visit(struct search *search, const char *path, const char *rest, bool everything,
	struct strata_error *error);

/* Visit what is in the directory PATH and matches the component at PATTERN (of LENGTH bytes; with
 * 0: everything). */
static int descend(struct search *search, const char *path, const char *pattern, size_t length,
	const char *rest, bool everything, struct strata_error *error)
{
	struct dirent **names;
	int count = list(search, path, &names), status = 0;

	for (int i = 0; i < count; i++) {
		strata_autobuffer struct strata_buffer child = STRATA_BUFFER_INIT;
		strata_autobuffer struct strata_buffer component = STRATA_BUFFER_INIT;
		strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;

		strata_buffer_format(&child, "%s/%s", path, names[i]->d_name);
		strata_buffer_format(&component, "/%.*s", (int)length, pattern);
		strata_buffer_format(&name, "/%s", names[i]->d_name);
		if (status == 0)
			status = strata_buffer_check(&child, error);
		if (status == 0 && (component.failed || name.failed))
			status = strata_fail_memory(error);
		if (status == 0 &&
			(length == 0 || strata_pattern_matches(component.data, name.data)))
			status = visit(search, child.data, rest, everything, error);
		free(names[i]);
	}
	free(names);
	return status;
}

/* PATH matches so far, and REST is what is left of the pattern. A path below "**" is a candidate
 * whatever follows: rules match whole paths. */
static int visit(struct search *search, const char *path, const char *rest, bool everything,
	struct strata_error *error)
{
	size_t length = strcspn(*rest ? rest + 1 : rest, "/");
	struct stat info;
	int status = strata_check_cancelled(search->generated->options->observer, error);

	if (status < 0)
		return status;
	if (fstatat(search->generated->image->files->root->descriptor, *path ? path + 1 : ".",
		    &info, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if ((everything || !*rest) && *path) {
		status = add(search, path, error);
		if (status < 0)
			return status;
	}
	if (!S_ISDIR(info.st_mode))
		return 0;
	if (everything || (length == 2 && strncmp(rest, "/**", 3) == 0))
		return descend(search, path, "", 0, "", true, error);
	if (!*rest)
		return 0;
	return descend(search, path, rest + 1, length, rest + 1 + length, false, error);
}

static int visit_named(struct search *search, const char *path, struct strata_error *error)
{
	struct strata_dpkg_image *image = search->generated->image;
	struct strata_root_entry entry;
	int status;

	if (!strata_path_is_normal(path))
		return 0;
	status = strata_root_find(image->files->root, path, &entry, error);
	if (status < 0 || entry.kind == STRATA_ROOT_MISSING)
		return status;
	return add(search, entry.path, error);
}

/* Whether the files of RULE are found by its pattern, and there can be any. */
static bool is_looked_for(
	const struct strata_generated *generated, const struct strata_generated_rule *rule)
{
	if (rule->action >= STRATA_RULE_BYTE_CODE)
		return false;
	if (strcmp(rule->owner, "@target") == 0)
		return true;
	return strata_generated_named_owner(generated, rule) != STRATA_MAP_NONE;
}

/* The byte code of the programs in LIST. */
static int find_byte_code(
	struct search *search, const struct strata_dpkg_paths *list, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer last = STRATA_BUFFER_INIT;
	int status = 0;

	for (size_t i = 0; status == 0 && i < list->count; i++) {
		const char *path = list->paths[i], *base = strrchr(path, '/');
		size_t length = (size_t)(base - path);

		if (!strata_text_ends_with(path, ".py") ||
			(last.length == length && memcmp(last.data, path, length) == 0))
			continue;
		strata_buffer_truncate(&last, 0);
		strata_buffer_append(&last, path, length);
		strata_buffer_string(&last, cache_directory);
		if (strata_buffer_check(&last, error) < 0)
			return STRATA_ERROR_MEMORY;
		status = descend(search, last.data, "", 0, "", true, error);
		strata_buffer_truncate(&last, length);
	}
	return status;
}

static int find_all(struct search *search, struct strata_error *error)
{
	struct strata_generated *generated = search->generated;
	const struct strata_dpkg_options *options = generated->options;
	struct strata_dpkg_image *image = generated->image;
	bool knows = options->generated != STRATA_GENERATED_NONE;
	int status = 0;

	for (size_t i = 0; status == 0 && knows && i < generated->table.count; i++) {
		if (is_looked_for(generated, &generated->table.rules[i]))
			status = visit(search, "", generated->table.rules[i].pattern, false, error);
	}
	for (size_t i = 0; status == 0 && knows && i < generated->scripts.all_paths.count; i++)
		status = visit_named(search, generated->scripts.all_paths.paths[i], error);
	for (uint32_t i = 0; status == 0 && knows && i < image->database->count; i++) {
		if (image->closure.reached[i])
			status = find_byte_code(search, &image->lists[i], error);
	}
	for (size_t i = 0; status == 0 && i < options->include_count; i++)
		status = visit(search, "", options->include[i], false, error);
	if (status == 0 && options->generated == STRATA_GENERATED_ALL)
		status = visit(search, "", "/**", false, error);
	return status;
}

static int compare_paths(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

int strata_candidates_find(struct strata_generated *generated,
	int (*take)(struct strata_generated *generated, const struct strata_candidate *candidate,
		struct strata_error *error),
	struct strata_error *error)
{
	STRATA_CLEANUP(release_search) struct search search = {.generated = generated};
	struct strata_root *root = generated->image->files->root;
	int status = find_all(&search, error);

	if (search.paths.count > 0)
		qsort(search.paths.paths, search.paths.count, sizeof(*search.paths.paths),
			compare_paths);
	for (size_t i = 0; status == 0 && i < search.paths.count; i++) {
		struct strata_candidate candidate = {.path = search.paths.paths[i]};

		if (fstatat(root->descriptor, candidate.path + 1, &candidate.info,
			    AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISLNK(candidate.info.st_mode)) {
			struct strata_root_entry entry;

			status = strata_root_find(root, candidate.path, &entry, error);
			candidate.target = entry.target;
			if (status == 0 && !candidate.target)
				continue;
		}
		if (status == 0)
			status = take(generated, &candidate, error);
	}
	return status;
}
