/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links of several items to one path, joined as a profile joins them: a link that leads to a
 * directory gives way to a directory with links to what is in that.
 */
#include <string.h>

#include "customisation/placement.h"
#include "util/error.h"

/* Whether LINK was opened at TO before. */
static bool is_open(const struct strata_placing *placing, const char *link, const char *to)
{
	for (size_t i = 0; i < placing->copy_count; i++) {
		const struct strata_copy *copy = &placing->copies[i];

		if (copy->links && strcmp(copy->from, link) == 0 && strcmp(copy->to, to) == 0)
			return true;
	}
	return false;
}

int strata_placing_open_link(struct strata_placing *placing, const char *link, const char *to,
	bool *opened, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer resolved = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer from = STRATA_BUFFER_INIT;
	struct strata_lower_entry entry;
	struct strata_copy copy = {.to = to, .links = true};
	int status;

	if (*link != '/')
		return 0;
	status = strata_lower_follow(&placing->lower, link, &resolved, &entry, error);
	if (status < 0 || entry.listed.kind != STRATA_LISTED_DIRECTORY || resolved.length == 0)
		return status;
	*opened = true;
	if (is_open(placing, resolved.data, to))
		return 0;
	copy.from = resolved.data;
	strata_buffer_format(&from, "%s%s", placing->lower.root, resolved.data);
	status = strata_buffer_check(&from, error);
	return status < 0 ? status : strata_placing_lay(placing, &copy, from.data, error);
}
