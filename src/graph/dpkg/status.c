/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the stanzas of the status file and of Packages indices (deb-control(5)).
 */
#include <string.h>

#include "graph/dpkg/dpkg.h"
#include "util/text.h"

void strata_dpkg_release(struct strata_dpkg *database)
{
	strata_arena_free(&database->arena);
	strata_map_release(&database->names);
	strata_map_release(&database->virtual_names);
	free(database->packages);
	free(database->provides);
}

char *strata_dpkg_next_line(struct strata_dpkg_lines *lines)
{
	char *line = lines->at, *end;

	if (line >= lines->end)
		return NULL;
	end = memchr(line, '\n', (size_t)(lines->end - line));
	lines->at = end ? end + 1 : lines->end;
	if (!end)
		end = lines->end;
	*end = '\0';
	if (end > line && end[-1] == '\r')
		end[-1] = '\0';
	lines->number++;
	return line;
}

/* Continuation lines become part of the line before them: everything between them is blanked. */
static void unfold(struct strata_dpkg_lines *lines, char *line)
{
	while (lines->at < lines->end && (*lines->at == ' ' || *lines->at == '\t')) {
		char *end = line + strlen(line);

		memset(end, ' ', (size_t)(lines->at - end));
		line = end;
		strata_dpkg_next_line(lines);
	}
}

/* The fields that we read, as they are in one stanza. Values are trimmed; NULL: absent. */
struct stanza {
	size_t line;
	const char *package;
	const char *status;
	const char *architecture;
	const char *multi_arch;
	const char *version;
	const char *source;
	const char *installed_size;
	const char *archive_size; /* of the .deb: in an index only */
	const char *essential;
	const char *depends;
	const char *pre_depends;
	const char *provides;
};

#define FIELD(name, member)                                             \
	{                                                               \
		name, sizeof(name) - 1, offsetof(struct stanza, member) \
	}
static const struct {
	const char *name; /* lower case */
	size_t length;
	size_t offset;
} fields[] = {
	FIELD("package", package),
	FIELD("status", status),
	FIELD("architecture", architecture),
	FIELD("multi-arch", multi_arch),
	FIELD("version", version),
	FIELD("source", source),
	FIELD("installed-size", installed_size),
	FIELD("size", archive_size),
	FIELD("essential", essential),
	FIELD("depends", depends),
	FIELD("pre-depends", pre_depends),
	FIELD("provides", provides),
};
#undef FIELD

/* Whether NAME is the lower-case EXPECTED, which is as long, in any case. */
static bool is_field(const char *name, size_t length, const char *expected)
{
	for (size_t i = 0; i < length; i++) {
		char byte = name[i];

		if (byte >= 'A' && byte <= 'Z')
			byte = (char)(byte - 'A' + 'a');
		if (byte != expected[i])
			return false;
	}
	return true;
}

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	for (length = strlen(text); length > 0 && strchr(" \t\r", text[length - 1]); length--)
		text[length - 1] = '\0';
	return text;
}

static int take_field(const struct strata_dpkg *database, size_t number, char *line,
	struct stanza *stanza, struct strata_error *error)
{
	char *colon = strchr(line, ':');
	size_t length;

	if (!colon || colon == line || line[0] == ' ' || line[0] == '\t')
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s:%zu: a line 'Field: value' is expected", database->file, number);
	length = (size_t)(colon - line);
	while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		length--;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const char **value = (const char **)((char *)stanza + fields[i].offset);

		if (length != fields[i].length || !is_field(line, length, fields[i].name))
			continue;
		if (*value)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"%s:%zu: the field '%.*s' is there twice", database->file, number,
				(int)length, line);
		*value = trim(colon + 1);
	}
	return 0;
}

static int check_name(const struct strata_dpkg *database, const struct stanza *stanza,
	const char *field, const char *text, size_t length, struct strata_error *error)
{
	if (strata_dpkg_is_name(text, length))
		return 0;
	return strata_fail(error, STRATA_ERROR_FORMAT, "%s:%zu: '%.*s' is no valid %s",
		database->file, stanza->line, (int)(length > 80 ? 80 : length), text, field);
}

/* Whether the files of a package in this state are there. The status is three words: what is
 * wanted, whether there was an error, and the state. */
static int is_present(const struct strata_dpkg *database, const struct stanza *stanza,
	bool *present, struct strata_error *error)
{
	static const struct {
		const char *state;
		bool present;
	} states[] = {
		{"installed", true},
		{"unpacked", true},
		{"half-configured", true},
		{"triggers-awaited", true},
		{"triggers-pending", true},
		{"not-installed", false},
		{"config-files", false},
		{"half-installed", false},
	};
	const char *space = stanza->status ? strrchr(stanza->status, ' ') : NULL;

	*present = false;
	if (!stanza->status)
		return 0;
	for (size_t i = 0; space && i < sizeof(states) / sizeof(*states); i++) {
		if (strcmp(space + 1, states[i].state) == 0) {
			*present = states[i].present;
			return 0;
		}
	}
	return strata_fail(error, STRATA_ERROR_FORMAT,
		"%s:%zu: package '%s' has the unknown status '%.80s'", database->file, stanza->line,
		stanza->package, stanza->status);
}

