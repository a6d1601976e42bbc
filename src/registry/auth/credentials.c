/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/auth/credentials.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "registry/auth/helper.h"
#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

bool strata_credentials_are_there(const struct strata_credentials *credentials)
{
	return credentials->user || credentials->identity_token || credentials->registry_token;
}

static void erase(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

void strata_credentials_release(struct strata_credentials *credentials)
{
	erase(&credentials->user);
	erase(&credentials->password);
	erase(&credentials->identity_token);
	erase(&credentials->registry_token);
}

const char *strata_credentials_key(const char *host)
{
	return strcmp(host, "docker.io") == 0 ? "https://index.docker.io/v1/" : host;
}

static char *join(const char *directory, const char *name)
{
	return directory && *directory ? strata_path_join(directory, name) : NULL;
}

/* Where the user's configuration of containers' tools is, or NULL. */
static char *configuration_file(void)
{
	char *path = join(getenv("XDG_CONFIG_HOME"), "containers/auth.json");

	return path ? path : join(getenv("HOME"), ".config/containers/auth.json");
}

static char *docker_file(void)
{
	char *path = join(getenv("DOCKER_CONFIG"), "config.json");

	return path ? path : join(getenv("HOME"), ".docker/config.json");
}

char *strata_credentials_file(const char *file, size_t index, int *status)
{
	const char *alone = file ? file : getenv("REGISTRY_AUTH_FILE");

	*status = 1;
	if (alone && *alone) {
		*status = index == 0;
		return index == 0 ? strdup(alone) : NULL;
	}
	switch (index) {
	case 0:
		return join(getenv("XDG_RUNTIME_DIR"), "containers/auth.json");
	case 1:
		return configuration_file();
	case 2:
		return docker_file();
	case 3:
		return join(getenv("HOME"), ".dockercfg");
	default:
		*status = 0;
		return NULL;
	}
}

char *strata_credentials_own_file(const char *file, struct strata_error *error)
{
	int status;

	for (size_t index = 0; index < 2; index++) {
		char *path = strata_credentials_file(file, index, &status);

		if (path)
			return path;
	}
	strata_hint(error,
		strata_fail(error, STRATA_ERROR_NOT_FOUND, "there is no place for credentials"),
		"set HOME or REGISTRY_AUTH_FILE");
	return NULL;
}

/* The name in a key of "auths": older ones are URLs. */
static void name_of_key(const char *key, struct strata_buffer *name)
{
	if (strata_text_starts_with(key, "https://"))
		key += strlen("https://");
	else if (strata_text_starts_with(key, "http://"))
		key += strlen("http://");
	strata_buffer_string(name, key);
	for (;;) {
		static const char *const ends[] = {"/", "/v1", "/v2"};
		size_t length = name->length;

		for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
			if (strata_text_ends_with(name->data, ends[i]))
				strata_buffer_truncate(name, name->length - strlen(ends[i]));
		}
		if (name->length == length)
			return;
	}
}

/* How much of HOST/REPOSITORY the KEY names: 0 where it is of something else. */
static size_t match(const char *key, const char *host, const char *repository)
{
	strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer whole = STRATA_BUFFER_INIT;

	name_of_key(key, &name);
	if (strcmp(host, "docker.io") == 0 &&
		(strcmp(name.data, "index.docker.io") == 0 ||
			strcmp(name.data, "registry-1.docker.io") == 0))
		return strlen(host);
	strata_buffer_format(&whole, "%s/%s", host, repository ? repository : "");
	if (name.failed || whole.failed || strncmp(whole.data, name.data, name.length) != 0)
		return 0;
	if (whole.data[name.length] == '/' || !whole.data[name.length])
		return name.length;
	return 0;
}

static int split_auth(const char *auth, struct strata_credentials *credentials, const char *path,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer plain = STRATA_BUFFER_INIT;
	const char *colon;
	bool sound = strata_text_from_base64(&plain, auth);

	colon = strchr(plain.data, ':');
	if (plain.failed)
		return strata_fail_memory(error);
	if (!sound || !colon)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"'%s': \"auth\" is not a user and a password in base64", path);
	credentials->user = strndup(plain.data, (size_t)(colon - plain.data));
	credentials->password = strdup(colon + 1);
	explicit_bzero(plain.data, plain.length);
	return credentials->user && credentials->password ? 0 : strata_fail_memory(error);
}

