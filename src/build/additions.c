/* SPDX-License-Identifier: Apache-2.0 */
#include "build/additions.h"

#include <string.h>

#include "util/buffer.h"
#include "util/error.h"
#include "util/memory.h"

static int compare_entries(const void *left, const void *right)
{
	return strcmp(((const struct strata_entry *)left)->path,
		((const struct strata_entry *)right)->path);
}

static bool has_entry(const struct strata_customisation *customisation, const char *path)
{
	for (size_t i = 0; i < customisation->entry_count; i++) {
		if (strcmp(customisation->entries[i].path, path) == 0)
			return true;
	}
	return false;
}

int strata_additions_prepare(struct strata_job *job, struct strata_error *error)
{
	const struct strata_customisation *asked = &job->request.customisation;
	size_t count = asked->entry_count;
	struct strata_entry *entries = strata_arena_array(&job->arena, count + 1, sizeof(*entries));

	if (!entries)
		return strata_fail_memory(error);
	if (count > 0)
		memcpy(entries, asked->entries, count * sizeof(*entries));
	if (!job->request.no_tmp && !has_entry(asked, "/tmp"))
		entries[count++] = (struct strata_entry){.kind = STRATA_ENTRY_DIRECTORY,
			.path = "/tmp",
			.mode = 01777,
			.keeps_existing = true};
	qsort(entries, count, sizeof(*entries), compare_entries);
	for (size_t i = 1; i < count; i++) {
		if (compare_entries(&entries[i - 1], &entries[i]) == 0)
			return strata_fail(error, STRATA_ERROR_INVALID,
				"--symlink and --mkdir give '%s' twice", entries[i].path);
	}
	job->customisation = *asked;
	job->customisation.entries = entries;
	job->customisation.entry_count = count;
	return 0;
}

/* The path that relative targets start from, or NULL. */
static const char *find_start(const struct strata_graph *graph, const char *first)
{
	const uint32_t *roots;
	uint32_t count;
	const char *id;

	if (first && *first == '/' && strata_graph_find(graph, first) != STRATA_GRAPH_NONE)
		return first;
	roots = strata_graph_roots(graph, &count);
	if (count != 1 || (first && *first != '/'))
		return NULL;
	id = strata_graph_item(graph, roots[0])->id;
	return *id == '/' ? id : NULL;
}

static int resolve(struct strata_job *job, struct strata_entry *entry, struct strata_error *error)
{
	const struct strata_request *request = &job->request;
	strata_autobuffer struct strata_buffer target = STRATA_BUFFER_INIT;
	const char *start =
		find_start(job->graph, request->item_count > 0 ? request->items[0] : NULL);

	if (!start)
		return strata_hint(error,
			strata_wrong_use(error,
				strata_fail(error, STRATA_ERROR_INVALID,
					"the target '%s' of the link '%s' is relative, and the "
					"first item asked for is not a path that it could lie in",
					entry->target, entry->path)),
			"give the target as an absolute path");
	strata_buffer_format(&target, "%s/%s", start, entry->target);
	if (strata_buffer_check(&target, error) < 0)
		return STRATA_ERROR_MEMORY;
	entry->target = strata_arena_string(&job->arena, target.data);
	entry->was_relative = true;
	return entry->target ? 0 : strata_fail_memory(error);
}

int strata_additions_resolve(struct strata_job *job, struct strata_error *error)
{
	/* The array is the job's own: strata_additions_prepare() made it. */
	struct strata_entry *entries = (struct strata_entry *)job->customisation.entries;
	int status = 0;

	for (size_t i = 0; status == 0 && i < job->customisation.entry_count; i++) {
		if (entries[i].kind == STRATA_ENTRY_SYMLINK && *entries[i].target != '/')
			status = resolve(job, &entries[i], error);
	}
	return status;
}
