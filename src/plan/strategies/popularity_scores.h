/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scores of the popularity contest, exactly.
 *
 * The contest of Graham Christensen (nixpkgs, 2018) is recursive: a child c of v gives 1 point to
 * itself and, for every x below it, the points that x has in the contest of c's children, plus 1.
 * An item's score is what it has in the contest of a virtual root whose children are all items
 * that nothing refers to. Unrolled, every path from the virtual root to some a gives 1 point to a
 * and to everything below a. So with P(a), the number of paths to a, the score of x is the sum of
 * P(a) over x and all that is above x. That is what is computed here, without the recursion and
 * without its table of all pairs.
 *
 * The number of paths doubles with every stacked diamond, so scores are numbers of as many words
 * as the graph needs.
 */
#ifndef PLAN_STRATEGIES_POPULARITY_SCORES_H
#define PLAN_STRATEGIES_POPULARITY_SCORES_H

#include "graph/components.h"

enum {
	STRATA_SCORE_WORDS_LIMIT = 64, /* of 64 bits */
};

/* One number for each component, of `words` words, the least significant first. */
struct strata_scores {
	uint32_t words;
	uint64_t *values;
};

#define STRATA_SCORES_INIT \
	{                  \
		0, NULL    \
	}
#define strata_autoscores STRATA_CLEANUP(strata_scores_release)

/* Score the components of a graph. SCORES is the caller's to release. Scores beyond the limit of
 * words are STRATA_ERROR_INVALID. */
int strata_scores_count(const struct strata_components *components, struct strata_scores *scores,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Less than, equal to, or greater than 0, as the score of component LEFT is to that of RIGHT. */
int strata_scores_compare(const struct strata_scores *scores, uint32_t left, uint32_t right);

void strata_scores_release(struct strata_scores *scores);

#endif
