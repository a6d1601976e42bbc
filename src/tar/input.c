/* SPDX-License-Identifier: Apache-2.0 */
#include "tar/input.h"

#include <errno.h>
#include <unistd.h>

int strata_input_read(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	*got = 0;
	while (*got < capacity) {
		size_t part = 0;
		int status =
			input->read(input, (char *)bytes + *got, capacity - *got, &part, error);

		if (status < 0)
			return status;
		if (part == 0)
			break;
		*got += part;
	}
	return 0;
}

int strata_input_pass(
	struct strata_input *input, uint64_t length, uint64_t *passed, struct strata_error *error)
{
	char unwanted[16384];

	if (input->pass)
		return input->pass(input, length, passed, error);
	*passed = 0;
	while (*passed < length) {
		uint64_t left = length - *passed;
		size_t part = left < sizeof(unwanted) ? (size_t)left : sizeof(unwanted);
		size_t got = 0;
		int status = input->read(input, unwanted, part, &got, error);

		if (status < 0)
			return status;
		if (got == 0)
			break;
		*passed += got;
	}
	return 0;
}

int strata_input_drain(struct strata_input *input, struct strata_error *error)
{
	char unwanted[65536];
	size_t got;

	do {
		int status = input->read(input, unwanted, sizeof(unwanted), &got, error);

		if (status < 0)
			return status;
	} while (got > 0);
	return 0;
}

static int read_file(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	struct strata_file_input *file = (struct strata_file_input *)input;
	uint64_t left = file->end - file->position;
	ssize_t length;

	*got = 0;
	if (left == 0)
		return 0;
	do {
		length = pread(file->descriptor, bytes, left < capacity ? (size_t)left : capacity,
			(off_t)file->position);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return strata_fail_errno(error, "cannot read '%s'", file->name);
	if (length == 0)
		return strata_fail(error, STRATA_ERROR_CHANGED,
			"'%s' became shorter while it was read", file->name);
	file->position += (uint64_t)length;
	*got = (size_t)length;
	return 0;
}

static int pass_file(
	struct strata_input *input, uint64_t length, uint64_t *passed, struct strata_error *error)
{
	struct strata_file_input *file = (struct strata_file_input *)input;
	uint64_t left = file->end - file->position;

	(void)error;
	*passed = left < length ? left : length;
	file->position += *passed;
	return 0;
}

void strata_file_input_init(struct strata_file_input *file, int descriptor, const char *name,
	uint64_t offset, uint64_t size)
{
	*file = (struct strata_file_input){
		.input = {read_file, pass_file},
		.descriptor = descriptor,
		.name = name,
		.position = offset,
		.end = offset + size,
	};
}

static int read_hashed(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	struct strata_hash_input *self = (struct strata_hash_input *)input;
	int status = self->source->read(self->source, bytes, capacity, got, error);

	if (status == 0) {
		strata_sha256_update(self->hash, bytes, *got);
		self->count += *got;
	}
	return status;
}

void strata_hash_input_init(struct strata_hash_input *hash_input, struct strata_input *source,
	struct strata_sha256 *hash)
{
	*hash_input = (struct strata_hash_input){
		.input = {read_hashed, NULL}, .source = source, .hash = hash};
}
