/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/dpkg/generated.h"

#include <stdlib.h>
#include <string.h>

#include "util/observer.h"
#include "util/pattern.h"
#include "util/text.h"

/* A note names so many files. */
enum { MOST_NAMED = 4 };

static void release_generated(struct strata_generated *generated)
{
	strata_generated_table_release(&generated->table);
	strata_scripts_release(&generated->scripts);
	if (generated->certificates)
		strata_certificates_release(generated->certificates);
	free(generated->certificates);
	free(generated->secrets.paths);
	free(generated->others.paths);
}

/* The path of the program that byte code PATH was compiled from (PEP 3147), or NULL. */
static const char *find_program(struct strata_generated *generated, const char *path)
{
	static const char directory[] = "/__pycache__/";
	strata_autobuffer struct strata_buffer program = STRATA_BUFFER_INIT;
	const char *cache = strstr(path, directory);
	const char *name = cache ? cache + sizeof(directory) - 1 : NULL;
	const char *dot = name ? strchr(name, '.') : NULL;

	if (!dot || strchr(name, '/'))
		return NULL;
	strata_buffer_format(
		&program, "%.*s/%.*s.py", (int)(cache - path), path, (int)(dot - name), name);
	return program.failed
		       ? NULL
		       : strata_arena_string(&generated->image->files->root->arena, program.data);
}

static uint32_t within(const struct strata_generated *generated, uint32_t package)
{
	return package < generated->image->database->count &&
			       generated->image->closure.reached[package]
		       ? package
		       : STRATA_MAP_NONE;
}

/* The package of what the link CANDIDATE leads to. */
static int find_target(struct strata_generated *generated, const struct strata_candidate *candidate,
	uint32_t *package, struct strata_error *error)
{
	struct strata_dpkg_image *image = generated->image;
	struct strata_root_entry entry;
	int status = strata_root_find(image->files->root, candidate->path, &entry, error);

	for (int i = 0; status == 0 && i < 40 && entry.kind == STRATA_ROOT_SYMLINK; i++) {
		status = strata_root_follow(image->files->root, &entry, &entry, error);
		if (status < 0 || entry.kind == STRATA_ROOT_MISSING)
			return status;
		*package = within(generated, strata_map_get(&image->owners, entry.path));
		if (*package != STRATA_MAP_NONE)
			return 0;
	}
	return status;
}

/* The first of the packages in NAMES, between bars, that the image has. */
static uint32_t find_named(const struct strata_generated *generated, const char *names)
{
	while (*names) {
		size_t length = strcspn(names, "|");
		char name[256];
		uint32_t package = STRATA_MAP_NONE;

		if (length < sizeof(name)) {
			memcpy(name, names, length);
			name[length] = '\0';
			package = strata_dpkg_image_package(generated->image, name);
		}
		if (package != STRATA_MAP_NONE)
			return package;
		names += length + (names[length] == '|');
	}
	return STRATA_MAP_NONE;
}

uint32_t strata_generated_named_owner(
	const struct strata_generated *generated, const struct strata_generated_rule *rule)
{
	return find_named(generated, rule->owner);
}

/* The package of the image whose CANDIDATE is by RULE; STRATA_MAP_NONE where the rule does not
 * apply. */
static int find_owner(struct strata_generated *generated, const struct strata_generated_rule *rule,
	const struct strata_candidate *candidate, uint32_t *package, struct strata_error *error)
{
	const struct strata_scripts *scripts = &generated->scripts;
	const char *program;

	*package = STRATA_MAP_NONE;
	if (strcmp(rule->owner, "@target") == 0)
		return find_target(generated, candidate, package, error);
	if (strcmp(rule->owner, "@ucf") == 0) {
		*package = strata_map_get(&scripts->ucf, candidate->path);
	} else if (strcmp(rule->owner, "@script") == 0) {
		*package = strata_map_get(&scripts->paths, candidate->path);
	} else if (strcmp(rule->owner, "@program") == 0) {
		program = find_program(generated, candidate->path);
		if (program)
			*package = within(
				generated, strata_map_get(&generated->image->owners, program));
	} else {
		*package = find_named(generated, rule->owner);
	}
	return 0;
}

