/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans that are expected of small graphs, told in text files: tests/plans/README.md has the form.
 */
#ifndef PLAN_FILE_H
#define PLAN_FILE_H

#include "util/buffer.h"

/* Make all plans that TEXT expects, and append to REPORT what is not as it says, with PATH and the
 * lines: where a plan differs, and where TEXT itself cannot be understood. Returns how many plans
 * were made. */
unsigned plan_file_check(const char *path, const char *text, struct strata_buffer *report);

#endif
