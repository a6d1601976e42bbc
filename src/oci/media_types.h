/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words and limits of the formats: media types, the marker of a layout, the largest documents.
 * They stand here once; every stage that reads or writes images takes them from here.
 *
 * Specifications: OCI image-spec (media-types.md, image-layout.md), OCI distribution-spec
 * (manifests of at least 4 MiB are taken), Docker's image manifest, schema 2.
 */
#ifndef OCI_MEDIA_TYPES_H
#define OCI_MEDIA_TYPES_H

#include <stdbool.h>

#include <stratapack/layer.h>

#define STRATA_LAYOUT_FILE "oci-layout"
#define STRATA_LAYOUT_VERSION "1.0.0"
#define STRATA_LAYOUT_MARKER "{\"imageLayoutVersion\":\"" STRATA_LAYOUT_VERSION "\"}"

#define STRATA_MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define STRATA_MEDIA_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define STRATA_MEDIA_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define STRATA_MEDIA_OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define STRATA_MEDIA_OCI_FOREIGN "application/vnd.oci.image.layer.nondistributable.v1.tar"
#define STRATA_MEDIA_DOCKER_INDEX "application/vnd.docker.distribution.manifest.list.v2+json"
#define STRATA_MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define STRATA_MEDIA_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define STRATA_MEDIA_DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"
#define STRATA_MEDIA_DOCKER_FOREIGN "application/vnd.docker.image.rootfs.foreign.diff.tar"

/* Bytes of a manifest, an index or a config: more than that many registries refuse. */
enum { STRATA_LARGEST_MANIFEST = 4 * 1024 * 1024 };

enum strata_media_kind {
	STRATA_MEDIA_UNKNOWN,
	STRATA_MEDIA_INDEX,
	STRATA_MEDIA_MANIFEST,
	STRATA_MEDIA_CONFIG,
	STRATA_MEDIA_LAYER,
};

struct strata_media {
	const char *type;
	enum strata_media_kind kind;
	bool docker;
	bool foreign; /* may be somewhere else */
	enum strata_codec_kind codec;
};

/* What TYPE means. Never NULL: an unknown type, or NULL, is STRATA_MEDIA_UNKNOWN. */
const struct strata_media *strata_media_find(const char *type);

#endif
