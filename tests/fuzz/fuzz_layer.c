/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "layer/record/layer_json.h"

/* The input is the description of a layer, or an entry of a cache. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	strata_autojson struct strata_json *document = NULL;
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_layer layer = {0};

	if (strata_json_parse("input", (const char *)data, size, &document, &error) == 0 &&
		strata_layer_read(&layer, document, &error) == 0)
		strata_error_clear(&error);
	strata_layer_release(&layer);
	strata_error_clear(&error);
	return 0;
}
