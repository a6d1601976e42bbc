/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which packages an image holds: those asked for, the essential ones, and all that they depend
 * on.
 */
#include <string.h>

#include "graph/dpkg/dpkg.h"
#include "util/memory.h"

void strata_dpkg_closure_release(struct strata_dpkg_closure *closure)
{
	free(closure->roots);
	free(closure->reference_counts);
	free(closure->references);
	free(closure->reached);
}

static int allocate(const struct strata_dpkg *database, const struct strata_dpkg_request *request,
	struct strata_dpkg_closure *closure, struct strata_error *error)
{
	size_t count = database->count, most = count + request->package_count;

	closure->reached = strata_allocate(count, sizeof(*closure->reached));
	closure->references = strata_allocate(count, sizeof(*closure->references));
	closure->reference_counts = strata_allocate(count, sizeof(*closure->reference_counts));
	closure->roots = strata_allocate(most, sizeof(*closure->roots));
	return closure->reached && closure->references && closure->reference_counts &&
			       closure->roots
		       ? 0
		       : strata_fail_memory(error);
}

/* What the closure begins with. Where nothing is named, the essential packages are what was asked
 * for, or all are (and then nothing is a root of the graph in particular). */
static int find_roots(struct strata_dpkg *database, const struct strata_dpkg_request *request,
	struct strata_dpkg_closure *closure, struct strata_error *error)
{
	for (size_t i = 0; i < request->package_count; i++) {
		int status = strata_dpkg_find(database, request->packages[i],
			&closure->roots[closure->root_count++], error);

		if (status < 0)
			return status;
	}
	for (uint32_t i = 0; request->package_count == 0 && i < database->count; i++) {
		if (request->all || database->packages[i].essential)
			closure->roots[closure->root_count++] = i;
	}
	if (closure->root_count == 0 && !request->all)
		return strata_fail(error, STRATA_ERROR_NOT_FOUND,
			"no package that is %s is essential, says '%s'", database->presence,
			database->file);
	return 0;
}

/* Every Debian package depends on the essential ones without saying so. For the graph it is enough
 * that those asked for do; as roots they would count as asked for themselves. */
static int add_essential(struct strata_dpkg *database, struct strata_dpkg_closure *closure,
	uint32_t index, struct strata_error *error)
{
	size_t *count = &closure->reference_counts[index], essential = 0;
	uint32_t *references;

	for (uint32_t i = 0; i < database->count; i++)
		essential += database->packages[i].essential;
	references = strata_arena_array(&database->arena, *count + essential, sizeof(*references));
	if (!references)
		return strata_fail_memory(error);
	if (*count > 0)
		memcpy(references, closure->references[index], *count * sizeof(*references));
	for (uint32_t i = 0; i < database->count; i++) {
		if (database->packages[i].essential)
			references[(*count)++] = i;
	}
	closure->references[index] = references;
	return 0;
}

int strata_dpkg_closure_find(struct strata_dpkg *database,
	const struct strata_dpkg_request *request, struct strata_dpkg_closure *closure,
	struct strata_error *error)
{
	strata_autofree uint32_t *stack = strata_allocate(database->count, sizeof(*stack));
	strata_autofree bool *named = strata_allocate(database->count, sizeof(*named));
	uint32_t depth = 0;
	int status = allocate(database, request, closure, error);

	if (status == 0)
		status = find_roots(database, request, closure, error);
	if (status < 0)
		return status;
	if (!stack || !named)
		return strata_fail_memory(error);
	for (size_t r = 0; r < closure->root_count; r++) {
		uint32_t root = closure->roots[r];

		if (!closure->reached[root])
			stack[depth++] = root;
		closure->reached[root] = true;
		named[root] = request->package_count > 0;
	}
	while (depth > 0) {
		uint32_t index = stack[--depth];

		status = strata_dpkg_resolve(database, index, request->observer,
			&closure->references[index], &closure->reference_counts[index], error);
		if (status == 0 && request->essential && named[index])
			status = add_essential(database, closure, index, error);
		if (status < 0)
			return status;
		for (size_t r = 0; r < closure->reference_counts[index]; r++) {
			uint32_t reference = closure->references[index][r];

			if (!closure->reached[reference])
				stack[depth++] = reference;
			closure->reached[reference] = true;
		}
	}
	return 0;
}

int strata_dpkg_add_package(const struct strata_dpkg *database,
	const struct strata_dpkg_closure *closure, uint32_t index,
	struct strata_item_record *record, struct strata_graph *graph, struct strata_error *error)
{
	const struct strata_dpkg_package *package = &database->packages[index];
	size_t count = closure->reference_counts[index];
	strata_autofree const char **references = strata_allocate(count, sizeof(*references));
	strata_autobuffer struct strata_buffer identity = STRATA_BUFFER_INIT;

	strata_buffer_format(&identity, "dpkg:%s=%s", package->id, package->version);
	if (!references || strata_buffer_check(&identity, error) < 0)
		return strata_fail_memory(error);
	for (size_t r = 0; r < count; r++)
		references[r] = database->packages[closure->references[index][r]].id;
	record->id = package->id;
	record->name = package->name;
	record->version = package->version;
	record->cause = package->source;
	record->identity = identity.data;
	record->size = package->size;
	record->has_size = package->has_size;
	record->references = references;
	record->reference_count = count;
	return strata_graph_add(graph, record, error);
}

int strata_dpkg_add_roots(const struct strata_dpkg *database,
	const struct strata_dpkg_closure *closure, struct strata_graph *graph,
	struct strata_error *error)
{
	int status = 0;

	for (size_t r = 0; status == 0 && r < closure->root_count; r++)
		status = strata_graph_add_root(
			graph, database->packages[closure->roots[r]].id, error);
	return status;
}
