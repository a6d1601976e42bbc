/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Behind right digests: a target that changed bytes of a whole image would hardly ever get beyond
 * the digest that they no longer have.
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/image.h>

#include "fuzz_file.h"
#include "oci/media_types.h"
#include "tar/writer.h"
#include "util/buffer.h"
#include "util/sha256.h"

static void add_file(struct strata_buffer *tar, const char *name, const void *bytes, size_t length)
{
	struct strata_tar_entry entry = {.path = name, .mode = 0100644, .size = length};
	char zeros[512] = {0};

	strata_tar_write_header(tar, &entry);
	strata_buffer_append(tar, bytes, length);
	strata_buffer_append(tar, zeros, strata_tar_padding(length));
}

/* Add a blob; its digest replaces every "@" in what follows. */
static void add_blob(struct strata_buffer *tar, const char *bytes, size_t length,
	char hex[STRATA_SHA256_HEX_SIZE])
{
	char name[128];

	if (strata_sha256_of(bytes, length, hex, NULL) < 0)
		abort();
	snprintf(name, sizeof(name), "blobs/sha256/%s", hex);
	add_file(tar, name, bytes, length);
}

static void use(const char *path, struct strata_error *error)
{
	char *output = NULL;
	size_t count;

	(void)strata_image_verify(path, NULL, NULL, &count, error);
	strata_error_clear(error);
	if (strata_image_inspect(path, &output, error) == 0)
		free(output);
	strata_error_clear(error);
}

/* Put DOCUMENT into TEXT with HEX and SIZE of what it refers to for "@" and "#". */
static void refer(struct strata_buffer *text, const char *document, size_t length, const char *hex,
	size_t size)
{
	for (size_t i = 0; i < length; i++) {
		if (document[i] == '@')
			strata_buffer_format(text, "sha256:%s", hex);
		else if (document[i] == '#')
			strata_buffer_format(text, "%zu", size);
		else
			strata_buffer_byte(text, document[i]);
	}
}

/* The input is a chain of documents, a NUL between them: what the last refers to first. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	const char *at = (const char *)data, *end = at + size;
	char hex[STRATA_SHA256_HEX_SIZE] = "";
	size_t length = 0;
	char zeros[1024] = {0};

	while (at < end) {
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
		const char *stop = memchr(at, '\0', (size_t)(end - at));

		stop = stop ? stop : end;
		refer(&text, at, (size_t)(stop - at), hex, length);
		length = text.length;
		if (stop + 1 >= end)
			add_file(&tar, "index.json", text.data, length);
		else
			add_blob(&tar, text.data, length, hex);
		at = stop + 1;
	}
	add_file(&tar, STRATA_LAYOUT_FILE, STRATA_LAYOUT_MARKER, sizeof(STRATA_LAYOUT_MARKER) - 1);
	strata_buffer_append(&tar, zeros, sizeof(zeros));
	if (tar.failed)
		return 0;
	return fuzz_in_file((const uint8_t *)tar.data, tar.length, use);
}
