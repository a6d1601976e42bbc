/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images: layers, a config, names; written in several formats, read back, and verified.
 */
#ifndef STRATAPACK_IMAGE_H
#define STRATAPACK_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "error.h"
#include "layer.h"
#include "observer.h"
#include "plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A name as the user wrote it, e.g. "example.org/team/tool:1.2". */
struct strata_reference {
	char *name; /* "example.org/team/tool"; owned */
	char *tag;  /* "1.2", or "latest" where none was written; owned */
	char *text; /* all of it, as it was written; owned */
};

/* Read NAME[:TAG] by the grammar of the distribution specification. A text that does not follow it
 * is refused; nothing is changed to make it fit. */
STRATA_PUBLIC int strata_reference_parse(
	const char *text, struct strata_reference *reference, struct strata_error *error);
STRATA_PUBLIC void strata_reference_release(struct strata_reference *reference);

/* The whole name that containerd and Docker know an image by: "tool" becomes
 * "docker.io/library/tool:latest". Malloced; NULL where memory is out. */
STRATA_PUBLIC char *strata_reference_full(const struct strata_reference *reference);

struct strata_base; /* base_image.h */

struct strata_pair {
	const char *key;
	const char *value;
};

/* What a container runs as. Strings are borrowed; absent is NULL or a count of 0. */
struct strata_image_config {
	/* The base image, whose settings are inherited where this config has none; or NULL. It must
	 * outlive the image. An entrypoint or cmd that is not NULL and has a count of 0 removes
	 * that of the base. */
	const struct strata_base *base;
	const char *architecture; /* in Go's words, "amd64"; NULL: this machine's */
	const char *variant;      /* "v7" */
	const char *os;           /* NULL: "linux" */
	const char *author;
	int64_t created; /* seconds since the epoch */
	const char *const *entrypoint;
	size_t entrypoint_count;
	const char *const *cmd;
	size_t cmd_count;
	const char *const *env; /* "NAME=value" */
	size_t env_count;
	const char *user;
	const char *working_directory;
	const char *stop_signal;
	const char *const *exposed_ports; /* "80/tcp" */
	size_t exposed_port_count;
	const char *const *volumes;
	size_t volume_count;
	const struct strata_pair *labels;
	size_t label_count;
	const struct strata_pair *annotations; /* of the OCI manifest */
	size_t annotation_count;
	/* The plan of the layers, or NULL. With it, the image tells the versions of its items, for
	 * later plans, diffs and images on top of it. */
	const struct strata_plan *plan;
	const struct strata_pair *members; /* others of what containers run as, such as
						   Healthcheck: values are JSON */
	size_t member_count;
};

/* This machine's architecture in Go's words, or NULL. */
STRATA_PUBLIC const char *strata_host_architecture(void);

struct strata_image;

/* Assemble an image. The layers are borrowed and must outlive it; those of the base come first.
 * *IMAGE is the caller's. */
STRATA_PUBLIC int strata_image_new(const struct strata_layer *layers, size_t layer_count,
	const struct strata_image_config *config, struct strata_image **image,
	struct strata_error *error);
STRATA_PUBLIC void strata_image_free(struct strata_image *image);

/* SHA-256 of the config: what Docker calls the image ID. */
STRATA_PUBLIC const struct strata_digest *strata_image_id(const struct strata_image *image);

/* The digest of the OCI manifest, and its size in bytes: what a registry knows the image by. */
STRATA_PUBLIC const struct strata_digest *strata_image_manifest_digest(
	const struct strata_image *image, uint64_t *size);

enum strata_format {
	STRATA_FORMAT_DOCKER_V1_ARCHIVE,
	STRATA_FORMAT_DOCKER_ARCHIVE,
	STRATA_FORMAT_OCI,
	STRATA_FORMAT_OCI_ARCHIVE,
	STRATA_FORMAT_UNIVERSAL_ARCHIVE,
	STRATA_FORMAT_DIR,
	STRATA_FORMAT_REGISTRY, /* registry.h; what is pushed becomes visible with its manifest */
};

/* Where an image goes: TRANSPORT:PATH[:NAME[:TAG]], or docker://HOST/REPOSITORY[:TAG]. The path of
 * the latter is everything after "docker:", and all its names are in one repository. */
struct strata_destination {
	enum strata_format format;
	char *path;                     /* "-": standard output, for archives; owned */
	struct strata_reference *names; /* owned */
	size_t name_count;
	bool strict_v1; /* docker-v1-archive without manifest.json and config, for museums */
};

STRATA_PUBLIC int strata_destination_parse(
	const char *text, struct strata_destination *destination, struct strata_error *error);
STRATA_PUBLIC int strata_destination_add_name(
	struct strata_destination *destination, const char *text, struct strata_error *error);
STRATA_PUBLIC void strata_destination_release(struct strata_destination *destination);

/* Check that DESTINATION can take layers compressed so, before anything is built. */
STRATA_PUBLIC int strata_destination_check(const struct strata_destination *destination,
	enum strata_codec_kind codec, struct strata_error *error);

