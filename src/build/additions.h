/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The customisation of a request, made complete: /tmp, one order, absolute targets of links.
 */
#ifndef BUILD_ADDITIONS_H
#define BUILD_ADDITIONS_H

#include "build/job.h"

/* Copy the customisation of the request into the job, with /tmp unless that is refused or given
 * otherwise, sorted. A path given twice is wrong use. */
int strata_additions_prepare(struct strata_job *job, struct strata_error *error) STRATA_MUST_CHECK;

/* Make relative targets of links absolute: they lie in the first of the items asked for, which must
 * be a path in the job's graph or lead to its only root. Failures are wrong use. */
int strata_additions_resolve(struct strata_job *job, struct strata_error *error) STRATA_MUST_CHECK;

#endif
