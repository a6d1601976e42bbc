/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/reference.h"

#include <string.h>

#include <stratapack/image.h>

#include "util/error.h"
#include "util/text.h"

/* Take HOST/REPOSITORY, which is a name by the grammar, apart. */
static int split(const char *name, struct strata_remote_name *remote, struct strata_error *error)
{
	struct strata_reference reference = {.name = (char *)name, .tag = (char *)""};
	strata_autofree char *full = strata_reference_full(&reference);
	char *slash;

	if (!full)
		return strata_fail_memory(error);
	/* It has a host in front and the colon of an empty tag behind. */
	full[strlen(full) - 1] = '\0';
	slash = strchr(full, '/');
	remote->host = strndup(full, (size_t)(slash - full));
	remote->repository = strdup(slash + 1);
	return remote->host && remote->repository ? 0 : strata_fail_memory(error);
}

static const char *without_transport(const char *text)
{
	if (strata_text_starts_with(text, STRATA_REGISTRY_TRANSPORT))
		return text + strlen(STRATA_REGISTRY_TRANSPORT);
	return text;
}

static int parse(const char *text, bool repository_only, struct strata_remote_name *name,
	struct strata_error *error)
{
	const char *at = strchr(text, '@');
	strata_autofree char *named = strndup(text, at ? (size_t)(at - text) : strlen(text));
	struct strata_reference reference;
	const char *slash;
	bool tagged;
	int status;

	if (!named)
		return strata_fail_memory(error);
	if (at && (repository_only || !strata_digest_parse(at + 1, &name->digest)))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"'%s' is no digest: sha256: and 64 "
			"lower-case hexadecimal digits are expected",
			at + 1);
	status = strata_reference_parse(named, &reference, error);
	if (status < 0)
		return status;
	slash = strrchr(named, '/');
	tagged = strchr(slash ? slash : named, ':');
	if (tagged && repository_only)
		status = strata_fail(error, STRATA_ERROR_INVALID,
			"'%s' has a tag, where a repository alone is meant", text);
	if (status == 0 && !repository_only && (tagged || !at)) {
		name->tag = strdup(reference.tag);
		status = name->tag ? 0 : strata_fail_memory(error);
	}
	if (status == 0)
		status = split(reference.name, name, error);
	strata_reference_release(&reference);
	return status;
}

static int parse_or_release(const char *text, bool repository_only, struct strata_remote_name *name,
	struct strata_error *error)
{
	int status;

	*name = (struct strata_remote_name){.host = NULL};
	status = parse(without_transport(text), repository_only, name, error);
	if (status < 0)
		strata_remote_name_release(name);
	return status;
}

int strata_remote_name_parse(
	const char *text, struct strata_remote_name *name, struct strata_error *error)
{
	return parse_or_release(text, false, name, error);
}

int strata_remote_name_parse_repository(
	const char *text, struct strata_remote_name *name, struct strata_error *error)
{
	return parse_or_release(text, true, name, error);
}

const char *strata_remote_name_reference(const struct strata_remote_name *name)
{
	return name->digest.text[0] ? name->digest.text : name->tag;
}

void strata_remote_name_release(struct strata_remote_name *name)
{
	free(name->host);
	free(name->repository);
	free(name->tag);
	*name = (struct strata_remote_name){.host = NULL};
}
