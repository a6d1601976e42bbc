/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a program of the project begins and ends: descriptors, signals, the exit code.
 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

/* Run RUN with the arguments of main() and return its exit code; a failure to write what was
 * printed is a failure, and a signal that ended the work ends the process. */
int strata_program_run(int (*run)(int argc, char **argv), int argc, char **argv);

#endif
