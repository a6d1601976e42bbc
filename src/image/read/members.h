/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the parts of an image are: a directory, the members of a tar archive, or a registry
 * (remote.h), found by name.
 */
#ifndef IMAGE_READ_MEMBERS_H
#define IMAGE_READ_MEMBERS_H

#include <stdint.h>

#include "image/read/findings.h"
#include "tar/input.h"
#include "util/buffer.h"

struct strata_store;

#define strata_autostore STRATA_CLEANUP(strata_cleanup_store)

/* A part that was found. Two places with the same name are the same part. */
struct strata_place {
	const char *name; /* links resolved; the store's */
	uint64_t offset;  /* in the file that holds it */
	uint64_t size;
};

/* Open the directory or the archive at PATH, or the image in a registry that PATH names. An archive
 * that is compressed as a whole is first decompressed into a file without a name. Faults of an
 * archive that do not prevent reading it go to FINDINGS (borrowed for this call). *STORE is the
 * caller's. */
int strata_store_open(const char *path, struct strata_findings *findings,
	struct strata_store **store, struct strata_error *error) STRATA_MUST_CHECK;

bool strata_store_is_archive(const struct strata_store *store);

/* Whether it is in a registry. */
bool strata_store_is_remote(const struct strata_store *store);

/* Whether it is an archive that is cut short or damaged, so that parts may be missing. */
bool strata_store_is_damaged(const struct strata_store *store);

/* Find the part called NAME, following links within an archive. Returns 1 with *PLACE filled, 0
 * where there is no such regular file, or an error. */
int strata_store_find(struct strata_store *store, const char *name, struct strata_place *place,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The names in an archive in its own order, normal (strata_tar_normal_name()). */
size_t strata_store_count(const struct strata_store *store);
const char *strata_store_name(const struct strata_store *store, size_t index);

/* A part that is open for reading. It must not be moved. */
struct strata_part {
	struct strata_input *input;
	struct strata_file_input file; /* where it is one */
	int owned;                     /* a descriptor to close, or -1 */
	bool remote;
};

#define STRATA_PART_INIT    \
	{                   \
		.owned = -1 \
	}
#define strata_autopart STRATA_CLEANUP(strata_part_close)

int strata_part_open(struct strata_store *store, const struct strata_place *place,
	struct strata_part *part, struct strata_error *error) STRATA_MUST_CHECK;
void strata_part_close(struct strata_part *part);

/* Append the whole part at PLACE to BUFFER. */
int strata_store_read(struct strata_store *store, const struct strata_place *place,
	struct strata_buffer *buffer, struct strata_error *error) STRATA_MUST_CHECK;

void strata_store_free(struct strata_store *store);
void strata_cleanup_store(struct strata_store **store);

#endif
