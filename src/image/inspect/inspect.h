/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two forms of strata_image_inspect().
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

/* Append READING as text for people. */
int strata_inspect_text(const struct strata_reading *reading, struct strata_buffer *buffer,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
