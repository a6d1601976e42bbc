/* SPDX-License-Identifier: Apache-2.0 */
#include "image/inspect/inspect.h"

#include <string.h>

const struct strata_json *strata_inspect_run_member(
	const struct strata_read_image *image, const char *key)
{
	return strata_json_member_any_case(
		strata_json_member_any_case(image->config, "config"), key);
}

/* Whether the two are one image, as far as names go. */
static bool is_same(const struct strata_read_image *left, const struct strata_read_image *right)
{
	return left->view == right->view && left->id.text[0] &&
	       strata_digest_equal(&left->id, &right->id) &&
	       strata_digest_equal(&left->manifest_digest, &right->manifest_digest);
}

void strata_inspect_names(const struct strata_reading *reading, size_t index,
	void (*each)(void *data, const char *name), void *data)
{
	const struct strata_read_image *image = &reading->images[index];
	size_t found = 0;

	for (size_t i = index; i < reading->count; i++) {
		const struct strata_read_image *other = &reading->images[i];

		if (i != index && !is_same(image, other))
			continue;
		for (size_t k = 0; k < other->name_count; k++, found++)
			each(data, other->names[k]);
	}
	/* Where a layout has no names, its manifest.json may have them. */
	for (size_t i = 0; i < reading->count && found == 0; i++) {
		const struct strata_read_image *other = &reading->images[i];

		if (other->view != STRATA_VIEW_DOCKER ||
			!strata_digest_equal(&image->id, &other->id))
			continue;
		for (size_t k = 0; k < other->name_count; k++)
			each(data, other->names[k]);
	}
}

/* Refuse what cannot be shown as it is meant. */
static int check_shape(
	const struct strata_reading *reading, const char *source, struct strata_error *error)
{
	bool broken = strata_store_is_damaged(reading->store) || reading->count == 0;

	for (size_t i = 0; i < reading->count; i++)
		broken = broken || reading->images[i].broken;
	if (!broken)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_FORMAT, "%s: %s", source,
			reading->findings->first ? reading->findings->first
						 : "there is no image in it"),
		"run stratapack verify to see everything that is wrong");
}

int strata_inspect_open(const char *source, struct strata_findings *findings,
	struct strata_reading *reading, struct strata_error *error)
{
	int status = strata_reading_open(source, findings, reading, error);

	return status < 0 ? status : check_shape(reading, source, error);
}

static int inspect(const char *source, struct strata_findings *findings,
	struct strata_buffer *buffer, struct strata_error *error)
{
	strata_autoreading struct strata_reading reading = {0};
	int status = strata_inspect_open(source, findings, &reading, error);

	if (status == 0)
		status = strata_inspect_json(&reading, buffer, error);
	return status < 0 ? status : strata_buffer_check(buffer, error);
}

int strata_image_inspect(const char *source, char **json, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;
	struct strata_findings findings = {0};
	struct strata_error own = STRATA_ERROR_INIT;
	int status = inspect(source, &findings, &buffer, error ? error : &own);

	strata_findings_release(&findings);
	strata_error_clear(&own);
	if (status < 0)
		return status;
	*json = strata_buffer_take(&buffer);
	return *json ? 0 : strata_fail_memory(error);
}
