/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack login and logout: credentials for registries.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options/registry_options.h"
#include "cli/text/output.h"
#include "util/file.h"
#include "util/text.h"

enum { LONGEST_SECRET = 64 * 1024 };

struct login_options {
	struct strata_used used;
	const char *user;
	bool from_stdin;
};

struct login {
	struct strata_general_options general;
	struct strata_registry_choices registry;
	struct login_options own;
};

static const struct strata_option login_options[] = {
	{.name = "username",
		.letter = 'u',
		.argument = "NAME",
		.help = "who we are at the registry",
		STRATA_STORES_TEXT(struct login_options, user)},
	{.name = "password-stdin",
		.help = "read the password, or a token, from standard input; else it is asked for",
		STRATA_STORES_FLAG(struct login_options, from_stdin)},
	{.name = NULL},
};

static const struct strata_option_group login_group = {"Login", login_options};

static const struct strata_command_group login_groups[] = {
	{&login_group, offsetof(struct login, own)},
	{&strata_registry_group, offsetof(struct login, registry)},
	{&strata_general_group, offsetof(struct login, general)},
	{NULL, 0},
};

static const struct strata_command_group logout_groups[] = {
	{&strata_registry_group, offsetof(struct login, registry)},
	{&strata_general_group, offsetof(struct login, general)},
	{NULL, 0},
};

/* Read a line from the terminal that it does not show. */
static int ask(
	const char *question, bool hidden, struct strata_buffer *answer, struct strata_error *error)
{
	strata_autofile FILE *terminal = fopen("/dev/tty", "r+e");
	struct termios shown, silent;
	char line[1024];
	bool read;

	if (!terminal || tcgetattr(fileno(terminal), &shown) < 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"there is no terminal to ask for the %s", question),
			"give --username, and the password with --password-stdin");
	silent = shown;
	if (hidden)
		silent.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(terminal, "%s: ", question);
	fflush(terminal);
	tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
	read = fgets(line, sizeof(line), terminal) != NULL;
	tcsetattr(fileno(terminal), TCSAFLUSH, &shown);
	if (hidden)
		fputc('\n', terminal);
	if (read)
		strata_buffer_append(answer, line, strcspn(line, "\r\n"));
	explicit_bzero(line, sizeof(line));
	if (!read || answer->length == 0)
		return strata_fail(error, STRATA_ERROR_INVALID, "there is no %s", question);
	return strata_buffer_check(answer, error);
}

static int read_password(const struct login_options *options, struct strata_buffer *password,
	struct strata_error *error)
{
	int status;

	if (!options->from_stdin)
		return ask("password", true, password, error);
	status = strata_file_read("-", LONGEST_SECRET, password, error);
	if (status < 0)
		return status;
	while (password->length > 0 && strchr("\r\n", password->data[password->length - 1]))
		strata_buffer_truncate(password, password->length - 1);
	if (password->length == 0)
		return strata_fail(
			error, STRATA_ERROR_INVALID, "there is no password on standard input");
	return 0;
}

static int report_place(const char *words, const char *host, const char *place, bool quiet)
{
	if (!quiet)
		fprintf(stderr, "%s %s: %s\n", words, host, place);
	return 0;
}

static int sign_in(struct login *login, const char *host, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer user = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer password = STRATA_BUFFER_INIT;
	strata_autofree char *place = NULL;
	struct strata_registry *registry;
	int status = 0;

	if (login->own.user)
		strata_buffer_string(&user, login->own.user);
	else
		status = ask("user", false, &user, error);
	if (status == 0)
		status = read_password(&login->own, &password, error);
	if (status == 0)
		status = strata_registry_choices_open(
			&login->registry, login->general.quiet, &registry, error);
	if (status == 0)
		status = strata_registry_login(
			registry, host, user.data, password.data, &place, error);
	explicit_bzero(password.data, password.length);
	return status < 0 ? status
			  : report_place("credentials kept for", host, place, login->general.quiet);
}

static int sign_out(struct login *login, const char *host, struct strata_error *error)
{
	strata_autofree char *place = NULL;
	struct strata_registry *registry;
	int status = strata_registry_choices_open(
		&login->registry, login->general.quiet, &registry, error);

	if (status == 0)
		status = strata_registry_logout(registry, host, &place, error);
	return status < 0
		       ? status
		       : report_place("credentials removed for", host, place, login->general.quiet);
}

static int run(const struct strata_command *command, int argc, char **argv,
	int (*act)(struct login *login, const char *host, struct strata_error *error))
{
	struct login login = {.general = {.help = false}};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &login, &login.general, &first);

	if (code != STRATA_COMMAND_GOES_ON)
		return code;
	if (argc - first != 1 || strchr(argv[first], '/') || !*argv[first]) {
		strata_hint(&error,
			strata_fail(&error, STRATA_ERROR_INVALID, "one registry is needed"),
			"stratapack %s HOST[:PORT]", command->name);
		return strata_report_use(&error);
	}
	return act(&login, argv[first], &error) < 0 ? strata_report(&error) : STRATA_EXIT_DONE;
}

static int run_login(const struct strata_command *command, int argc, char **argv)
{
	return run(command, argc, argv, sign_in);
}

static int run_logout(const struct strata_command *command, int argc, char **argv)
{
	return run(command, argc, argv, sign_out);
}

const struct strata_command strata_command_login = {
	.name = "login",
	.operands = "HOST[:PORT]",
	.summary = "keep credentials for a registry",
	.description =
		"Find out whether a registry accepts a user and a password, and keep them: where "
		"the file names a credential helper for the registry, with that helper; else in "
		"the file, which only its owner can read. The file is the one that podman and "
		"skopeo use.",
	.examples = "  stratapack login -u ann example.org\n"
		    "  # in CI: nothing secret is on the command line\n"
		    "  printenv REGISTRY_TOKEN | stratapack login -u ann --password-stdin "
		    "example.org\n",
	.operand = STRATA_VALUE_TEXT,
	.groups = login_groups,
	.run = run_login,
};

const struct strata_command strata_command_logout = {
	.name = "logout",
	.operands = "HOST[:PORT]",
	.summary = "forget the credentials for a registry",
	.description = "Remove the credentials for a registry that 'stratapack login' has kept.",
	.examples = "  stratapack logout example.org\n",
	.operand = STRATA_VALUE_TEXT,
	.groups = logout_groups,
	.run = run_logout,
};
