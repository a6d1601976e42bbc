/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests as text: "sha256:" and 64 digits.
 */
#include <stratapack/digest.h>

#include <string.h>

enum { PREFIX_LENGTH = sizeof(STRATA_DIGEST_PREFIX) - 1 };

bool strata_digest_parse(const char *text, struct strata_digest *digest)
{
	if (strlen(text) != STRATA_DIGEST_SIZE - 1 ||
		memcmp(text, STRATA_DIGEST_PREFIX, PREFIX_LENGTH) != 0)
		return false;
	if (strspn(text + PREFIX_LENGTH, "0123456789abcdef") !=
		STRATA_DIGEST_SIZE - 1 - PREFIX_LENGTH)
		return false;
	memcpy(digest->text, text, STRATA_DIGEST_SIZE);
	return true;
}

const char *strata_digest_hex(const struct strata_digest *digest)
{
	return digest->text + PREFIX_LENGTH;
}

bool strata_digest_equal(const struct strata_digest *left, const struct strata_digest *right)
{
	return strcmp(left->text, right->text) == 0;
}
