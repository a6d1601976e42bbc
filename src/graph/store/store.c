/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of Guix or Nix as a source: the closure of the items asked for, from its daemon where
 * that can be asked, else from its database.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stratapack/graph.h>

#include "graph/graph.h"
#include "graph/store/daemon.h"
#include "graph/store/daemon_address.h"
#include "graph/store/database.h"
#include "graph/store/location.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/map.h"
#include "util/memory.h"
#include "util/observer.h"

/* The closure while it grows: every path once, in the order in which it was met. */
struct closure {
	struct strata_arena arena;
	struct strata_map index;
	const char **paths;
	size_t count;
	size_t capacity;

	/* The references of the item in hand. */
	const char **references;
	size_t reference_count;
	size_t reference_capacity;
};

static void cleanup_closure(struct closure *closure)
{
	strata_arena_free(&closure->arena);
	strata_map_release(&closure->index);
	free(closure->paths);
	free(closure->references);
}

/* The place of PATH in the closure, to which it is added where it is new. */
static int intern(
	struct closure *closure, const char *path, uint32_t *index, struct strata_error *error)
{
	char *copy;

	*index = strata_map_get(&closure->index, path);
	if (*index != STRATA_MAP_NONE)
		return 0;
	copy = strata_arena_string(&closure->arena, path);
	if (!copy || closure->count >= STRATA_MAP_NONE ||
		strata_grow(&closure->paths, &closure->capacity, closure->count + 1,
			sizeof(*closure->paths)) < 0 ||
		strata_map_put(&closure->index, copy, (uint32_t)closure->count) < 0)
		return strata_fail_memory(error);
	*index = (uint32_t)closure->count;
	closure->paths[closure->count++] = copy;
	return 0;
}

static int take_item(void *context, const char *path, struct strata_error *error)
{
	uint32_t index;

	return intern(context, path, &index, error);
}

static int take_reference(void *context, const char *path, struct strata_error *error)
{
	struct closure *closure = context;
	uint32_t index;
	int status = intern(closure, path, &index, error);

	if (status < 0)
		return status;
	if (strata_grow(&closure->references, &closure->reference_capacity,
		    closure->reference_count + 1, sizeof(*closure->references)) < 0)
		return strata_fail_memory(error);
	closure->references[closure->reference_count++] = closure->paths[index];
	return 0;
}

/* Whom to ask about items: the daemon where it tells, else the database. */
struct teller {
	struct strata_store_daemon *daemon; /* keeps items, where there is one */
	bool daemon_tells;
	struct strata_store_database *database;
};

static void cleanup_teller(struct teller *teller)
{
	strata_cleanup_store_daemon(&teller->daemon);
	strata_cleanup_store_database(&teller->database);
}

static const char *teller_name(const struct teller *teller)
{
	return teller->daemon_tells ? strata_store_daemon_address(teller->daemon)
				    : strata_store_database_path(teller->database);
}

static int fail_missing(
	const char *asked_for, const struct teller *teller, struct strata_error *error)
{
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_NOT_FOUND,
			"'%s' is not a valid item of the store with the %s '%s'", asked_for,
			teller->daemon_tells ? "daemon at" : "database", teller_name(teller)),
		"build it, or name another database with --store-db");
}

/* Find PATH and take its references; returns 1, 0 where it is not valid, or a negative status. */
static int find_item(const struct teller *teller, const char *path, struct strata_store_row *row,
	struct closure *closure, struct strata_error *error)
{
	int found, status;

	closure->reference_count = 0;
	if (teller->daemon_tells) {
		/* First kept and then asked about: what is valid now stays so. */
		status = strata_store_daemon_keep(teller->daemon, path, error);
		return status < 0 ? status
				  : strata_store_daemon_find(teller->daemon, path, row,
					    take_reference, closure, error);
	}
	found = strata_store_database_find(teller->database, path, row, error);
	if (found <= 0)
		return found;
	status = strata_store_database_references(
		teller->database, row->id, take_reference, closure, error);
	return status < 0 ? status : found;
}

static int add_item(struct strata_graph *graph, const struct teller *teller,
	struct closure *closure, const char *path, struct strata_error *error)
{
	struct strata_item_record record = {.id = path, .content = STRATA_CONTENT_STORE};
	struct strata_store_row row;
	int status = find_item(teller, path, &row, closure, error);

	if (status == 0)
		return fail_missing(path, teller, error);
	if (status < 0)
		return status;
	record.identity = row.hash.text[0] ? row.hash.text : NULL;
	record.size = row.size;
	record.has_size = row.size > 0;
	record.references = closure->references;
	record.reference_count = closure->reference_count;
	status = strata_graph_add(graph, &record, error);
	if (status < 0)
		return strata_context(error, status, "'%s'", teller_name(teller));
	return 0;
}

