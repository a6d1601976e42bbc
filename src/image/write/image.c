/* SPDX-License-Identifier: Apache-2.0 */
#include "image/write/image.h"

#include "image/base/base_image.h"
#include "util/error.h"
#include "util/memory.h"

/* The layers of a base come first. */
static int check_layers(const struct strata_layer *layers, size_t layer_count,
	const struct strata_base *base, struct strata_error *error)
{
	size_t below = 0;

	if (layer_count == 0)
		return strata_hint(error,
			strata_fail(
				error, STRATA_ERROR_INVALID, "an image needs at least one layer"),
			"name an item, or something for the customisation layer");
	while (below < layer_count && layers[below].base)
		below++;
	if (below == strata_base_layer_count(base))
		return 0;
	return strata_fail(error, STRATA_ERROR_INVALID,
		"the image has %zu layers of a base image that has %zu", below,
		strata_base_layer_count(base));
}

static int fill(struct strata_image *image, const struct strata_image_config *config,
	struct strata_error *error)
{
	struct strata_arena arena = STRATA_ARENA_INIT;
	struct strata_image_config merged = *config;
	bool own_command = config->entrypoint || config->cmd;
	int status = 0;

	if (config->base)
		status = strata_base_merge(config->base, config, &arena, &merged, error);
	if (status == 0)
		status = strata_image_make_config(image, &merged, own_command, error);
	if (status == 0)
		status = strata_image_make_manifests(image, &merged, error);
	strata_arena_free(&arena);
	return status;
}

int strata_image_new(const struct strata_layer *layers, size_t layer_count,
	const struct strata_image_config *config, struct strata_image **result,
	struct strata_error *error)
{
	struct strata_image *image;
	int status = check_layers(layers, layer_count, config->base, error);

	if (status < 0)
		return status;
	image = calloc(1, sizeof(*image));
	if (!image)
		return strata_fail_memory(error);
	image->layers = layers;
	image->layer_count = layer_count;
	status = fill(image, config, error);
	if (status < 0) {
		strata_image_free(image);
		return status;
	}
	*result = image;
	return 0;
}

void strata_image_free(struct strata_image *image)
{
	if (!image)
		return;
	free(image->architecture);
	free(image->variant);
	free(image->os);
	free(image->author);
	free(image->created);
	free(image->config.text);
	free(image->execution.text);
	free(image->oci_manifest.text);
	free(image->docker_manifest.text);
	free(image);
}

const struct strata_digest *strata_image_id(const struct strata_image *image)
{
	return &image->config.digest;
}

const struct strata_digest *strata_image_manifest_digest(
	const struct strata_image *image, uint64_t *size)
{
	*size = image->oci_manifest.size;
	return &image->oci_manifest.digest;
}
