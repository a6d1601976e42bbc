/* SPDX-License-Identifier: Apache-2.0 */
/* The package database of an image. Scanners read /var/lib/dpkg/status.d, which has a file for each
 * package with its stanza (deb-control(5)) and one with the digests of its files: so a layer does
 * not change because another package does. Stanzas have only what the package says, and nothing of
 * this machine's holds and configuration. dpkg itself reads /var/lib/dpkg/status and info, which
 * are one item for all packages. */
#include "graph/dpkg/package_database.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

static const char installed[] = "Status: install ok installed\n";

/* Fields of a stanza that the package itself brings. */
static const char *const fields[] = {"Package", "Essential", "Protected", "Priority", "Section",
	"Installed-Size", "Origin", "Bugs", "Maintainer", "Original-Maintainer", "Architecture",
	"Multi-Arch", "Source", "Version", "Replaces", "Provides", "Depends", "Pre-Depends",
	"Recommends", "Suggests", "Enhances", "Breaks", "Conflicts", "Built-Using",
	"Static-Built-Using", "Description", "Homepage", "Tag"};

/* The stanza that begins in a line. */
struct stanza {
	size_t line;
	uint32_t package;
	const char *text;
	size_t length;
};

struct stanzas {
	struct strata_buffer file;
	struct stanza *stanzas; /* of the packages in the image, by line */
	size_t count;
};

static void release_stanzas(struct stanzas *stanzas)
{
	strata_buffer_release(&stanzas->file);
	free(stanzas->stanzas);
}

static int compare_lines(const void *left, const void *right)
{
	const struct stanza *a = left, *b = right;

	return (a->line > b->line) - (a->line < b->line);
}

/* Find the text of each stanza: from its first line to the next empty one. */
static void find_texts(struct stanzas *stanzas)
{
	const char *at = stanzas->file.data, *end = at + stanzas->file.length;
	size_t line = 1, next = 0;
	struct stanza *open = NULL;

	while (at < end && (open || next < stanzas->count)) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *after = newline ? newline + 1 : end;

		if (!open && next < stanzas->count && stanzas->stanzas[next].line == line) {
			open = &stanzas->stanzas[next++];
			open->text = at;
		}
		if (open && (*at == '\n' || *at == '\r')) {
			open->length = (size_t)(at - open->text);
			open = NULL;
		}
		at = after;
		line++;
	}
	if (open)
		open->length = (size_t)(end - open->text);
}

static int read_stanzas(
	struct strata_dpkg_image *image, struct stanzas *stanzas, struct strata_error *error)
{
	const struct strata_dpkg *database = image->database;
	const char *path;
	int status = strata_dpkg_files_read(image->files, "status", &path, &stanzas->file, error);

	if (status <= 0)
		return status;
	stanzas->stanzas = strata_allocate(database->count, sizeof(*stanzas->stanzas));
	if (!stanzas->stanzas)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < database->count; i++) {
		if (image->closure.reached[i])
			stanzas->stanzas[stanzas->count++] =
				(struct stanza){.line = database->packages[i].line, .package = i};
	}
	if (stanzas->count > 0)
		qsort(stanzas->stanzas, stanzas->count, sizeof(*stanzas->stanzas), compare_lines);
	find_texts(stanzas);
	return 0;
}

static bool is_kept(const char *line, size_t length)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		size_t name = strlen(fields[i]);

		if (length > name && line[name] == ':' && strncasecmp(line, fields[i], name) == 0)
			return true;
	}
	return false;
}

/* Append what the package itself says in STANZA. Its state is the one that it has in the image. */
static void append_stanza(struct strata_buffer *text, const struct stanza *stanza)
{
	const char *at = stanza->text, *end = at + stanza->length;
	bool kept = false;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *after = newline ? newline + 1 : end;
		size_t length = (size_t)(after - at);

		if (*at != ' ' && *at != '\t')
			kept = is_kept(at, length);
		if (kept)
			strata_buffer_append(text, at, length);
		if (kept && !newline)
			strata_buffer_byte(text, '\n');
		if (strncasecmp(at, "Package:", 8) == 0)
			strata_buffer_string(text, installed);
		at = after;
	}
}

static const char *keep(struct strata_dpkg_image *image, struct strata_buffer *text)
{
	return text->failed
		       ? NULL
		       : strata_arena_bytes(&image->files->root->arena, text->data, text->length);
}

static int add_directory(struct strata_dpkg_image *image, struct strata_dpkg_entries *entries,
	const char *name, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	struct strata_item_entry entry = {
		.kind = STRATA_ITEM_DIRECTORY, .mode = 0755, .time = STRATA_DPKG_MADE_TIME};

	strata_buffer_format(&path, "%s/%s", image->files->directory, name);
	entry.path = keep(image, &path);
	return entry.path ? strata_dpkg_entries_add(entries, &entry, error)
			  : strata_fail_memory(error);
}

