/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How items are divided into layers: a strategy and a bound.
 */
#ifndef CLI_OPTIONS_STRATEGY_OPTIONS_H
#define CLI_OPTIONS_STRATEGY_OPTIONS_H

#include <stratapack/plan.h>

#include "cli/options/option_table.h"

struct strata_strategy_options {
	struct strata_used used;
	const struct strata_strategy *strategy; /* NULL: the default */
	const char *pipeline;                   /* steps instead of a strategy; NULL: none */
	uint32_t max_layers;                    /* 0: the default */
	bool above_base;                        /* the bound does not count a base's layers */
	const char *below;                      /* a plan of the bottom layers; NULL: none */
	uint32_t storage_weight;                /* thousandths, where it is given */
	bool has_storage_weight;
	const char *previous; /* a plan, an image or a catalogue; NULL: none */
};
extern const struct strata_option_group strata_strategy_group;

/* Permission to make an image that Docker's classic store cannot load. */
struct strata_force_options {
	struct strata_used used;
	bool force;
};
extern const struct strata_option_group strata_force_group;

#endif
