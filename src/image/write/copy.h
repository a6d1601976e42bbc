/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images that exist, as writers take them.
 */
#ifndef IMAGE_WRITE_COPY_H
#define IMAGE_WRITE_COPY_H

#include "image/read/reading.h"
#include "image/write/image.h"

/* Make *IMAGE from one that was read, with its COUNT LAYERS, which were gathered and must outlive
 * it. Its config keeps its bytes. So does its manifest, where it has an OCI manifest for these
 * layers; missing documents are made. *IMAGE is the caller's. */
int strata_image_of_read(struct strata_reading *reading, const struct strata_read_image *read,
	const struct strata_layer *layers, size_t count, struct strata_image **image,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Gather the image in SOURCE, as strata_image_copy() takes it, in a directory of its own inside
 * PARENT, and call WRITE with it. COMPRESS: plain layers are compressed on the way. */
int strata_image_convert(const char *source, const char *parent, bool compress,
	const struct strata_observer *observer,
	int (*write)(void *data, const struct strata_image *image, struct strata_error *error),
	void *data, struct strata_error *error) STRATA_MUST_CHECK;

/* Where large things may be for a while: malloced; NULL where memory is out. */
char *strata_image_working_parent(void);

#endif