static int check_version(
	const struct strata_dpkg *database, const struct stanza *stanza, struct strata_error *error)
{
	for (const char *at = stanza->version ? stanza->version : ""; *at; at++) {
		if (*at <= 0x20 || *at >= 0x7f)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"%s:%zu: package '%s' has a version that is none", database->file,
				stanza->line, stanza->package);
	}
	return 0;
}

/* Size is in bytes, Installed-Size in KiB. What is no number counts as absent, as for dpkg. */
static void take_size(const struct stanza *stanza, struct strata_dpkg_package *package)
{
	package->has_size = stanza->archive_size &&
			    strata_text_to_number(stanza->archive_size, 10, &package->size);
	if (package->has_size)
		return;
	package->has_size = stanza->installed_size &&
			    strata_text_to_number(stanza->installed_size, 10, &package->size) &&
			    !__builtin_mul_overflow(package->size, 1024u, &package->size);
	if (!package->has_size)
		package->size = 0;
}

static enum strata_dpkg_multi_arch parse_multi_arch(const char *text)
{
	if (text && strcmp(text, "same") == 0)
		return STRATA_MULTI_ARCH_SAME;
	if (text && strcmp(text, "foreign") == 0)
		return STRATA_MULTI_ARCH_FOREIGN;
	if (text && strcmp(text, "allowed") == 0)
		return STRATA_MULTI_ARCH_ALLOWED;
	return STRATA_MULTI_ARCH_NO;
}

static int add_package(
	struct strata_dpkg *database, const struct stanza *stanza, struct strata_error *error)
{
	struct strata_dpkg_package *package;
	size_t source_length = stanza->source ? strcspn(stanza->source, " \t(") : 0;
	int status = 0;

	if (stanza->architecture)
		status = check_name(database, stanza, "architecture", stanza->architecture,
			strlen(stanza->architecture), error);
	if (status == 0 && stanza->source)
		status = check_name(database, stanza, "source package name", stanza->source,
			source_length, error);
	if (status == 0)
		status = check_version(database, stanza, error);
	if (status < 0)
		return status;
	if (database->count == STRATA_GRAPH_NONE - 1 ||
		strata_grow(&database->packages, &database->package_capacity,
			(size_t)database->count + 1, sizeof(*package)) < 0)
		return strata_fail_memory(error);
	package = &database->packages[database->count];
	*package = (struct strata_dpkg_package){
		.name = stanza->package,
		.architecture = stanza->architecture,
		.version = stanza->version ? stanza->version : "",
		.source = stanza->package,
		.depends = stanza->depends ? stanza->depends : "",
		.pre_depends = stanza->pre_depends ? stanza->pre_depends : "",
		.provides = stanza->provides ? stanza->provides : "",
		.multi_arch = parse_multi_arch(stanza->multi_arch),
		.essential = stanza->essential && strcmp(stanza->essential, "yes") == 0,
		.line = stanza->line,
		.file = database->file,
	};
	take_size(stanza, package);
	if (stanza->source)
		package->source =
			strata_arena_bytes(&database->arena, stanza->source, source_length);
	if (!package->source)
		return strata_fail_memory(error);
	database->count++;
	return 0;
}

static int end_stanza(struct strata_dpkg *database, const struct stanza *stanza, bool is_index,
	struct strata_error *error)
{
	bool present = is_index;
	int status;

	if (stanza->line == 0)
		return 0;
	if (!stanza->package)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s:%zu: the stanza that begins here has no field 'Package'",
			database->file, stanza->line);
	status = check_name(
		database, stanza, "package name", stanza->package, strlen(stanza->package), error);
	if (status == 0 && !is_index)
		status = is_present(database, stanza, &present, error);
	return status == 0 && present ? add_package(database, stanza, error) : status;
}

static int parse_stanzas(struct strata_dpkg *database, char *text, size_t length, bool is_index,
	struct strata_error *error)
{
	struct strata_dpkg_lines lines = {text, text + length, 0};
	struct stanza stanza = {0};
	char *line;

	while ((line = strata_dpkg_next_line(&lines))) {
		size_t number = lines.number;
		int status;

		if (!*line) {
			status = end_stanza(database, &stanza, is_index, error);
			stanza = (struct stanza){0};
		} else {
			if (stanza.line == 0)
				stanza.line = number;
			unfold(&lines, line);
			status = take_field(database, number, line, &stanza, error);
		}
		if (status < 0)
			return status;
	}
	return end_stanza(database, &stanza, is_index, error);
}

/* The architecture of the system: that of dpkg itself; where only an application's packages are
 * there, that of the C library, or the most frequent one. */
