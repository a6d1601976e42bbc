/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The config of an image on a base, by the rules of FROM in a Dockerfile: what the base says counts
 * where the image says nothing.
 */
#include <string.h>
#include <strings.h>

#include "image/base/base_image.h"
#include "image/inspect/inspect.h"
#include "image/provenance/provenance.h"
#include "util/observer.h"

/* More variables, labels, ports or volumes are no plausible config. */
enum { MOST_MEMBERS = 10000 };

struct merging {
	const struct strata_base *base;
	const struct strata_json *run; /* what the base's containers run as, or NULL */
	struct strata_arena *arena;
	struct strata_error *error;
};

static int fail_member(const struct merging *merging, const char *key)
{
	return strata_fail(merging->error, STRATA_ERROR_FORMAT,
		"the base image '%s': config: \"%s\" is not what it should be, or implausibly long",
		merging->base->source, key);
}

/* Member KEY of the base's config, where it is of KIND. Returns -1 where it is something else. */
static int find_member(const struct merging *merging, const char *key, enum strata_json_kind kind,
	const struct strata_json **member)
{
	const struct strata_json *found = strata_json_member_any_case(merging->run, key);

	*member = NULL;
	if (!found || strata_json_kind(found) == STRATA_JSON_NULL)
		return 0;
	if (strata_json_kind(found) != kind || strata_json_count(found) > MOST_MEMBERS)
		return fail_member(merging, key);
	*member = found;
	return 0;
}

static int inherit_text(const struct merging *merging, const char *key, const char **text)
{
	const struct strata_json *member;
	int status;

	if (*text)
		return 0;
	status = find_member(merging, key, STRATA_JSON_STRING, &member);
	if (status == 0 && member && *strata_json_string(member))
		*text = strata_json_string(member);
	return status;
}

/* A list of strings; ROOM more have place behind them. */
static int read_strings(const struct merging *merging, const char *key, size_t room,
	const char ***strings, size_t *count)
{
	const struct strata_json *member;
	int status = find_member(merging, key, STRATA_JSON_ARRAY, &member);

	if (status < 0)
		return status;
	*count = strata_json_count(member);
	*strings = strata_arena_array(merging->arena, *count + room, sizeof(**strings));
	if (!*strings)
		return strata_fail_memory(merging->error);
	for (size_t i = 0; i < *count; i++) {
		(*strings)[i] = strata_json_string(strata_json_at(member, i));
		if (!(*strings)[i])
			return fail_member(merging, key);
	}
	return 0;
}

/* Entrypoint and command: what the image has counts as a whole. */
static int inherit_command(
	const struct merging *merging, const char *key, const char *const **own, size_t *count)
{
	const char **strings;
	int status;

	if (*own)
		return 0;
	status = read_strings(merging, key, 0, &strings, count);
	if (status == 0)
		*own = strings;
	return status;
}

static bool same_variable(const char *left, const char *right)
{
	size_t length = strcspn(left, "=");

	return strncmp(left, right, length) == 0 && strcspn(right, "=") == length;
}

static bool same_text(const char *left, const char *right)
{
	return strcmp(left, right) == 0;
}

/* Replace the entry that is the same as TEXT, or append TEXT. */
static void add_to_set(const char **strings, size_t *count, const char *text,
	bool (*same)(const char *left, const char *right))
{
	size_t place = 0;

	while (place < *count && !same(strings[place], text))
		place++;
	strings[place] = text;
	*count += place == *count;
}

static int merge_variables(const struct merging *merging, struct strata_image_config *merged)
{
	const char **variables;
	size_t inherited, count = 0;
	int status = read_strings(merging, "Env", merged->env_count, &variables, &inherited);

	if (status < 0)
		return status;
	/* Such entries are left out, since no client starts a container with them;
	 * strata_base_tell() reports them. */
	for (size_t i = 0; i < inherited; i++) {
		if (strchr(variables[i], '='))
			add_to_set(variables, &count, variables[i], same_variable);
	}
	for (size_t i = 0; i < merged->env_count; i++)
		add_to_set(variables, &count, merged->env[i], same_variable);
	merged->env = variables;
	merged->env_count = count;
	return 0;
}

/* Ports and volumes: sets, written as objects. */
static int merge_set(
	const struct merging *merging, const char *key, const char *const **own, size_t *own_count)
{
	const struct strata_json *member, *value;
	const char **strings, *text;
	void *position = NULL;
	size_t count = 0;
	int status = find_member(merging, key, STRATA_JSON_OBJECT, &member);

	if (status < 0 || !member)
		return status;
	strings = strata_arena_array(
		merging->arena, strata_json_count(member) + *own_count, sizeof(*strings));
	if (!strings)
		return strata_fail_memory(merging->error);
	while (strata_json_next(member, &position, &text, &value))
		strings[count++] = text;
	for (size_t i = 0; i < *own_count; i++)
		add_to_set(strings, &count, (*own)[i], same_text);
	*own = strings;
	*own_count = count;
	return 0;
}

