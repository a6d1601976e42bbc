/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SOURCE means: the format of a path, and which of several images is asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "image/read/document.h"
#include "image/read/formats.h"
#include "image/read/remote.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/json.h"
#include "util/memory.h"
#include "util/text.h"

enum { ENOUGH_NAMES = 1000 }; /* bytes of them, in a hint */

struct source {
	const char *path; /* owned */
	bool has_format;
	enum strata_format format;
	const char *selection; /* NAME[:TAG] or TAG, within the text of the source; NULL: all */
};

/* Take TRANSPORT:PATH[:NAME[:TAG]] apart, or a path alone. */
static int parse_source(const char *text, struct source *source, struct strata_error *error)
{
	const char *colon = strchr(text, ':'), *path = text, *end;

	*source = (struct source){0};
	if (strata_text_starts_with(text, STRATA_REMOTE_TRANSPORT)) {
		*source = (struct source){
			.path = strdup(text), .has_format = true, .format = STRATA_FORMAT_OCI};
		return source->path ? 0 : strata_fail_memory(error);
	}
	for (int format = 0; format <= STRATA_FORMAT_DIR && colon; format++) {
		const char *name = strata_format_name((enum strata_format)format);
		size_t length = strlen(name);

		if (length != (size_t)(colon - text) || strncmp(text, name, length) != 0)
			continue;
		source->has_format = true;
		source->format = (enum strata_format)format;
		path = colon + 1;
	}
	end = source->has_format ? strchr(path, ':') : NULL;
	if (end)
		source->selection = end + 1;
	if ((end ? end == path : !*path) || (end && !end[1]))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "'%s' names no image", text),
			"write a path, or TRANSPORT:PATH[:NAME[:TAG]]");
	source->path = end ? strndup(path, (size_t)(end - path)) : strdup(path);
	return source->path ? 0 : strata_fail_memory(error);
}

static int has(
	struct strata_reading *reading, const char *name, bool *result, struct strata_error *error)
{
	struct strata_place place;
	int status = strata_store_find(reading->store, name, &place, error);

	*result = status > 0;
	return status < 0 ? status : 0;
}

/* Find out the format, or check that what was named can be there. */
static int detect(
	struct strata_reading *reading, const struct source *source, struct strata_error *error)
{
	bool archive = strata_store_is_archive(reading->store), layout, manifest, repositories;
	bool wants_archive =
		source->format != STRATA_FORMAT_OCI && source->format != STRATA_FORMAT_DIR;
	int status = has(reading, STRATA_LAYOUT_FILE, &layout, error);

	if (status == 0)
		status = has(reading, "manifest.json", &manifest, error);
	if (status == 0)
		status = has(reading, archive ? "repositories" : "version", &repositories, error);
	if (status < 0)
		return status;
	if (source->has_format && archive != wants_archive)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"'%s' is %s, but %s is the format of %s", source->path,
				archive ? "a file" : "a directory",
				strata_format_name(source->format),
				archive ? "a directory" : "a file"),
			"leave the transport out: the format is then found out");
	reading->format = source->format;
	if (source->has_format)
		return 0;
	if (layout && manifest && archive)
		reading->format = STRATA_FORMAT_UNIVERSAL_ARCHIVE;
	else if (layout)
		reading->format = archive ? STRATA_FORMAT_OCI_ARCHIVE : STRATA_FORMAT_OCI;
	else if (manifest)
		reading->format = archive ? STRATA_FORMAT_DOCKER_ARCHIVE : STRATA_FORMAT_DIR;
	else if (archive && (repositories || strata_has_v1(reading)))
		reading->format = STRATA_FORMAT_DOCKER_V1_ARCHIVE;
	else
		return strata_hint(error,
			strata_fail(
				error, STRATA_ERROR_FORMAT, "'%s' is not an image", source->path),
			"an image has a file oci-layout, manifest.json or repositories at its top");
	return 0;
}

/* The Docker and OCI views of one file must be of the same images. */
static void compare_views(struct strata_reading *reading)
{
	for (size_t i = 0; i < reading->count; i++) {
		const struct strata_read_image *image = &reading->images[i];
		bool found = image->view != STRATA_VIEW_DOCKER || image->broken;

		for (size_t k = 0; k < reading->count && !found; k++)
			found = reading->images[k].view == STRATA_VIEW_OCI &&
				strata_digest_equal(&reading->images[k].id, &image->id);
		if (!found)
			strata_finding(reading->findings,
				"%s: manifest.json names an image that index.json does not: the "
				"config %s",
				image->label, image->id.text);
	}
}

static int read_format(struct strata_reading *reading, struct strata_error *error)
{
	bool manifest;
	int status;

	switch (reading->format) {
	case STRATA_FORMAT_OCI:
	case STRATA_FORMAT_OCI_ARCHIVE:
		return strata_read_oci(reading, error);
	case STRATA_FORMAT_DIR:
		return strata_read_dir(reading, error);
	case STRATA_FORMAT_UNIVERSAL_ARCHIVE:
		reading->partial = true;
		status = strata_read_oci(reading, error);
		if (status >= 0)
			status = strata_read_docker(reading, error);
		compare_views(reading);
		break;
	case STRATA_FORMAT_DOCKER_ARCHIVE:
		status = strata_read_docker(reading, error);
		break;
	case STRATA_FORMAT_DOCKER_V1_ARCHIVE:
	default:
		status = has(reading, "manifest.json", &manifest, error);
		if (status == 0 && manifest)
			status = strata_read_docker(reading, error);
		return status < 0 ? status : strata_read_v1(reading, error);
	}
	/* Docker since 25 writes `repositories` without the directories: no V1 images then. */
	if (status >= 0 && strata_has_v1(reading))
		status = strata_read_v1(reading, error);
	return status;
}

