/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/current.h"

#include <stdatomic.h>

#include "registry/client/client.h"

static _Atomic(struct strata_registry *) used;

int strata_registry_open(const struct strata_registry_options *options,
	struct strata_registry **registry, struct strata_error *error)
{
	return strata_client_new(options, registry, error);
}

void strata_registry_use(struct strata_registry *registry)
{
	atomic_store(&used, registry);
}

int strata_registry_current(
	struct strata_registry **registry, struct strata_registry **own, struct strata_error *error)
{
	int status = 0;

	*own = NULL;
	*registry = atomic_load(&used);
	if (!*registry)
		status = strata_registry_open(NULL, own, error);
	if (*own)
		*registry = *own;
	return status;
}
