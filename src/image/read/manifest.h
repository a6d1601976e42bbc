/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests, indexes and configs: what is read from them.
 */
#ifndef IMAGE_READ_MANIFEST_H
#define IMAGE_READ_MANIFEST_H

#include "image/read/reading.h"

/* Take CONFIG as the config of IMAGE, whose layers are known: diff IDs, history, platform. */
void strata_config_apply(struct strata_reading *reading, struct strata_read_image *image,
	const struct strata_json *config);

/* Read an image from its manifest DOCUMENT. The label, names, platform and digest of IMAGE are
 * filled already. */
int strata_manifest_apply(struct strata_reading *reading, struct strata_read_image *image,
	const struct strata_json *document, struct strata_error *error) STRATA_MUST_CHECK;

/* Check what indexes and manifests have in common: schemaVersion, mediaType against PROMISED (or
 * NULL), members that belong to the other. *TYPE is the type of the document. Returns 1 for an
 * index or a manifest, 0 for neither. */
int strata_check_envelope(struct strata_reading *reading, const struct strata_json *document,
	const char *label, const char *promised, const char **type);

#endif
