/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeping credentials: in the file that podman's and skopeo's login write too, or with the helper
 * that it names.
 */
#include <stratapack/registry.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "registry/auth/credentials.h"
#include "registry/auth/helper.h"
#include "registry/client/client.h"
#include "util/error.h"
#include "util/file.h"
#include "util/json.h"
#include "util/json_writer.h"
#include "util/text.h"

/* --- the file --------------------------------------------------------------------------------- */

/* Read the file at PATH; *DOCUMENT is NULL where there is none yet. */
static int load(const char *path, struct strata_json **document, struct strata_error *error)
{
	struct strata_error problem = STRATA_ERROR_INIT;
	int status = strata_json_load(path, STRATA_CREDENTIALS_LIMIT, document, &problem);

	if (status < 0 && problem.system_error == ENOENT)
		status = 0;
	else if (status < 0 && status != STRATA_ERROR_IO)
		strata_fail(
			error, (enum strata_status)status, "'%s' is no file of credentials", path);
	else if (status < 0 && error) {
		*error = problem;
		return status;
	}
	strata_error_clear(&problem);
	return status;
}

/* Append the entries of OLD but that of KEY, then AUTH for it unless that is NULL. *FOUND: there
 * was one. */
static int write_entries(struct strata_json_writer *json, const struct strata_json *old,
	const char *key, const char *auth, bool *found, struct strata_error *error)
{
	const struct strata_json *value;
	const char *name;
	void *position = NULL;
	int status = 0;

	strata_json_key(json, "auths");
	strata_json_begin_object(json);
	while (status == 0 && strata_json_next(old, &position, &name, &value)) {
		if (strcmp(name, key) == 0) {
			*found = true;
			continue;
		}
		strata_json_key(json, name);
		status = strata_json_write_value(json, value, error);
	}
	if (auth) {
		strata_json_key(json, key);
		strata_json_begin_object(json);
		strata_json_member_string(json, "auth", auth);
		strata_json_end_object(json);
	}
	strata_json_end_object(json);
	return status;
}

static int make_text(const struct strata_json *old, const char *key, const char *auth,
	struct strata_buffer *text, bool *found, struct strata_error *error)
{
	struct strata_json_writer json = {.buffer = text, .indented = true};
	const struct strata_json *value;
	const char *name;
	void *position = NULL;
	int status;

	strata_json_begin_object(&json);
	status = write_entries(&json, strata_json_member(old, "auths"), key, auth, found, error);
	while (status == 0 && strata_json_next(old, &position, &name, &value)) {
		if (strcmp(name, "auths") == 0)
			continue;
		strata_json_key(&json, name);
		status = strata_json_write_value(&json, value, error);
	}
	strata_json_end_object(&json);
	strata_buffer_byte(text, '\n');
	return status < 0 ? status : strata_buffer_check(text, error);
}

/* Only the owner may read it, from the first byte on. */
static int replace(const char *path, const struct strata_buffer *text, struct strata_error *error)
{
	strata_autofree char *directory = strata_path_directory(path);
	strata_autofree char *temporary = NULL;
	strata_autoclose int file = -1;
	int status;

	if (!directory || asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return strata_fail_memory(error);
	}
	status = strata_directory_create(directory, error);
	if (status < 0)
		return status;
	file = mkostemp(temporary, O_CLOEXEC);
	if (file < 0)
		return strata_fail_errno(error, "cannot create a file beside '%s'", path);
	status = strata_file_write(file, temporary, text->data, text->length, error);
	if (status == 0 && (fsync(file) < 0 || rename(temporary, path) < 0))
		status = strata_fail_errno(error, "cannot write '%s'", path);
	if (status < 0)
		unlink(temporary);
	return status;
}

static int change_file(const char *path, const struct strata_json *old, const char *key,
	const char *auth, bool *found, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	int status = make_text(old, key, auth, &text, found, error);

	if (status == 0 && (auth || *found))
		status = replace(path, &text, error);
	explicit_bzero(text.data, text.length);
	return status;
}

/* --- login ------------------------------------------------------------------------------------ */

/* Whether HOST knows us by CREDENTIALS. */
static int try(struct strata_host *host, const struct strata_credentials *credentials,
	struct strata_error *error)
{
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	struct strata_call call = {.method = "GET", .path = "/v2/"};
	int status = strata_client_sign_in(host, credentials, error);

	if (status == 0)
		status = strata_client_call(host, &call, &exchange, error);
	if (status < 0)
		return status;
	if (strata_http_status(exchange) == 200)
		return 0;
	return strata_client_fail(host, exchange, error, "the login was refused");
}

static int keep(const char *path, const char *host, const char *user, const char *password,
	char **place, struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;
	strata_autobuffer struct strata_buffer plain = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer auth = STRATA_BUFFER_INIT;
	const char *helper;
	bool found = false;
	int status = load(path, &document, error);

	if (status < 0)
		return status;
	helper = strata_credentials_helper(document, host);
	if (helper) {
		if (asprintf(place, "docker-credential-%s", helper) < 0)
			*place = NULL;
		return *place ? strata_helper_store(
					helper, strata_credentials_key(host), user, password, error)
			      : strata_fail_memory(error);
	}
	strata_buffer_format(&plain, "%s:%s", user, password);
	strata_text_base64(&auth, plain.data, plain.length);
	status = strata_buffer_check(&auth, error);
	if (status == 0)
		status = change_file(path, document, host, auth.data, &found, error);
	explicit_bzero(plain.data, plain.length);
	explicit_bzero(auth.data, auth.length);
	*place = strdup(path);
	return status == 0 && !*place ? strata_fail_memory(error) : status;
}

int strata_registry_login(struct strata_registry *registry, const char *name, const char *user,
	const char *password, char **place, struct strata_error *error)
{
	struct strata_credentials credentials = {
		.user = (char *)user, .password = (char *)password};
	strata_autofree char *path = NULL;
	struct strata_host *host;
	int status;

	*place = NULL;
	if (strchr(user, ':'))
		return strata_fail(error, STRATA_ERROR_INVALID, "a user's name has no ':' in it");
	path = strata_credentials_own_file(
		strata_client_options(registry)->credentials_file, error);
	if (!path)
		return STRATA_ERROR_NOT_FOUND;
	status = strata_client_host(registry, name, &host, error);
	if (status == 0)
		status = try(host, &credentials, error);
	if (status == 0)
		status = keep(path, name, user, password, place, error);
	if (status < 0) {
		free(*place);
		*place = NULL;
	}
	return status;
}

int strata_registry_logout(struct strata_registry *registry, const char *name, char **place,
	struct strata_error *error)
{
	strata_autofree char *path = strata_credentials_own_file(
		strata_client_options(registry)->credentials_file, error);
	strata_autojson struct strata_json *document = NULL;
	const char *helper;
	bool found = false;
	int status = path ? load(path, &document, error) : STRATA_ERROR_NOT_FOUND;

	*place = NULL;
	if (status < 0)
		return status;
	helper = strata_credentials_helper(document, name);
	if (helper)
		status = strata_helper_erase(helper, strata_credentials_key(name), error);
	else if (document)
		status = change_file(path, document, name, NULL, &found, error);
	if (status == 0 && !helper && !found)
		return strata_fail(error, STRATA_ERROR_NOT_FOUND,
			"there are no credentials for %s in '%s'", name, path);
	if (status == 0)
		*place = strata_take(path);
	return status;
}