/* Add the file NAME of the database with these bytes. */
static int add_text(struct strata_dpkg_image *image, struct strata_dpkg_entries *entries,
	const char *name, struct strata_buffer *text, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	struct strata_item_entry entry = {
		.kind = STRATA_ITEM_FILE, .mode = 0644, .time = STRATA_DPKG_MADE_TIME};

	strata_buffer_format(&path, "%s/%s", image->files->directory, name);
	entry.path = keep(image, &path);
	entry.content = keep(image, text);
	entry.length = text->length;
	return entry.path && entry.content ? strata_dpkg_entries_add(entries, &entry, error)
					   : strata_fail_memory(error);
}

/* Add the file SOURCE of the database as NAME, where it is there. */
static int add_file(struct strata_dpkg_image *image, struct strata_dpkg_entries *entries,
	const char *name, const char *source, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT, from = STRATA_BUFFER_INIT;
	struct strata_item_entry entry = {
		.kind = STRATA_ITEM_SOURCE, .time = STRATA_DPKG_MADE_TIME};
	struct strata_root_entry found;
	int status;

	strata_buffer_format(&path, "%s/%s", image->files->directory, name);
	strata_buffer_format(&from, "%s/%s", image->files->directory, source);
	entry.path = keep(image, &path);
	entry.source = keep(image, &from);
	if (!entry.path || !entry.source)
		return strata_fail_memory(error);
	status = strata_root_find(image->files->root, entry.source, &found, error);
	if (status < 0 || found.kind != STRATA_ROOT_OTHER)
		return status;
	return strata_dpkg_entries_add(entries, &entry, error);
}

/* What the files of PACKAGE are called: foreign ones are told apart. */
static const char *name_of(
	const struct strata_dpkg *database, const struct strata_dpkg_package *package)
{
	bool is_foreign = strcmp(package->architecture, "all") != 0 &&
			  strcmp(package->architecture, database->native) != 0;

	return is_foreign ? package->id : package->name;
}

static int add_digests(struct strata_dpkg_image *image, uint32_t index, struct strata_error *error)
{
	const struct strata_dpkg_package *package = &image->database->packages[index];
	bool qualified = package->multi_arch == STRATA_MULTI_ARCH_SAME;
	size_t before = image->entries[index].count;
	int status = 0;

	for (int attempt = 0; status == 0 && attempt < (qualified ? 2 : 1); attempt++) {
		strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;
		strata_autobuffer struct strata_buffer source = STRATA_BUFFER_INIT;

		strata_buffer_format(
			&name, "status.d/%s.md5sums", name_of(image->database, package));
		strata_buffer_format(&source, "info/%s.md5sums",
			qualified && attempt == 0 ? package->id : package->name);
		if (name.failed || source.failed)
			return strata_fail_memory(error);
		if (image->entries[index].count == before)
			status = add_file(
				image, &image->entries[index], name.data, source.data, error);
	}
	return status;
}

int strata_dpkg_add_status_d(struct strata_dpkg_image *image, struct strata_error *error)
{
	STRATA_CLEANUP(release_stanzas)
	struct stanzas stanzas = {.file = STRATA_BUFFER_INIT};
	int status = read_stanzas(image, &stanzas, error);

	for (size_t i = 0; status == 0 && i < stanzas.count; i++) {
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
		strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;
		uint32_t index = stanzas.stanzas[i].package;

		if (!stanzas.stanzas[i].text)
			continue;
		append_stanza(&text, &stanzas.stanzas[i]);
		strata_buffer_format(&name, "status.d/%s",
			name_of(image->database, &image->database->packages[index]));
		if (name.failed)
			return strata_fail_memory(error);
		status = add_directory(image, &image->entries[index], "status.d", error);
		if (status == 0)
			status = add_text(image, &image->entries[index], name.data, &text, error);
		if (status == 0)
			status = add_digests(image, index, error);
	}
	return status;
}

/* The package of the image whose file below "info" is called NAME: its name, with or without an
 * architecture, comes before the last dot. */
static uint32_t package_of(const struct strata_dpkg_image *image, const char *name)
{
	const struct strata_dpkg *database = image->database;
	const char *dot = strrchr(name, '.');
	strata_autofree char *stem = dot ? strndup(name, (size_t)(dot - name)) : NULL;
	char *colon = stem ? strchr(stem, ':') : NULL;

	if (colon)
		*colon++ = '\0';
	for (uint32_t i = stem ? strata_map_get(&database->names, stem) : STRATA_MAP_NONE;
		i != STRATA_MAP_NONE; i = database->packages[i].next_of_name) {
		if (image->closure.reached[i] &&
			(!colon || strcmp(colon, database->packages[i].architecture) == 0))
			return i;
	}
	return STRATA_MAP_NONE;
}

/* Whether the image has the links of the alternative NAME. */
static bool has_alternative(const struct strata_dpkg_image *image, const char *name)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;

	strata_buffer_format(&path, "/etc/alternatives/%s", name);
	return !path.failed && strata_map_get(&image->owners, path.data) != STRATA_MAP_NONE;
}

