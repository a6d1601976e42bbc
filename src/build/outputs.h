/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outputs of a job while they are written: each layer goes to all of them as soon as it is
 * made, and the image completes them.
 */
#ifndef BUILD_OUTPUTS_H
#define BUILD_OUTPUTS_H

#include "build/job.h"

struct strata_outputs {
	const struct strata_job *job;
	struct strata_sink **sinks; /* one for each output, once they are open */
	struct strata_blob_file
		*files; /* of the outputs that blobs are written to as they are made */
};

#define strata_autooutputs STRATA_CLEANUP(strata_outputs_close)

/* Fail where an output cannot take layers compressed so: the one place that asks. */
int strata_outputs_check_codec(const struct strata_job *job, enum strata_codec_kind codec,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The directory where the first output that is a file grows: its blobs are best gathered on the
 * same file system. Malloced; NULL where memory is out. */
char *strata_outputs_staging_parent(const struct strata_job *job);

/* Open all outputs. Layers can then be given to them, bottom first. */
int strata_outputs_open(struct strata_outputs *outputs, const struct strata_job *job,
	struct strata_error *error) STRATA_MUST_CHECK;

/* What layers must not take in: STAGING (NULL: none), the cache, and the outputs, which are open
 * and may lie among what is packed. *AVOIDED, of *COUNT, is malloced, the caller's; its strings are
 * borrowed. */
int strata_outputs_avoid(const struct strata_outputs *outputs, const char *staging,
	const char ***avoided, size_t *count, struct strata_error *error) STRATA_MUST_CHECK;

/* Whether there is an output that blobs can be written to as they are made. */
bool strata_outputs_take_places(const struct strata_outputs *outputs);

/* What strata_build_options calls; DATA is the outputs. */
int strata_outputs_place(void *data, const struct strata_layer *layers, size_t count,
	struct strata_placement *placement, struct strata_error *error) STRATA_MUST_CHECK;
int strata_outputs_add_layer(
	void *data, const struct strata_layer *layer, struct strata_error *error) STRATA_MUST_CHECK;

/* Gather the layers of the base in the directory STAGING, where they are written at all, into the
 * first of LAYERS, and give them to the outputs. */
int strata_outputs_add_base(struct strata_outputs *outputs, const char *staging,
	const struct strata_build_options *options, struct strata_layer *layers,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Complete all outputs with the job's image, whose layers they have. */
int strata_outputs_complete(
	struct strata_outputs *outputs, struct strata_error *error) STRATA_MUST_CHECK;

void strata_outputs_close(struct strata_outputs *outputs);

#endif
