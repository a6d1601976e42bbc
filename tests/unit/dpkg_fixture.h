/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Debian system in a temporary directory, for the tests of the dpkg source.
 */
#ifndef DPKG_FIXTURE_H
#define DPKG_FIXTURE_H

#include <stratapack/graph.h>

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "graph/formats/nar_hash.h"
#include "graph/formats/parsers.h"
#include "graph/formats/source_text.h"
#include "graph/graph.h"
#include "graph/item_name.h"
#include "graph/item_record.h"
#include "graph/nar_size.h"
#include "util/buffer.h"
#include "util/file.h"

struct machine {
	char root[64];
	struct strata_buffer notes; /* everything that was noted, one a line */
	struct strata_error error;
	struct strata_graph *graph;
};

static inline void machine_path(
	const struct machine *machine, const char *path, struct strata_buffer *full)
{
	strata_buffer_format(full, "%s%s", machine->root, path);
	assert_int_equal(strata_buffer_check(full, NULL), 0);
}

static inline void machine_parents(struct machine *machine, const char *path)
{
	strata_autobuffer struct strata_buffer full = STRATA_BUFFER_INIT;

	machine_path(machine, path, &full);
	*strrchr(full.data, '/') = '\0';
	assert_succeeds(strata_directory_create(full.data, &machine->error), &machine->error);
}

static inline void put_bytes(
	struct machine *machine, const char *path, const char *content, size_t length)
{
	strata_autobuffer struct strata_buffer full = STRATA_BUFFER_INIT;

	machine_parents(machine, path);
	machine_path(machine, path, &full);
	assert_succeeds(
		strata_file_replace(full.data, content, length, &machine->error), &machine->error);
}

static inline void put(struct machine *machine, const char *path, const char *content)
{
	put_bytes(machine, path, content, strlen(content));
}

static inline void put_directory(struct machine *machine, const char *path)
{
	strata_autobuffer struct strata_buffer full = STRATA_BUFFER_INIT;

	machine_path(machine, path, &full);
	assert_succeeds(strata_directory_create(full.data, &machine->error), &machine->error);
}

static inline void put_link(struct machine *machine, const char *path, const char *target)
{
	strata_autobuffer struct strata_buffer full = STRATA_BUFFER_INIT;

	machine_parents(machine, path);
	machine_path(machine, path, &full);
	assert_int_equal(symlink(target, full.data), 0);
}

