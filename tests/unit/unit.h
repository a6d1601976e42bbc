/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test includes: cmocka, assertions of our own, and the case that a test is at,
 * which a failure names.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stratapack/error.h>

#include "unit_case.h"

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

/*
 * cmocka's groups, with the case of a test that fails: it is printed when the test is torn down,
 * since what the failed assertion has jumped out of is gone by then, but not the words of its case.
 */
static const struct CMUnitTest *unit_current;

static inline int unit_set_up(void **state)
{
	unit_current = *state;
	case_depth = 0;
	*state = unit_current->initial_state;
	return unit_current->setup_func ? unit_current->setup_func(state) : 0;
}

static inline int unit_tear_down(void **state)
{
	fflush(stderr);
	case_print(stdout);
	fflush(stdout);
	case_depth = 0;
	return unit_current->teardown_func ? unit_current->teardown_func(state) : 0;
}

static inline int unit_run(const char *group, const struct CMUnitTest *tests, size_t count)
{
	struct CMUnitTest *wrapped = calloc(count, sizeof(*wrapped));
	int failed;

	if (!wrapped)
		abort();
	for (size_t i = 0; i < count; i++) {
		wrapped[i] = tests[i];
		wrapped[i].setup_func = unit_set_up;
		wrapped[i].teardown_func = unit_tear_down;
		wrapped[i].initial_state = (void *)&tests[i];
	}
	failed = _cmocka_run_group_tests(group, wrapped, count, NULL, NULL);
	free(wrapped);
	return failed;
}

#undef cmocka_run_group_tests
#undef cmocka_run_group_tests_name
#define cmocka_run_group_tests(tests, set_up, tear_down) \
	unit_run(#tests, tests, sizeof(tests) / sizeof(*(tests)))
#define cmocka_run_group_tests_name(name, tests, set_up, tear_down) \
	unit_run(name, tests, sizeof(tests) / sizeof(*(tests)))

#endif
