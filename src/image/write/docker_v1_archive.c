/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's "V1" archive (docker-image-spec 1.0): a directory a layer with VERSION, json and
 * layer.tar, and `repositories`, which names the top layer of each tag. Unless it is to be strict,
 * manifest.json and the config stand beside them, and the archive loads in everything newer too.
 */
#include <string.h>

#include "image/write/archive.h"
#include "image/write/image.h"
#include "util/arena.h"
#include "util/sha256.h"

struct v1_layer {
	char id[STRATA_SHA256_HEX_SIZE];
	const char *description; /* the member json */
	const char *layer_member;
};

/* ChainID(0) = DiffID(0); ChainID(n) = SHA256(ChainID(n - 1) + " " + DiffID(n)): OCI config.md. */
static int extend_chain(struct strata_digest *chain, const struct strata_digest *diff_id,
	struct strata_error *error)
{
	char text[2 * STRATA_DIGEST_SIZE];
	char hex[STRATA_SHA256_HEX_SIZE];
	int length, status;

	if (!chain->text[0]) {
		*chain = *diff_id;
		return 0;
	}
	length = snprintf(text, sizeof(text), "%s %s", chain->text, diff_id->text);
	status = strata_sha256_of(text, (size_t)length, hex, error);
	snprintf(chain->text, sizeof(chain->text), STRATA_DIGEST_PREFIX "%s", hex);
	return status;
}

/* The members of a V1 layer's json, without its id: the id is a digest of them and of where in a
 * stack the layer is, so that the same layer at two heights has two ids. */
static void write_facts(struct strata_json_writer *json, const struct strata_image *image,
	size_t index, const char *parent)
{
	strata_json_member_string(json, "parent", parent);
	strata_json_member_string(json, "created", image->created);
	strata_json_member_string(json, "author", image->author);
	strata_json_member_string(json, "architecture", image->architecture);
	strata_json_member_string(json, "variant", image->variant);
	strata_json_member_string(json, "os", image->os);
	if (index + 1 == image->layer_count) {
		strata_json_key(json, "config");
		strata_json_write_raw(json, image->execution.text);
	}
	strata_json_member_size(json, "Size", image->layers[index].diff_size);
}

static int identify(const struct strata_image *image, size_t index,
	const struct strata_digest *chain, const char *parent, struct v1_layer *layer,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text};
	int status;

	strata_json_begin_object(&json);
	strata_json_member_string(&json, "layer_id", chain->text);
	write_facts(&json, image, index, parent);
	strata_json_end_object(&json);
	status = strata_buffer_check(&text, error);
	return status < 0 ? status : strata_sha256_of(text.data, text.length, layer->id, error);
}

static int describe(const struct strata_image *image, size_t index, const char *parent,
	struct v1_layer *layer, struct strata_arena *arena, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer member = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text};

	strata_json_begin_object(&json);
	strata_json_member_string(&json, "id", layer->id);
	write_facts(&json, image, index, parent);
	strata_json_end_object(&json);
	strata_buffer_format(&member, "%s/layer.tar", layer->id);
	if (strata_buffer_check(&text, error) < 0 || strata_buffer_check(&member, error) < 0)
		return STRATA_ERROR_MEMORY;
	layer->description = strata_arena_string(arena, text.data);
	layer->layer_member = strata_arena_string(arena, member.data);
	return layer->description && layer->layer_member ? 0 : strata_fail_memory(error);
}

static int make_layers(const struct strata_image *image, struct v1_layer *layers,
	struct strata_arena *arena, struct strata_error *error)
{
	struct strata_digest chain = {""};
	int status = 0;

	for (size_t i = 0; status == 0 && i < image->layer_count; i++) {
		const char *parent = i > 0 ? layers[i - 1].id : NULL;

		status = extend_chain(&chain, &image->layers[i].diff_id, error);
		if (status == 0)
			status = identify(image, i, &chain, parent, &layers[i], error);
		if (status == 0)
			status = describe(image, i, parent, &layers[i], arena, error);
	}
	return status;
}

static int write_layer(struct strata_archive *archive, const struct v1_layer *v1,
	const struct strata_layer *layer, struct strata_error *error)
{
	char member[STRATA_SHA256_HEX_SIZE + sizeof("/VERSION")];
	int status = strata_archive_directory(archive, v1->id, error);

	snprintf(member, sizeof(member), "%s/VERSION", v1->id);
	if (status == 0)
		status = strata_archive_bytes(archive, member, "1.0", 3, error);
	snprintf(member, sizeof(member), "%s/json", v1->id);
	if (status == 0)
		status = strata_archive_bytes(
			archive, member, v1->description, strlen(v1->description), error);
	if (status == 0)
		status = strata_archive_blob(archive, v1->layer_member, layer, error);
	return status;
}

