/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <stratapack/image.h>
#include <stratapack/layer.h>

#include "customisation/permissions.h"
#include "fuzz.h"
#include "model/rates.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/text.h"

static void parse_names(const char *text, struct strata_error *error)
{
	struct strata_destination destination = {0};
	struct strata_reference reference = {.name = NULL};

	if (strata_reference_parse(text, &reference, error) == 0)
		strata_reference_release(&reference);
	if (strata_destination_parse(text, &destination, error) == 0)
		strata_destination_release(&destination);
}

/* The input is a word: the name of an image, an output, a compression, a mode, a pattern and a
 * path, a digest, a line of a changelog, a name to be shown. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer shown = STRATA_BUFFER_INIT;
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_compression compression;
	struct strata_digest digest;
	int32_t day;
	char *middle;

	strata_buffer_append(&text, data, size);
	if (strata_buffer_check(&text, &error) < 0)
		return 0;
	strata_error_clear(&error);
	parse_names(text.data, &error);
	(void)strata_compression_parse(text.data, &compression, &error);
	if (strata_mode_is_valid(text.data))
		(void)strata_mode_apply(text.data, 0644, false);
	(void)strata_digest_parse(text.data, &digest);
	(void)strata_changelog_day(text.data, &day);
	strata_text_visible(&shown, text.data);
	middle = strchr(text.data, ' ');
	if (middle) {
		*middle = '\0';
		(void)strata_pattern_matches(text.data, middle + 1);
	}
	strata_error_clear(&error);
	return 0;
}
