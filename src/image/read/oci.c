/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCI layouts, and skopeo's "dir": index.json and the indexes and manifests that it leads to
 * (image-layout.md, image-index.md).
 */
#include <string.h>

#include "image/read/document.h"
#include "image/read/formats.h"
#include "image/read/manifest.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/json.h"
#include "util/memory.h"

enum { DEEPEST_INDEX = 8 };

/* What an index hands down to what it lists. */
struct context {
	const char *label;
	const char *const *names;
	size_t name_count;
	const char *suffix; /* of manifests' files in `dir` */
	unsigned depth;
	struct strata_digest root; /* what the names are of */
	const char *root_media_type;
	bool partial; /* some of what the index lists is there: the rest was left out */
};

/* Whether REFERENCE says the same as the whole name FULL: as we write it, or, in older layouts, by
 * its tag alone. */
static bool is_part_of(const char *reference, const char *full)
{
	const char *colon = strrchr(full, ':');
	struct strata_reference parsed;
	strata_autofree char *whole = NULL;

	if (colon && strcmp(colon + 1, reference) == 0)
		return true;
	if (strata_reference_parse(reference, &parsed, NULL) < 0)
		return false;
	whole = strata_reference_full(&parsed);
	strata_reference_release(&parsed);
	return whole && strcmp(whole, full) == 0;
}

static int read_names(struct strata_reading *reading, const struct strata_json *descriptor,
	struct context *context, struct strata_error *error)
{
	const struct strata_json *annotations = strata_json_member(descriptor, "annotations");
	const char *full =
		strata_json_string(strata_json_member(annotations, "io.containerd.image.name"));
	const char *reference = strata_json_string(
		strata_json_member(annotations, "org.opencontainers.image.ref.name"));
	const char **names;

	if (!full && !reference)
		return 0;
	names = strata_arena_array(&reading->arena, 2, sizeof(*names));
	if (!names)
		return strata_fail_memory(error);
	context->names = names;
	context->name_count = 0;
	if (full) {
		strata_check_name(reading, full);
		names[context->name_count++] = strata_arena_string(&reading->arena, full);
	}
	/* Beside a full name, the other says the same, unless one of them was changed by a program
	 * that knows of one only. */
	if (reference && (!full || !is_part_of(reference, full))) {
		const char *name = strata_arena_string(&reading->arena, reference);

		if (strchr(reference, '/') || strchr(reference, ':'))
			strata_check_name(reading, reference);
		if (!full || strcmp(full, reference) != 0)
			names[context->name_count++] = name;
	}
	context->label = names[0];
	for (size_t i = 0; i < context->name_count; i++) {
		if (!names[i])
			return strata_fail_memory(error);
	}
	return 0;
}

/* "NAME (linux/arm64)", or what there is of it. */
static const char *image_label(struct strata_reading *reading, const struct context *context,
	const struct strata_descriptor *descriptor)
{
	const struct strata_json *platform = strata_json_member(descriptor->json, "platform");
	const char *os = strata_json_string(strata_json_member(platform, "os"));
	const char *architecture = strata_json_string(strata_json_member(platform, "architecture"));

	if (!context->label)
		return strata_reading_text(reading, "image %s", descriptor->digest.text);
	if (context->depth > 0 && os && architecture)
		return strata_reading_text(
			reading, "%s (%.40s/%.40s)", context->label, os, architecture);
	return context->label;
}

static int add_image(struct strata_reading *reading, const struct context *context,
	const struct strata_descriptor *descriptor, const struct strata_json *document,
	struct strata_error *error)
{
	struct strata_read_image *image = strata_reading_add(reading, STRATA_VIEW_OCI, error);
	const char *type;
	int status;

