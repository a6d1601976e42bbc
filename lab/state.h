/* SPDX-License-Identifier: Apache-2.0 */
/*
 * States of a fleet, as 'stratapack simulate' is given them.
 */
#ifndef LAB_STATE_H
#define LAB_STATE_H

#include <stratapack/fleet.h>

#include "cli/options/source_options.h"

struct strata_simulated_state {
	const char *text; /* as it was given; borrowed */
	struct strata_source_options source;
	char *files; /* what the sources' names are in */
	struct strata_graph *graph;
	struct strata_fleet *fleet;
};

/* Take TEXT: the kind of a source, a colon, and files with commas between. */
int strata_simulated_state_parse(struct strata_simulated_state *state, const char *text,
	bool essential, struct strata_error *error) STRATA_MUST_CHECK;

/* Read the graph of the fleet that the file FLEET describes. NULL: all that is in the source is one
 * image. */
int strata_simulated_state_read(struct strata_simulated_state *state, const char *fleet,
	const struct strata_observer *observer, struct strata_error *error) STRATA_MUST_CHECK;

void strata_simulated_state_release(struct strata_simulated_state *state);

#endif
