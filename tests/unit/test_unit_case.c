/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test library itself: a test that fails names its case, and only that. The tests that fail are
 * in this program, too, which calls itself with --fail for them.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "graphs.h"

static const char *const colours[] = {"red", "green"};

static void test_fails_in_a_loop(void **state)
{
	(void)state;
	each_seed(seed, 100) {
		in_case("strategy %s, at most %d layers", "churn", 7);
		each_case(c, colours) {
			each_number(unsigned, threads, 1, 4)
				assert_false(seed == 5 && *colours[c] == 'g' && threads == 2);
		}
	}
}

/* Nothing of the test before is left, nor what a loop was at when it ended. */
static void test_fails_after_loops(void **state)
{
	(void)state;
	each_number(int, number, 0, 3) {
		if (number == 1)
			break;
	}
	{
		in_case("a block");
	}
	assert_true(*state);
}

static void take_no_strategy(uint64_t seed)
{
	each_number(uint64_t, below, 0, seed) {
		if (below == 2)
			return;
	}
}

static void test_fails_in_a_block(void **state)
{
	each_seed(seed, 80)
		take_no_strategy(seed);
	in_case("file %s", "plan.txt");
	assert_true(*state);
}

static int tear_down(void **state)
{
	(void)state;
	print_message("# torn down\n");
	return 0;
}

static int run_what_fails(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fails_in_a_loop),
		cmocka_unit_test(test_fails_after_loops),
		cmocka_unit_test_teardown(test_fails_in_a_block, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What this program prints with --fail; TEXT has room for it. */
static void run_failing(char *text, size_t size)
{
	char program[4096] = {0}, command[4200];
	FILE *output;

	assert_true(readlink("/proc/self/exe", program, sizeof(program) - 1) > 0);
	snprintf(command, sizeof(command), "CMOCKA_MESSAGE_OUTPUT=TAP '%s' --fail 2>&1", program);
	output = popen(command, "r");
	assert_non_null(output);
	text[fread(text, 1, size - 1, output)] = 0;
	assert_int_equal(WEXITSTATUS(pclose(output)), 3);
}

static void test_failures_name_their_case(void **state)
{
	static const char *const lines[] = {
		"# in this case: seed 5, strategy churn, at most 7 layers, colours[1], threads 2\n",
		"# in this case: file plan.txt\n# torn down\n"};
	char text[8192];
	size_t count = 0;

	(void)state;
	run_failing(text, sizeof(text));
	each_case(l, lines) {
		if (!strstr(text, lines[l]))
			fail_msg("not in the output: %s%s", lines[l], text);
	}
	for (const char *at = text; (at = strstr(at, "in this case")); at++)
		count++;
	assert_int_equal(count, COUNT_OF(lines));
}

static void test_brief_runs_take_an_eighth(void **state)
{
	uint64_t seeds = 0;

	(void)state;
	setenv("STRATAPACK_TESTS_BRIEF", "1", 1);
	each_seed(seed, 17)
		seeds++;
	assert_int_equal(seeds, 3);
	unsetenv("STRATAPACK_TESTS_BRIEF");
	each_seed(seed, 17)
		seeds++;
	assert_int_equal(seeds, 20);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failures_name_their_case),
		cmocka_unit_test(test_brief_runs_take_an_eighth),
	};

	if (argc == 2 && strcmp(argv[1], "--fail") == 0)
		return run_what_fails();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