	if (!image)
		return error->status;
	image->label = image_label(reading, context, descriptor);
	if (!image->label)
		return strata_fail_memory(error);
	image->names = context->names;
	image->name_count = context->name_count;
	image->manifest_digest = descriptor->digest;
	image->root = context->root;
	image->root_media_type = context->root_media_type;
	image->manifest_media_type = descriptor->media_type;
	image->platform = strata_json_member(descriptor->json, "platform");
	image->broken = true;
	if (!document)
		return 0;
	status = strata_check_envelope(
		reading, document, image->label, descriptor->media_type, &type);
	return status > 0 ? strata_manifest_apply(reading, image, document, error) : status;
}

/* A blob of an unknown type is only checked against its digest. */
static int add_unknown(struct strata_reading *reading, const struct context *context,
	const struct strata_descriptor *descriptor, struct strata_error *error)
{
	struct strata_read_image *image = strata_reading_add(reading, STRATA_VIEW_OCI, error);
	int status;

	if (!image)
		return error->status;
	image->label = image_label(reading, context, descriptor);
	if (!image->label)
		return strata_fail_memory(error);
	image->names = context->names;
	image->name_count = context->name_count;
	image->manifest_media_type = descriptor->media_type;
	image->artifact = true;
	image->id = descriptor->digest;
	status = strata_blob_find(reading, &descriptor->digest, "", &image->config_place, error);
	image->config_stored = status > 0;
	if (status == 0)
		strata_finding(reading->findings, "%s is missing", image->label);
	return status;
}

static int read_index(struct strata_reading *reading, const struct strata_json *document,
	const struct context *context, struct strata_error *error);

/* Whether DESCRIPTOR is of a platform that a partial copy of an index left out. */
static int is_left_out(struct strata_reading *reading, const struct context *context,
	const struct strata_descriptor *descriptor, struct strata_error *error)
{
	struct strata_place place;
	int status;

	if ((!reading->partial && !context->partial) || context->depth == 0)
		return 0;
	status = strata_blob_find(reading, &descriptor->digest, context->suffix, &place, error);
	return status < 0 ? status : status == 0;
}

static int read_listed(struct strata_reading *reading, const struct strata_json *listed,
	struct context context, struct strata_error *error)
{
	const struct strata_json *document = NULL;
	struct strata_descriptor descriptor;
	enum strata_media_kind kind;
	const char *type, *where = context.label ? context.label : "the index";
	int status = strata_descriptor_read(reading, listed, where, "manifest", &descriptor, error);

	if (status <= 0)
		return status;
	if (context.depth == 0) {
		context.root = descriptor.digest;
		context.root_media_type = descriptor.media_type;
		status = read_names(reading, listed, &context, error);
		if (status < 0)
			return status;
		where = context.label ? context.label : where;
	}
	kind = strata_media_find(descriptor.media_type)->kind;
	if (kind != STRATA_MEDIA_INDEX && kind != STRATA_MEDIA_MANIFEST)
		return add_unknown(reading, &context, &descriptor, error);
	status = is_left_out(reading, &context, &descriptor, error);
	if (status != 0)
		return status;
	status = strata_document_read_blob(
		reading, where, &descriptor, context.suffix, &document, error);
	if (status < 0)
		return status;
	if (kind == STRATA_MEDIA_MANIFEST)
		return add_image(reading, &context, &descriptor, document, error);
	if (status == 0)
		return 0;
	status = strata_check_envelope(reading, document, where, descriptor.media_type, &type);
	if (status <= 0)
		return status;
	context.depth++;
	return read_index(reading, document, &context, error);
}

/* Whether a blob is there of what LIST, of an index that another index lists, names. Docker and
 * containerd save one platform so: with the whole index, and the blobs of that platform. */
static int find_any(struct strata_reading *reading, const struct strata_json *list,
	struct context *context, struct strata_error *error)
{
	for (size_t i = 0; context->depth > 0 && !context->partial && i < strata_json_count(list);
		i++) {
		const char *text =
			strata_json_string(strata_json_member(strata_json_at(list, i), "digest"));
		struct strata_digest digest;
		struct strata_place place;
		int status;

		if (!text || !strata_digest_parse(text, &digest))
			continue;
		status = strata_blob_find(reading, &digest, context->suffix, &place, error);
		if (status < 0)
			return status;
		context->partial = context->partial || status > 0;
	}
	return 0;
}

