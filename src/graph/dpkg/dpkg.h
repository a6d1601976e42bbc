/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The package database of a Debian system: what the files of this source share.
 *
 * Formats: deb-control(5) for the status file, deb-version(7) for versions, the Debian Policy
 * chapter 7 for relations, and what dpkg(1), dpkg-divert(1) and update-alternatives(1) write
 * below /var/lib/dpkg.
 *
 * A database is filled by strata_dpkg_parse_status() and indexed once; after that its packages are
 * sorted by id, and everything works on their indices.
 */
#ifndef GRAPH_DPKG_DPKG_H
#define GRAPH_DPKG_DPKG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stratapack/graph.h>

#include "util/arena.h"
#include "util/buffer.h"
#include "util/map.h"
#include "util/root_path.h"

/* How a package combines with packages of other architectures. */
enum strata_dpkg_multi_arch {
	STRATA_MULTI_ARCH_NO,
	STRATA_MULTI_ARCH_SAME,
	STRATA_MULTI_ARCH_FOREIGN,
	STRATA_MULTI_ARCH_ALLOWED,
};

/* An installed package. All strings live in the arena of the database. */
struct strata_dpkg_package {
	const char *id; /* "name:architecture"; NULL until the database is indexed */
	const char *name;
	const char *architecture;
	const char *version;
	const char *source; /* the source package's name */
	const char *depends;
	const char *pre_depends;
	const char *provides; /* these three are "" where the field is absent */
	const char *file;     /* where its stanza stands: what messages call it */
	enum strata_dpkg_multi_arch multi_arch;
	bool essential;
	bool has_size;
	uint64_t size;         /* bytes */
	size_t line;           /* where its stanza begins */
	uint32_t next_of_name; /* the next one of the same name, ascending, or STRATA_MAP_NONE */
};

/* One entry of a Provides field. */
struct strata_dpkg_provide {
	uint32_t package;
	const char *architecture;
	const char *version; /* NULL: unversioned */
	uint32_t next;       /* the next one of the same virtual name, or STRATA_MAP_NONE */
};

struct strata_dpkg {
	struct strata_arena arena;
	const char *file; /* what messages call the file that is being read */
	/* How messages say that a package is there: "installed", "in the package index". */
	const char *presence;
	struct strata_dpkg_package *packages;
	size_t package_capacity;
	uint32_t count;
	struct strata_dpkg_provide *provides;
	size_t provide_capacity;
	uint32_t provide_count;
	struct strata_map names;         /* package name -> the first package of that name */
	struct strata_map virtual_names; /* provided name -> the first entry that provides it */
	const char *native;              /* the architecture of this system; "" where unknown */
};

#define STRATA_DPKG_INIT                            \
	{                                           \
		.file = "", .presence = "installed" \
	}
#define strata_autodpkg STRATA_CLEANUP(strata_dpkg_release)

void strata_dpkg_release(struct strata_dpkg *database);

/* Read the packages that are present (unpacked or further) out of LENGTH bytes of TEXT in the
 * format of the status file; NAME is what messages call it and is copied. Then index them. */
int strata_dpkg_parse_status(struct strata_dpkg *database, const char *name, const char *text,
	size_t length, struct strata_error *error) STRATA_MUST_CHECK;

/* Read all packages out of LENGTH bytes of TEXT in the format of apt's Packages files, and add them
 * to those of other indices. The caller indexes them with strata_dpkg_finish_indices(). */
int strata_dpkg_parse_index(struct strata_dpkg *database, const char *name, const char *text,
	size_t length, struct strata_error *error) STRATA_MUST_CHECK;

/* Of several versions of a package keep the newest one, and index the rest. */
int strata_dpkg_finish_indices(
	struct strata_dpkg *database, struct strata_error *error) STRATA_MUST_CHECK;

/* Lines of a text that is cut up in place: each becomes a string. */
struct strata_dpkg_lines {
	char *at;
	char *end;     /* the byte here is writable too (a buffer's NUL) */
	size_t number; /* of the line returned last, from 1 */
};

/* The next line without its end (LF or CRLF), or NULL. */
char *strata_dpkg_next_line(struct strata_dpkg_lines *lines);

/* Whether TEXT (of LENGTH bytes, not NUL-terminated) can name a package, or an architecture: what
 * becomes part of a path or an id must not hold anything else. */
bool strata_dpkg_is_name(const char *text, size_t length);

/* Compare two versions as deb-version(7) says: negative, 0 or positive. */
int strata_dpkg_compare_versions(const char *left, const char *right);

enum strata_dpkg_comparison {
	STRATA_DPKG_ANY_VERSION,
	STRATA_DPKG_EARLIER,
	STRATA_DPKG_EARLIER_OR_EQUAL,
	STRATA_DPKG_EQUAL,
	STRATA_DPKG_LATER_OR_EQUAL,
	STRATA_DPKG_LATER,
};

/* One name in a field of relations. Strings live in the arena that the parser was given. */
struct strata_dpkg_relation {
	const char *name;
	const char *architecture; /* the qualifier behind the colon, or NULL */
	enum strata_dpkg_comparison comparison;
	const char *version;  /* NULL for STRATA_DPKG_ANY_VERSION */
	bool has_alternative; /* a "|" follows: the next relation belongs to the same group */
};

