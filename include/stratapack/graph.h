/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference graph: items and what they refer to.
 *
 * An *item* is the unit that is never split: a store item or a package. A graph is filled from
 * one or more sources and then finished; a finished graph is immutable, its items are sorted by
 * id (bytewise), and all later stages work on indices into that order. So nothing depends on the
 * order in which a source lists its records.
 *
 *	struct strata_graph *graph = strata_graph_new(&error);
 *	strata_graph_read_references(graph, "closure-graph", &error);
 *	strata_graph_finish(graph, NULL, &error);
 *	...
 *	strata_graph_free(graph);
 *
 * Functions return 0 or a negative strata_status. A graph is used by one thread while it is
 * filled, by any number once it is finished.
 */
#ifndef STRATAPACK_GRAPH_H
#define STRATAPACK_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "observer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where the content of an item is, and which rules its metadata follows. */
enum strata_content {
	/* Trees of a store: immutable, owned by root, without times (tar rules for stores). */
	STRATA_CONTENT_STORE,
	/* Files of a running system: owner, mode, times and capabilities are as they are. */
	STRATA_CONTENT_FILES,
	/* Nowhere on this machine: the item can be planned and simulated with, not built. */
	STRATA_CONTENT_ABSENT,
};

/* A file of an item that is not simply what is on disk under its path: what packages made when they
 * were installed, as it is in this image. */
enum strata_item_entry_kind {
	STRATA_ITEM_FILE, /* with the bytes of CONTENT */
	STRATA_ITEM_DIRECTORY,
	STRATA_ITEM_SYMLINK,
	STRATA_ITEM_SOURCE, /* as it is at SOURCE, but at PATH, and from the time TIME unless that
			       is STRATA_ITEM_TIME_KEPT */
};

#define STRATA_ITEM_TIME_KEPT INT64_MIN

struct strata_item_entry {
	enum strata_item_entry_kind kind;
	const char *path;        /* in the image, absolute */
	uint32_t mode, uid, gid; /* of what has no source */
	int64_t time;
	const char *target;  /* of a symbolic link */
	const char *source;  /* a path on the machine less the root */
	const char *program; /* of a source that is Python's byte code: the file that it was
				compiled from, whose time it must name; NULL for anything else */
	const void *content; /* of a file */
	size_t length;
};

struct strata_item {
	const char *id;      /* full and unique: a store path, "libc6:amd64" */
	const char *name;    /* without hash or version: "glibc", "libc6" */
	const char *version; /* "" where unknown */
	const char *cause;   /* what makes the item change, e.g. its source package */
	const char
		*identity; /* stands for the content, e.g. "sha256:..." of the NAR; NULL: unknown */
	uint64_t size;     /* bytes: NAR size in stores, installed size of packages */
	enum strata_content content;

	/* Indices of the other items that this one refers to: ascending, without duplicates,
	 * without the item itself. */
	const uint32_t *references;
	uint32_t reference_count;

	/* Paths on the machine less the root, absolute, sorted: trees are taken whole, files (of
	 * any type, directories too) are taken alone. */
	const char *const *trees;
	size_t tree_count;
	const char *const *files;
	size_t file_count;
	const struct strata_item_entry *entries; /* sorted by path */
	size_t entry_count;
};

/* One record as a source delivers it. Strings are copied. */
struct strata_item_record {
	const char *id;       /* required; UTF-8 */
	const char *name;     /* NULL: derived from the id */
	const char *version;  /* NULL: derived from the id */
	const char *cause;    /* NULL: the name */
	const char *identity; /* NULL: unknown */
	uint64_t size;
	bool has_size; /* false: measured when the graph is finished */
	enum strata_content content;
	const char *const *references; /* ids, in any order; the item itself and repeats are fine */
	size_t reference_count;
	const char *const
		*trees; /* where neither trees nor files are given: the id as a tree,
			   unless content is not STRATA_CONTENT_STORE and the id no path */
	size_t tree_count;
	const char *const *files;
	size_t file_count;
	const struct strata_item_entry *entries; /* in any order, each path once */
	size_t entry_count;
};

struct strata_graph;

/* An empty graph, owned by the caller; NULL on error. */
STRATA_PUBLIC struct strata_graph *strata_graph_new(struct strata_error *error);
STRATA_PUBLIC void strata_graph_free(struct strata_graph *graph);

/* Add one record. A second record with the same id adds its references and must not contradict
 * the first in size or identity (STRATA_ERROR_FORMAT). */
STRATA_PUBLIC int strata_graph_add(struct strata_graph *graph,
	const struct strata_item_record *record, struct strata_error *error);

/* Say that ID was asked for: it is a root of the image's closure. */
STRATA_PUBLIC int strata_graph_add_root(
	struct strata_graph *graph, const char *id, struct strata_error *error);

/* Make the items that ID refers to roots, but not ID itself. This is for an item whose content the
 * image has under another path. Its record must have been added (STRATA_ERROR_NOT_FOUND). An item
 * that refers to itself becomes a root, too. */
STRATA_PUBLIC int strata_graph_add_references_as_roots(
	struct strata_graph *graph, const char *id, struct strata_error *error);

/* Say which platform the items are for, in the words of images: "arm", "v7". VARIANT may be "". */
STRATA_PUBLIC int strata_graph_set_platform(struct strata_graph *graph, const char *architecture,
	const char *variant, struct strata_error *error);