static int read_index(struct strata_reading *reading, const struct strata_json *document,
	const struct context *given, struct strata_error *error)
{
	const struct strata_json *list = strata_json_member(document, "manifests");
	struct context own = *given, *context = &own;
	int status;

	if (context->depth > DEEPEST_INDEX)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"indexes are nested more than %d deep", DEEPEST_INDEX);
	if (!list || strata_json_kind(list) != STRATA_JSON_ARRAY) {
		strata_finding(reading->findings, "%s: there is no list of manifests",
			context->label ? context->label : "the index");
		return 0;
	}
	/* A registry has everything that its indexes name, and each question costs a round trip. */
	status = strata_store_is_remote(reading->store) ? 0
							: find_any(reading, list, context, error);
	if (status < 0)
		return status;
	for (size_t i = 0; i < strata_json_count(list); i++) {
		status = read_listed(reading, strata_json_at(list, i), *context, error);

		if (status < 0)
			return status;
	}
	return 1;
}

static int read_named(struct strata_reading *reading, const char *name,
	const struct strata_json **document, struct strata_digest *digest,
	struct strata_error *error)
{
	struct strata_place place;
	int status = strata_store_find(reading->store, name, &place, error);

	if (status == 0)
		strata_finding(reading->findings, "%s is missing", name);
	if (status <= 0)
		return status;
	return strata_document_read(reading, &place, name, document, digest, error);
}

int strata_read_oci(struct strata_reading *reading, struct strata_error *error)
{
	const struct strata_json *layout = NULL, *index = NULL;
	struct context context = {.suffix = ""};
	const char *version, *type;
	int status = read_named(reading, STRATA_LAYOUT_FILE, &layout, NULL, error);

	if (status < 0)
		return status;
	version = strata_json_string(strata_json_member(layout, "imageLayoutVersion"));
	if (layout && (!version || strcmp(version, "1.0.0") != 0))
		strata_finding(
			reading->findings, "oci-layout: \"imageLayoutVersion\" is not \"1.0.0\"");
	status = read_named(reading, "index.json", &index, NULL, error);
	if (status <= 0)
		return status;
	status = strata_check_envelope(reading, index, "index.json",
		strata_json_string(strata_json_member(index, "mediaType")), &type);
	if (status <= 0)
		return status;
	return read_index(reading, index, &context, error);
}

int strata_read_dir(struct strata_reading *reading, struct strata_error *error)
{
	static const char expected[] = "Directory Transport Version: ";
	strata_autobuffer struct strata_buffer version = STRATA_BUFFER_INIT;
	struct context context = {.suffix = ".manifest.json"};
	struct strata_descriptor descriptor = {0};
	const struct strata_json *document = NULL;
	struct strata_place place;
	int status = strata_store_find(reading->store, "version", &place, error);

	if (status > 0 && place.size < 1024)
		status = strata_store_read(reading->store, &place, &version, error);
	if (status < 0)
		return status;
	if (strncmp(version.data, expected, sizeof(expected) - 1) != 0)
		strata_finding(reading->findings, "version: does not begin with \"%s\"", expected);
	status = read_named(reading, "manifest.json", &document, &descriptor.digest, error);
	if (status <= 0)
		return status;
	status = strata_check_envelope(
		reading, document, "manifest.json", NULL, &descriptor.media_type);
	if (status <= 0)
		return status;
	context.root = descriptor.digest;
	context.root_media_type = descriptor.media_type;
	if (strata_media_find(descriptor.media_type)->kind == STRATA_MEDIA_MANIFEST)
		return add_image(reading, &context, &descriptor, document, error);
	context.depth = 1;
	return read_index(reading, document, &context, error);
}
