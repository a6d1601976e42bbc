/* SPDX-License-Identifier: Apache-2.0 */
#include "util/fixed_point.h"

#define ONE (UINT64_C(1) << 32)

enum {
	PARTS = 16,    /* steps of the second table in one of the first */
	LOG_BITS = 37, /* exp(-23) is nothing in 2^-32, so no logarithm is above 2^37 */
};

/* exp(-n), in 2^-32. */
static const uint64_t whole_powers[] = {
	ONE,
	1580030169,
	581260615,
	213833830,
	78665070,
	28939262,
	10646160,
	3916503,
	1440801,
	530041,
	194991,
	71733,
	26389,
	9708,
	3571,
	1314,
	483,
	178,
	65,
	24,
	9,
	3,
	1,
};

/* exp(-n / PARTS), in 2^-32. */
static const uint64_t part_powers[PARTS] = {
	ONE,
	4034748382U,
	3790295335U,
	3560652950U,
	3344923893U,
	3142265200U,
	2951884975U,
	2773039306U,
	2605029347U,
	2447198598U,
	2298930330U,
	2159645183U,
	2028798896,
	1905880184,
	1790408741,
	1681933360,
};

/* 1 / n from n = 2 on, in 2^-32. */
static const uint64_t reciprocals[] = {
	2147483648U,
	1431655765,
	1073741824,
	858993459,
	715827883,
	613566757,
};

/* 1 - exp(-x) for X below 1 / PARTS: x (1 - x/2 (1 - x/3 (1 - ...))). */
static uint64_t small_one_minus_exp(uint64_t x)
{
	uint64_t sum = ONE;

	for (unsigned n = sizeof(reciprocals) / sizeof(*reciprocals); n-- > 0;)
		sum = ONE - ((x * reciprocals[n] >> 32) * sum >> 32);
	return x * sum >> 32;
}

uint64_t strata_fixed_one_minus_exp(uint64_t x)
{
	uint64_t whole = x >> 32, part = (x & (ONE - 1)) / (ONE / PARTS), left;

	if (whole >= sizeof(whole_powers) / sizeof(*whole_powers))
		return ONE;
	/* ONE times ONE would not fit. */
	left = part == 0 ? whole_powers[whole] : whole_powers[whole] * part_powers[part] >> 32;
	return ONE - left + (left * small_one_minus_exp(x % (ONE / PARTS)) >> 32);
}

uint64_t strata_fixed_exp_minus_one(uint64_t x)
{
	uint64_t changed = strata_fixed_one_minus_exp(x);

	return changed >= ONE ? UINT64_MAX : (changed << 32) / (ONE - changed);
}

uint64_t strata_fixed_minus_log_one_minus(uint64_t p)
{
	uint64_t x = 0;

	for (unsigned bit = LOG_BITS; bit-- > 0;) {
		if (strata_fixed_one_minus_exp(x | UINT64_C(1) << bit) <= p)
			x |= UINT64_C(1) << bit;
	}
	return x;
}

uint64_t strata_fixed_root(uint64_t value)
{
	uint64_t root = 0;

	for (unsigned bit = 32; bit-- > 0;) {
		uint64_t larger = root | UINT64_C(1) << bit;

		if (larger <= value / larger)
			root = larger;
	}
	return root;
}

struct strata_wide strata_wide_multiply(uint64_t a, uint64_t b)
{
	uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX);
	uint64_t middle = (a >> 32) * (b & UINT32_MAX) + (low >> 32);
	uint64_t other = (a & UINT32_MAX) * (b >> 32) + (middle & UINT32_MAX);

	return (struct strata_wide){
		.high = (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32),
		.low = other << 32 | (low & UINT32_MAX),
	};
}

int strata_wide_compare(struct strata_wide a, struct strata_wide b)
{
	if (a.high != b.high)
		return a.high < b.high ? -1 : 1;
	return (a.low > b.low) - (a.low < b.low);
}

uint64_t strata_fixed_multiply(uint64_t a, uint64_t b, unsigned shift)
{
	struct strata_wide product = strata_wide_multiply(a, b);

	if (shift == 0)
		return product.high ? UINT64_MAX : product.low;
	if (product.high >> shift)
		return UINT64_MAX;
	return product.high << (64 - shift) | product.low >> shift;
}

uint64_t strata_saturating_add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}
