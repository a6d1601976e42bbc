/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TRANSPORT:PATH[:NAME[:TAG]], and what each transport can hold.
 */
#include <stratapack/image.h>

#include <string.h>

#include "util/error.h"
#include "util/memory.h"
#include "util/suggestion.h"

static const struct {
	const char *name;
	enum strata_format format;
	bool archive; /* one file, which can go to standard output */
	bool docker;  /* layers under Docker's media types, or none */
} formats[] = {
	{"docker-v1-archive", STRATA_FORMAT_DOCKER_V1_ARCHIVE, true, true},
	{"docker-archive", STRATA_FORMAT_DOCKER_ARCHIVE, true, true},
	{"oci", STRATA_FORMAT_OCI, false, false},
	{"oci-archive", STRATA_FORMAT_OCI_ARCHIVE, true, false},
	{"universal-archive", STRATA_FORMAT_UNIVERSAL_ARCHIVE, true, true},
	{"dir", STRATA_FORMAT_DIR, false, true},
	{"docker", STRATA_FORMAT_REGISTRY, false, false},
};

enum { FORMAT_COUNT = sizeof(formats) / sizeof(*formats) };

const char *strata_format_name(enum strata_format format)
{
	return formats[format].name;
}

static bool find_format(const char *text, size_t length, enum strata_format *format)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (strlen(formats[i].name) == length &&
			strncmp(formats[i].name, text, length) == 0) {
			*format = formats[i].format;
			return true;
		}
	}
	return false;
}

/* A push goes to one repository: a name of another would send the image somewhere else. */
static int check_repository(const struct strata_destination *destination,
	const struct strata_reference *reference, struct strata_error *error)
{
	if (destination->format != STRATA_FORMAT_REGISTRY || destination->name_count == 0 ||
		strcmp(destination->names[0].name, reference->name) == 0)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"the output docker:%s has no name in another repository, '%s'",
			destination->path, reference->name),
		"add another output, docker://%s:%s", reference->name, reference->tag);
}

int strata_destination_add_name(
	struct strata_destination *destination, const char *text, struct strata_error *error)
{
	struct strata_reference reference;
	struct strata_reference *names;
	int status = strata_reference_parse(text, &reference, error);

	if (status == 0)
		status = check_repository(destination, &reference, error);
	if (status < 0) {
		strata_reference_release(&reference);
		return status;
	}
	for (size_t i = 0; i < destination->name_count; i++) {
		if (strcmp(destination->names[i].name, reference.name) == 0 &&
			strcmp(destination->names[i].tag, reference.tag) == 0) {
			strata_reference_release(&reference);
			return 0;
		}
	}
	names = reallocarray(destination->names, destination->name_count + 1, sizeof(*names));
	if (!names) {
		strata_reference_release(&reference);
		return strata_fail_memory(error);
	}
	destination->names = names;
	names[destination->name_count++] = reference;
	return 0;
}

/* docker://HOST/REPOSITORY[:TAG]: PATH is what follows the transport. */
static int parse_registry(
	const char *path, struct strata_destination *destination, struct strata_error *error)
{
	destination->path = strdup(path);
	if (!destination->path)
		return strata_fail_memory(error);
	if (strncmp(path, "//", 2) != 0)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"'docker:%s' is to be written docker://HOST/REPOSITORY:TAG", path);
	return strata_destination_add_name(destination, path + 2, error);
}

static int fail_transport(const char *text, size_t length, struct strata_error *error)
{
	struct strata_suggestion near = STRATA_SUGGESTION_INIT;
	strata_autofree char *transport = strndup(text, length);
	int status = strata_fail(error, STRATA_ERROR_INVALID,
		"'%s' does not begin with a format that is known", text);

	if (!transport)
		return strata_fail_memory(error);
	for (size_t i = 0; i < FORMAT_COUNT && text[length]; i++)
		strata_suggestion_offer(&near, transport, formats[i].name);
	if (near.name)
		return strata_hint(error, status, "do you mean '%s%s'?", near.name, text + length);
	return strata_hint(error, status,
		"write TRANSPORT:PATH[:NAME[:TAG]] with docker-archive, docker-v1-archive, "
		"oci, oci-archive, universal-archive or dir as the transport, or "
		"docker://HOST/REPOSITORY:TAG");
}

int strata_destination_parse(
	const char *text, struct strata_destination *destination, struct strata_error *error)
{
	size_t transport_length = strcspn(text, ":");
	const char *path = text + transport_length + 1;
	size_t path_length;
	int status = 0;

	*destination = (struct strata_destination){0};
	if (!text[transport_length] || !find_format(text, transport_length, &destination->format))
		return fail_transport(text, transport_length, error);
	if (destination->format == STRATA_FORMAT_REGISTRY) {
		status = parse_registry(path, destination, error);
		if (status < 0)
			strata_destination_release(destination);
		return status;
	}
	path_length = strcspn(path, ":");
	if (path_length == 0)
		return strata_fail(error, STRATA_ERROR_INVALID, "'%s' names no path", text);
	destination->path = strndup(path, path_length);
	if (!destination->path)
		return strata_fail_memory(error);
	if (strcmp(destination->path, "-") == 0 && !formats[destination->format].archive)
		status = strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"'%s' is a directory and cannot go to standard output",
				formats[destination->format].name),
			"use oci-archive:- or universal-archive:-");
	if (status == 0 && path[path_length])
		status = strata_destination_add_name(destination, path + path_length + 1, error);
	if (status < 0)
		strata_destination_release(destination);
	return status;
}

void strata_destination_release(struct strata_destination *destination)
{
	for (size_t i = 0; i < destination->name_count; i++)
		strata_reference_release(&destination->names[i]);
	free(destination->names);
	free(destination->path);
	*destination = (struct strata_destination){0};
}

int strata_destination_check(const struct strata_destination *destination,
	enum strata_codec_kind codec, struct strata_error *error)
{
	const char *format = strata_format_name(destination->format);

	if (codec == STRATA_CODEC_ZSTD && formats[destination->format].docker)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"%s cannot hold zstd layers: Docker's formats do not know them",
				format),
			"use oci or oci-archive, or --compression gzip");
	if (destination->strict_v1 && destination->format != STRATA_FORMAT_DOCKER_V1_ARCHIVE)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"only docker-v1-archive has a strict form, %s has not", format);
	if (destination->strict_v1 && destination->name_count == 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"a strict docker-v1-archive needs a name: its readers find images "
				"by nothing else"),
			"write docker-v1-archive:%s:NAME:TAG", destination->path);
	return 0;
}
