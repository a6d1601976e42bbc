/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The causes of a graph, inside.
 */
#ifndef MODEL_CAUSES_H
#define MODEL_CAUSES_H

#include <stratapack/churn.h>

#include "util/memory.h"

/* The weights of the model; docs/model.md says how they were chosen. */
enum {
	STRATA_REQUEST = 8192,     /* bytes of an item that one request is worth */
	STRATA_SELDOM = 13,        /* rebuilds between two pulls of a rarely updated machine */
	STRATA_STORAGE_SHARE = 50, /* bytes stored for one image, worth one that is pulled */
};

enum {
	STRATA_HAZARD_SHIFT = 32 - 20, /* from 1 / STRATA_FIXED_ONE to 2^-32 */
};

struct strata_cause {
	const char *name; /* borrowed from the graph */
	struct strata_rate rate;
	enum strata_rate_source source;
	struct strata_hazard hazard;
};

struct strata_churn {
	uint32_t rebuilds, batch_days;
	uint64_t storage_share; /* of what is stored for one image, in 1 / STRATA_FIXED_ONE */
	struct strata_cause *causes;
	uint32_t cause_count;
	size_t words;
	uint32_t *class_of; /* item -> class */
	uint32_t class_count;
	const uint64_t **class_causes; /* into sets */
	struct strata_hazard *class_hazards;
	bool shared;
	uint64_t *sets;
};

#define strata_autochurn STRATA_CLEANUP(strata_cleanup_churn)
void strata_cleanup_churn(struct strata_churn **churn);

static inline struct strata_hazard strata_hazard_add(struct strata_hazard a, struct strata_hazard b)
{
	return (struct strata_hazard){a.single + b.single, a.batch + b.batch};
}

/* Where single events and batch days both count, as one hazard of a rebuild. */
static inline uint64_t strata_hazard_joint(
	const struct strata_churn *churn, struct strata_hazard hazard)
{
	return hazard.single + hazard.batch * churn->batch_days / churn->rebuilds;
}

/* Expected pulls a year of a layer with this hazard, DIRTY in so many rebuilds, by the machines
 * that the planner expects (struct strata_cost's `planned`). In 1 / STRATA_FIXED_ONE. */
uint64_t strata_churn_pulls(
	const struct strata_churn *churn, struct strata_hazard hazard, uint64_t dirty);

/* The hazard of the causes in A that are not in B (NULL: the empty set). */
struct strata_hazard strata_churn_extra_hazard(
	const struct strata_churn *churn, const uint64_t *a, const uint64_t *b);

#endif
