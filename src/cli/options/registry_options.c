/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/registry_options.h"

#include <string.h>

#include "cli/options/quantity.h"
#include "util/text.h"

enum {
	MOST_TRANSFERS = 64,
	MOST_TRIES = 100,
};

static int apply_chunk_size(void *target, const char *value, struct strata_error *error)
{
	struct strata_registry_options *options =
		&((struct strata_registry_choices *)target)->options;
	int status = strata_quantity_size(value, &options->chunk_size, error);

	if (status == 0 && options->chunk_size == 0)
		return strata_fail(error, STRATA_ERROR_INVALID, "a piece has at least one byte");
	if (status == 0 && options->chunk_size > (uint64_t)1 << 30)
		return strata_fail(error, STRATA_ERROR_INVALID, "a piece has at most 1 GiB");
	return status;
}

static int apply_number(
	const char *value, unsigned most, unsigned *number, struct strata_error *error)
{
	uint64_t found;

	if (!strata_text_to_number(value, 10, &found) || found < 1 || found > most)
		return strata_fail(error, STRATA_ERROR_INVALID, "'%s' is not a number from 1 to %u",
			value, most);
	*number = (unsigned)found;
	return 0;
}

static int apply_transfers(void *target, const char *value, struct strata_error *error)
{
	return apply_number(value, MOST_TRANSFERS,
		&((struct strata_registry_choices *)target)->options.transfers, error);
}

static int apply_tries(void *target, const char *value, struct strata_error *error)
{
	return apply_number(value, MOST_TRIES,
		&((struct strata_registry_choices *)target)->options.tries, error);
}

static int apply_stall(void *target, const char *value, struct strata_error *error)
{
	int64_t seconds;
	int status = strata_quantity_span(value, &seconds, error);

	if (status == 0 && (seconds < 1 || seconds > 24 * 3600))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"'%s' is not between a second and a day", value);
	if (status == 0)
		((struct strata_registry_choices *)target)->options.stall_seconds =
			(unsigned)seconds;
	return status;
}

static const struct strata_option registry_options[] = {
	{.name = "plain-http",
		.argument = "HOST[:PORT]",
		.help = "speak plain HTTP with this registry; repeatable (this machine itself is "
			"spoken to without TLS where it knows none)",
		STRATA_STORES_LIST(struct strata_registry_choices, plain_hosts)},
	{.name = "authfile",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "take credentials from this file alone",
		STRATA_STORES_TEXT(struct strata_registry_choices, options.credentials_file)},
	{.name = "certs-dir",
		.argument = "DIR",
		.value = STRATA_VALUE_DIRECTORY,
		.help = "take certificates from DIR/HOST instead of the directories certs.d",
		STRATA_STORES_TEXT(struct strata_registry_choices, options.certificates)},
	{.name = "chunk-size",
		.argument = "SIZE",
		.help = "send blobs in pieces of this size, which go on where they were after "
			"trouble",
		.apply = apply_chunk_size},
	{.name = "transfers",
		.argument = "NUMBER",
		.help = "send so many blobs at a time (default: 6)",
		.apply = apply_transfers},
	{.name = "tries",
		.argument = "NUMBER",
		.help = "give up after so many tries where a failure may pass (default: 6)",
		.apply = apply_tries},
	{.name = "stall-timeout",
		.argument = "TIME",
		.help = "a try has failed after so long without progress (default: 60s)",
		.apply = apply_stall},
	{.name = NULL},
};

const struct strata_option_group strata_registry_group = {"Registries", registry_options};

/* The registry client of the process, which outlives the command that opened it. */
static struct {
	struct strata_registry_choices choices;
	struct strata_progress_line progress;
	struct strata_registry *registry;
} opened;

int strata_registry_choices_open(struct strata_registry_choices *choices, bool quiet,
	struct strata_registry **registry, struct strata_error *error)
{
	struct strata_registry_options *options = &opened.choices.options;
	int status;

	strata_registry_choices_shut();
	opened.choices = *choices;
	choices->plain_hosts = (struct strata_strings){NULL, 0, 0};
	options->plain_hosts = opened.choices.plain_hosts.items;
	options->plain_host_count = opened.choices.plain_hosts.count;
	strata_progress_begin(&opened.progress, quiet);
	options->observer = &opened.progress.observer;
	status = strata_registry_open(options, &opened.registry, error);
	if (status == 0) {
		strata_registry_use(opened.registry);
		*registry = opened.registry;
		return 0;
	}
	strata_progress_end(&opened.progress);
	strata_strings_release(&opened.choices.plain_hosts);
	return status;
}

int strata_registry_choices_open_for(struct strata_registry_choices *choices, char *const *texts,
	size_t count, bool quiet, struct strata_error *error)
{
	struct strata_registry *registry;

	for (size_t i = 0; i < count; i++) {
		if (strstr(texts[i], "docker://"))
			return strata_registry_choices_open(choices, quiet, &registry, error);
	}
	strata_strings_release(&choices->plain_hosts);
	return 0;
}

struct strata_registry *strata_registry_choices_opened(void)
{
	return opened.registry;
}

void strata_registry_choices_shut(void)
{
	if (!opened.registry)
		return;
	strata_registry_use(NULL);
	strata_registry_close(opened.registry);
	opened.registry = NULL;
	strata_progress_end(&opened.progress);
	strata_strings_release(&opened.choices.plain_hosts);
}