static int choose(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Add what is below DIRECTORY of the database and belongs to the image. */
static int add_files(struct strata_dpkg_image *image, struct strata_dpkg_entries *entries,
	const char *directory, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	bool is_info = strcmp(directory, "info") == 0;
	bool is_alternatives = strcmp(directory, "alternatives") == 0;
	struct dirent **names = NULL;
	int status = add_directory(image, entries, directory, error), count;

	strata_buffer_format(
		&path, "%s%s/%s", image->files->root->path, image->files->directory, directory);
	if (strata_buffer_check(&path, error) < 0)
		return STRATA_ERROR_MEMORY;
	count = scandir(path.data, &names, choose, alphasort);
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;
		bool wanted = is_info ? strcmp(name, "format") == 0 ||
						package_of(image, name) != STRATA_MAP_NONE
				      : !is_alternatives || has_alternative(image, name);

		strata_buffer_truncate(&path, 0);
		strata_buffer_format(&path, "%s/%s", directory, name);
		if (status == 0)
			status = strata_buffer_check(&path, error);
		if (status == 0 && wanted && strcmp(name, "Lock") != 0)
			status = add_file(image, entries, path.data, path.data, error);
		free(names[i]);
	}
	free(names);
	return status;
}

static int add_status(struct strata_dpkg_image *image, struct strata_dpkg_entries *entries,
	struct strata_error *error)
{
	STRATA_CLEANUP(release_stanzas)
	struct stanzas stanzas = {.file = STRATA_BUFFER_INIT};
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	int status = read_stanzas(image, &stanzas, error);

	for (size_t i = 0; status == 0 && i < stanzas.count; i++) {
		strata_buffer_append(&text, stanzas.stanzas[i].text, stanzas.stanzas[i].length);
		strata_buffer_byte(&text, '\n');
	}
	return status == 0 ? add_text(image, entries, "status", &text, error) : status;
}

/* The diversions whose package is in the image, and the administrator's. */
static int add_diversions(struct strata_dpkg_image *image, struct strata_dpkg_entries *entries,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_dpkg_lines lines;
	const char *path, *from;
	int status = strata_dpkg_files_read(image->files, "diversions", &path, &content, error);

	if (status < 0)
		return status;
	lines = (struct strata_dpkg_lines){content.data, content.data + content.length, 0};
	while ((from = strata_dpkg_next_line(&lines))) {
		const char *to = strata_dpkg_next_line(&lines);
		const char *package = strata_dpkg_next_line(&lines);

		if (to && package &&
			(strcmp(package, ":") == 0 ||
				strata_dpkg_image_package(image, package) != STRATA_MAP_NONE))
			strata_buffer_format(&text, "%s\n%s\n%s\n", from, to, package);
	}
	return add_text(image, entries, "diversions", &text, error);
}

int strata_dpkg_add_database(struct strata_dpkg_image *image, struct strata_error *error)
{
	static const char *const directories[] = {"alternatives", "info", "triggers"};
	static const char *const files[] = {"arch", "statoverride", "cmethopt"};
	strata_autobuffer struct strata_buffer nothing = STRATA_BUFFER_INIT;
	struct strata_dpkg_entries *entries;
	int status = strata_dpkg_image_group(
		image, "package-database", STRATA_MAP_NONE, &entries, error);

	if (status == 0)
		status = add_directory(image, entries, "updates", error);
	if (status == 0)
		status = add_text(image, entries, "available", &nothing, error);
	if (status == 0)
		status = add_status(image, entries, error);
	if (status == 0)
		status = add_diversions(image, entries, error);
	for (size_t i = 0; status == 0 && i < sizeof(directories) / sizeof(*directories); i++)
		status = add_files(image, entries, directories[i], error);
	for (size_t i = 0; status == 0 && i < sizeof(files) / sizeof(*files); i++)
		status = add_file(image, entries, files[i], files[i], error);
	return status;
}

/* Add PATH as it is on the system, where it is there and no package of the image has it. */
static int add_telling(
	struct strata_dpkg_image *image, const char *path, struct strata_error *error)
{
	struct strata_item_entry entry = {
		.kind = STRATA_ITEM_SOURCE, .time = STRATA_ITEM_TIME_KEPT};
	struct strata_dpkg_entries *entries;
	struct strata_root_entry found;
	int status = strata_root_find(image->files->root, path, &found, error);

	if (status < 0 || found.kind == STRATA_ROOT_MISSING ||
		strata_map_get(&image->owners, found.path) != STRATA_MAP_NONE)
		return status;
	entry.path = entry.source = found.path;
	status = strata_dpkg_image_group(image, "os-release", STRATA_MAP_NONE, &entries, error);
	if (status == 0)
		status = strata_dpkg_entries_add(entries, &entry, error);
	if (status == 0 && strata_map_put(&image->owners, found.path, image->database->count) < 0)
		status = strata_fail_memory(error);
	return status;
}

int strata_dpkg_add_distribution(struct strata_dpkg_image *image, struct strata_error *error)
{
	static const char *const telling[] = {
		"/etc/os-release", "/usr/lib/os-release", "/etc/debian_version"};
	int status = 0;

	for (size_t i = 0; status == 0 && i < sizeof(telling) / sizeof(*telling); i++)
		status = add_telling(image, telling[i], error);
	return status;
}