static int own(struct strata_generated *generated, const struct strata_candidate *candidate,
	uint32_t package, struct strata_error *error)
{
	if (package == STRATA_MAP_NONE)
		package = generated->image->database->count;
	return strata_map_put(&generated->image->owners, candidate->path, package) < 0
		       ? strata_fail_memory(error)
		       : 0;
}

static int take_into_group(struct strata_generated *generated, const char *name, uint32_t package,
	const struct strata_candidate *candidate, struct strata_error *error)
{
	struct strata_dpkg_entries *entries;
	int status = strata_dpkg_image_group(generated->image, name, package, &entries, error);

	if (status == 0)
		status = strata_generated_add_as_is(entries, candidate, NULL, error);
	return status == 0 ? own(generated, candidate, package, error) : status;
}

/* A file with its package. */
static int take_with_package(struct strata_generated *generated,
	const struct strata_candidate *candidate, uint32_t package, const char *program,
	struct strata_error *error)
{
	int status = strata_generated_add_as_is(
		&generated->image->entries[package], candidate, program, error);

	return status == 0 ? own(generated, candidate, package, error) : status;
}

static bool is_open(const struct strata_candidate *candidate)
{
	return candidate->target ||
	       (S_ISREG(candidate->info.st_mode) && (candidate->info.st_mode & S_IROTH));
}

/* Whether the directory nearest to PATH that a package lists is one of the image's. */
static bool is_related(const struct strata_generated *generated, const char *path)
{
	strata_autofree char *parent = strdup(path);
	char *slash;

	while (parent && (slash = strrchr(parent, '/')) && slash != parent) {
		uint32_t owner;

		*slash = '\0';
		owner = strata_dpkg_image_owner(generated->image, parent);
		if (owner != STRATA_MAP_NONE)
			return strata_map_get(&generated->image->owners, parent) !=
				       STRATA_MAP_NONE ||
			       within(generated, owner) != STRATA_MAP_NONE;
	}
	return false;
}

static int leave(struct strata_generated *generated, struct strata_dpkg_paths *list,
	const struct strata_candidate *candidate, struct strata_error *error)
{
	/* A link is no loss of its own: what it leads to is not in the image. */
	if (S_ISDIR(candidate->info.st_mode) || candidate->target ||
		!is_related(generated, candidate->path))
		return 0;
	return strata_dpkg_paths_add(list, candidate->path, error);
}

/* Do with CANDIDATE of PACKAGE as RULE says. */
static int apply(struct strata_generated *generated, const struct strata_generated_rule *rule,
	const struct strata_candidate *candidate, uint32_t package, struct strata_error *error)
{
	bool is_file = S_ISREG(candidate->info.st_mode) || candidate->target;
	bool taken = false;
	int status;

	switch (rule->action) {
	case STRATA_RULE_PERSONAL:
	case STRATA_RULE_NEVER:
		return leave(generated, &generated->secrets, candidate, error);
	case STRATA_RULE_VOLATILE:
		return 0;
	case STRATA_RULE_FILE:
		if (!is_open(candidate))
			return is_file ? leave(generated, &generated->secrets, candidate, error)
				       : 0;
		return take_with_package(generated, candidate, package, NULL, error);
	case STRATA_RULE_SECRET:
		return is_file ? take_with_package(generated, candidate, package, NULL, error) : 0;
	case STRATA_RULE_DIRECTORY:
		return S_ISDIR(candidate->info.st_mode)
			       ? take_with_package(generated, candidate, package, NULL, error)
			       : 0;
	case STRATA_RULE_SHARED:
		return is_file ? take_into_group(generated,
					 generated->image->database->packages[package].name,
					 package, candidate, error)
			       : 0;
	case STRATA_RULE_BYTE_CODE:
		return S_ISREG(candidate->info.st_mode)
			       ? take_with_package(generated, candidate, package,
					 find_program(generated, candidate->path), error)
			       : 0;
	default:
		status =
			strata_generated_reduce(generated, rule, candidate, package, &taken, error);
		if (status < 0)
			return status;
		return taken ? own(generated, candidate, package, error)
			     : leave(generated, &generated->others, candidate, error);
	}
}

