/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which package satisfies a dependency: Debian's "a | b", versions, Provides and Multi-Arch
 * (Debian Policy, chapter 7).
 */
#include <string.h>

#include "graph/dpkg/dpkg.h"
#include "util/observer.h"
#include "util/suggestion.h"

static int index_names(struct strata_dpkg *database, struct strata_error *error)
{
	/* Backwards, so that every list of namesakes ascends. */
	for (uint32_t i = database->count; i-- > 0;) {
		struct strata_dpkg_package *package = &database->packages[i];

		package->next_of_name = strata_map_get(&database->names, package->name);
		if (strata_map_put(&database->names, package->name, i) < 0)
			return strata_fail_memory(error);
	}
	return 0;
}

/* Say where the field stands whose parsing failed. */
static int in_field(const struct strata_dpkg_package *package, const char *field, int status,
	struct strata_error *error)
{
	if (status != STRATA_ERROR_FORMAT)
		return status;
	return strata_context(error, status, "%s:%zu: package '%s', field '%s'", package->file,
		package->line, package->name, field);
}

static int add_provide(struct strata_dpkg *database, uint32_t index,
	const struct strata_dpkg_relation *relation, struct strata_error *error)
{
	struct strata_dpkg_provide *provide;

	if (database->provide_count == STRATA_MAP_NONE - 1 ||
		strata_grow(&database->provides, &database->provide_capacity,
			(size_t)database->provide_count + 1, sizeof(*provide)) < 0)
		return strata_fail_memory(error);
	provide = &database->provides[database->provide_count];
	provide->package = index;
	provide->architecture = relation->architecture ? relation->architecture
						       : database->packages[index].architecture;
	provide->version = relation->version;
	provide->next = strata_map_get(&database->virtual_names, relation->name);
	if (strata_map_put(&database->virtual_names, relation->name, database->provide_count) < 0)
		return strata_fail_memory(error);
	database->provide_count++;
	return 0;
}

int strata_dpkg_index(struct strata_dpkg *database, struct strata_error *error)
{
	int status = index_names(database, error);

	if (status < 0)
		return status;
	for (uint32_t i = database->count; i-- > 0;) {
		const struct strata_dpkg_package *package = &database->packages[i];
		const char *at = package->provides;
		struct strata_dpkg_relation relation;

		while ((status = strata_dpkg_next_relation(
				&at, &database->arena, &relation, error)) > 0) {
			status = add_provide(database, i, &relation, error);
			if (status < 0)
				return status;
		}
		if (status < 0)
			return in_field(package, "Provides", status, error);
	}
	return 0;
}

static bool version_satisfies(const char *version, const struct strata_dpkg_relation *relation)
{
	int difference;

	if (relation->comparison == STRATA_DPKG_ANY_VERSION)
		return true;
	if (!version)
		return false;
	difference = strata_dpkg_compare_versions(version, relation->version);
	switch (relation->comparison) {
	case STRATA_DPKG_EARLIER:
		return difference < 0;
	case STRATA_DPKG_EARLIER_OR_EQUAL:
		return difference <= 0;
	case STRATA_DPKG_EQUAL:
		return difference == 0;
	case STRATA_DPKG_LATER_OR_EQUAL:
		return difference >= 0;
	case STRATA_DPKG_LATER:
		return difference > 0;
	default:
		return true;
	}
}

/* The architecture that counts: packages for all of them count as native. */
static const char *effective(const struct strata_dpkg *database, const char *architecture)
{
	return strcmp(architecture, "all") == 0 ? database->native : architecture;
}

/* Whether CANDIDATE, or what it provides for ARCHITECTURE, is of an architecture that the
 * relation of DEPENDENT accepts (Multi-Arch). */
static bool architecture_satisfies(const struct strata_dpkg *database,
	const struct strata_dpkg_package *dependent, const struct strata_dpkg_relation *relation,
	const struct strata_dpkg_package *candidate, const char *architecture)
{
	if (!relation->architecture)
		return candidate->multi_arch == STRATA_MULTI_ARCH_FOREIGN ||
		       strcmp(architecture, "all") == 0 ||
		       strcmp(architecture, effective(database, dependent->architecture)) == 0;
	if (strcmp(relation->architecture, "any") == 0)
		return candidate->multi_arch == STRATA_MULTI_ARCH_ALLOWED;
	return strcmp(effective(database, architecture),
		       effective(database, relation->architecture)) == 0;
}

