/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure FILE COMMAND [ARGUMENT...]: run COMMAND and write to FILE, as one line, how long it took
 * and what it used: seconds, seconds of user and of system time, peak memory in KiB of its largest
 * process, exit status.
 *
 * A program of its own because a child starts with the memory of the process that forks it: this
 * one is small enough not to show. It also has a clock that is fine enough for runs of
 * milliseconds.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int count, char **arguments)
{
	struct rusage usage;
	double start, end;
	int status;
	pid_t child;
	FILE *file;

	if (count < 3) {
		fputs("usage: measure FILE COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	start = now();
	child = fork();
	if (child == 0) {
		execvp(arguments[2], arguments + 2);
		fprintf(stderr, "measure: cannot run '%s': %s\n", arguments[2], strerror(errno));
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		perror("measure");
		return 1;
	}
	end = now();
	getrusage(RUSAGE_CHILDREN, &usage);
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	file = fopen(arguments[1], "w");
	if (!file ||
		fprintf(file, "%.6f %.6f %.6f %ld %d\n", end - start, seconds(usage.ru_utime),
			seconds(usage.ru_stime), usage.ru_maxrss, status) < 0 ||
		fclose(file) != 0) {
		perror(arguments[1]);
		return 1;
	}
	return status;
}