static bool is_included(const struct strata_dpkg_options *options, const char *path)
{
	for (size_t i = 0; i < options->include_count; i++) {
		if (strata_pattern_matches(options->include[i], path))
			return true;
	}
	return false;
}

/* What becomes of a file that no rule speaks of. */
static int take_other(struct strata_generated *generated, const struct strata_candidate *candidate,
	struct strata_error *error)
{
	/* The item of what no package owns has it. */
	if (generated->options->all)
		return 0;
	/* Byte code of a program that is not there is no loss. */
	if (find_program(generated, candidate->path))
		return 0;
	if (generated->options->generated != STRATA_GENERATED_ALL ||
		!is_related(generated, candidate->path))
		return leave(generated, &generated->others, candidate, error);
	if (!is_open(candidate))
		return S_ISREG(candidate->info.st_mode)
			       ? leave(generated, &generated->secrets, candidate, error)
			       : 0;
	return take_into_group(generated, "others", STRATA_MAP_NONE, candidate, error);
}

static int take(struct strata_generated *generated, const struct strata_candidate *candidate,
	struct strata_error *error)
{
	if (is_included(generated->options, candidate->path) && !S_ISSOCK(candidate->info.st_mode))
		return take_into_group(generated, "included", STRATA_MAP_NONE, candidate, error);
	for (size_t i = 0; i < generated->table.count; i++) {
		const struct strata_generated_rule *rule = &generated->table.rules[i];
		uint32_t package = STRATA_MAP_NONE;
		int status = 0;

		if (!strata_pattern_matches(rule->pattern, candidate->path))
			continue;
		if (strcmp(rule->owner, "-") == 0)
			return apply(generated, rule, candidate, package, error);
		if (generated->options->generated == STRATA_GENERATED_NONE)
			continue;
		status = find_owner(generated, rule, candidate, &package, error);
		if (status < 0)
			return status;
		if (package != STRATA_MAP_NONE)
			return apply(generated, rule, candidate, package, error);
	}
	return take_other(generated, candidate, error);
}

/* Tell once of files that were found and not taken. */
static void tell(const struct strata_generated *generated, const struct strata_dpkg_paths *list,
	const char *what, const char *hint)
{
	strata_autobuffer struct strata_buffer names = STRATA_BUFFER_INIT;

	if (list->count == 0)
		return;
	for (size_t i = 0; i < list->count && i < MOST_NAMED; i++)
		strata_buffer_format(&names, "%s'%s'", i > 0 ? ", " : "", list->paths[i]);
	if (list->count > MOST_NAMED)
		strata_buffer_format(&names, " and %zu more", list->count - MOST_NAMED);
	if (!names.failed)
		strata_note(generated->options->observer, "%s: %s (%s)", what, names.data, hint);
}

int strata_generated_add(struct strata_dpkg_image *image, const struct strata_dpkg_options *options,
	struct strata_error *error)
{
	STRATA_CLEANUP(release_generated)
	struct strata_generated generated = {.image = image, .options = options};
	int status = strata_generated_table_read(&generated.table, options->generated_table, error);

	if (status == 0)
		status = strata_scripts_read(&generated.scripts, image, error);
	if (status == 0)
		status = strata_candidates_find(&generated, take, error);
	if (status < 0)
		return status;
	if (options->all || options->generated == STRATA_GENERATED_NONE)
		return 0;
	tell(&generated, &generated.secrets,
		"left out, since they are secrets or this machine's alone", "--include takes them");
	tell(&generated, &generated.others, "left out, since no package and no rule knows them",
		"--generated all or --include takes them");
	return 0;
}
