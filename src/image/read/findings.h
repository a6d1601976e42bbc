/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: what does not agree with what an image says of itself. Each is one line for people.
 */
#ifndef IMAGE_READ_FINDINGS_H
#define IMAGE_READ_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"

struct strata_findings {
	void (*report)(void *data, const char *text); /* NULL: only counted */
	void *data;
	size_t count;
	char *first; /* the text of the first one; owned */
	bool failed; /* memory was out */
};

/* Report one. Control characters in it, which come from outside, are made visible. */
void strata_finding(struct strata_findings *findings, const char *format, ...) STRATA_PRINTF(2, 3);

/* Report the message of ERROR, which is then clear, behind the words WHERE and a colon. */
void strata_finding_error(
	struct strata_findings *findings, const char *where, struct strata_error *error);

/* Whether a failure with STATUS says something about the input rather than about this machine. */
bool strata_is_finding(int status);

void strata_findings_release(struct strata_findings *findings);

#endif
