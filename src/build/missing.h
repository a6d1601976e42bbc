/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before anything is built: what the image names, but does not have.
 */
#ifndef BUILD_MISSING_H
#define BUILD_MISSING_H

#include "build/job.h"

/* Tell the observer of an entrypoint, a user, and targets of links that are not in the image, with
 * names that are and look alike, and of programs that cannot be run. A relative target of a link
 * that lies in an item which does not have it is STRATA_ERROR_NOT_FOUND. */
int strata_missing_tell(const struct strata_job *job, struct strata_error *error) STRATA_MUST_CHECK;

#endif
