/* SPDX-License-Identifier: Apache-2.0 */
#include "customisation/lower.h"

#include <string.h>

#include "util/error.h"

/* As many links as Linux follows in one path. */
enum { LINK_LIMIT = 40 };

static int find_beneath(struct strata_lower *lower, const char *path,
	struct strata_lower_entry *entry, struct strata_error *error)
{
	static const struct strata_lower_entry nothing;
	const struct strata_listed *base;
	int status = strata_lower_find_item(lower, path, entry, error);

	if (status < 0 || entry->listed.kind != STRATA_LISTED_NOTHING)
		return status;
	base = lower->base ? strata_listing_find(lower->base, path) : NULL;
	*entry = nothing;
	if (base)
		*entry = (struct strata_lower_entry){.listed = *base, .source = STRATA_LOWER_BASE};
	return 0;
}

/* The entry of the customisation for PATH, or NULL. */
static const struct strata_entry *find_entry(const struct strata_lower *lower, const char *path)
{
	for (size_t i = 0; i < lower->entry_count; i++) {
		if (strcmp(lower->entries[i].path, path) == 0)
			return &lower->entries[i];
	}
	return NULL;
}

int strata_lower_find(struct strata_lower *lower, const char *path,
	struct strata_lower_entry *entry, struct strata_error *error)
{
	const struct strata_entry *own = find_entry(lower, path);
	struct strata_lower_entry copied;
	int status;

	if (own) {
		*entry = (struct strata_lower_entry){.source = STRATA_LOWER_COPY,
			.listed = {.kind = own->kind == STRATA_ENTRY_SYMLINK
						   ? STRATA_LISTED_SYMLINK
						   : STRATA_LISTED_DIRECTORY,
				.target = own->target,
				.mode = own->mode}};
		return 0;
	}
	status = strata_lower_find_copy(lower, path, &copied, error);

	/* A directory of a copy is joined with one that is there, or with where a link leads. */
	if (status == 0 && copied.listed.kind <= STRATA_LISTED_DIRECTORY)
		status = find_beneath(lower, path, entry, error);
	if (status < 0 || (copied.listed.kind <= STRATA_LISTED_DIRECTORY &&
				  entry->listed.kind != STRATA_LISTED_NOTHING))
		return status;
	*entry = copied;
	return 0;
}

/* A walk from the root along what is still to go. */
struct walk {
	struct strata_buffer here; /* without links */
	struct strata_buffer rest;
	unsigned links;
};

static void go_up(struct strata_buffer *here)
{
	const char *slash = strrchr(here->data, '/');

	strata_buffer_truncate(here, slash ? (size_t)(slash - here->data) : 0);
}

/* Go on where TARGET, of the link that the walk stands on, leads; REMAINING comes behind it. */
static int take_link(struct walk *walk, const char *target, const char *remaining, const char *path,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer rest = STRATA_BUFFER_INIT;

	if (++walk->links > LINK_LIMIT)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"'%s' leads through more than %d symbolic links of the image", path,
			LINK_LIMIT);
	strata_buffer_format(&rest, "%s/%s", target, remaining);
	if (*target == '/')
		strata_buffer_truncate(&walk->here, 0);
	else
		go_up(&walk->here);
	strata_buffer_truncate(&walk->rest, 0);
	strata_buffer_string(&walk->rest, rest.data);
	return strata_buffer_check(rest.failed ? &rest : &walk->rest, error);
}

static int walk_on(struct strata_lower *lower, struct walk *walk, const char *path,
	struct strata_lower_entry *entry, struct strata_error *error)
{
	size_t at = 0;

	for (;;) {
		const char *component;
		size_t length;
		int status;

		at += strspn(walk->rest.data + at, "/");
		component = walk->rest.data + at;
		length = strcspn(component, "/");
		if (length == 0)
			return 0;
		at += length;
		if (length == 1 && *component == '.')
			continue;
		if (length == 2 && strncmp(component, "..", 2) == 0) {
			go_up(&walk->here);
			continue;
		}
		strata_buffer_byte(&walk->here, '/');
		strata_buffer_append(&walk->here, component, length);
		status = strata_buffer_check(&walk->here, error);
		if (status == 0)
			status = strata_lower_find(lower, walk->here.data, entry, error);
		if (status == 0 && entry->listed.kind == STRATA_LISTED_SYMLINK) {
			status = take_link(
				walk, entry->listed.target, walk->rest.data + at, path, error);
			at = 0;
		}
		if (status < 0)
			return status;
	}
}

int strata_lower_follow(struct strata_lower *lower, const char *path,
	struct strata_buffer *resolved, struct strata_lower_entry *entry,
	struct strata_error *error)
{
	struct walk walk = {.here = STRATA_BUFFER_INIT, .rest = STRATA_BUFFER_INIT};
	int status;

	*entry = (struct strata_lower_entry){.listed = {.kind = STRATA_LISTED_DIRECTORY}};
	strata_buffer_string(&walk.rest, path);
	status = strata_buffer_check(&walk.rest, error);
	if (status == 0)
		status = walk_on(lower, &walk, path, entry, error);
	/* A ".." behind something may have gone up since. */
	if (status == 0 && walk.here.length > 0)
		status = strata_lower_find(lower, walk.here.data, entry, error);
	strata_buffer_truncate(resolved, 0);
	strata_buffer_string(resolved, walk.here.data);
	strata_buffer_release(&walk.here);
	strata_buffer_release(&walk.rest);
	return status < 0 ? status : strata_buffer_check(resolved, error);
}
