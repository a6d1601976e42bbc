/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image as the writers of formats see it.
 */
#ifndef IMAGE_WRITE_IMAGE_H
#define IMAGE_WRITE_IMAGE_H

#include <stratapack/image.h>

#include "oci/media_types.h"
#include "util/buffer.h"
#include "util/json_writer.h"

/* A JSON document that is part of an image, with the digest of its bytes. */
struct strata_document {
	char *text;
	size_t size;
	struct strata_digest digest;
};

struct strata_image {
	const struct strata_layer *layers;
	size_t layer_count;
	char *architecture, *variant, *os, *author;
	char *created; /* RFC 3339, in UTC, without fractions */
	struct strata_document config;
	struct strata_document execution; /* the config's member "config" alone, for V1 */
	struct strata_document oci_manifest;
	struct strata_document docker_manifest; /* schema 2; empty where layers are zstd */
};

/* Take BUFFER's text as a document and hash it. */
int strata_document_seal(struct strata_document *document, struct strata_buffer *buffer,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Whether a later one of COUNT pairs has the key of pair INDEX: the last one counts. */
bool strata_pairs_overridden(const struct strata_pair *pairs, size_t count, size_t index);

/* Fill IMAGE's config, or its manifests, which need the config. CONFIG is what the image says, with
 * what it inherits; OWN_COMMAND whether the entrypoint or cmd is its own. */
int strata_image_make_config(struct strata_image *image, const struct strata_image_config *config,
	bool own_command, struct strata_error *error) STRATA_MUST_CHECK;
int strata_image_make_manifests(struct strata_image *image,
	const struct strata_image_config *config, struct strata_error *error) STRATA_MUST_CHECK;

/* Append the member "annotations" of a descriptor in an OCI index that has NAME. */
int strata_image_write_name(struct strata_json_writer *json, const struct strata_reference *name,
	bool is_taken, struct strata_error *error) STRATA_MUST_CHECK;

/* What other programs ask for the image NAME by in a layout: its tag; a lone word, without a tag,
 * itself. Where an image of another name has that, it is the name as it was written. */
const char *strata_image_reference(const struct strata_reference *name);

/* Append the descriptors for an OCI index: one for each name in DESTINATION, or one without. TAKEN
 * (NULL: none) says for each name whether its reference is another image's. */
int strata_image_write_descriptors(struct strata_json_writer *json,
	const struct strata_image *image, const struct strata_destination *destination,
	const bool *taken, struct strata_error *error) STRATA_MUST_CHECK;

/* Append the manifest.json of a Docker archive. CONFIG_MEMBER and LAYER_MEMBERS are the names of
 * the archive's members with the config and the layers. */
void strata_image_write_archive_manifest(struct strata_json_writer *json,
	const struct strata_image *image, const struct strata_destination *destination,
	const char *config_member, const char *const *layer_members);

struct strata_archive;

/* How a format is written: with open(), whose result is the `state` of the other functions, and
 * finish(); or with write() alone. */
struct strata_writer {
	void *(*open)(const struct strata_destination *destination, struct strata_error *error);
	/* NULL where layers are no use before all are there. */
	int (*add_layer)(void *state, const struct strata_layer *layer, struct strata_error *error);
	int (*finish)(void *state, const struct strata_image *image, struct strata_error *error);
	void (*close)(void *state);
	int (*write)(const struct strata_image *image, const struct strata_destination *destination,
		struct strata_error *error);
	/* Whether the place can be written to, before any work is done for it. */
	int (*check)(const struct strata_destination *destination, struct strata_error *error);

	/* The archive that STATE writes; NULL where it writes none. */
	struct strata_archive *(*archive)(void *state);
	/* Add every member up to the last layer, where there is no add_layer(). */
	int (*add_layers)(
		void *state, const struct strata_image *image, struct strata_error *error);
};

extern const struct strata_writer strata_docker_v1_archive_writer;
extern const struct strata_writer strata_docker_archive_writer;
extern const struct strata_writer strata_oci_archive_writer; /* and the universal archive */
extern const struct strata_writer strata_registry_writer;    /* of the stage of registries */

int strata_write_oci_layout(const struct strata_image *image,
	const struct strata_destination *destination, struct strata_error *error);
int strata_check_oci_layout(
	const struct strata_destination *destination, struct strata_error *error);
int strata_check_directory(
	const struct strata_destination *destination, struct strata_error *error);
int strata_write_directory(const struct strata_image *image,
	const struct strata_destination *destination, struct strata_error *error);

#endif
