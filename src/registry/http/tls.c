/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/http/tls.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "util/file.h"
#include "util/text.h"

enum { LARGEST_CERTIFICATE = 1024 * 1024 };

static int add_authority(const char *path, struct strata_http_tls *tls, struct strata_error *error)
{
	int status = strata_file_read(path, LARGEST_CERTIFICATE, &tls->authorities, error);

	strata_buffer_byte(&tls->authorities, '\n');
	return status < 0 ? status : strata_buffer_check(&tls->authorities, error);
}

static int add_own(const char *path, struct strata_http_tls *tls, struct strata_error *error)
{
	size_t stem = strlen(path) - strlen(".cert");
	strata_autofree char *key = NULL;

	if (tls->certificate)
		return 0;
	if (asprintf(&key, "%.*s.key", (int)stem, path) < 0) {
		key = NULL;
		return strata_fail_memory(error);
	}
	if (access(key, R_OK) < 0)
		return strata_fail_errno(error, "'%s' needs its key, '%s'", path, key);
	tls->certificate = strdup(path);
	tls->key = strata_take(key);
	return tls->certificate ? 0 : strata_fail_memory(error);
}

/* Names in an order that no file system chooses. */
static int read_names(const char *path, struct dirent ***names, int *count)
{
	*count = scandir(path, names, NULL, alphasort);
	return *count;
}

static int read_directory(
	const char *path, struct strata_http_tls *tls, bool *found, struct strata_error *error)
{
	struct dirent **names = NULL;
	int count, status = 0;

	if (read_names(path, &names, &count) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : strata_fail_errno(error, "cannot read '%s'", path);
	*found = true;
	for (int i = 0; i < count; i++) {
		strata_autofree char *file = strata_path_join(path, names[i]->d_name);

		if (!file)
			status = strata_fail_memory(error);
		else if (status == 0 && strata_text_ends_with(file, ".crt"))
			status = add_authority(file, tls, error);
		else if (status == 0 && strata_text_ends_with(file, ".cert"))
			status = add_own(file, tls, error);
		free(names[i]);
	}
	free(names);
	return status;
}

int strata_tls_find(const char *directory, const char *host, struct strata_http_tls *tls,
	bool *found, struct strata_error *error)
{
	const char *configuration = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	strata_autobuffer struct strata_buffer own = STRATA_BUFFER_INIT;
	const char *places[] = {own.data, "/etc/containers/certs.d", "/etc/docker/certs.d", NULL};

	*tls = (struct strata_http_tls){.authorities = STRATA_BUFFER_INIT};
	*found = false;
	if (directory)
		strata_buffer_string(&own, directory);
	else if (configuration && *configuration)
		strata_buffer_format(&own, "%s/containers/certs.d", configuration);
	else
		strata_buffer_format(&own, "%s/.config/containers/certs.d", home ? home : "");
	places[0] = own.data;
	places[1] = directory ? NULL : places[1];
	for (size_t i = 0; places[i] && !*found; i++) {
		strata_autofree char *path = strata_path_join(places[i], host);
		int status =
			path ? read_directory(path, tls, found, error) : strata_fail_memory(error);

		if (status < 0)
			return strata_context(error, status, "certificates for %s", host);
	}
	return 0;
}

void strata_tls_release(struct strata_http_tls *tls)
{
	strata_buffer_release(&tls->authorities);
	free(tls->certificate);
	free(tls->key);
	tls->certificate = tls->key = NULL;
}
