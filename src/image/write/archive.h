/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tar file around an image: plain ustar members, fixed metadata, no member twice.
 */
#ifndef IMAGE_WRITE_ARCHIVE_H
#define IMAGE_WRITE_ARCHIVE_H

#include "util/file.h"
#include <stratapack/layer.h>

/* How what is added comes into the archive. */
enum strata_archive_mode {
	STRATA_ARCHIVE_APPENDED, /* one behind the other */
	STRATA_ARCHIVE_MEASURED, /* not at all: only the places of blobs are found out */
	STRATA_ARCHIVE_PLACED,   /* around blobs that others write to their places */
};

struct strata_archive {
	struct strata_output output;
	enum strata_archive_mode mode;
	uint64_t position; /* where the next member goes */
	uint64_t *offsets; /* the places of blobs */
	size_t blob_count, next_blob;
};

#define STRATA_ARCHIVE_INIT                  \
	{                                    \
		.output = STRATA_OUTPUT_INIT \
	}
#define strata_autoarchive STRATA_CLEANUP(strata_archive_discard)

/* Begin an archive that becomes PATH ("-": standard output) when it is finished. */
int strata_archive_open(struct strata_archive *archive, const char *path,
	struct strata_error *error) STRATA_MUST_CHECK;

int strata_archive_directory(struct strata_archive *archive, const char *name,
	struct strata_error *error) STRATA_MUST_CHECK;
int strata_archive_bytes(struct strata_archive *archive, const char *name, const void *bytes,
	size_t size, struct strata_error *error) STRATA_MUST_CHECK;
int strata_archive_blob(struct strata_archive *archive, const char *name,
	const struct strata_layer *layer, struct strata_error *error) STRATA_MUST_CHECK;

/* Count a blob that is no member of its own: it equals one before. */
void strata_archive_skip_blob(struct strata_archive *archive);

/* Lay out a file for COUNT more blobs, while the blobs and their digests are still unknown. ADD
 * (DATA) adds all members up to the last blob, as it will when the blobs are there; nothing is
 * written. *FILE, which is borrowed from ARCHIVE, then says where to write each blob. */
int strata_archive_place(struct strata_archive *archive, size_t count,
	int (*add)(void *data, struct strata_error *error), void *data,
	struct strata_blob_file *file, struct strata_error *error) STRATA_MUST_CHECK;

/* Whether it is a file, which can be laid out. */
bool strata_archive_takes_places(const struct strata_archive *archive);

/* End the archive and make it visible. */
int strata_archive_finish(
	struct strata_archive *archive, struct strata_error *error) STRATA_MUST_CHECK;

void strata_archive_discard(struct strata_archive *archive);

#endif
