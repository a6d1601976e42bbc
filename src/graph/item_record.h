/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of items that are in a graph already.
 */
#ifndef GRAPH_ITEM_RECORD_H
#define GRAPH_ITEM_RECORD_H

#include <stratapack/graph.h>

/* A record like ITEM, which a graph of some of the same items may be given, but for the references:
 * they are the caller's to choose. Borrows what ITEM has. */
struct strata_item_record strata_item_record_of(const struct strata_item *item);

#endif
