/* SPDX-License-Identifier: Apache-2.0 */
#include "build/purl.h"

#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"
#include "util/memory.h"

enum { LARGEST_OS_RELEASE = 1 << 20 };

/* Append the value of KEY, without quotes; escapes do not occur in what is looked for here. */
static void take_value(const char *text, const char *key, struct strata_buffer *value)
{
	size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *end;

		line += *line == '\n';
		if (strncmp(line, key, length) != 0 || line[length] != '=')
			continue;
		line += length + 1;
		line += *line == '"' || *line == '\'';
		end = line + strcspn(line, "\"'\n");
		strata_buffer_append(value, line, (size_t)(end - line));
		return;
	}
}

int strata_distribution_read(
	const char *root, struct strata_distribution *distribution, struct strata_error *error)
{
	static const char *const places[] = {"etc/os-release", "usr/lib/os-release"};
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	for (size_t i = 0; i < 2 && text.length == 0; i++) {
		strata_autofree char *path = strata_path_join(root ? root : "/", places[i]);

		if (!path)
			return strata_fail_memory(error);
		if (access(path, R_OK) == 0 &&
			strata_file_read(path, LARGEST_OS_RELEASE, &text, error) < 0)
			return error ? (int)error->status : STRATA_ERROR_IO;
	}
	take_value(text.data, "ID", &distribution->id);
	take_value(text.data, "VERSION_ID", &distribution->version);
	if (distribution->id.length == 0)
		strata_buffer_string(&distribution->id, "debian");
	if (strata_buffer_check(&text, error) < 0 ||
		strata_buffer_check(&distribution->id, error) < 0)
		return STRATA_ERROR_MEMORY;
	return strata_buffer_check(&distribution->version, error);
}

void strata_distribution_release(struct strata_distribution *distribution)
{
	strata_buffer_release(&distribution->id);
	strata_buffer_release(&distribution->version);
}

const char *strata_purl_architecture(const struct strata_item *item)
{
	size_t length = strlen(item->name);

	if (item->content == STRATA_CONTENT_STORE || !*item->version ||
		strncmp(item->id, item->name, length) != 0 || item->id[length] != ':')
		return NULL;
	return item->id + length + 1;
}

/* The specification leaves these as they are, and wants all others encoded. */
static void append_encoded(struct strata_buffer *buffer, const char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
			(byte >= '0' && byte <= '9') || strchr(".-_~:", byte))
			strata_buffer_byte(buffer, *text);
		else
			strata_buffer_format(buffer, "%%%02X", byte);
	}
}

static void append_deb(struct strata_buffer *buffer, const struct strata_item *item,
	const char *architecture, const struct strata_distribution *distribution)
{
	strata_buffer_string(buffer, "pkg:deb/");
	append_encoded(buffer, distribution->id.data);
	strata_buffer_byte(buffer, '/');
	append_encoded(buffer, item->name);
	strata_buffer_byte(buffer, '@');
	append_encoded(buffer, item->version);
	strata_buffer_string(buffer, "?arch=");
	append_encoded(buffer, architecture);
	if (distribution->version.length == 0)
		return;
	strata_buffer_string(buffer, "&distro=");
	append_encoded(buffer, distribution->id.data);
	strata_buffer_byte(buffer, '-');
	append_encoded(buffer, distribution->version.data);
}

void strata_purl_append(struct strata_buffer *buffer, const struct strata_item *item,
	const struct strata_distribution *distribution)
{
	const char *architecture = strata_purl_architecture(item);

	if (architecture) {
		append_deb(buffer, item, architecture, distribution);
		return;
	}
	strata_buffer_string(buffer, "pkg:generic/");
	append_encoded(buffer, item->name);
	if (!*item->version)
		return;
	strata_buffer_byte(buffer, '@');
	append_encoded(buffer, item->version);
}