static int add_closure(struct strata_graph *graph, const struct teller *teller,
	struct closure *closure, struct strata_error *error)
{
	int status = 0;

	/* The closure grows while it is walked. */
	for (size_t i = 0; status == 0 && i < closure->count; i++)
		status = add_item(graph, teller, closure, closure->paths[i], error);
	if (status < 0 || teller->daemon_tells)
		return status;
	return strata_store_database_check(teller->database, error);
}

/* Keep what the database told of; it may have been collected since. */
static int keep_closure(
	struct teller *teller, const struct closure *closure, struct strata_error *error)
{
	int status = 1;

	for (size_t i = 0; status >= 0 && i < closure->count; i++) {
		status = strata_store_daemon_keep(teller->daemon, closure->paths[i], error);
		if (status == 0)
			status = strata_store_daemon_is_valid(
				teller->daemon, closure->paths[i], error);
		if (status == 0)
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_CHANGED,
					"'%s' was collected while the store was read",
					closure->paths[i]),
				"build it again, with a root for the garbage collector");
	}
	return status < 0 ? status : 0;
}

static void release_daemon(void *thing)
{
	struct strata_store_daemon *daemon = thing;

	strata_cleanup_store_daemon(&daemon);
}

static int add_root(struct strata_graph *graph, struct closure *closure, const char *item,
	struct strata_error *error)
{
	int status = take_item(closure, item, error);

	return status < 0 ? status : strata_graph_add_root(graph, item, error);
}

static int is_valid(void *context, const char *path, struct strata_error *error)
{
	struct strata_store_row row;

	return strata_store_database_find(context, path, &row, error);
}

/* From the database that the caller names, which may be that of any store. */
static int read_named(struct strata_graph *graph, const struct strata_store_options *options,
	struct strata_error *error)
{
	STRATA_CLEANUP(cleanup_closure) struct closure closure = {0};
	STRATA_CLEANUP(cleanup_teller) struct teller teller = {.daemon = NULL};
	int status = strata_store_database_open(options->database, &teller.database, error);

	if (status == 0 && options->item_count == 0)
		status = strata_store_database_all(teller.database, take_item, &closure, error);
	for (size_t i = 0; status == 0 && i < options->item_count; i++) {
		strata_autofree char *item = NULL;

		status = strata_store_follow(
			options->root, options->items[i], is_valid, teller.database, &item, error);
		if (status == 0)
			return fail_missing(options->items[i], &teller, error);
		if (status > 0)
			status = add_root(graph, &closure, item, error);
	}
	return status < 0 ? status : add_closure(graph, &teller, &closure, error);
}

/* The stores that are there, by their place under a root. */
struct present {
	char *databases[STRATA_KNOWN_STORES]; /* NULL: not there */
	bool has_daemon[STRATA_KNOWN_STORES]; /* there may be one to ask */
};

static void cleanup_present(struct present *present)
{
	for (size_t s = 0; s < STRATA_KNOWN_STORES; s++)
		free(present->databases[s]);
}

/* Whether the store number S is there. */
static bool has_store(const struct present *present, size_t s)
{
	return present->databases[s] ||
	       (present->has_daemon[s] && strata_known_stores[s].daemon_tells);
}

/* A daemon speaks for this machine's own root only. One that was chosen and cannot be spoken to is
 * reported when it is asked. */
static bool may_have_daemon(const struct strata_known_store *store, const char *root)
{
	strata_autoaddress struct strata_daemon_address address = STRATA_DAEMON_ADDRESS_INIT;

	if (root && strcmp(root, "/") != 0)
		return false;
	return strata_daemon_address_find(store, &address, NULL) < 0 || address.chosen ||
	       access(address.path, F_OK) == 0;
}

static int find_present(struct present *present, const char *root, struct strata_error *error)
{
	int status = 0;

	for (size_t s = 0; status == 0 && s < STRATA_KNOWN_STORES; s++) {
		struct strata_error refused = STRATA_ERROR_INIT;

		present->has_daemon[s] = may_have_daemon(&strata_known_stores[s], root);
		status = strata_known_store_database(
			&strata_known_stores[s], root, &present->databases[s], &refused);
		/* Who may not read the database may still ask the daemon. */
		if (status < 0 && refused.system_error == EACCES && has_store(present, s))
			status = 0;
		if (status < 0 && error)
			*error = refused;
		else
			strata_error_clear(&refused);
	}
	return status;
}

static int is_in_present(void *context, const char *path, struct strata_error *error)
{
	const struct present *present = context;

	(void)error;
	for (size_t s = 0; s < STRATA_KNOWN_STORES; s++) {
		if (has_store(present, s) && strata_known_store_has(&strata_known_stores[s], path))
			return 1;
	}
	return 0;
}

