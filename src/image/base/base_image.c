/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a base image: choosing one of those that a source holds, and checking its documents.
 */
#include "image/base/base_image.h"

#include <stdlib.h>
#include <string.h>

#include "oci/media_types.h"
#include "oci/platform.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/json.h"
#include "util/memory.h"
#include "util/text.h"

/* What an image says of the machines that it is for; NULL where it does not. */
static struct strata_platform platform_of(const struct strata_read_image *image)
{
	return (struct strata_platform){
		.architecture = strata_json_string(
			strata_json_member_any_case(image->config, "architecture")),
		.variant =
			strata_json_string(strata_json_member_any_case(image->config, "variant")),
		.os = strata_json_string(strata_json_member_any_case(image->config, "os")),
	};
}

/* The variant of an architecture that is stated without one (containerd and Docker agree on it). */
static const char *variant_or_usual(const char *variant, const char *architecture)
{
	return variant && *variant ? variant : strata_platform_usual_variant(architecture);
}

/* Images in the V1 format need not state their platform. */
static bool agrees(const struct strata_read_image *image, const char *found, const char *asked)
{
	if (!found || !*found)
		return image->view == STRATA_VIEW_V1;
	return strcmp(found, asked) == 0;
}

/* How well IMAGE suits ASKED, which is complete but for the variant: 0 not at all. */
static unsigned suitability(
	const struct strata_read_image *image, const struct strata_platform *asked)
{
	struct strata_platform found = platform_of(image);
	const char *wanted = variant_or_usual(asked->variant, asked->architecture);

	if (!agrees(image, found.architecture, asked->architecture) ||
		!agrees(image, found.os, asked->os))
		return 0;
	if (strcmp(variant_or_usual(found.variant, asked->architecture), wanted) == 0)
		return 2;
	return asked->variant ? 0 : 1;
}

static int complete_platform(const struct strata_platform *platform,
	struct strata_platform *complete, struct strata_error *error)
{
	static const struct strata_platform any;

	*complete = platform ? *platform : any;
	if (!complete->os)
		complete->os = "linux";
	if (!complete->architecture)
		complete->architecture = strata_host_architecture();
	if (complete->architecture)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"this machine's architecture has no name in images that is known here"),
		"give one with --architecture");
}

static void append_platform(struct strata_buffer *text, const struct strata_platform *platform)
{
	strata_buffer_string(text, platform->os ? platform->os : "?");
	strata_buffer_byte(text, '/');
	strata_buffer_string(text, platform->architecture ? platform->architecture : "?");
	if (platform->variant && *platform->variant)
		strata_buffer_format(text, "/%s", platform->variant);
}

static int fail_platform(const struct strata_platform *asked, const struct strata_buffer *found,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer wanted = STRATA_BUFFER_INIT;

	append_platform(&wanted, asked);
	if (strata_buffer_check(&wanted, error) < 0 || strata_buffer_check(found, error) < 0)
		return STRATA_ERROR_MEMORY;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"it is for %s, but the image is to be for %s", found->data, wanted.data),
		"take a base for %s, or say what the items are for with --architecture, --os and "
		"--variant",
		wanted.data);
}

int strata_base_check_platform(const struct strata_base *base,
	const struct strata_platform *platform, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer found = STRATA_BUFFER_INIT;
	struct strata_platform asked, own = platform_of(base->image);
	int status = complete_platform(platform, &asked, error);

	if (status < 0 || suitability(base->image, &asked) > 0)
		return status;
	append_platform(&found, &own);
	return strata_context(
		error, fail_platform(&asked, &found, error), "the base image '%s'", base->source);
}

/* Whether the image with this index can be a base at all, broken or not. */
static bool is_candidate(const struct strata_base *base, size_t index)
{
	return !base->reading.images[index].artifact &&
	       !strata_reading_is_repetition(&base->reading, index);
}

static int fail_unsound(const struct strata_base *base, struct strata_error *error)
{
	const char *first = base->findings.first;

	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_FORMAT, "%s",
			first ? first : "there is no image in it"),
		"run stratapack verify '%s' to see everything that is wrong", base->source);
}

/* No image suits: say what there is. */
static int fail_choice(const struct strata_base *base, const struct strata_platform *asked,
	struct strata_error *error)
{
	enum { ENOUGH = 300 };
	strata_autobuffer struct strata_buffer found = STRATA_BUFFER_INIT;

	for (size_t i = 0; i < base->reading.count; i++) {
		struct strata_platform platform = platform_of(&base->reading.images[i]);

		if (!is_candidate(base, i) || base->reading.images[i].broken ||
			found.length > ENOUGH)
			continue;
		if (found.length > 0)
			strata_buffer_string(&found, ", ");
		append_platform(&found, &platform);
	}
	if (found.length == 0)
		return fail_unsound(base, error);
	return fail_platform(asked, &found, error);
}

static const char *name_of(const struct strata_read_image *image)
{
	return image->name_count > 0 ? image->names[0] : image->label;
}

