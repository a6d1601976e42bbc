/* SPDX-License-Identifier: Apache-2.0 */
#include "model/prior.h"

#include <string.h>

#include "model/rates.h"
#include "util/error.h"
#include "util/fixed_point.h"
#include "util/memory.h"

enum {
	/* An item changes once a year where the square root of its bytes is this. */
	FILES_ROOT = 10000,
	STORE_ROOT = 2500,
	MOST_UPDATES = 1000,
};

/* About how old a release is whose versions count its updates. Only the proportions of rates
 * matter, and they do not depend on it. */
#define RELEASE_YEARS STRATA_FIXED_ONE

/* The digits at TEXT as a number, MOST_UPDATES at most; *END is behind them. */
static uint64_t read_number(const char *text, const char **end)
{
	uint64_t number = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		if (number < MOST_UPDATES)
			number = number * 10 + (uint64_t)(*text - '0');
	}
	*end = text;
	return number < MOST_UPDATES ? number : MOST_UPDATES;
}

/* N of "deb12uN" behind a plus or a tilde. */
static uint64_t debian_updates(const char *version)
{
	for (const char *at = version; (at = strstr(at, "deb")) != NULL; at += 3) {
		const char *end;

		if (at == version || (at[-1] != '+' && at[-1] != '~') || at[3] < '0' || at[3] > '9')
			continue;
		read_number(at + 3, &end);
		if (*end == 'u')
			return read_number(end + 1, &end);
	}
	return 0;
}

/* N of "ubuntu1.N", and of "ubuntu0.22.04.N", which begins with a release. */
static uint64_t ubuntu_updates(const char *version)
{
	const char *at = strstr(version, "ubuntu");
	uint64_t number = 0;
	unsigned numbers = 0;

	if (!at)
		return 0;
	for (at += strlen("ubuntu"); *at >= '0' && *at <= '9'; numbers++) {
		number = read_number(at, &at);
		if (*at == '.')
			at++;
	}
	return numbers == 2 || numbers == 4 ? number : 0;
}

uint64_t strata_prior_version_updates(const char *version)
{
	uint64_t debian = debian_updates(version), ubuntu = ubuntu_updates(version);

	return debian > ubuntu ? debian : ubuntu;
}

/* What is expected of causes that items have in common. */
struct prior {
	uint64_t size;
	uint64_t updates;
	bool in_store;
};

static struct strata_rate expect(const struct prior *prior, bool watched)
{
	struct strata_rate rate = {strata_fixed_root(prior->size) * STRATA_FIXED_ONE /
					   (prior->in_store ? STORE_ROOT : FILES_ROOT),
		0};

	if (watched && !prior->in_store)
		rate.per_year = strata_rates_weigh(
			(struct strata_observation){prior->updates, RELEASE_YEARS}, rate.per_year);
	return rate;
}

int strata_prior_rates(const struct strata_graph *graph, const uint32_t *cause_of,
	struct strata_rate *rates, uint32_t count, struct strata_error *error)
{
	strata_autofree struct prior *priors = strata_allocate(count, sizeof(*priors));
	bool watched = false;

	if (!priors)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < strata_graph_count(graph); i++) {
		const struct strata_item *item = strata_graph_item(graph, i);
		struct prior *prior = &priors[cause_of[i]];
		uint64_t updates = strata_prior_version_updates(item->version);

		prior->size = strata_saturating_add(prior->size, item->size);
		if (prior->updates < updates)
			prior->updates = updates;
		if (item->content == STRATA_CONTENT_STORE)
			prior->in_store = true;
		watched |= updates > 0;
	}
	for (uint32_t cause = 0; cause < count; cause++)
		rates[cause] = expect(&priors[cause], watched);
	return 0;
}