/* Connect to the daemon of the store number S, if there is one. Where it is only to keep items, one
 * that cannot be spoken to is not worth more than a word, unless it was chosen. */
static int open_daemon(const struct present *present, size_t s,
	const struct strata_store_options *options, struct teller *teller,
	struct strata_error *error)
{
	struct strata_error unknown = STRATA_ERROR_INIT;
	const struct strata_known_store *store = &strata_known_stores[s];
	int status;

	if (!present->has_daemon[s])
		return 0;
	status = strata_store_daemon_open(store, &teller->daemon, options->observer, &unknown);
	/* The daemon has no list of everything. */
	teller->daemon_tells = status > 0 && store->daemon_tells && options->item_count > 0;
	if (status >= 0)
		return 0;
	if (!store->daemon_tells && status == STRATA_ERROR_FORMAT) {
		strata_note(options->observer,
			"nothing keeps the items from the garbage collector: %s", unknown.message);
		return 0;
	}
	if (error) {
		*error = unknown;
		unknown = (struct strata_error)STRATA_ERROR_INIT;
	}
	return status;
}

/* From the store number S: the ITEMS that lie in it, or everything where there are none. */
static int read_present(struct strata_graph *graph, struct present *present, size_t s,
	char *const *items, const struct strata_store_options *options, struct strata_error *error)
{
	STRATA_CLEANUP(cleanup_closure) struct closure closure = {0};
	STRATA_CLEANUP(cleanup_teller) struct teller teller = {.daemon = NULL};
	int status = 0;

	for (size_t i = 0; status == 0 && i < options->item_count; i++) {
		if (strata_known_store_has(&strata_known_stores[s], items[i]))
			status = add_root(graph, &closure, items[i], error);
	}
	if (status < 0 || (options->item_count > 0 && closure.count == 0))
		return status;
	status = open_daemon(present, s, options, &teller, error);
	if (status < 0)
		return status;
	if (!teller.daemon_tells && !present->databases[s])
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_NOT_FOUND,
				"no daemon answers for the store '%s', and its database '%s' is "
				"not there",
				strata_known_stores[s].directory, strata_known_stores[s].database),
			"start guix-daemon, or name a database with --store-db FILE");
	if (!teller.daemon_tells)
		status = strata_store_database_open(present->databases[s], &teller.database, error);
	if (status == 0 && options->item_count == 0)
		status = strata_store_database_all(teller.database, take_item, &closure, error);
	if (status == 0)
		status = add_closure(graph, &teller, &closure, error);
	if (status == 0 && teller.daemon && !teller.daemon_tells)
		status = keep_closure(&teller, &closure, error);
	if (status < 0 || !teller.daemon)
		return status;
	return strata_graph_own(graph, strata_take(teller.daemon), release_daemon, error);
}

static void free_strings(char **strings, size_t count)
{
	for (size_t i = 0; strings && i < count; i++)
		free(strings[i]);
	free(strings);
}

static int follow_items(const struct strata_store_options *options, struct present *present,
	char **items, struct strata_error *error)
{
	for (size_t i = 0; i < options->item_count; i++) {
		int status = strata_store_follow(
			options->root, options->items[i], is_in_present, present, &items[i], error);

		if (status < 0)
			return status;
		if (status == 0)
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_NOT_FOUND,
					"'%s' leads to '%s', which is in no store whose database "
					"is known",
					options->items[i], items[i]),
				"name the database of its store with --store-db FILE");
	}
	return 0;
}

int strata_graph_read_store(struct strata_graph *graph, const struct strata_store_options *options,
	struct strata_error *error)
{
	STRATA_CLEANUP(cleanup_present) struct present present = {.databases = {NULL}};
	char **items;
	bool any = false;
	int status;

	if (options->database)
		return read_named(graph, options, error);
	status = find_present(&present, options->root, error);
	if (status < 0)
		return status;
	items = strata_allocate(options->item_count, sizeof(*items));
	status = items ? follow_items(options, &present, items, error) : strata_fail_memory(error);
	for (size_t s = 0; status == 0 && s < STRATA_KNOWN_STORES; s++) {
		if (!has_store(&present, s))
			continue;
		any = true;
		status = read_present(graph, &present, s, items, options, error);
	}
	free_strings(items, options->item_count);
	if (status == 0 && !any)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_NOT_FOUND,
				"no store database of Guix or Nix under '%s'",
				options->root ? options->root : "/"),
			"name it with --store-db FILE");
	return status;
}

bool strata_store_holds(const char *root, const char *path)
{
	STRATA_CLEANUP(cleanup_present) struct present present = {.databases = {NULL}};
	strata_autofree char *item = NULL;

	return find_present(&present, root, NULL) == 0 &&
	       strata_store_follow(root, path, is_in_present, &present, &item, NULL) > 0;
}
