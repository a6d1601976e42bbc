/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry client that names like docker://... are read and written with.
 */
#ifndef REGISTRY_CURRENT_H
#define REGISTRY_CURRENT_H

#include <stratapack/registry.h>

/* The one that strata_registry_use() said, or one with the usual options: *OWN is that then, and
 * the caller's to close; else NULL. */
int strata_registry_current(struct strata_registry **registry, struct strata_registry **own,
	struct strata_error *error) __attribute__((warn_unused_result));

#endif
