/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifying an image: every blob once, each image's layers against its config.
 */
#include "image/verify/blob.h"

static int verify_image(struct strata_blob_checks *checks, struct strata_reading *reading,
	const struct strata_read_image *image, struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; i < image->layer_count && status == 0; i++)
		status = strata_verify_layer(checks, reading, image, &image->layers[i], error);
	if (status == 0 && image->config_stored)
		status = strata_verify_digest(
			reading, &image->config_place, &image->id, image->label, error);
	return status;
}

static int verify(const char *source, struct strata_findings *findings, struct strata_error *error)
{
	strata_autoreading struct strata_reading reading = {0};
	strata_autoblobchecks struct strata_blob_checks checks = {0};
	int status = strata_reading_open(source, findings, &reading, error);

	for (size_t i = 0; i < reading.count && status == 0; i++)
		status = verify_image(&checks, &reading, &reading.images[i], error);
	if (status == 0 && findings->failed)
		status = strata_fail_memory(error);
	return status;
}

int strata_image_verify(const char *source, void (*finding)(void *data, const char *text),
	void *data, size_t *count, struct strata_error *error)
{
	struct strata_findings findings = {.report = finding, .data = data};
	/* Failures inside may become findings, so their words are needed in any case. */
	struct strata_error own = STRATA_ERROR_INIT;
	int status = verify(source, &findings, error ? error : &own);

	*count = findings.count;
	strata_findings_release(&findings);
	strata_error_clear(&own);
	return status;
}
