/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates in an image: those that its packages bring (/usr/share/ca-certificates), and of a
 * bundle as update-ca-certificates(8) makes it only these. An authority that an administrator added
 * is no package's. PEM is RFC 7468. */
#include <string.h>

#include "graph/dpkg/generated.h"
#include "util/sha256.h"
#include "util/text.h"

static const char directory[] = "/usr/share/ca-certificates/";
static const char begin[] = "-----BEGIN CERTIFICATE-----";
static const char end[] = "-----END CERTIFICATE-----";

void strata_certificates_release(struct strata_certificates *certificates)
{
	strata_map_release(&certificates->pem);
	strata_map_release(&certificates->der);
}

/* The length of the first part of TEXT: up to the end of a certificate's last line, or all. */
static size_t first_part(const char *text)
{
	const char *stop = strstr(text, end);

	if (!stop)
		return strlen(text);
	stop += sizeof(end) - 1;
	return (size_t)(stop - text) + strspn(stop, "\r\n");
}

/* Copy LENGTH bytes of TEXT to PART without blanks, from the beginning of a certificate where there
 * is one: comments before it say nothing. */
static void squeeze(struct strata_buffer *part, const char *text, size_t length)
{
	const char *start = strstr(text, begin);

	if (start && start < text + length) {
		length -= (size_t)(start - text);
		text = start;
	}
	for (size_t i = 0; i < length; i++) {
		if (!strchr(" \t\r\n", text[i]))
			strata_buffer_byte(part, text[i]);
	}
}

static int remember(struct strata_map *map, struct strata_arena *arena, const void *bytes,
	size_t length, struct strata_error *error)
{
	char hex[STRATA_SHA256_HEX_SIZE];
	int status = strata_sha256_of(bytes, length, hex, error);
	const char *kept = status == 0 ? strata_arena_string(arena, hex) : NULL;

	if (status == 0 && (!kept || strata_map_put(map, kept, 0) < 0))
		status = strata_fail_memory(error);
	return status;
}

/* Remember a squeezed PART, and what it encodes. */
static int remember_part(struct strata_certificates *certificates, struct strata_arena *arena,
	struct strata_buffer *part, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer body = STRATA_BUFFER_INIT, der = STRATA_BUFFER_INIT;
	/* Without blanks, the lines before and after are shorter. */
	static const char first[] = "-----BEGINCERTIFICATE-----",
			  last[] = "-----ENDCERTIFICATE-----";
	const char *stop = strstr(part->data, last);
	int status = remember(&certificates->pem, arena, part->data, part->length, error);

	if (status < 0 || !stop || !strata_text_starts_with(part->data, first))
		return status;
	strata_buffer_append(&body, part->data + sizeof(first) - 1,
		(size_t)(stop - part->data) - (sizeof(first) - 1));
	if (strata_buffer_check(&body, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (!strata_text_from_base64(&der, body.data))
		return 0;
	if (strata_buffer_check(&der, error) < 0)
		return STRATA_ERROR_MEMORY;
	return remember(&certificates->der, arena, der.data, der.length, error);
}

static int read_certificates(struct strata_certificates *certificates,
	struct strata_generated *generated, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	int status = strata_dpkg_read_path(generated->image->files, path, &text, error);

	if (status <= 0)
		return status;
	status = 0;
	for (const char *at = text.data; status == 0 && *at; at += first_part(at)) {
		strata_autobuffer struct strata_buffer part = STRATA_BUFFER_INIT;

		squeeze(&part, at, first_part(at));
		status = strata_buffer_check(&part, error);
		if (status == 0 && part.length > 0)
			status = remember_part(
				certificates, &generated->image->files->root->arena, &part, error);
	}
	return status;
}

int strata_certificates_read(struct strata_certificates *certificates,
	struct strata_generated *generated, struct strata_error *error)
{
	struct strata_dpkg_image *image = generated->image;
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < image->database->count; i++) {
		for (size_t f = 0; status == 0 && f < image->lists[i].count; f++) {
			const char *path = image->lists[i].paths[f];

			if (strata_text_starts_with(path, directory) &&
				strata_text_ends_with(path, ".crt"))
				status = read_certificates(certificates, generated, path, error);
		}
	}
	return status;
}

int strata_certificates_reduce(const struct strata_certificates *certificates,
	const struct strata_buffer *content, struct strata_buffer *reduced,
	struct strata_error *error)
{
	for (const char *at = content->data; *at; at += first_part(at)) {
		strata_autobuffer struct strata_buffer part = STRATA_BUFFER_INIT;
		char hex[STRATA_SHA256_HEX_SIZE];
		int status;

		squeeze(&part, at, first_part(at));
		status = strata_buffer_check(&part, error);
		if (status == 0)
			status = strata_sha256_of(part.data, part.length, hex, error);
		if (status < 0)
			return status;
		if (strata_map_get(&certificates->pem, hex) != STRATA_MAP_NONE)
			strata_buffer_append(reduced, at, first_part(at));
	}
	return strata_buffer_check(reduced, error);
}