static inline void put_socket(struct machine *machine, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	machine_parents(machine, path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s%s", machine->root, path);
	assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
	close(descriptor);
}

/* One stanza of an installed package; FIELDS are further lines. */
#define PACKAGE_OF(name, architecture, fields)                                         \
	"Package: " name "\nStatus: install ok installed\nArchitecture: " architecture \
	"\nVersion: 1.0\n" fields "\n"
#define PACKAGE(name, fields) PACKAGE_OF(name, "amd64", fields)

static inline void put_status(struct machine *machine, const char *content)
{
	put(machine, "/var/lib/dpkg/status", content);
}

static inline void keep_note(void *data, const char *text)
{
	strata_buffer_format(data, "%s\n", text);
}

/* Read, and where that succeeds finish, into machine->graph. */
static inline int read_machine(struct machine *machine, const struct strata_dpkg_options *given)
{
	struct strata_observer observer = {.note = keep_note, .data = &machine->notes};
	struct strata_dpkg_options options = *given;
	int status;

	strata_graph_free(machine->graph);
	strata_buffer_truncate(&machine->notes, 0);
	machine->graph = strata_graph_new(&machine->error);
	assert_non_null(machine->graph);
	options.root = machine->root;
	options.observer = &observer;
	status = strata_graph_read_dpkg(machine->graph, &options, &machine->error);
	return status == 0 ? strata_graph_finish(machine->graph, machine->root, &machine->error)
			   : status;
}

static inline int ask(struct machine *machine, const char *package)
{
	return read_machine(machine, &(struct strata_dpkg_options){.packages = &package,
					     .package_count = 1,
					     .database = STRATA_DATABASE_NONE});
}

/* All ids, space-separated. */
static inline void assert_items(struct machine *machine, const char *expected)
{
	strata_autobuffer struct strata_buffer ids = STRATA_BUFFER_INIT;

	for (uint32_t i = 0; i < strata_graph_count(machine->graph); i++)
		strata_buffer_format(
			&ids, "%s%s", i ? " " : "", strata_graph_item(machine->graph, i)->id);
	assert_string_equal(ids.data, expected);
}

static inline const struct strata_item *item_of(struct machine *machine, const char *id)
{
	uint32_t index = strata_graph_find(machine->graph, id);

	if (index == STRATA_GRAPH_NONE)
		fail_msg("there is no item '%s'", id);
	return strata_graph_item(machine->graph, index);
}

static inline void assert_references(struct machine *machine, const char *id, const char *expected)
{
	strata_autobuffer struct strata_buffer ids = STRATA_BUFFER_INIT;
	const struct strata_item *item = item_of(machine, id);

	for (uint32_t i = 0; i < item->reference_count; i++)
		strata_buffer_format(&ids, "%s%s", i ? " " : "",
			strata_graph_item(machine->graph, item->references[i])->id);
	assert_string_equal(ids.data, expected);
}

static inline int compare_texts(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The paths that an item has, of files and of what is made. */
static inline void assert_files(struct machine *machine, const char *id, const char *expected)
{
	strata_autobuffer struct strata_buffer files = STRATA_BUFFER_INIT;
	const struct strata_item *item = item_of(machine, id);
	const char *paths[64];
	size_t count = 0;

	assert_true(item->file_count + item->entry_count <= 64);
	for (size_t i = 0; i < item->file_count; i++)
		paths[count++] = item->files[i];
	for (size_t i = 0; i < item->entry_count; i++)
		paths[count++] = item->entries[i].path;
	qsort(paths, count, sizeof(*paths), compare_texts);
	for (size_t i = 0; i < count; i++)
		strata_buffer_format(&files, "%s%s", i ? " " : "", paths[i]);
	assert_string_equal(files.data, expected);
}

/* What an item has at PATH that is not simply on disk. */
static inline const struct strata_item_entry *entry_of(
	struct machine *machine, const char *id, const char *path)
{
	const struct strata_item *item = item_of(machine, id);

	for (size_t i = 0; i < item->entry_count; i++) {
		if (strcmp(item->entries[i].path, path) == 0)
			return &item->entries[i];
	}
	fail_msg("item '%s' has no entry '%s'", id, path);
	return NULL;
}

static inline void assert_link(
	struct machine *machine, const char *id, const char *path, const char *target)
{
	const struct strata_item_entry *entry = entry_of(machine, id, path);

	assert_int_equal(entry->kind, STRATA_ITEM_SYMLINK);
	assert_string_equal(entry->target, target);
	assert_int_equal(entry->time, 1);
}

static inline void assert_content(
	struct machine *machine, const char *id, const char *path, const char *content)
{
	const struct strata_item_entry *entry = entry_of(machine, id, path);

	assert_int_equal(entry->kind, STRATA_ITEM_FILE);
	assert_int_equal(entry->length, strlen(content));
	assert_string_equal((const char *)entry->content, content);
	assert_int_equal(entry->time, 1);
}

static inline int make_machine(void **state)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	assert_non_null(machine);
	strcpy(machine->root, "/tmp/stratapack-dpkg-XXXXXX");
	assert_non_null(mkdtemp(machine->root));
	machine->notes = (struct strata_buffer)STRATA_BUFFER_INIT;
	*state = machine;
	return 0;
}

static inline int remove_machine(void **state)
{
	struct machine *machine = *state;

	strata_graph_free(machine->graph);
	strata_error_clear(&machine->error);
	strata_buffer_release(&machine->notes);
	strata_directory_remove(machine->root);
	free(machine);
	return 0;
}

#define MACHINE_TEST(test) cmocka_unit_test_setup_teardown(test, make_machine, remove_machine)

#endif
