/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test includes: cmocka and a few words of our own.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stratapack/error.h>

/* The call must succeed; where it does not, its message is the test's. */
#define assert_succeeds(call, error)                                 \
	do {                                                         \
		if ((call) < 0)                                      \
			fail_msg("%s: %s", #call, (error)->message); \
	} while (0)

/* The call must fail with STATUS and a message that contains WORDS; the error is cleared. */
#define assert_fails(call, expected, words, error)                                             \
	do {                                                                                   \
		assert_int_equal(call, expected);                                              \
		assert_non_null((error)->message);                                             \
		if (!strstr((error)->message, words))                                          \
			fail_msg("\"%s\" is not in the message: %s", words, (error)->message); \
		strata_error_clear(error);                                                     \
	} while (0)

#endif