static int take_entry(const struct strata_json *entry, struct strata_credentials *credentials,
	const char *path, struct strata_error *error)
{
	const char *auth = strata_json_string(strata_json_member(entry, "auth"));
	const char *user = strata_json_string(strata_json_member(entry, "username"));
	const char *password = strata_json_string(strata_json_member(entry, "password"));
	const char *identity = strata_json_string(strata_json_member(entry, "identitytoken"));
	const char *registry = strata_json_string(strata_json_member(entry, "registrytoken"));

	if (registry && *registry) {
		credentials->registry_token = strdup(registry);
		return credentials->registry_token ? 0 : strata_fail_memory(error);
	}
	if (identity && *identity) {
		credentials->identity_token = strdup(identity);
		return credentials->identity_token ? 0 : strata_fail_memory(error);
	}
	if (auth && *auth)
		return split_auth(auth, credentials, path, error);
	if (!user || !*user || !password)
		return 0;
	credentials->user = strdup(user);
	credentials->password = strdup(password);
	return credentials->user && credentials->password ? 0 : strata_fail_memory(error);
}

const char *strata_credentials_helper(const struct strata_json *document, const char *host)
{
	const struct strata_json *helpers = strata_json_member(document, "credHelpers");
	const char *name = strata_json_string(strata_json_member(helpers, host));

	if (!name && strcmp(host, "docker.io") == 0)
		name = strata_json_string(
			strata_json_member(helpers, strata_credentials_key(host)));
	return name && *name ? name : NULL;
}

/* Look in one file: the helper of the host, then the most specific entry, then the helper of all.
 */
static int look_in(const char *path, const char *host, const char *repository,
	struct strata_credentials *credentials, struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;
	const struct strata_json *auths, *entry, *best = NULL;
	const char *helper, *key;
	void *position = NULL;
	size_t longest = 0;
	int status = strata_json_load(path, STRATA_CREDENTIALS_LIMIT, &document, error);

	if (status == STRATA_ERROR_IO && error->system_error == ENOENT)
		return 0;
	/* The words of a parser may hold what it did not understand: a secret. */
	if (status < 0 && status != STRATA_ERROR_IO)
		return strata_fail(error, status, "'%s' is no file of credentials", path);
	if (status < 0)
		return status;
	helper = strata_credentials_helper(document, host);
	if (helper)
		return strata_helper_get(helper, strata_credentials_key(host), credentials, error);
	auths = strata_json_member(document, "auths");
	/* ~/.dockercfg has the entries at its top. */
	if (!auths && strata_text_ends_with(path, ".dockercfg"))
		auths = document;
	while (strata_json_next(auths, &position, &key, &entry)) {
		size_t length = match(key, host, repository);

		if (length > longest) {
			longest = length;
			best = entry;
		}
	}
	if (best)
		status = take_entry(best, credentials, path, error);
	helper = strata_json_string(strata_json_member(document, "credsStore"));
	if (status == 0 && helper && *helper && !strata_credentials_are_there(credentials))
		status =
			strata_helper_get(helper, strata_credentials_key(host), credentials, error);
	return status;
}

int strata_credentials_find(const char *file, const char *host, const char *repository,
	struct strata_credentials *credentials, struct strata_error *error)
{
	struct strata_error own = STRATA_ERROR_INIT;
	int status = 0, more = 1;

	*credentials = (struct strata_credentials){.user = NULL};
	for (size_t index = 0; status == 0 && more; index++) {
		strata_autofree char *path = strata_credentials_file(file, index, &more);

		if (path)
			status = look_in(path, host, repository, credentials, error ? error : &own);
		if (strata_credentials_are_there(credentials))
			break;
		strata_error_clear(status == 0 ? (error ? error : &own) : NULL);
	}
	strata_error_clear(&own);
	if (status < 0)
		strata_credentials_release(credentials);
	return status;
}
