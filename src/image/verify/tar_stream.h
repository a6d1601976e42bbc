/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with the tar stream of a layer.
 */
#ifndef IMAGE_VERIFY_TAR_STREAM_H
#define IMAGE_VERIFY_TAR_STREAM_H

#include "image/read/findings.h"
#include "tar/input.h"

/* Read the archive that INPUT delivers to its end and report what a layer must not have (OCI image
 * specification, layer.md, and what clients are known to disagree on). WHERE begins each finding.
 * An archive that cannot be read to its end is an error for which strata_is_finding() holds. */
int strata_verify_tar(struct strata_input *input, const char *where,
	struct strata_findings *findings, struct strata_error *error) STRATA_MUST_CHECK;

#endif
