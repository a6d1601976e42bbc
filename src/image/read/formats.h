/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats: what finds the images in each.
 */
#ifndef IMAGE_READ_FORMATS_H
#define IMAGE_READ_FORMATS_H

#include <stdbool.h>

#include "image/read/reading.h"

/* The formats. `oci` reads index.json, `dir` and `docker` manifest.json, `v1` repositories. */
int strata_read_oci(struct strata_reading *reading, struct strata_error *error) STRATA_MUST_CHECK;
int strata_read_dir(struct strata_reading *reading, struct strata_error *error) STRATA_MUST_CHECK;
int strata_read_docker(
	struct strata_reading *reading, struct strata_error *error) STRATA_MUST_CHECK;
int strata_read_v1(struct strata_reading *reading, struct strata_error *error) STRATA_MUST_CHECK;

/* Whether an archive has directories of the V1 format. */
bool strata_has_v1(const struct strata_reading *reading);

#endif