/* The package of the relation's own name that satisfies it: one of the dependent's architecture
 * before others. */
static uint32_t find_real(const struct strata_dpkg *database,
	const struct strata_dpkg_package *dependent, const struct strata_dpkg_relation *relation)
{
	uint32_t found = STRATA_MAP_NONE;

	for (uint32_t i = strata_map_get(&database->names, relation->name); i != STRATA_MAP_NONE;
		i = database->packages[i].next_of_name) {
		const struct strata_dpkg_package *package = &database->packages[i];

		if (!version_satisfies(package->version, relation) ||
			!architecture_satisfies(
				database, dependent, relation, package, package->architecture))
			continue;
		if (strcmp(effective(database, package->architecture),
			    effective(database, dependent->architecture)) == 0)
			return i;
		if (found == STRATA_MAP_NONE)
			found = i;
	}
	return found;
}

/* Of several providers the first one by id. */
static uint32_t find_provider(const struct strata_dpkg *database,
	const struct strata_dpkg_package *dependent, const struct strata_dpkg_relation *relation)
{
	uint32_t i = strata_map_get(&database->virtual_names, relation->name);

	for (; i != STRATA_MAP_NONE; i = database->provides[i].next) {
		const struct strata_dpkg_provide *provide = &database->provides[i];

		if (version_satisfies(provide->version, relation) &&
			architecture_satisfies(database, dependent, relation,
				&database->packages[provide->package], provide->architecture))
			return provide->package;
	}
	return STRATA_MAP_NONE;
}

/* Resolve the group of alternatives at *AT. Returns 1 with the package in *FOUND (STRATA_MAP_NONE:
 * nothing satisfies the group), 0 at the end of the field. */
static int resolve_group(struct strata_dpkg *database, const struct strata_dpkg_package *dependent,
	const char **at, uint32_t *found, struct strata_error *error)
{
	struct strata_dpkg_relation relation = {0};
	int status;

	*found = STRATA_MAP_NONE;
	do {
		bool is_alternative = relation.has_alternative;

		status = strata_dpkg_next_relation(at, &database->arena, &relation, error);
		if (status == 0 && is_alternative)
			return strata_fail(
				error, STRATA_ERROR_FORMAT, "nothing follows the last '|'");
		if (status <= 0)
			return status;
		if (*found == STRATA_MAP_NONE)
			*found = find_real(database, dependent, &relation);
		if (*found == STRATA_MAP_NONE)
			*found = find_provider(database, dependent, &relation);
	} while (relation.has_alternative);
	return 1;
}

/* The text of a group between two places in its field, without the blanks and commas around. */
static int group_length(const char **start, const char *end)
{
	*start += strspn(*start, " \t,");
	while (end > *start && strchr(" \t,", end[-1]))
		end--;
	return end - *start > 200 ? 200 : (int)(end - *start);
}

int strata_dpkg_resolve(struct strata_dpkg *database, uint32_t index,
	const struct strata_observer *observer, uint32_t **references, size_t *count,
	struct strata_error *error)
{
	const struct strata_dpkg_package *package = &database->packages[index];
	const char *const names[] = {"Pre-Depends", "Depends"};
	const char *const values[] = {package->pre_depends, package->depends};
	size_t most = 0;

	for (size_t f = 0; f < 2; f++) {
		for (const char *at = values[f]; *at; at = *at ? at + 1 : at) {
			at += strcspn(at, ",");
			most++;
		}
	}
	*count = 0;
	*references = strata_arena_array(&database->arena, most, sizeof(**references));
	if (!*references)
		return strata_fail_memory(error);
	for (size_t f = 0; f < 2; f++) {
		const char *at = values[f], *start = at;
		uint32_t found;
		int status;

		for (; (status = resolve_group(database, package, &at, &found, error)) > 0;
			start = at) {
			if (found != STRATA_MAP_NONE) {
				(*references)[(*count)++] = found;
				continue;
			}
			int length = group_length(&start, at);

			strata_note(observer, "package %s depends on %.*s, which is not %s",
				package->id, length, start, database->presence);
		}
		if (status < 0)
			return in_field(package, names[f], status, error);
	}
	return 0;
}

