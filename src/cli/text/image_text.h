/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images, and what is between two of them, as people want to see them.
 */
#ifndef CLI_TEXT_IMAGE_TEXT_H
#define CLI_TEXT_IMAGE_TEXT_H

#include "image/inspect/diff.h"
#include "image/inspect/inspect.h"
#include "util/buffer.h"

/* Append what READING holds. */
int strata_inspect_text(const struct strata_reading *reading, struct strata_buffer *buffer,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Append what a machine pulls, and why. */
void strata_diff_text(const struct strata_diff *diff, struct strata_buffer *buffer);

#endif
