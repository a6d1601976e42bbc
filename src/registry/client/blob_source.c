/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/client/blob_source.h"

#include <inttypes.h>
#include <string.h>

static int check_end(struct strata_checked_input *checked, struct strata_error *error)
{
	char hex[STRATA_SHA256_HEX_SIZE];

	if (checked->count < checked->size)
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"%s ends after %" PRIu64 " bytes, expected were %" PRIu64,
			checked->digest->text, checked->count, checked->size);
	strata_sha256_finish(checked->hash, hex);
	if (strcmp(hex, strata_digest_hex(checked->digest)) != 0)
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"the content of %s has the digest sha256:%s", checked->digest->text, hex);
	return 0;
}

static int read_checked(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	struct strata_checked_input *checked = (struct strata_checked_input *)input;
	int status;

	/* All was checked with the last bytes, so that who stops at the size knows it too. */
	if (checked->count > 0 && checked->count == checked->size) {
		char more;

		status = checked->source->read(checked->source, &more, 1, got, error);
		if (status == 0 && *got > 0)
			return strata_fail(error, STRATA_ERROR_MISMATCH,
				"%s has more than %" PRIu64 " bytes", checked->digest->text,
				checked->size);
		return status;
	}
	status = checked->source->read(checked->source, bytes, capacity, got, error);
	if (status < 0)
		return status;
	if (*got > checked->size - checked->count)
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"%s has more than %" PRIu64 " bytes", checked->digest->text, checked->size);
	strata_sha256_update(checked->hash, bytes, *got);
	checked->count += *got;
	if (*got == 0 || checked->count == checked->size)
		return check_end(checked, error);
	return 0;
}

int strata_checked_input_init(struct strata_checked_input *checked, struct strata_input *source,
	const struct strata_digest *digest, uint64_t size, struct strata_error *error)
{
	*checked = (struct strata_checked_input){.input = {.read = read_checked},
		.source = source,
		.hash = strata_sha256_new(),
		.digest = digest,
		.size = size};
	return checked->hash ? 0 : strata_fail_memory(error);
}

void strata_checked_input_release(struct strata_checked_input *checked)
{
	strata_sha256_free(checked->hash);
	checked->hash = NULL;
}
