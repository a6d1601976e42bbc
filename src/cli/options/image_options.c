/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/image_options.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "cli/options/timestamp.h"
#include "util/json.h"
#include "util/json_writer.h"
#include "util/memory.h"
#include "util/text.h"

static int invalid(struct strata_error *error, const char *words)
{
	return strata_fail(error, STRATA_ERROR_INVALID, "%s", words);
}

/* Add VALUE as one argument, or the strings of the JSON array that it is. */
static int add_arguments(struct strata_image_options *options, struct strata_strings *arguments,
	const char *value, struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;
	int status;

	if (*value != '[')
		return strata_strings_add(arguments, value, error);
	status = strata_json_parse("argument", value, strlen(value), &document, error);
	for (size_t index = 0; status == 0 && index < strata_json_count(document); index++) {
		const char *text = strata_json_string(strata_json_at(document, index));
		char *copy = text ? strata_arena_string(&options->arena, text) : NULL;

		if (!text)
			return invalid(error, "an element of the JSON array is not a string");
		status = copy ? strata_strings_add(arguments, copy, error)
			      : strata_fail_memory(error);
	}
	return status;
}

static int apply_entrypoint(void *target, const char *value, struct strata_error *error)
{
	struct strata_image_options *options = target;

	options->has_entrypoint = true;
	return add_arguments(options, &options->entrypoint, value, error);
}

static int apply_cmd(void *target, const char *value, struct strata_error *error)
{
	struct strata_image_options *options = target;

	options->has_cmd = true;
	return add_arguments(options, &options->cmd, value, error);
}

static int apply_env(void *target, const char *value, struct strata_error *error)
{
	struct strata_strings *env = &((struct strata_image_options *)target)->env;
	size_t length = strcspn(value, "=");

	if (length == 0 || value[length] != '=')
		return invalid(error, "an environment variable is written NAME=VALUE");
	for (size_t index = 0; index < env->count; index++)
		if (strncmp(env->items[index], value, length + 1) == 0) {
			env->items[index] = value;
			return 0;
		}
	return strata_strings_add(env, value, error);
}

static int add_pair(struct strata_image_options *options, struct strata_pairs *pairs,
	const char *value, struct strata_error *error)
{
	size_t length = strcspn(value, "=");
	char *key;

	if (length == 0 || value[length] != '=')
		return invalid(error, "this is not written KEY=VALUE");
	key = strata_arena_bytes(&options->arena, value, length);
	if (!key || strata_grow(&pairs->items, &pairs->capacity, pairs->count + 1,
			    sizeof(*pairs->items)) < 0)
		return strata_fail_memory(error);
	for (size_t index = 0; index < pairs->count; index++)
		if (strcmp(pairs->items[index].key, key) == 0)
			return invalid(error, "this key was already given");
	pairs->items[pairs->count].key = key;
	pairs->items[pairs->count].value = value + length + 1;
	pairs->count++;
	return 0;
}

static int apply_label(void *target, const char *value, struct strata_error *error)
{
	struct strata_image_options *options = target;

	return add_pair(options, &options->labels, value, error);
}

static int apply_annotation(void *target, const char *value, struct strata_error *error)
{
	struct strata_image_options *options = target;

	return add_pair(options, &options->annotations, value, error);
}

/* Add TEXT unless it is there: these lists are sets in the image. */
static int add_once(struct strata_strings *set, const char *text, struct strata_error *error)
{
	for (size_t index = 0; index < set->count; index++)
		if (strcmp(set->items[index], text) == 0)
			return 0;
	return strata_strings_add(set, text, error);
}

/* "80" or "8000-8010". */
static bool read_ports(const char *text, size_t length, uint64_t *first, uint64_t *last)
{
	strata_autofree char *copy = strndup(text, length);
	char *dash = copy ? strchr(copy, '-') : NULL;

	if (dash)
		*dash++ = '\0';
	if (!copy || !strata_text_to_number(copy, 10, first) ||
		!strata_text_to_number(dash ? dash : copy, 10, last))
		return false;
	return *first >= 1 && *first <= *last && *last <= 65535;
}

/* The protocol as images write it, or NULL. */
static const char *find_protocol(const char *text)
{
	static const char *const protocols[] = {"tcp", "udp", "sctp"};

	for (size_t index = 0; index < sizeof(protocols) / sizeof(*protocols); index++)
		if (strcasecmp(text, protocols[index]) == 0)
			return protocols[index];
	return NULL;
}

static int apply_expose(void *target, const char *value, struct strata_error *error)
{
	struct strata_image_options *options = target;
	size_t length = strcspn(value, "/");
	const char *protocol = find_protocol(value[length] ? value + length + 1 : "tcp");
	uint64_t first, last;
	int status = 0;

	if (!protocol || !read_ports(value, length, &first, &last))
		return invalid(error,
			"a port is written PORT[-PORT][/PROTOCOL]: 1 to 65535, and tcp, udp or "
			"sctp");
	for (uint64_t port = first; status == 0 && port <= last; port++) {
		char text[sizeof("65535/sctp")];
		char *copy;

		snprintf(text, sizeof(text), "%u/%s", (unsigned)port, protocol);
		copy = strata_arena_string(&options->arena, text);
		status = copy ? add_once(&options->exposed_ports, copy, error)
			      : strata_fail_memory(error);
	}
	return status;
}

