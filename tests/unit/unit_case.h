/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The case that a test is at. What fails in a loop says nothing without it, so loops over seeds,
 *tables and numbers are written with the words below, and a test that fails prints where each of
 *them was:
 *
 *	# in this case: seed 17, strategy churn, cases[3]
 */
#ifndef UNIT_CASE_H
#define UNIT_CASE_H

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Whether a checker that slows everything down asks for less: fewer seeds, each path once. */
static inline bool in_brief(void)
{
	return getenv("STRATAPACK_TESTS_BRIEF") != NULL;
}

/* How many of COUNT random cases to try. */
static inline uint64_t trials(uint64_t count)
{
	return in_brief() ? (count + 7) / 8 : count;
}

/* One word of the case: text, or a format for a number. Nothing here points into a stack frame, for
 * a failed assertion jumps out of it. */
struct case_word {
	const char *format;
	uint64_t number;
	char text[240];
};

enum { CASE_WORDS = 16 };

static _Thread_local struct case_word case_words[CASE_WORDS];
static _Thread_local unsigned case_depth;

static inline struct case_word *case_enter(const char *format)
{
	struct case_word *word = &case_words[case_depth < CASE_WORDS ? case_depth : CASE_WORDS - 1];

	word->format = format;
	word->number = 0;
	case_depth++;
	return word;
}

static inline struct case_word *__attribute__((format(printf, 1, 2)))
case_enter_text(const char *format, ...)
{
	struct case_word *word = case_enter(NULL);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(word->text, sizeof(word->text), format, arguments);
	va_end(arguments);
	return word;
}

static inline void case_leave(struct case_word **word)
{
	if (*word)
		case_depth--;
}

static inline bool case_number(struct case_word *word, uint64_t number)
{
	word->number = number;
	return true;
}

/* Print the case, where a test has left by a failure. */
static inline void case_print(FILE *stream)
{
	const char *before = "# in this case: ";

	for (unsigned i = 0; i < case_depth && i < CASE_WORDS; i++) {
		const struct case_word *word = &case_words[i];

		fputs(before, stream);
		if (word->format)
			fprintf(stream, word->format, word->number);
		else
			fputs(word->text, stream);
		before = ", ";
	}
	if (case_depth > 0)
		fputc('\n', stream);
}

#define CASE_SCOPE(name, value) struct case_word *name __attribute__((cleanup(case_leave))) = value
#define CASE_JOIN_(a, b) a##b
#define CASE_JOIN(a, b) CASE_JOIN_(a, b)

/* Until the end of the block, the case is also this, a format with its arguments. */
#define in_case(...)                                                                  \
	CASE_SCOPE(CASE_JOIN(case_of_line_, __LINE__), case_enter_text(__VA_ARGS__)); \
	(void)CASE_JOIN(case_of_line_, __LINE__)

/* The loop whose variable is the case, with a format for it. The outer loop only holds the scope.
 */
#define CASE_LOOP(type, variable, from, below, format)                                            \
	for (CASE_SCOPE(variable##_case, case_enter(format)), *variable##_once = variable##_case; \
		variable##_once; variable##_once = NULL)                                          \
		for (type variable = (from);                                                      \
			variable < (below) && case_number(variable##_case, variable); variable++)

/* For each VARIABLE, an uint64_t, of COUNT seeds; fewer in brief. */
#define each_seed(variable, count) CASE_LOOP(uint64_t, variable, 0, trials(count), "seed %" PRIu64)

/* For each INDEX, a size_t, of ARRAY. */
#define each_case(index, array) \
	CASE_LOOP(size_t, index, 0, sizeof(array) / sizeof(*(array)), #array "[%" PRIu64 "]")

/* For each NUMBER, of TYPE, of at least FROM and less than BELOW. */
#define each_number(type, number, from, below) \
	CASE_LOOP(type, number, from, below, #number " %" PRIu64)

#endif