/* {NAME: {TAG: id of the top layer}}, the tags of one name together. */
static int write_repositories(struct strata_archive *archive,
	const struct strata_destination *destination, const char *top, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text};
	const struct strata_reference *names = destination->names;
	int status;

	strata_json_begin_object(&json);
	for (size_t i = 0; i < destination->name_count; i++) {
		bool seen = false;

		for (size_t k = 0; k < i; k++)
			seen = seen || strcmp(names[k].name, names[i].name) == 0;
		if (seen)
			continue;
		strata_json_key(&json, names[i].name);
		strata_json_begin_object(&json);
		for (size_t k = i; k < destination->name_count; k++) {
			if (strcmp(names[k].name, names[i].name) == 0)
				strata_json_member_string(&json, names[k].tag, top);
		}
		strata_json_end_object(&json);
	}
	strata_json_end_object(&json);
	status = strata_buffer_check(&text, error);
	if (status == 0)
		status = strata_archive_bytes(
			archive, "repositories", text.data, text.length, error);
	return status;
}

/* Docker since 1.10 and all other clients read this instead. */
static int write_newer(struct strata_archive *archive, const struct strata_image *image,
	const struct strata_destination *destination, const struct v1_layer *layers,
	struct strata_arena *arena, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer manifest = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &manifest};
	const char **members = strata_arena_array(arena, image->layer_count, sizeof(*members));
	char config[STRATA_SHA256_HEX_SIZE + sizeof(".json")];
	int status;

	if (!members)
		return strata_fail_memory(error);
	for (size_t i = 0; i < image->layer_count; i++)
		members[i] = layers[i].layer_member;
	snprintf(config, sizeof(config), "%s.json", strata_digest_hex(&image->config.digest));
	status = strata_archive_bytes(
		archive, config, image->config.text, image->config.size, error);
	if (status < 0)
		return status;
	strata_image_write_archive_manifest(&json, image, destination, config, members);
	status = strata_buffer_check(&manifest, error);
	if (status == 0)
		status = strata_archive_bytes(
			archive, "manifest.json", manifest.data, manifest.length, error);
	return status;
}

/* An archive that is being written, and the names in it. */
struct v1_archive {
	const struct strata_destination *destination;
	struct strata_archive archive;
	struct strata_arena arena;
};

static void v1_archive_close(void *state)
{
	struct v1_archive *self = state;

	strata_archive_discard(&self->archive);
	strata_arena_free(&self->arena);
	free(self);
}

static void *v1_archive_open(
	const struct strata_destination *destination, struct strata_error *error)
{
	struct v1_archive *self = calloc(1, sizeof(*self));

	if (!self) {
		strata_fail_memory(error);
		return NULL;
	}
	self->destination = destination;
	if (strata_archive_open(&self->archive, destination->path, error) < 0) {
		v1_archive_close(self);
		return NULL;
	}
	return self;
}

static struct strata_archive *v1_archive_of(void *state)
{
	return &((struct v1_archive *)state)->archive;
}

static int write_layers(struct v1_archive *self, const struct strata_image *image,
	struct v1_layer **result, struct strata_error *error)
{
	struct v1_layer *layers =
		strata_arena_array(&self->arena, image->layer_count, sizeof(*layers));
	int status = layers ? make_layers(image, layers, &self->arena, error)
			    : strata_fail_memory(error);

	for (size_t i = 0; status == 0 && i < image->layer_count; i++)
		status = write_layer(&self->archive, &layers[i], &image->layers[i], error);
	*result = layers;
	return status;
}

static int v1_archive_add_layers(
	void *state, const struct strata_image *image, struct strata_error *error)
{
	struct v1_layer *layers;

	return write_layers(state, image, &layers, error);
}

static int v1_archive_finish(
	void *state, const struct strata_image *image, struct strata_error *error)
{
	struct v1_archive *self = state;
	struct v1_layer *layers;
	int status = write_layers(self, image, &layers, error);

	if (status == 0 && !self->destination->strict_v1)
		status = write_newer(
			&self->archive, image, self->destination, layers, &self->arena, error);
	if (status == 0)
		status = write_repositories(&self->archive, self->destination,
			layers[image->layer_count - 1].id, error);
	return status < 0 ? status : strata_archive_finish(&self->archive, error);
}

/* The id of a layer depends on the config: layers are written when the image is known. */
const struct strata_writer strata_docker_v1_archive_writer = {
	.open = v1_archive_open,
	.finish = v1_archive_finish,
	.close = v1_archive_close,
	.archive = v1_archive_of,
	.add_layers = v1_archive_add_layers,
};