static void add_pair(struct strata_pair *pairs, size_t *count, struct strata_pair pair)
{
	size_t place = 0;

	while (place < *count && strcmp(pairs[place].key, pair.key) != 0)
		place++;
	pairs[place] = pair;
	*count += place == *count;
}

/* With this label, readers of the image know which of its layers are those of the base. */
static int add_base_label(const struct merging *merging, struct strata_pair *pairs, size_t *count)
{
	size_t layers = strata_base_layer_count(merging->base);
	struct strata_pair pair;
	int status = 0;

	if (layers > 0)
		status =
			strata_provenance_base_label(layers, merging->arena, &pair, merging->error);
	if (status == 0 && layers > 0)
		add_pair(pairs, count, pair);
	return status;
}

static int merge_labels(const struct merging *merging, struct strata_image_config *merged)
{
	const struct strata_json *member, *value;
	const char *key;
	struct strata_pair *pairs;
	void *position = NULL;
	size_t count = 0;
	int status = find_member(merging, "Labels", STRATA_JSON_OBJECT, &member);

	if (status < 0)
		return status;
	pairs = strata_arena_array(merging->arena,
		strata_json_count(member) + merged->label_count + 1, sizeof(*pairs));
	if (!pairs)
		return strata_fail_memory(merging->error);
	while (strata_json_next(member, &position, &key, &value)) {
		if (!strata_json_string(value))
			return fail_member(merging, "Labels");
		/* The image tells them in its history. */
		if (strcmp(key, STRATA_VERSIONS_LABEL) != 0)
			pairs[count++] = (struct strata_pair){key, strata_json_string(value)};
	}
	for (size_t i = 0; i < merged->label_count; i++)
		add_pair(pairs, &count, merged->labels[i]);
	if (status == 0)
		status = add_base_label(merging, pairs, &count);
	merged->labels = pairs;
	merged->label_count = count;
	return status;
}

/* The name of the base as the OCI annotation wants it: whole, with its registry. */
static int find_name(const struct merging *merging, const char **name)
{
	const struct strata_read_image *image = merging->base->image;

	*name = NULL;
	for (size_t i = 0; i < image->name_count && !*name; i++) {
		struct strata_reference reference = {.name = NULL};
		strata_autofree char *full = NULL;

		/* A tag alone, as skopeo writes it into a layout, is no name of an image. */
		if (!strchr(image->names[i], ':') ||
			strata_reference_parse(image->names[i], &reference, NULL) < 0)
			continue;
		full = strata_reference_full(&reference);
		strata_reference_release(&reference);
		*name = full ? strata_arena_string(merging->arena, full) : NULL;
		if (!*name)
			return strata_fail_memory(merging->error);
	}
	return 0;
}

/* The base's own annotations speak of the base alone. */
static int add_annotations(const struct merging *merging, struct strata_image_config *merged)
{
	const struct strata_digest *digest = &merging->base->image->manifest_digest;
	struct strata_pair *pairs =
		strata_arena_array(merging->arena, merged->annotation_count + 2, sizeof(*pairs));
	const char *name;
	size_t count = 0;
	int status;

	if (!pairs)
		return strata_fail_memory(merging->error);
	status = find_name(merging, &name);
	if (digest->text[0])
		pairs[count++] =
			(struct strata_pair){"org.opencontainers.image.base.digest", digest->text};
	if (name)
		pairs[count++] = (struct strata_pair){"org.opencontainers.image.base.name", name};
	for (size_t i = 0; i < merged->annotation_count; i++)
		add_pair(pairs, &count, merged->annotations[i]);
	merged->annotations = pairs;
	merged->annotation_count = count;
	return status;
}

static int check_platform(const struct strata_base *base, const struct strata_image_config *own,
	struct strata_error *error)
{
	struct strata_platform platform = {own->architecture, own->variant, own->os};

	return strata_base_check_platform(base, &platform, error);
}

static int merge_all(const struct merging *merging, struct strata_image_config *merged)
{
	/* A command is a list of arguments for the entrypoint of the same image. */
	bool resets_command = merged->entrypoint != NULL;
	int status = inherit_text(merging, "User", &merged->user);

	if (status == 0)
		status = merge_set(merging, "ExposedPorts", &merged->exposed_ports,
			&merged->exposed_port_count);
	if (status == 0)
		status = merge_variables(merging, merged);
	if (status == 0)
		status = inherit_command(
			merging, "Entrypoint", &merged->entrypoint, &merged->entrypoint_count);
	if (status == 0 && !resets_command)
		status = inherit_command(merging, "Cmd", &merged->cmd, &merged->cmd_count);
	if (status == 0)
		status = merge_set(merging, "Volumes", &merged->volumes, &merged->volume_count);
	if (status == 0)
		status = inherit_text(merging, "WorkingDir", &merged->working_directory);
	if (status == 0)
		status = merge_labels(merging, merged);
	if (status == 0)
		status = inherit_text(merging, "StopSignal", &merged->stop_signal);
	return status < 0 ? status : add_annotations(merging, merged);
}

