/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents of an image, the descriptors that lead to them, and their parts, whatever the format.
 *
 * Functions that return 1 or 0 instead of a plain success return 0 where the input was unusable; a
 * finding then says why. ERROR is never NULL here.
 */
#ifndef IMAGE_READ_DOCUMENT_H
#define IMAGE_READ_DOCUMENT_H

#include <stdbool.h>

#include "image/read/reading.h"
#include "oci/media_types.h"

/* A reference from one document to a blob. */
struct strata_descriptor {
	const struct strata_json *json;
	const char *media_type; /* never NULL */
	const char *label;      /* "config sha256:..." */
	struct strata_digest digest;
	uint64_t size;
};

/* Find the blob with DIGEST; SUFFIX is added to its name in `dir`. Returns 1 or 0. */
int strata_blob_find(struct strata_reading *reading, const struct strata_digest *digest,
	const char *suffix, struct strata_place *place,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Read DOCUMENT; WHERE is the image or document that holds it, WHAT it refers to. Returns 1 or 0.
 */
int strata_descriptor_read(struct strata_reading *reading, const struct strata_json *document,
	const char *where, const char *what, struct strata_descriptor *descriptor,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Read and parse the document at PLACE. DIGEST, unless NULL, is filled. Returns 1 or 0. */
int strata_document_read(struct strata_reading *reading, const struct strata_place *place,
	const char *label, const struct strata_json **document, struct strata_digest *digest,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The same for the blob that DESCRIPTOR refers to, which must have its size and digest. */
int strata_document_read_blob(struct strata_reading *reading, const char *where,
	const struct strata_descriptor *descriptor, const char *suffix,
	const struct strata_json **document, struct strata_error *error) STRATA_MUST_CHECK;

/* Report members of OBJECT that only differ from one of KEYS (NULL-terminated) in case: programs
 * in Go take one for the other. One such spelling alone is fine where ANY_CASE is set. */
void strata_check_spelling(struct strata_reading *reading, const struct strata_json *object,
	const char *const *keys, bool any_case, const char *label);

/* Append an image: zeroed, with VIEW set; valid until the next one. NULL on error. */
struct strata_read_image *strata_reading_add(
	struct strata_reading *reading, enum strata_view view, struct strata_error *error);

/* A formatted string in the arena; NULL where memory is out. */
const char *strata_reading_text(struct strata_reading *reading, const char *format, ...)
	STRATA_PRINTF(2, 3);

/* Report a name of an image (NAME:TAG) that is not one. */
void strata_check_name(struct strata_reading *reading, const char *name);

/* Find the manifest or the index called DIGEST. Returns 1 or 0. */
int strata_manifest_find(struct strata_reading *reading, const struct strata_digest *digest,
	struct strata_place *place, struct strata_error *error) STRATA_MUST_CHECK;

#endif
