/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often things change, as far as the graph alone tells.
 *
 * Large things change more often than small ones, but not in proportion: over the 41 months of
 * Debian 12, the updates of source packages grew with the square root of their size, over four
 * orders of magnitude (about one in ten years for each package of a megabyte). Without any
 * history, that is what is expected of every cause. Store content moves faster, since its
 * distributions have no stable releases.
 *
 * Versions tell more. In stable releases of Debian and Ubuntu they count the updates:
 * "1.2-3+deb12u4" is the fourth in Debian 12, "1.2-3ubuntu1.4" the fourth of an Ubuntu release.
 * Where any item has such a version, all were watched.
 */
#ifndef MODEL_PRIOR_H
#define MODEL_PRIOR_H

#include <stratapack/churn.h>

/* Fill RATES, one for each of the COUNT causes of GRAPH; CAUSE_OF has each item's. */
int strata_prior_rates(const struct strata_graph *graph, const uint32_t *cause_of,
	struct strata_rate *rates, uint32_t count, struct strata_error *error) STRATA_MUST_CHECK;

/* How many updates a version of a stable release counts; 0 for any other version. */
uint64_t strata_prior_version_updates(const char *version);

#endif