/* Parse the relation at *AT and move *AT behind it. Returns 1, 0 at the end of the field, or an
 * error that says what is wrong with the field but not where it stands. */
int strata_dpkg_next_relation(const char **at, struct strata_arena *arena,
	struct strata_dpkg_relation *relation, struct strata_error *error) STRATA_MUST_CHECK;

/* Build the maps of names and of provided names; packages are sorted already. */
int strata_dpkg_index(struct strata_dpkg *database, struct strata_error *error) STRATA_MUST_CHECK;

/* What package INDEX needs: *REFERENCES is an array in the database's arena. Groups that nothing
 * satisfies are told to OBSERVER. */
int strata_dpkg_resolve(struct strata_dpkg *database, uint32_t index,
	const struct strata_observer *observer, uint32_t **references, size_t *count,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The package that a person means by REQUEST: "name" or "name:architecture", or a virtual package
 * with one provider. STRATA_ERROR_NOT_FOUND where there is none. */
int strata_dpkg_find(struct strata_dpkg *database, const char *request, uint32_t *index,
	struct strata_error *error) STRATA_MUST_CHECK;

/* What is wanted from a database. */
struct strata_dpkg_request {
	const char *const *packages; /* see strata_dpkg_find() */
	size_t package_count;
	bool essential; /* the essential packages, which all others need without saying so */
	bool all;       /* every package; none is named then */
	const struct strata_observer *observer;
};

/* What a request reaches. */
struct strata_dpkg_closure {
	bool *reached; /* of every package */
	/* What every package that is reached refers to: arrays in the database's arena. */
	uint32_t **references;
	size_t *reference_counts;
	uint32_t *roots; /* what was asked for */
	size_t root_count;
};

int strata_dpkg_closure_find(struct strata_dpkg *database,
	const struct strata_dpkg_request *request, struct strata_dpkg_closure *closure,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_dpkg_closure_release(struct strata_dpkg_closure *closure);

/* Add package INDEX to GRAPH. RECORD has its content and its files; the rest is filled in. */
int strata_dpkg_add_package(const struct strata_dpkg *database,
	const struct strata_dpkg_closure *closure, uint32_t index,
	struct strata_item_record *record, struct strata_graph *graph,
	struct strata_error *error) STRATA_MUST_CHECK;

/* What was asked for becomes the roots of GRAPH. */
int strata_dpkg_add_roots(const struct strata_dpkg *database,
	const struct strata_dpkg_closure *closure, struct strata_graph *graph,
	struct strata_error *error) STRATA_MUST_CHECK;

/* A growing list of paths in the image. The strings live in the arena of the root. */
struct strata_dpkg_paths {
	const char **paths; /* malloced */
	size_t count;
	size_t capacity;
};

/* Where the files of packages are. */
struct strata_dpkg_files {
	struct strata_root *root;   /* borrowed */
	const char *directory;      /* the database: a path under the root; borrowed */
	struct strata_arena arena;  /* the names in diversions */
	struct strata_map diverted; /* original path -> index into diversions */
	struct strata_dpkg_diversion *diversions;
	size_t diversion_capacity;
	uint32_t diversion_count;
	struct strata_dpkg_left_out *left_out; /* what dpkg was told, in its order */
	size_t left_out_count, left_out_capacity;
	const struct strata_observer *observer; /* borrowed */
};

/* A pattern (fnmatch(3)) of files that dpkg does not unpack, or that it does all the same. */
struct strata_dpkg_left_out {
	const char *pattern;
	bool included;
};

#define strata_autodpkg_files STRATA_CLEANUP(strata_dpkg_files_release)

/* Read what dpkg was told not to unpack. */
int strata_dpkg_read_left_out(
	struct strata_dpkg_files *files, struct strata_error *error) STRATA_MUST_CHECK;

/* Whether the file of a package at PATH may be missing. */
bool strata_dpkg_is_left_out(const struct strata_dpkg_files *files, const char *path);

/* Read the diversions, and what is left out. Everything in FILES that is borrowed must be set. */
int strata_dpkg_files_open(
	struct strata_dpkg_files *files, struct strata_error *error) STRATA_MUST_CHECK;
void strata_dpkg_files_release(struct strata_dpkg_files *files);

/* Where the file that PACKAGE ships as PATH was unpacked. *DIVERTER is the name of the package for
 * whose benefit it is elsewhere, or NULL. */
const char *strata_dpkg_divert(const struct strata_dpkg_files *files,
	const struct strata_dpkg_package *package, const char *path, const char **diverter);

/* Read the file of PACKAGE below "info" that ends in SUFFIX ("list"), as strata_dpkg_files_read()
 * does. */
int strata_dpkg_read_info(struct strata_dpkg_files *files,
	const struct strata_dpkg_package *package, const char *suffix, const char **path,
	struct strata_buffer *content, struct strata_error *error) STRATA_MUST_CHECK;

int strata_dpkg_paths_add(struct strata_dpkg_paths *paths, const char *path,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Read a whole file of the database below FILES: NAME is relative to its directory. Returns 1, or
 * 0 where there is none. Lines of it can be had with strata_dpkg_next_line(); a NUL byte is an
 * error. *PATH, in FILES' arena, is what messages call it. */
int strata_dpkg_files_read(struct strata_dpkg_files *files, const char *name, const char **path,
	struct strata_buffer *content, struct strata_error *error) STRATA_MUST_CHECK;

#endif
