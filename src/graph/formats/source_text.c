/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a source that is a file, read whole within a bound.
 */
#include <string.h>

#include "graph/formats/source_text.h"
#include "util/buffer.h"
#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

/* A closure of a million items fits many times over. */
static const size_t source_limit = (size_t)1 << 30;

int strata_source_read(
	const char *path, struct strata_buffer *text, const char **name, struct strata_error *error)
{
	*name = strcmp(path, "-") == 0 ? "standard input" : path;
	return strata_file_read(path, source_limit, text, error);
}

int strata_source_load_json(const char *path, struct strata_json **document, const char **name,
	struct strata_error *error)
{
	*name = strcmp(path, "-") == 0 ? "standard input" : path;
	return strata_json_load(path, source_limit, document, error);
}

void strata_source_excerpt(struct strata_buffer *shown, const char *text)
{
	strata_autobuffer struct strata_buffer start = STRATA_BUFFER_INIT;

	strata_buffer_append(&start, text, strnlen(text, 200));
	strata_text_visible(shown, start.data);
}
