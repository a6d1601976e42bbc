/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image holds, for strata_image_inspect() and for those who show it to people.
 */
#ifndef IMAGE_INSPECT_INSPECT_H
#define IMAGE_INSPECT_INSPECT_H

#include "image/read/reading.h"

/* Member KEY of the config that containers run as, in any spelling; NULL where it is absent. */
const struct strata_json *strata_inspect_run_member(
	const struct strata_read_image *image, const char *key);

/* Call EACH for every name of the image INDEX, also those that other descriptors give it. */
void strata_inspect_names(const struct strata_reading *reading, size_t index,
	void (*each)(void *data, const char *name), void *data);

/* Append READING as JSON (docs/inspect.schema.json). */
int strata_inspect_json(const struct strata_reading *reading, struct strata_buffer *buffer,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Open the image, or images, in SOURCE; FINDINGS must outlive READING, which the caller releases.
 * What cannot be shown as it is meant is STRATA_ERROR_FORMAT. */
int strata_inspect_open(const char *source, struct strata_findings *findings,
	struct strata_reading *reading, struct strata_error *error) STRATA_MUST_CHECK;

#endif
