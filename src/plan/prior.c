#include "plan/prior.h"

/* Nothing tells one cause from another: each changes every other year. Where an item changes with
 * its closure, the number of causes in it makes the difference. */
void strata_prior_rates(const struct strata_graph *graph, const uint32_t *cause_of,
	struct strata_rate *rates, uint32_t count)
{
	for (uint32_t cause = 0; cause < count; cause++)
		rates[cause] = (struct strata_rate){STRATA_FIXED_ONE / 2, 0};
}
