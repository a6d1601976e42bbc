/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/auth/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/buffer.h"
#include "util/file.h"
#include "util/json.h"
#include "util/json_writer.h"
#include "util/text.h"

enum {
	LARGEST_ANSWER = 64 * 1024,
	PATIENCE_SECONDS = 60,
	LONGEST_NAME = 64,
};

extern char **environ;

/* A name becomes part of a command's. */
static int check_name(const char *name, struct strata_error *error)
{
	size_t length = strlen(name);

	if (length > 0 && length <= LONGEST_NAME &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
			length)
		return 0;
	return strata_fail(error, STRATA_ERROR_INVALID, "a credential helper's name is not one");
}

struct helper {
	const char *name;
	pid_t process;
	int input, output; /* our ends; -1: closed */
	struct timespec until;
};

static void close_end(int *descriptor)
{
	strata_cleanup_close(descriptor);
	*descriptor = -1;
}

static int start(struct helper *helper, const char *action, struct strata_error *error)
{
	char program[sizeof("docker-credential-") + LONGEST_NAME];
	char *arguments[] = {program, (char *)action, NULL};
	posix_spawn_file_actions_t actions;
	int in[2], out[2], result;

	snprintf(program, sizeof(program), "docker-credential-%s", helper->name);
	if (pipe2(in, O_CLOEXEC) < 0)
		return strata_fail_errno(error, "cannot make a pipe");
	if (pipe2(out, O_CLOEXEC) < 0) {
		strata_fail_errno(error, "cannot make a pipe");
		close(in[0]);
		close(in[1]);
		return STRATA_ERROR_IO;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	result = posix_spawnp(&helper->process, program, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	helper->input = in[1];
	helper->output = out[0];
	if (result == 0)
		return 0;
	errno = result;
	return strata_fail_errno(error, "cannot run '%s'", program);
}

/* Milliseconds until PATIENCE_SECONDS have passed. */
static int time_left(const struct helper *helper)
{
	struct timespec now;
	long long left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left = (helper->until.tv_sec - now.tv_sec) * 1000LL +
	       (helper->until.tv_nsec - now.tv_nsec) / 1000000;
	return left > 0 ? (int)left : 0;
}

/* Write INPUT and read OUTPUT, whichever is possible, until the helper has said all. */
static int talk(struct helper *helper, const struct strata_buffer *input,
	struct strata_buffer *output, struct strata_error *error)
{
	size_t written = 0;

	fcntl(helper->input, F_SETFL, O_NONBLOCK);
	for (;;) {
		struct pollfd ends[] = {{helper->output, POLLIN, 0}, {helper->input, POLLOUT, 0}};
		char chunk[4096];
		ssize_t got;

		if (written == input->length && helper->input >= 0)
			close_end(&helper->input);
		ends[1].fd = helper->input;
		if (poll(ends, 2, time_left(helper)) == 0)
			return strata_fail(error, STRATA_ERROR_IO, "it says nothing");
		if (ends[1].revents && helper->input >= 0) {
			got = write(helper->input, input->data + written, input->length - written);
			if (got < 0 && errno != EAGAIN && errno != EINTR)
				written = input->length; /* it does not want to know more */
			written += got > 0 ? (size_t)got : 0;
		}
		if (!ends[0].revents)
			continue;
		got = read(helper->output, chunk, sizeof(chunk));
		if (got == 0)
			return strata_buffer_check(output, error);
		if (got > 0)
			strata_buffer_append(output, chunk, (size_t)got);
		if (output->length > LARGEST_ANSWER)
			return strata_fail(error, STRATA_ERROR_FORMAT, "it says too much");
	}
}

/* End it, and find out how it ended by itself: *CODE is -1 where it did not. */
static void finish(struct helper *helper, bool failed, int *code)
{
	int status = -1;

	close_end(&helper->input);
	close_end(&helper->output);
	if (failed)
		kill(helper->process, SIGKILL);
	while (waitpid(helper->process, &status, 0) < 0 && errno == EINTR)
		;
	*code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run(const char *name, const char *action, const struct strata_buffer *input,
	struct strata_buffer *output, int *code, struct strata_error *error)
{
	struct helper helper = {.name = name, .input = -1, .output = -1};
	int status = check_name(name, error);

	if (status == 0)
		status = strata_buffer_check(input, error);
	if (status < 0)
		return status;
	clock_gettime(CLOCK_MONOTONIC, &helper.until);
	helper.until.tv_sec += PATIENCE_SECONDS;
	status = start(&helper, action, error);
	if (status == 0) {
		status = talk(&helper, input, output, error);
		finish(&helper, status < 0, code);
	} else {
		close_end(&helper.input);
		close_end(&helper.output);
	}
	return strata_context(error, status, "the credential helper '%s'", name);
}

/* Secrets do not stay behind in memory that is given back. */
static void erase(struct strata_buffer *buffer)
{
	if (buffer->capacity > 0)
		explicit_bzero(buffer->data, buffer->capacity);
}

static int take_answer(const char *name, const struct strata_buffer *output,
	struct strata_credentials *credentials, struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;
	const char *user = NULL, *secret = NULL;
	int status =
		strata_json_parse("its answer", output->data, output->length, &document, error);

	if (status == 0)
		status = strata_json_get_string(document, "Username", true, &user, error);
	if (status == 0)
		status = strata_json_get_string(document, "Secret", true, &secret, error);
	if (status < 0)
		/* What was parsed may be a secret: no word of it. */
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"the credential helper '%s' gave an answer that is not understood", name);
	if (strcmp(user, "<token>") == 0) {
		credentials->identity_token = strdup(secret);
		return credentials->identity_token ? 0 : strata_fail_memory(error);
	}
	credentials->user = strdup(user);
	credentials->password = strdup(secret);
	return credentials->user && credentials->password ? 0 : strata_fail_memory(error);
}

int strata_helper_get(const char *name, const char *server, struct strata_credentials *credentials,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer input = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer output = STRATA_BUFFER_INIT;
	int code = 0, status;

	strata_buffer_string(&input, server);
	status = run(name, "get", &input, &output, &code, error);
	if (status == 0 && code == 0)
		status = take_answer(name, &output, credentials, error);
	else if (status == 0 && !strstr(output.data, "credentials not found"))
		status = strata_fail(
			error, STRATA_ERROR_IO, "the credential helper '%s' failed", name);
	erase(&output);
	return status;
}

int strata_helper_store(const char *name, const char *server, const char *user, const char *secret,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer input = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer output = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &input};
	int code = 0, status;

	strata_json_begin_object(&json);
	strata_json_member_string(&json, "ServerURL", server);
	strata_json_member_string(&json, "Username", user);
	strata_json_member_string(&json, "Secret", secret);
	strata_json_end_object(&json);
	status = run(name, "store", &input, &output, &code, error);
	erase(&input);
	if (status == 0 && code != 0)
		status = strata_fail(
			error, STRATA_ERROR_IO, "the credential helper '%s' failed", name);
	return status;
}

int strata_helper_erase(const char *name, const char *server, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer input = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer output = STRATA_BUFFER_INIT;
	int code = 0, status;

	strata_buffer_string(&input, server);
	status = run(name, "erase", &input, &output, &code, error);
	if (status == 0 && code != 0)
		status = strata_fail(
			error, STRATA_ERROR_IO, "the credential helper '%s' failed", name);
	return status;
}