/* The name of a format as it is written before the path, e.g. "oci-archive". */
STRATA_PUBLIC const char *strata_format_name(enum strata_format format);

/* An output that takes layers while later ones are still being built, so that an archive on
 * standard output begins early. Other outputs become visible when they are finished. */
struct strata_sink;

/* Open DESTINATION, which must outlive the sink. *SINK is the caller's: strata_sink_close(). */
STRATA_PUBLIC int strata_sink_open(const struct strata_destination *destination,
	struct strata_sink **sink, struct strata_error *error);

/* Where SINK is written while it grows, or NULL: for strata_build_options to avoid. */
STRATA_PUBLIC const char *strata_sink_temporary(const struct strata_sink *sink);

/* Whether strata_sink_place() can be asked of SINK for an image with CONFIG: it is an archive that
 * becomes a file, and no docker-v1-archive with layers of a base. */
STRATA_PUBLIC bool strata_sink_takes_places(
	const struct strata_sink *sink, const struct strata_image_config *config);

/* Lay SINK out for the COUNT layers above the base's before they are made, so that their blobs are
 * written to where they belong and need not be copied. Of LAYERS, bottom first, the codec and the
 * sizes are read; CONFIG is the image's. *FILE, which lasts as long as the sink, says where
 * strata_layers_build() is to write the blobs; after that each layer is added as always. To be
 * called once, after the base's layers were added. */
STRATA_PUBLIC int strata_sink_place(struct strata_sink *sink, const struct strata_layer *layers,
	size_t count, const struct strata_image_config *config, struct strata_blob_file *file,
	struct strata_error *error);

/* Add the next LAYER, bottom first. */
STRATA_PUBLIC int strata_sink_add_layer(
	struct strata_sink *sink, const struct strata_layer *layer, struct strata_error *error);

/* Complete the output with IMAGE, whose layers are those that were added. */
STRATA_PUBLIC int strata_sink_finish(
	struct strata_sink *sink, const struct strata_image *image, struct strata_error *error);

/* Free the sink, and remove what was not finished. NULL is fine. */
STRATA_PUBLIC void strata_sink_close(struct strata_sink *sink);

/* Write IMAGE to DESTINATION, whole or not at all: a sink's way in one call. */
STRATA_PUBLIC int strata_image_write(const struct strata_image *image,
	const struct strata_destination *destination, struct strata_error *error);

/* Copy the image in SOURCE (see below) to DESTINATION: the only one in it, or of several that for
 * this machine. Every layer is verified on the way. The config keeps its bytes, and the manifest
 * where it is of OCI's kind and the other format has a place for it. Plain layers of a Docker
 * archive are compressed for a registry. */
STRATA_PUBLIC int strata_image_copy(const char *source,
	const struct strata_destination *destination, const struct strata_observer *observer,
	struct strata_error *error);

/* Join the images in COUNT sources (see below), one for each platform, under the names of
 * DESTINATION, which must be a new OCI layout: its index.json leads to an index that lists them
 * (image-index.md). They are copied as they are. */
STRATA_PUBLIC int strata_index_write(const char *const *sources, size_t count,
	const struct strata_destination *destination, struct strata_error *error);

/*
 * Reading. SOURCE is a path (the format is found out) or TRANSPORT:PATH[:NAME[:TAG]].
 */

/* Describe what SOURCE holds as JSON (docs/inspect.schema.json). *JSON is a malloced string, the
 * caller's. */
STRATA_PUBLIC int strata_image_inspect(const char *source, char **json, struct strata_error *error);

/* Read the plan of the image in SOURCE, or the plan in the file SOURCE, for strata_plan_options as
 * the previous one. Images that stratapack made have their plan in the history of their config; the
 * plan of other images is unknown (STRATA_ERROR_NOT_FOUND). *PLAN is the caller's. */
STRATA_PUBLIC int strata_image_plan(
	const char *source, struct strata_plan **plan, struct strata_error *error);

/* Count the changes of items between COUNT images or plans in SOURCES, at least two, the oldest
 * first. Each is one rebuild later than the one before it (strata_rates_set_calendar()). Items that
 * did not change, and of which RATES knows nothing, count as watched for the whole time. */
STRATA_PUBLIC int strata_rates_read_history(struct strata_rates *rates, const char *const *sources,
	size_t count, struct strata_error *error);

/* Say what a machine that has the image, or the plan, OLD pulls for NOW, and which items made
 * layers change, as JSON (docs/diff.schema.json). *JSON is a malloced string, the caller's. */
STRATA_PUBLIC int strata_image_diff(
	const char *old, const char *now, char **json, struct strata_error *error);

/* Hash everything in SOURCE again and compare it with the digests and sizes that SOURCE states.
 * FINDING is called for each thing that is wrong; *COUNT is their number. The function fails only
 * where SOURCE cannot be read at all. */
STRATA_PUBLIC int strata_image_verify(const char *source,
	void (*finding)(void *data, const char *text), void *data, size_t *count,
	struct strata_error *error);

#ifdef __cplusplus
}
#endif

#endif
