/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of 'stratapack simulate': they stand here, so that the program can complete and
 * explain them; what they ask for is done by a program of its own, in lab/.
 */
#ifndef CLI_OPTIONS_SIMULATE_OPTIONS_H
#define CLI_OPTIONS_SIMULATE_OPTIONS_H

#include <stdint.h>

#include "cli/options/option_table.h"

enum {
	STRATA_LARGEST_BEHIND = 100000, /* revisions that a machine can be behind */
};

struct strata_numbers {
	uint32_t *numbers;
	size_t count, capacity;
};

struct strata_simulate_options {
	struct strata_used used;
	const char *fleet, *updates, *rates, *plot; /* files; NULL: none */
	bool essential, propagate, json;
	struct strata_strings contenders;
	struct strata_numbers max_layers, behind, seeds;
};
extern const struct strata_option_group strata_simulate_group;

struct strata_simulate_command {
	struct strata_general_options general;
	struct strata_simulate_options own;
};

int strata_numbers_add(
	struct strata_numbers *list, uint32_t number, struct strata_error *error) STRATA_MUST_CHECK;

#endif
