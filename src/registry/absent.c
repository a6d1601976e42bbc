/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is instead of registries where libcurl is not: every function says so.
 */
#include <stratapack/registry.h>

#include "image/read/remote.h"
#include "image/write/image.h"
#include "util/error.h"

static int fail(struct strata_error *error)
{
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"this stratapack was built without registries"),
		"use one that was built with libcurl, or skopeo copy with an output of this one");
}

int strata_registry_open(const struct strata_registry_options *options,
	struct strata_registry **registry, struct strata_error *error)
{
	return fail(error);
}

void strata_registry_close(struct strata_registry *registry)
{
}

void strata_registry_use(struct strata_registry *registry)
{
}

int strata_registry_push(struct strata_registry *registry, const char *source,
	const char *const *names, size_t count, const struct strata_push_options *options,
	struct strata_error *error)
{
	return fail(error);
}

int strata_registry_push_index(struct strata_registry *registry, const char *const *sources,
	size_t count, const char *const *names, size_t name_count,
	struct strata_push_result *result, struct strata_error *error)
{
	return fail(error);
}

int strata_registry_tags(struct strata_registry *registry, const char *repository,
	bool (*visit)(void *data, const char *tag), void *data, struct strata_error *error)
{
	return fail(error);
}

int strata_registry_login(struct strata_registry *registry, const char *host, const char *user,
	const char *password, char **place, struct strata_error *error)
{
	return fail(error);
}

int strata_registry_logout(struct strata_registry *registry, const char *host, char **place,
	struct strata_error *error)
{
	return fail(error);
}

int strata_remote_open(
	const char *source, struct strata_remote **remote, struct strata_error *error)
{
	return fail(error);
}

int strata_remote_find(
	struct strata_remote *remote, const char *name, uint64_t *size, struct strata_error *error)
{
	return fail(error);
}

int strata_remote_read(struct strata_remote *remote, const char *name, struct strata_input **input,
	struct strata_error *error)
{
	return fail(error);
}

void strata_remote_close(struct strata_input *input)
{
}

void strata_remote_free(struct strata_remote *remote)
{
}

static int check(const struct strata_destination *destination, struct strata_error *error)
{
	return fail(error);
}

const struct strata_writer strata_registry_writer = {.check = check};
