/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/options/registry_options.h"
#include "cli/text/report.h"

/* A closed standard descriptor must not become some file that we open: give it one that fails in
 * the direction in which it is used. */
static void keep_standard_descriptors(void)
{
	for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
		if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* Some file systems report a failed write only when the file is closed. */
static int close_output(int code)
{
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;

	if (close(STDOUT_FILENO) == 0 || errno == EBADF)
		return code;
	strata_fail_errno(&error, "cannot write to 'standard output'");
	strata_report(&error);
	return code == STRATA_EXIT_DONE ? STRATA_EXIT_FAILED : code;
}

int strata_program_run(int (*run)(int argc, char **argv), int argc, char **argv)
{
	int code;

	keep_standard_descriptors();
	strata_signals_catch();
	code = run(argc, argv);
	strata_registry_choices_shut();
	code = close_output(code);
	/* Work that ended well in spite of a signal has its result in place; say so. */
	if (code != STRATA_EXIT_DONE)
		strata_signals_deliver();
	return code;
}
