/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the command line to a graph and a plan for it: what build, plan and layer share.
 */
#ifndef CLI_PLANNING_H
#define CLI_PLANNING_H

#include "cli/options/base_options.h"
#include "cli/options/customisation_options.h"
#include "cli/options/rates_options.h"
#include "cli/options/source_options.h"
#include "cli/options/strategy_options.h"

/* A plan from a file instead of a strategy. */
struct strata_plan_file_options {
	struct strata_used used;
	const char *path; /* NULL: none */
};
extern const struct strata_option_group strata_plan_file_group;

/* The layers of a fleet instead of a strategy. */
struct strata_catalogue_options {
	struct strata_used used;
	const char *path; /* NULL: none */
};
extern const struct strata_option_group strata_catalogue_group;

struct strata_planning {
	struct strata_root_options root;
	struct strata_source_options source;
	struct strata_plan_file_options file;
	struct strata_catalogue_options catalogue;
	struct strata_strategy_options strategy;
	struct strata_rates_options rates;
	struct strata_base_items_options base_items;
	struct strata_force_options force;
	struct strata_customisation_options customisation;

	const struct strata_base *base; /* what the image will lie on, or NULL; borrowed */
	bool explains;                  /* rates mean something even where the plan is given */
	const char *first_item;         /* the first item asked for, or NULL; borrowed */
	struct strata_plan *plan;
	struct strata_graph *graph;
};

/* The groups that make a plan, for the table of a command whose structure TYPE has MEMBER. */
#define STRATA_PLANNING_GROUPS(type, member)                                      \
	{&strata_source_group, offsetof(type, member.source)},                    \
		{&strata_root_group, offsetof(type, member.root)},                \
		{&strata_strategy_group, offsetof(type, member.strategy)},        \
		{&strata_rates_group, offsetof(type, member.rates)},              \
		{&strata_plan_file_group, offsetof(type, member.file)},           \
		{&strata_catalogue_group, offsetof(type, member.catalogue)},      \
		{&strata_base_items_group, offsetof(type, member.base_items)},    \
		{&strata_force_group, offsetof(type, member.force)},              \
	{                                                                         \
		&strata_customisation_group, offsetof(type, member.customisation) \
	}

/* Check the options and find the sources of COUNT items. Failures are wrong use. */
int strata_planning_prepare(struct strata_planning *planning, char *const *items, size_t count,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Read the plan where one was given, the graph, and make the plan or check the given one.
 * *WRONG_USE tells what a failure is. */
int strata_planning_run(struct strata_planning *planning, const struct strata_observer *observer,
	bool *wrong_use, struct strata_error *error) STRATA_MUST_CHECK;

void strata_planning_release(struct strata_planning *planning);

#endif
