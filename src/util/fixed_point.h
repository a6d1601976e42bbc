/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fixed-point arithmetic that gives the same bits on every machine: no floating point, no libm.
 */
#ifndef UTIL_FIXED_POINT_H
#define UTIL_FIXED_POINT_H

#include <stdbool.h>
#include <stdint.h>

/* 1 - exp(-x), both in 2^-32. Only the last few bits may be inexact. The result rises with X, is at
 * most 1, and is 0 only for 0. */
uint64_t strata_fixed_one_minus_exp(uint64_t x);

/* exp(x) - 1, both in 2^-32; UINT64_MAX where it does not fit. */
uint64_t strata_fixed_exp_minus_one(uint64_t x);

/* -log(1 - p), both in 2^-32, for P below 1. */
uint64_t strata_fixed_minus_log_one_minus(uint64_t p);

/* The square root of VALUE, rounded down. */
uint64_t strata_fixed_root(uint64_t value);

/* A number of 128 bits. */
struct strata_wide {
	uint64_t high, low;
};

struct strata_wide strata_wide_multiply(uint64_t a, uint64_t b);

/* Less than, equal to, or greater than 0, as A is to B. */
int strata_wide_compare(struct strata_wide a, struct strata_wide b);

/* (A x B) >> SHIFT, SHIFT from 0 to 63; UINT64_MAX where it does not fit. */
uint64_t strata_fixed_multiply(uint64_t a, uint64_t b, unsigned shift);

/* A + B; UINT64_MAX where it does not fit. */
uint64_t strata_saturating_add(uint64_t a, uint64_t b);

#endif