/* How closely a selection must fit. */
enum fit {
	FIT_NAME,    /* a name with a tag, which is "latest" where none is given */
	FIT_TAG,     /* a tag alone */
	FIT_ANY_TAG, /* a name, whichever its tag */
	FITS,
};

/* Whether a user who writes SELECTION means NAME. */
static bool selects(const char *selection, const char *name, enum fit fit)
{
	static const char *const defaults[] = {
		"", "docker.io/", "docker.io/library/", "localhost/"};
	const char *slash = strrchr(name, '/');
	const char *tag = strrchr(slash ? slash : name, ':');
	size_t length = strlen(selection);

	if (fit == FIT_TAG)
		return tag && strcmp(tag + 1, selection) == 0;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++) {
		const char *rest = name + strlen(defaults[i]);

		if (strata_text_starts_with(name, defaults[i]) &&
			strncmp(rest, selection, length) == 0 &&
			(!rest[length] || strcmp(rest + length, ":latest") == 0 ||
				(fit == FIT_ANY_TAG && tag == rest + length)))
			return true;
	}
	return false;
}

static bool is_selected(const struct strata_read_image *image, const char *selection, enum fit fit)
{
	for (size_t i = 0; i < image->name_count; i++) {
		if (selects(selection, image->names[i], fit))
			return true;
	}
	return false;
}

/* The names in the view that shows most. */
static void list_names(const struct strata_reading *reading, struct strata_buffer *names)
{
	for (size_t i = 0; i < reading->count; i++) {
		const struct strata_read_image *image = &reading->images[i];

		for (size_t k = 0; k < image->name_count && image->view == reading->images[0].view;
			k++) {
			if (names->length > ENOUGH_NAMES)
				return;
			strata_buffer_string(names, names->length > 0 ? ", " : "");
			strata_text_visible(names, image->names[k]);
		}
	}
}

static int select_images(
	struct strata_reading *reading, const char *selection, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer names = STRATA_BUFFER_INIT;
	size_t kept = 0;

	list_names(reading, &names);
	for (int fit = FIT_NAME; fit < FITS && kept == 0; fit++) {
		for (size_t i = 0; i < reading->count; i++) {
			if (is_selected(&reading->images[i], selection, (enum fit)fit))
				reading->images[kept++] = reading->images[i];
		}
	}
	reading->count = kept;
	if (kept > 0)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_NOT_FOUND, "there is no image called '%s' in it",
			selection),
		"it holds %s", names.length > 0 ? names.data : "images without names only");
}

int strata_reading_open(const char *text, struct strata_findings *findings,
	struct strata_reading *reading, struct strata_error *error)
{
	struct source source;
	int status = parse_source(text, &source, error);
	strata_autofree const char *path = source.path;

	*reading = (struct strata_reading){.findings = findings};
	if (status == 0)
		status = strata_store_open(path, findings, &reading->store, error);
	if (status == 0)
		status = detect(reading, &source, error);
	if (status >= 0)
		status = read_format(reading, error);
	if (status >= 0 && source.selection)
		status = select_images(reading, source.selection, error);
	if (status >= 0 && findings->failed)
		status = strata_fail_memory(error);
	if (status < 0)
		return reading->store ? strata_context(error, status, "%s", text) : status;
	if (reading->count == 0)
		strata_finding(findings, "there are no images in it");
	return 0;
}

void strata_reading_release(struct strata_reading *reading)
{
	for (size_t i = 0; i < reading->document_count; i++)
		strata_json_free(reading->documents[i]);
	free(reading->documents);
	free(reading->images);
	strata_store_free(reading->store);
	strata_arena_free(&reading->arena);
}

bool strata_reading_is_repetition(const struct strata_reading *reading, size_t index)
{
	const struct strata_read_image *image = &reading->images[index];

	for (size_t i = 0; i < index; i++) {
		const struct strata_read_image *other = &reading->images[i];

		if (image->view == STRATA_VIEW_V1 && other->view != STRATA_VIEW_V1)
			return true;
		if (image->view == STRATA_VIEW_DOCKER && other->view == STRATA_VIEW_OCI &&
			strata_digest_equal(&image->id, &other->id))
			return true;
		if (image->view == STRATA_VIEW_OCI && other->view == STRATA_VIEW_OCI &&
			image->manifest_digest.text[0] &&
			strata_digest_equal(&image->manifest_digest, &other->manifest_digest))
			return true;
	}
	return false;
}

void strata_check_name(struct strata_reading *reading, const char *name)
{
	struct strata_reference reference = {NULL, NULL, NULL};
	struct strata_error problem = STRATA_ERROR_INIT;

	if (strata_reference_parse(name, &reference, &problem) < 0)
		strata_finding(reading->findings, "the name '%.300s' is not one: %s", name,
			problem.message ? problem.message : "malformed");
	strata_error_clear(&problem);
	strata_reference_release(&reference);
}