int strata_base_merge(const struct strata_base *base, const struct strata_image_config *own,
	struct strata_arena *arena, struct strata_image_config *merged, struct strata_error *error)
{
	struct merging merging = {
		.base = base,
		.run = strata_json_member_any_case(base->image->config, "config"),
		.arena = arena,
		.error = error,
	};
	int status = check_platform(base, own, error);

	*merged = *own;
	if (!merged->variant)
		merged->variant = strata_json_string(
			strata_json_member_any_case(base->image->config, "variant"));
	if (merged->variant && !*merged->variant)
		merged->variant = NULL;
	return status < 0 ? status : merge_all(&merging, merged);
}

static bool is_listed(const char *const *list, const char *key)
{
	while (*list && strcasecmp(*list, key) != 0)
		list++;
	return *list;
}

/* Members that are not inherited: those that an image states itself, instructions for a Dockerfile,
 * and what Docker notes about the container in which the base was made. */
static const char *const passed_over[] = {"User", "ExposedPorts", "Env", "Entrypoint", "Cmd",
	"Volumes", "WorkingDir", "Labels", "StopSignal", "OnBuild", "Hostname", "Domainname",
	"Image", "AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin", "StdinOnce",
	"NetworkDisabled", "MacAddress", NULL};

static bool has_member(const struct strata_image_config *config, const char *key)
{
	for (size_t i = 0; i < config->member_count; i++) {
		if (strcasecmp(config->members[i].key, key) == 0)
			return true;
	}
	return false;
}

int strata_base_write_other_members(struct strata_json_writer *json,
	const struct strata_image_config *config, bool own_command, struct strata_error *error)
{
	const struct strata_base *base = config->base;
	const struct strata_json *value;
	const char *key;
	void *position = NULL;

	while (base && strata_json_next(strata_json_member_any_case(base->image->config, "config"),
			       &position, &key, &value)) {
		int status;

		if (is_listed(passed_over, key) || strata_json_kind(value) == STRATA_JSON_NULL)
			continue;
		/* It says how the base's own command is written (Windows). */
		if (own_command && strcasecmp(key, "ArgsEscaped") == 0)
			continue;
		if (has_member(config, key))
			continue;
		strata_json_key(json, key);
		status = strata_json_write_value(json, value, error);
		if (status < 0)
			return strata_context(error, status, "the base image '%s': config: \"%s\"",
				base->source, key);
	}
	return 0;
}

int strata_base_write_system(
	struct strata_json_writer *json, const struct strata_base *base, struct strata_error *error)
{
	static const char *const keys[] = {"os.version", "os.features"};

	for (size_t i = 0; base && i < sizeof(keys) / sizeof(*keys); i++) {
		const struct strata_json *value =
			strata_json_member_any_case(base->image->config, keys[i]);
		int status;

		if (!value || strata_json_kind(value) == STRATA_JSON_NULL)
			continue;
		strata_json_key(json, keys[i]);
		status = strata_json_write_value(json, value, error);
		if (status < 0)
			return status;
	}
	return 0;
}

const char *strata_base_label(const struct strata_base *base, const char *name)
{
	return base ? strata_json_string(strata_json_member(
			      strata_inspect_run_member(base->image, "Labels"), name))
		    : NULL;
}

const char *strata_base_author(const struct strata_base *base)
{
	return base ? strata_json_string(strata_json_member_any_case(base->image->config, "author"))
		    : NULL;
}

void strata_base_tell(const struct strata_base *base, const struct strata_observer *observer)
{
	const struct strata_json *run =
		base ? strata_json_member_any_case(base->image->config, "config") : NULL;
	const struct strata_json *variables = strata_json_member_any_case(run, "Env");
	const struct strata_json *triggers = strata_json_member_any_case(run, "OnBuild");

	for (size_t i = 0; i < strata_json_count(variables); i++) {
		const char *variable = strata_json_string(strata_json_at(variables, i));

		if (variable && !strchr(variable, '='))
			strata_note(observer,
				"the base image '%s' has the variable '%s' without a value: left out",
				base->source, variable);
	}
	if (strata_json_count(triggers) > 0)
		strata_note(observer,
			"the base image '%s' has instructions for builds on it (ONBUILD), which are not run",
			base->source);
}