/* A volume hides what is at its path: at the root, everything. */
static int apply_volume(void *target, const char *value, struct strata_error *error)
{
	struct strata_image_options *options = target;
	bool has_name = false;

	if (*value != '/')
		return invalid(error, "the path of a volume is absolute");
	for (const char *at = value + 1;; at++) {
		size_t length = strcspn(at, "/");

		if ((length == 1 && *at == '.') || (length == 2 && strncmp(at, "..", 2) == 0))
			return invalid(error, "the path of a volume has no '.' and '..'");
		has_name = has_name || length > 0;
		at += length;
		if (!*at)
			break;
	}
	if (!has_name)
		return invalid(error, "a volume at '/' would hide the whole image");
	return add_once(&options->volumes, value, error);
}

/* A name, or the number that is one: what clients take ends at 2147483647. */
static bool is_user_part(const char *text, size_t length)
{
	strata_autofree char *copy = strndup(text, length);
	uint64_t number;

	if (!copy || length == 0 || strpbrk(copy, ": \t\n/"))
		return false;
	if (copy[strspn(copy, "+-0123456789")])
		return true;
	return strata_text_to_number(copy, 10, &number) && number <= INT32_MAX;
}

static int apply_user(void *target, const char *value, struct strata_error *error)
{
	size_t length = strcspn(value, ":");

	if (!is_user_part(value, length) ||
		(value[length] && !is_user_part(value + length + 1, strlen(value + length + 1))))
		return invalid(error,
			"a user is written USER[:GROUP], names or numbers from 0 to 2147483647");
	((struct strata_image_options *)target)->config.user = value;
	return 0;
}

static int apply_workdir(void *target, const char *value, struct strata_error *error)
{
	if (*value != '/')
		return invalid(error, "the working directory is an absolute path");
	((struct strata_image_options *)target)->config.working_directory = value;
	return 0;
}

/* Whether containers can be sent TEXT: a signal of Linux, by its name or number. */
static bool is_signal(const char *text)
{
	static const char *const names[] = {"HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "IOT",
		"BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
		"CHLD", "CLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
		"VTALRM", "PROF", "WINCH", "IO", "POLL", "PWR", "SYS", "RTMIN", "RTMAX"};
	uint64_t number;

	if (strata_text_to_number(text, 10, &number))
		return number >= 1 && number <= 64;
	if (strncmp(text, "SIG", 3) == 0)
		text += 3;
	if ((strncmp(text, "RTMIN+", 6) == 0 || strncmp(text, "RTMAX-", 6) == 0) &&
		strata_text_to_number(text + 6, 10, &number))
		return number <= 30;
	for (size_t index = 0; index < sizeof(names) / sizeof(*names); index++)
		if (strcmp(text, names[index]) == 0)
			return true;
	return false;
}

static int apply_stop_signal(void *target, const char *value, struct strata_error *error)
{
	if (!is_signal(value))
		return invalid(error,
			"there is no such signal: they are SIGTERM, SIGRTMIN+3 or a number from 1 "
			"to 64");
	((struct strata_image_options *)target)->config.stop_signal = value;
	return 0;
}

/* What containers run as beyond what has an option of its own, as Docker's images have it. */
static const struct config_member {
	const char *name;
	enum strata_json_kind kind;
	const char *form;
} config_members[] = {
	{"Healthcheck", STRATA_JSON_OBJECT,
		"an object such as {\"Test\":[\"CMD\",\"/bin/check\"]}"},
	{"OnBuild", STRATA_JSON_ARRAY, "an array of instructions"},
	{"Shell", STRATA_JSON_ARRAY, "an array of arguments"},
	{"StopTimeout", STRATA_JSON_INTEGER, "a number of seconds"},
	{NULL, STRATA_JSON_NULL, NULL},
};

static const struct config_member *find_member(const char *value)
{
	const struct config_member *member = config_members;
	size_t length = strcspn(value, "=");

	while (member->name &&
		(strlen(member->name) != length || strncmp(member->name, value, length) != 0))
		member++;
	return member->name && value[length] ? member : NULL;
}

static int apply_config_member(void *target, const char *value, struct strata_error *error)
{
	struct strata_image_options *options = target;
	const struct config_member *member = find_member(value);
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text};
	strata_autojson struct strata_json *document = NULL;
	int status;

	if (!member)
		return invalid(error,
			"a member is written NAME=JSON, where NAME is one of Healthcheck, OnBuild, "
			"Shell, StopTimeout");
	strata_buffer_format(&text, "%s=", member->name);
	value += strlen(member->name) + 1;
	status = strata_json_parse(member->name, value, strlen(value), &document, error);
	if (status == 0 && strata_json_kind(document) != member->kind)
		status = strata_fail(
			error, STRATA_ERROR_INVALID, "%s must be %s", member->name, member->form);
	if (status == 0)
		status = strata_json_write_value(&json, document, error);
	if (status == 0)
		status = strata_buffer_check(&text, error);
	if (status < 0)
		return status;
	value = strata_arena_string(&options->arena, text.data);
	return value ? add_pair(options, &options->members, value, error)
		     : strata_fail_memory(error);
}

