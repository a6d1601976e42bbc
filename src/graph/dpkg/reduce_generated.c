/* SPDX-License-Identifier: Apache-2.0 */
/* Which group each file that packages share is in, and that it has owner and mode as on the system
 * and the contents that are left when it is reduced. */
#include <string.h>

#include "graph/dpkg/generated.h"
#include "util/observer.h"

static const struct {
	enum strata_generated_action action;
	const char *group;
} groups[] = {
	{STRATA_RULE_ACCOUNTS, "accounts"},
	{STRATA_RULE_CERTIFICATES, "certificates"},
	{STRATA_RULE_JAVA_CERTIFICATES, "java-certificates"},
	{STRATA_RULE_LOADER_CACHE, "loader-cache"},
	{STRATA_RULE_SHELLS, "shells"},
};

int strata_generated_add_as_is(struct strata_dpkg_entries *entries,
	const struct strata_candidate *candidate, const char *program, struct strata_error *error)
{
	struct strata_item_entry entry = {.kind = STRATA_ITEM_SOURCE,
		.path = candidate->path,
		.source = candidate->path,
		.program = program,
		.time = STRATA_DPKG_MADE_TIME};

	if (candidate->target)
		return strata_dpkg_entries_add_link(
			entries, candidate->path, candidate->target, error);
	return strata_dpkg_entries_add(entries, &entry, error);
}

static int add_bytes(struct strata_generated *generated, struct strata_dpkg_entries *entries,
	const struct strata_candidate *candidate, const struct strata_buffer *content,
	struct strata_error *error)
{
	struct strata_item_entry entry = {.kind = STRATA_ITEM_FILE,
		.path = candidate->path,
		.mode = candidate->info.st_mode & 07777,
		.uid = candidate->info.st_uid,
		.gid = candidate->info.st_gid,
		.time = STRATA_DPKG_MADE_TIME,
		.content = strata_arena_bytes(
			&generated->image->files->root->arena, content->data, content->length),
		.length = content->length};

	return entry.content ? strata_dpkg_entries_add(entries, &entry, error)
			     : strata_fail_memory(error);
}

/* A link to a certificate of the image, or to another link that leads to one. */
static int add_link(struct strata_generated *generated, struct strata_dpkg_entries *entries,
	const struct strata_candidate *candidate, bool *taken, struct strata_error *error)
{
	int status = strata_dpkg_image_holds(generated->image, candidate->path, taken, error);

	if (status < 0 || !*taken)
		return status;
	return strata_generated_add_as_is(entries, candidate, NULL, error);
}

static int read_certificates(struct strata_generated *generated, struct strata_error *error)
{
	if (generated->certificates)
		return 0;
	generated->certificates = strata_allocate(1, sizeof(*generated->certificates));
	if (!generated->certificates)
		return strata_fail_memory(error);
	return strata_certificates_read(generated->certificates, generated, error);
}

/* Fill REDUCED with what is left of CONTENT. Returns 1, or 0 where it is not what it should be. */
static int reduce(struct strata_generated *generated, enum strata_generated_action action,
	const struct strata_candidate *candidate, struct strata_buffer *content,
	struct strata_buffer *reduced, struct strata_error *error)
{
	int status = 0;

	switch (action) {
	case STRATA_RULE_ACCOUNTS:
		status =
			strata_accounts_reduce(generated, candidate->path, content, reduced, error);
		return status < 0 ? status : 1;
	case STRATA_RULE_SHELLS:
		status = strata_shells_reduce(generated, content, reduced, error);
		return status < 0 ? status : 1;
	case STRATA_RULE_LOADER_CACHE:
		return strata_loader_cache_reduce(generated, content, reduced, error);
	case STRATA_RULE_CERTIFICATES:
		status = read_certificates(generated, error);
		if (status == 0)
			status = strata_certificates_reduce(
				generated->certificates, content, reduced, error);
		return status < 0 ? status : reduced->length > 0 || content->length == 0;
	default:
		status = read_certificates(generated, error);
		return status < 0 ? status
				  : strata_keystore_reduce(
					    generated->certificates, content, reduced, error);
	}
}

int strata_generated_reduce(struct strata_generated *generated,
	const struct strata_generated_rule *rule, const struct strata_candidate *candidate,
	uint32_t package, bool *taken, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer reduced = STRATA_BUFFER_INIT;
	struct strata_dpkg_entries *entries;
	size_t group = 0;
	int status;

	*taken = false;
	while (groups[group].action != rule->action)
		group++;
	status = strata_dpkg_image_group(
		generated->image, groups[group].group, package, &entries, error);
	if (status < 0)
		return status;
	if (candidate->target && rule->action == STRATA_RULE_CERTIFICATES)
		return add_link(generated, entries, candidate, taken, error);
	if (!S_ISREG(candidate->info.st_mode))
		return 0;
	status = strata_dpkg_read_path(generated->image->files, candidate->path, &content, error);
	if (status > 0)
		status = reduce(generated, rule->action, candidate, &content, &reduced, error);
	if (status < 0)
		return strata_context(error, status, "reducing '%s'", candidate->path);
	if (status == 0)
		return 0;
	*taken = true;
	return add_bytes(generated, entries, candidate, &reduced, error);
}