static const char *find_native(const struct strata_dpkg *database, struct strata_error *error)
{
	static const char *const telling[] = {"dpkg", "libc6"};
	strata_automap struct strata_map counts = STRATA_MAP_INIT;
	const char *native = "";
	uint32_t most = 0;

	for (size_t t = 0; t < sizeof(telling) / sizeof(*telling); t++) {
		for (uint32_t i = 0; i < database->count; i++) {
			const struct strata_dpkg_package *package = &database->packages[i];

			if (package->architecture && strcmp(package->name, telling[t]) == 0 &&
				strcmp(package->architecture, "all") != 0)
				return package->architecture;
		}
	}
	for (uint32_t i = 0; i < database->count; i++) {
		const char *architecture = database->packages[i].architecture;
		uint32_t count;

		if (!architecture || strcmp(architecture, "all") == 0)
			continue;
		count = strata_map_get(&counts, architecture);
		count = count == STRATA_MAP_NONE ? 1 : count + 1;
		if (strata_map_put(&counts, architecture, count) < 0) {
			strata_fail_memory(error);
			return NULL;
		}
		if (count > most || (count == most && strcmp(architecture, native) < 0))
			native = architecture;
		if (count > most)
			most = count;
	}
	return native;
}

static int compare_packages(const void *left, const void *right)
{
	const struct strata_dpkg_package *a = left, *b = right;
	int difference = strcmp(a->id, b->id);

	return difference ? difference : (a->line > b->line) - (a->line < b->line);
}

/* Of two versions the newer one is later. */
static int compare_offers(const void *left, const void *right)
{
	const struct strata_dpkg_package *a = left, *b = right;
	int difference = strcmp(a->id, b->id);

	if (difference == 0)
		difference = strata_dpkg_compare_versions(a->version, b->version);
	if (difference == 0)
		difference = strcmp(a->version, b->version);
	if (difference == 0)
		difference = strcmp(a->file, b->file);
	return difference ? difference : (a->line > b->line) - (a->line < b->line);
}

/* Give every package its id, and sort. Of several stanzas for one package the last one counts. */
static int identify(struct strata_dpkg *database, int (*compare)(const void *, const void *),
	struct strata_error *error)
{
	uint32_t kept = 0;

	database->native = find_native(database, error);
	if (!database->native)
		return STRATA_ERROR_MEMORY;
	for (uint32_t i = 0; i < database->count; i++) {
		struct strata_dpkg_package *package = &database->packages[i];
		strata_autobuffer struct strata_buffer id = STRATA_BUFFER_INIT;

		/* dpkg only warns about a package without one. */
		if (!package->architecture)
			package->architecture = *database->native ? database->native : "all";
		strata_buffer_format(&id, "%s:%s", package->name, package->architecture);
		if (strata_buffer_check(&id, error) < 0)
			return STRATA_ERROR_MEMORY;
		package->id = strata_arena_bytes(&database->arena, id.data, id.length);
		if (!package->id)
			return strata_fail_memory(error);
	}
	if (database->count > 0)
		qsort(database->packages, database->count, sizeof(*database->packages), compare);
	for (uint32_t i = 0; i < database->count; i++) {
		if (i + 1 == database->count ||
			strcmp(database->packages[i].id, database->packages[i + 1].id) != 0)
			database->packages[kept++] = database->packages[i];
	}
	database->count = kept;
	return 0;
}

/* Read the stanzas of TEXT, which is called NAME. */
static int parse_text(struct strata_dpkg *database, const char *name, const char *text,
	size_t length, bool is_index, struct strata_error *error)
{
	char *copy = strata_arena_bytes(&database->arena, text, length);
	const char *nul = length > 0 ? memchr(text, '\0', length) : NULL;

	database->file = strata_arena_string(&database->arena, name);
	if (!copy || !database->file)
		return strata_fail_memory(error);
	if (nul) {
		size_t line = 1;

		for (const char *at = text; at < nul; at++)
			line += *at == '\n';
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s:%zu: there is a NUL byte in this text", name, line);
	}
	return parse_stanzas(database, copy, length, is_index, error);
}

int strata_dpkg_parse_status(struct strata_dpkg *database, const char *name, const char *text,
	size_t length, struct strata_error *error)
{
	int status = parse_text(database, name, text, length, false, error);

	if (status == 0)
		status = identify(database, compare_packages, error);
	return status == 0 ? strata_dpkg_index(database, error) : status;
}

int strata_dpkg_parse_index(struct strata_dpkg *database, const char *name, const char *text,
	size_t length, struct strata_error *error)
{
	return parse_text(database, name, text, length, true, error);
}

int strata_dpkg_finish_indices(struct strata_dpkg *database, struct strata_error *error)
{
	int status = identify(database, compare_offers, error);

	return status == 0 ? strata_dpkg_index(database, error) : status;
}
