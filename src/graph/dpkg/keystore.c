/* SPDX-License-Identifier: Apache-2.0 */
/* Java's store of trusted certificates in the format JKS, as Debian's ca-certificates-java makes
 * it: reduced to the certificates of an image's packages, in the order of their names, and without
 * the times when they were added. The format is that of OpenJDK's JavaKeyStore: big-endian numbers,
 * a magic number, a version, a count, the entries, and a digest that begins with the password. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "graph/dpkg/generated.h"
#include "util/sha256.h"

enum {
	VERSION = 2,
	TRUSTED_CERTIFICATE = 2,
	DIGEST_SIZE = 20,
	HEADER_SIZE = 12,
	TIME_SIZE = 8,
};
static const uint32_t magic = 0xfeedfeed;

/* The password that every such store has, in UTF-16, and what its digest goes on with. */
static const char salt[] = "\0c\0h\0a\0n\0g\0e\0i\0tMighty Aphrodite";

struct entry {
	const uint8_t *alias, *rest; /* with their lengths before them; REST is behind the time */
	size_t alias_size, rest_size;
};

struct reader {
	const uint8_t *at, *end;
};

static bool read_number(struct reader *reader, int size, uint32_t *number)
{
	*number = 0;
	if (reader->end - reader->at < size)
		return false;
	for (int i = 0; i < size; i++)
		*number = *number << 8 | *reader->at++;
	return true;
}

static bool skip_sized(struct reader *reader, int size, const uint8_t **content, uint32_t *length)
{
	if (!read_number(reader, size, length) || (size_t)(reader->end - reader->at) < *length)
		return false;
	*content = reader->at;
	reader->at += *length;
	return true;
}

/* Read an entry, and its CERTIFICATE. */
static bool read_entry(
	struct reader *reader, struct entry *entry, const uint8_t **certificate, uint32_t *length)
{
	const uint8_t *text;
	uint32_t tag, size;

	if (!read_number(reader, 4, &tag) || tag != TRUSTED_CERTIFICATE)
		return false;
	entry->alias = reader->at;
	if (!skip_sized(reader, 2, &text, &size) || reader->end - reader->at < TIME_SIZE)
		return false;
	entry->alias_size = (size_t)(reader->at - entry->alias);
	reader->at += TIME_SIZE;
	entry->rest = reader->at;
	if (!skip_sized(reader, 2, &text, &size) || !skip_sized(reader, 4, certificate, length))
		return false;
	entry->rest_size = (size_t)(reader->at - entry->rest);
	return true;
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	size_t shorter = a->alias_size < b->alias_size ? a->alias_size : b->alias_size;
	int order = memcmp(a->alias, b->alias, shorter);

	return order ? order : (a->alias_size > b->alias_size) - (a->alias_size < b->alias_size);
}

static void write_number(struct strata_buffer *buffer, uint64_t number, int size)
{
	while (size-- > 0)
		strata_buffer_byte(buffer, (char)(number >> (8 * size)));
}

static int write_store(struct strata_buffer *store, struct entry *entries, size_t count,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer hashed = STRATA_BUFFER_INIT;
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t before = store->length;

	if (count > 0)
		qsort(entries, count, sizeof(*entries), compare_entries);
	write_number(store, magic, 4);
	write_number(store, VERSION, 4);
	write_number(store, count, 4);
	for (size_t i = 0; i < count; i++) {
		write_number(store, TRUSTED_CERTIFICATE, 4);
		strata_buffer_append(store, entries[i].alias, entries[i].alias_size);
		write_number(store, 1000 * (uint64_t)STRATA_DPKG_MADE_TIME, TIME_SIZE);
		strata_buffer_append(store, entries[i].rest, entries[i].rest_size);
	}
	strata_buffer_append(&hashed, salt, sizeof(salt) - 1);
	strata_buffer_append(&hashed, store->data + before, store->length - before);
	if (strata_buffer_check(store, error) < 0 || strata_buffer_check(&hashed, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (!EVP_Digest(hashed.data, hashed.length, digest, NULL, EVP_sha1(), NULL))
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"the cryptographic library computes no SHA-1, which Java's key stores "
			"need");
	strata_buffer_append(store, digest, DIGEST_SIZE);
	return strata_buffer_check(store, error);
}

int strata_keystore_reduce(const struct strata_certificates *certificates,
	const struct strata_buffer *content, struct strata_buffer *reduced,
	struct strata_error *error)
{
	struct reader reader = {.at = (const uint8_t *)content->data};
	strata_autofree struct entry *entries = NULL;
	uint32_t number, version, count;
	size_t kept = 0;
	int status = 0;

	if (content->length < HEADER_SIZE + DIGEST_SIZE)
		return 0;
	reader.end = reader.at + content->length - DIGEST_SIZE;
	if (!read_number(&reader, 4, &number) || number != magic ||
		!read_number(&reader, 4, &version) || version != VERSION ||
		!read_number(&reader, 4, &count) || count > content->length)
		return 0;
	entries = strata_allocate(count, sizeof(*entries));
	if (!entries)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++) {
		char hex[STRATA_SHA256_HEX_SIZE];
		const uint8_t *certificate;
		uint32_t length;

		if (!read_entry(&reader, &entries[kept], &certificate, &length))
			return 0;
		status = strata_sha256_of(certificate, length, hex, error);
		if (status < 0)
			return status;
		kept += strata_map_get(&certificates->der, hex) != STRATA_MAP_NONE;
	}
	status = write_store(reduced, entries, kept, error);
	return status < 0 ? status : 1;
}
