/* SPDX-License-Identifier: Apache-2.0 */
#include "util/sha256.h"

#include <openssl/evp.h>

struct strata_sha256 {
	EVP_MD_CTX *context;
};

struct strata_sha256 *strata_sha256_new(void)
{
	struct strata_sha256 *hash = malloc(sizeof(*hash));

	if (!hash)
		return NULL;
	hash->context = EVP_MD_CTX_new();
	if (!hash->context || !EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL)) {
		strata_sha256_free(hash);
		return NULL;
	}
	return hash;
}

void strata_sha256_update(struct strata_sha256 *hash, const void *bytes, size_t length)
{
	EVP_DigestUpdate(hash->context, bytes, length);
}

void strata_sha256_finish(struct strata_sha256 *hash, char hex[STRATA_SHA256_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];

	EVP_DigestFinal_ex(hash->context, digest, NULL);
	for (size_t i = 0; i < STRATA_SHA256_SIZE; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[2 * STRATA_SHA256_SIZE] = '\0';
	EVP_DigestInit_ex(hash->context, NULL, NULL);
}

void strata_sha256_free(struct strata_sha256 *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	free(hash);
}

void strata_cleanup_sha256(struct strata_sha256 **hash)
{
	strata_sha256_free(*hash);
}

int strata_sha256_of(const void *bytes, size_t length, char hex[STRATA_SHA256_HEX_SIZE],
	struct strata_error *error)
{
	strata_autosha256 struct strata_sha256 *hash = strata_sha256_new();

	if (!hash)
		return strata_fail_memory(error);
	strata_sha256_update(hash, bytes, length);
	strata_sha256_finish(hash, hex);
	return 0;
}