/* The architecture that was said, and its variant; NULL where none was. */
STRATA_PUBLIC const char *strata_graph_architecture(const struct strata_graph *graph);
STRATA_PUBLIC const char *strata_graph_variant(const struct strata_graph *graph);

/* Finish the graph: keep what the roots reach (everything, where no root was named), resolve
 * references, measure missing sizes under ROOT (NULL: "/"), and sort. A reference to an item
 * without a record, and a root without one, is STRATA_ERROR_NOT_FOUND. */
STRATA_PUBLIC int strata_graph_finish(
	struct strata_graph *graph, const char *root, struct strata_error *error);

/* Of a finished graph. */
STRATA_PUBLIC uint32_t strata_graph_count(const struct strata_graph *graph);
STRATA_PUBLIC const struct strata_item *strata_graph_item(
	const struct strata_graph *graph, uint32_t index);
#define STRATA_GRAPH_NONE UINT32_MAX
/* The index of the item with this id, or STRATA_GRAPH_NONE. */
STRATA_PUBLIC uint32_t strata_graph_find(const struct strata_graph *graph, const char *id);

/* The roots, ascending: the items that were asked for. Where none were, the roots are all items to
 * which no item outside their own cycle refers. */
STRATA_PUBLIC const uint32_t *strata_graph_roots(const struct strata_graph *graph, uint32_t *count);

/*
 * Sources. Each adds its records to an unfinished graph.
 */

/* The textual references graph of Guix (#:references-graphs) and Nix (exportReferencesGraph), and
 * the registration format, whose records also have a NAR hash and size. "-" is stdin. */
STRATA_PUBLIC int strata_graph_read_references(
	struct strata_graph *graph, const char *path, struct strata_error *error);

/* Nix's JSON: an exported graph of a derivation with structured attributes (alone, or within the
 * whole .attrs.json), and what `nix path-info --json` prints, in its array and object forms. */
STRATA_PUBLIC int strata_graph_read_nix_json(
	struct strata_graph *graph, const char *path, struct strata_error *error);

/* Our own JSON, docs/graph.schema.json. */
STRATA_PUBLIC int strata_graph_read_json(
	struct strata_graph *graph, const char *path, struct strata_error *error);

struct strata_store_options {
	const char *database; /* the SQLite file; NULL: the one of the store that holds the items */
	const char *root;     /* another root directory of that machine; NULL: "/" */
	const char *const *items; /* store paths, or links to them; their closure is read */
	size_t item_count;        /* 0: everything that is valid in the store */
	const struct strata_observer *observer; /* outlives the graph */
};

/* Read the closure of the items that OPTIONS names, which become roots, from the store of Guix or
 * Nix: from its daemon or its database. A daemon, where it can be reached and options->database is
 * NULL, protects the closure from the garbage collector as long as the graph lives. */
STRATA_PUBLIC int strata_graph_read_store(struct strata_graph *graph,
	const struct strata_store_options *options, struct strata_error *error);

/* Whether PATH, under ROOT, lies in a store whose database is there (or leads there by links). */
STRATA_PUBLIC bool strata_store_holds(const char *root, const char *path);

/* Which of the files that packages made when they were installed belong into an image. */
enum strata_generated_choice {
	STRATA_GENERATED_KNOWN, /* those that the table of generated files tells */
	STRATA_GENERATED_NONE,
	STRATA_GENERATED_ALL, /* and all others in the directories of the image's packages */
};

/* What tells in an image which packages are in it. */
enum strata_package_database {
	STRATA_DATABASE_STATUS_D, /* a file for each package, beside its files: for scanners */
	STRATA_DATABASE_NONE,
	STRATA_DATABASE_DPKG, /* dpkg's own, so that dpkg and apt work in a container */
};

struct strata_dpkg_options {
	const char *root;            /* the root directory of the system; NULL: "/" */
	const char *const *packages; /* names, with or without ":architecture" */
	size_t package_count;
	bool essential; /* add the essential packages, which nothing names as a dependency */
	bool all;       /* every package, and an item with every file that no package owns */
	enum strata_generated_choice generated;
	const char *generated_table; /* a file with rules that come before the program's own; NULL:
					none */
	/* Patterns of paths that no package owns, and that are taken in spite of all rules. */
	const char *const *include;
	size_t include_count;
	enum strata_package_database database;
	const struct strata_observer *observer;
};

/* The package database of a Debian system. The packages asked for become roots. */
STRATA_PUBLIC int strata_graph_read_dpkg(struct strata_graph *graph,
	const struct strata_dpkg_options *options, struct strata_error *error);

struct strata_packages_index_options {
	const char *const *files; /* the newest version of each package in them is taken */
	size_t file_count;
	const char *const *packages; /* names, with or without ":architecture" */
	size_t package_count;        /* 0, and not essential: everything in the indices */
	bool essential; /* add the essential packages, which nothing names as a dependency */
	const struct strata_observer *observer;
};

/* The Packages indices of a Debian archive, as apt fetches them (deb-control(5) stanzas). Sizes are
 * those of the .deb files. The items are absent: plans can be made of them, and no images. The
 * packages asked for become roots. */
STRATA_PUBLIC int strata_graph_read_packages_index(struct strata_graph *graph,
	const struct strata_packages_index_options *options, struct strata_error *error);

#ifdef __cplusplus
}
#endif

#endif
