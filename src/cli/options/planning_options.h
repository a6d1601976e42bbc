/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the command line to the part of a request that is about items and plans: what build, plan
 * and layer share.
 */
#ifndef CLI_OPTIONS_PLANNING_OPTIONS_H
#define CLI_OPTIONS_PLANNING_OPTIONS_H

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

struct strata_planning_options {
	struct strata_root_options root;
	struct strata_source_options source;
	struct strata_plan_file_options file;
	struct strata_catalogue_options catalogue;
	struct strata_strategy_options strategy;
	struct strata_rates_options rates;
	struct strata_base_items_options base_items;
	struct strata_overlap_options overlap;
	struct strata_force_options force;
	struct strata_customisation_options customisation;
	bool explains; /* rates mean something even where the plan is given */
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
		{&strata_overlap_group, offsetof(type, member.overlap)},          \
		{&strata_force_group, offsetof(type, member.force)},              \
	{                                                                         \
		&strata_customisation_group, offsetof(type, member.customisation) \
	}

/* Check that the options go together. Failures are wrong use. */
int strata_planning_options_check(
	struct strata_planning_options *options, struct strata_error *error) STRATA_MUST_CHECK;

/* Say in REQUEST what the options say of COUNT ITEMS. REQUEST borrows all of it. */
void strata_planning_options_apply(const struct strata_planning_options *options,
	char *const *items, size_t count, struct strata_request *request);

void strata_planning_options_release(struct strata_planning_options *options);

#endif