static int apply_created(void *target, const char *value, struct strata_error *error)
{
	struct strata_image_options *options = target;

	options->has_created = true;
	if (strcmp(value, "now") == 0)
		options->config.created = time(NULL);
	else if (!strata_timestamp_parse(value, &options->config.created))
		return invalid(error, "this is neither seconds since 1970-01-01 UTC nor a time "
				      "written as 2024-05-01T12:00:00Z, nor 'now'");
	return 0;
}

static const struct strata_option image_options[] = {
	{.name = "entrypoint",
		.argument = "ARGUMENT",
		.help = "what a container runs: repeat it for each argument, or give a JSON array",
		.apply = apply_entrypoint},
	{.name = "cmd",
		.argument = "ARGUMENT",
		.help = "default arguments of the entrypoint, given in the same way",
		.apply = apply_cmd},
	{.name = "env",
		.letter = 'e',
		.argument = "NAME=VALUE",
		.help = "set an environment variable; repeatable, the last of a name counts",
		.apply = apply_env},
	{.name = "user",
		.letter = 'u',
		.argument = "USER[:GROUP]",
		.help = "who runs it",
		.apply = apply_user},
	{.name = "workdir",
		.letter = 'w',
		.argument = "PATH",
		.help = "the directory to start in",
		.apply = apply_workdir},
	{.name = "label",
		.letter = 'l',
		.argument = "KEY=VALUE",
		.help = "a label of the config; repeatable",
		.apply = apply_label},
	{.name = "expose",
		.argument = "PORT[-PORT][/PROTOCOL]",
		.help = "a port that the image listens on: tcp (default), udp or sctp; repeatable",
		.apply = apply_expose},
	{.name = "volume",
		.argument = "PATH",
		.help = "a directory whose data outlives the container; repeatable",
		.apply = apply_volume},
	{.name = "stop-signal",
		.argument = "SIGNAL",
		.help = "the signal that asks the container to end",
		.apply = apply_stop_signal},
	{.name = "config-member",
		.argument = "NAME=JSON",
		.help = "Healthcheck, OnBuild, Shell or StopTimeout of the config, as Docker has "
			"them; repeatable",
		.apply = apply_config_member},
	{.name = "author",
		.argument = "TEXT",
		.help = "who made the image",
		STRATA_STORES_TEXT(struct strata_image_options, config.author)},
	{.name = "created",
		.argument = "TIME",
		.help = "seconds since 1970, 2024-05-01T12:00:00Z or now (default: SOURCE_DATE_EPOCH, "
			"else 1)",
		.apply = apply_created},
	{.name = "annotation",
		.argument = "KEY=VALUE",
		.help = "an annotation of the OCI manifest; repeatable",
		.apply = apply_annotation},
	{.name = NULL},
};

const struct strata_option_group strata_image_group = {"Image", image_options};

/* A list that was given is not NULL, even if it is empty. */
static const char *const *given(const struct strata_strings *strings, bool is_given)
{
	static const char *const nothing[1];

	return is_given && strings->count == 0 ? nothing : strings->items;
}

int strata_image_options_complete(struct strata_image_options *options, struct strata_error *error)
{
	struct strata_image_config *config = &options->config;
	int64_t seconds;
	bool is_set;
	int status;

	config->entrypoint = given(&options->entrypoint, options->has_entrypoint);
	config->entrypoint_count = options->entrypoint.count;
	config->cmd = given(&options->cmd, options->has_cmd);
	config->cmd_count = options->cmd.count;
	config->env = options->env.items;
	config->env_count = options->env.count;
	config->exposed_ports = options->exposed_ports.items;
	config->exposed_port_count = options->exposed_ports.count;
	config->volumes = options->volumes.items;
	config->volume_count = options->volumes.count;
	config->labels = options->labels.items;
	config->label_count = options->labels.count;
	config->annotations = options->annotations.items;
	config->annotation_count = options->annotations.count;
	config->members = options->members.items;
	config->member_count = options->members.count;
	if (options->has_created)
		return 0;
	status = strata_timestamp_from_environment(&is_set, &seconds, error);
	config->created = is_set ? seconds : 1;
	return status;
}

void strata_image_options_release(struct strata_image_options *options)
{
	strata_strings_release(&options->entrypoint);
	strata_strings_release(&options->cmd);
	strata_strings_release(&options->env);
	strata_strings_release(&options->exposed_ports);
	strata_strings_release(&options->volumes);
	free(options->labels.items);
	free(options->annotations.items);
	free(options->members.items);
	strata_arena_free(&options->arena);
}