/* Whether the two stand in one index, or for one image. */
static bool belong_together(
	const struct strata_read_image *left, const struct strata_read_image *right)
{
	if (left->id.text[0] && strata_digest_equal(&left->id, &right->id))
		return true;
	if (left->name_count == 0 || right->name_count == 0)
		return left->view == STRATA_VIEW_OCI && left->name_count == right->name_count;
	return strcmp(left->names[0], right->names[0]) == 0;
}

/* Without a name, exactly one image must suit. */
static int check_unambiguous(const struct strata_base *base, const struct strata_platform *asked,
	struct strata_error *error)
{
	for (size_t i = 0; i < base->reading.count; i++) {
		const struct strata_read_image *other = &base->reading.images[i];

		if (!is_candidate(base, i) || other == base->image ||
			suitability(other, asked) == 0 || belong_together(other, base->image))
			continue;
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"it holds several images, '%s' and '%s' among them",
				name_of(base->image), name_of(other)),
			"name one: TRANSPORT:PATH:NAME:TAG");
	}
	return 0;
}

static int choose(
	struct strata_base *base, const struct strata_platform *asked, struct strata_error *error)
{
	unsigned best = 0;

	for (size_t i = 0; i < base->reading.count; i++) {
		const struct strata_read_image *image = &base->reading.images[i];
		unsigned suits = is_candidate(base, i) ? suitability(image, asked) : 0;

		if (suits <= best)
			continue;
		best = suits;
		base->image = image;
	}
	if (!base->image)
		return fail_choice(base, asked, error);
	if (base->image->broken)
		return fail_unsound(base, error);
	return check_unambiguous(base, asked, error);
}

/* `verify` reports such faults and goes on. Here, everything that decides the image must agree. */
static int check_layers(const struct strata_base *base, struct strata_error *error)
{
	const struct strata_read_image *image = base->image;
	const struct strata_json *ids = strata_json_member_any_case(
		strata_json_member_any_case(image->config, "rootfs"), "diff_ids");

	if (image->view != STRATA_VIEW_V1 && strata_json_count(ids) != image->layer_count)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"its config has %zu diff IDs for %zu layers", strata_json_count(ids),
			image->layer_count);
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct strata_read_layer *layer = &image->layers[i];

		if (!layer->stored)
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_NOT_FOUND, "%s is missing",
					layer->label),
				"a base needs all of its layers");
		if (layer->media_type &&
			strata_media_find(layer->media_type)->kind != STRATA_MEDIA_LAYER)
			return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
				"%s: %.200s is not the type of a layer", layer->label,
				layer->media_type);
		if (image->view != STRATA_VIEW_V1 && !layer->has_diff_id)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"%s: its config has no diff ID for it", layer->label);
	}
	return 0;
}

/* The only image that could be a base, or NULL. */
static const struct strata_read_image *sole_candidate(const struct strata_base *base)
{
	const struct strata_read_image *sole = NULL;

	for (size_t i = 0; i < base->reading.count; i++) {
		if (!is_candidate(base, i))
			continue;
		if (sole && !strata_digest_equal(&sole->id, &base->reading.images[i].id))
			return NULL;
		sole = sole ? sole : &base->reading.images[i];
	}
	return sole;
}

static int open_base(struct strata_base *base, const struct strata_platform *platform, bool sole,
	struct strata_error *error)
{
	struct strata_platform asked;
	int status = complete_platform(platform, &asked, error);

	if (status == 0)
		status = strata_reading_open(base->source, &base->findings, &base->reading, error);
	if (status == 0 && sole)
		base->image = sole_candidate(base);
	if (status == 0 && base->image && base->image->broken)
		status = fail_unsound(base, error);
	else if (status == 0 && !base->image)
		status = choose(base, &asked, error);
	if (status == 0)
		status = check_layers(base, error);
	return status < 0 ? strata_context(error, status, "the base image '%s'", base->source) : 0;
}

static int open_any(const char *source, const struct strata_platform *platform, bool sole,
	struct strata_base **result, struct strata_error *error)
{
	strata_autobase struct strata_base *base = calloc(1, sizeof(*base));
	/* Failures inside may become findings, so their words are needed in any case. */
	struct strata_error own = STRATA_ERROR_INIT;
	int status;

	if (base)
		base->source = strdup(source);
	if (!base || !base->source)
		return strata_fail_memory(error);
	status = open_base(base, platform, sole, error ? error : &own);
	strata_error_clear(&own);
	if (status == 0)
		*result = strata_take(base);
	return status;
}

int strata_base_open(const char *source, const struct strata_platform *platform,
	struct strata_base **result, struct strata_error *error)
{
	return open_any(source, platform, false, result, error);
}

int strata_base_open_sole(
	const char *source, struct strata_base **result, struct strata_error *error)
{
	return open_any(source, NULL, true, result, error);
}

size_t strata_base_layer_count(const struct strata_base *base)
{
	return base ? base->image->layer_count : 0;
}

void strata_base_free(struct strata_base *base)
{
	if (!base)
		return;
	strata_reading_release(&base->reading);
	strata_findings_release(&base->findings);
	free(base->source);
	free(base);
}

void strata_cleanup_base(struct strata_base **base)
{
	strata_base_free(*base);
}
