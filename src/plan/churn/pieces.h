/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces: what the planner moves between layers.
 *
 * A piece is a class of items (those that always change together), or, in a graph with very many
 * of them, some classes that it has merged beforehand, or a part of a class. What a set of pieces
 * costs as one layer, strata_cost_planned() says.
 */
#ifndef PLAN_CHURN_PIECES_H
#define PLAN_CHURN_PIECES_H

#include "model/cost.h"
#include "util/arena.h"

enum {
	STRATA_PIECES_LIMIT = 1024, /* beyond, a search is too slow */
};

struct strata_piece {
	uint64_t size;
	struct strata_hazard hazard;
	const uint64_t *causes; /* NULL where hazards add up */
	bool mixed;             /* it has several classes */
	uint32_t twin; /* the next piece of the same class, in a ring; itself where alone */
};

struct strata_pieces {
	const struct strata_churn *churn;
	struct strata_piece *pieces;
	uint32_t count;
	uint32_t *piece_of; /* class -> piece; undefined for one that is left out */
	size_t words;       /* of the causes; 0 where hazards add up */
	struct strata_arena arena;
};

#define STRATA_PIECES_INIT                                \
	{                                                 \
		NULL, NULL, 0, NULL, 0, STRATA_ARENA_INIT \
	}
#define strata_autopieces STRATA_CLEANUP(strata_pieces_release)

/* The pieces of GRAPH without the items that SKIP marks (NULL: none), as many as LIMIT allows.
 * CHURN must outlive them. */
int strata_pieces_find(const struct strata_graph *graph, const struct strata_churn *churn,
	const bool *skip, uint32_t limit, struct strata_pieces *pieces,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_pieces_release(struct strata_pieces *pieces);

/* Fill ORDER with all pieces by changes per byte, fewest first. This order is best for clients that
 * reuse a prefix, and few cuts of it make good layers. */
int strata_pieces_order(const struct strata_pieces *pieces, uint32_t *order,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