static int not_found(const struct strata_dpkg *database, const struct strata_dpkg_relation *request,
	const char *text, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer others = STRATA_BUFFER_INIT;
	struct strata_suggestion near = STRATA_SUGGESTION_INIT;
	int status = strata_fail(
		error, STRATA_ERROR_NOT_FOUND, "package '%s' is not %s", text, database->presence);
	uint32_t i;

	for (i = strata_map_get(&database->names, request->name); i != STRATA_MAP_NONE;
		i = database->packages[i].next_of_name)
		strata_buffer_format(
			&others, "%s%s", others.length ? ", " : "", database->packages[i].id);
	if (others.length > 0)
		return strata_hint(
			error, status, "what is %s is %s", database->presence, others.data);
	for (i = strata_map_get(&database->virtual_names, request->name); i != STRATA_MAP_NONE;
		i = database->provides[i].next)
		strata_buffer_format(&others, "%s%s", others.length ? ", " : "",
			database->packages[database->provides[i].package].id);
	if (others.length > 0)
		return strata_hint(error, status,
			"it is a virtual package: name one of those that provide it, %s",
			others.data);
	for (i = 0; i < database->count; i++)
		strata_suggestion_offer(&near, request->name, database->packages[i].name);
	if (near.name)
		return strata_hint(error, status,
			"do you mean '%s'? If not, look for its name (apt-cache search)",
			near.name);
	if (strcmp(database->presence, "installed") != 0)
		return strata_hint(error, status, "look for its name (apt-cache search)");
	return strata_hint(error, status,
		"install it first (apt-get install %s), or look for its name (apt-cache search)",
		text);
}

/* Whether a package of ARCHITECTURE is what REQUEST means. */
static bool is_requested(const struct strata_dpkg *database,
	const struct strata_dpkg_relation *request, const char *architecture)
{
	return !request->architecture || strcmp(request->architecture, architecture) == 0 ||
	       strcmp(request->architecture, effective(database, architecture)) == 0;
}

int strata_dpkg_find(struct strata_dpkg *database, const char *request, uint32_t *index,
	struct strata_error *error)
{
	struct strata_dpkg_relation wanted;
	const char *at = request;
	int status = strata_dpkg_next_relation(&at, &database->arena, &wanted, NULL);

	if (status == STRATA_ERROR_MEMORY)
		return strata_fail_memory(error);
	if (status != 1 || *at || wanted.version || wanted.has_alternative || at[-1] == ',')
		return strata_hint(error,
			strata_fail(
				error, STRATA_ERROR_INVALID, "'%s' cannot name a package", request),
			"write NAME or NAME:ARCHITECTURE");
	*index = STRATA_MAP_NONE;
	for (uint32_t i = strata_map_get(&database->names, wanted.name); i != STRATA_MAP_NONE;
		i = database->packages[i].next_of_name) {
		const char *architecture = database->packages[i].architecture;

		if (!is_requested(database, &wanted, architecture))
			continue;
		/* Several architectures may be installed: the native one is meant. */
		if (*index == STRATA_MAP_NONE || strcmp(architecture, database->native) == 0)
			*index = i;
	}
	if (*index != STRATA_MAP_NONE)
		return 0;
	for (uint32_t i = strata_map_get(&database->virtual_names, wanted.name);
		i != STRATA_MAP_NONE; i = database->provides[i].next) {
		const struct strata_dpkg_provide *provide = &database->provides[i];

		if (!is_requested(database, &wanted, provide->architecture))
			continue;
		if (*index != STRATA_MAP_NONE && *index != provide->package)
			return not_found(database, &wanted, request, error);
		*index = provide->package;
	}
	return *index != STRATA_MAP_NONE ? 0 : not_found(database, &wanted, request, error);
}
