/*
 * The tar file around an image: plain ustar members, fixed metadata, no member twice.
 */
#ifndef IMAGE_ARCHIVE_H
#define IMAGE_ARCHIVE_H

#include "base/file.h"
#include <stratapack/layer.h>

struct strata_archive {
	struct strata_output output;
};

#define STRATA_ARCHIVE_INIT                                                                        \
	{                                                                                          \
		STRATA_OUTPUT_INIT                                                                 \
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

/* End the archive and make it visible. */
int strata_archive_finish(
	struct strata_archive *archive, struct strata_error *error) STRATA_MUST_CHECK;

void strata_archive_discard(struct strata_archive *archive);

/* Open the blob of LAYER and check that it still has its size. The descriptor is the caller's. */
int strata_blob_open(const struct strata_layer *layer, int *descriptor,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
