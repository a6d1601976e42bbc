/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and directories: whole reads, whole writes, outputs that appear whole or not at all.
 */
#ifndef UTIL_FILE_H
#define UTIL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/buffer.h"

/* Append the content of the file at PATH ("-" for stdin) to BUFFER; more than LIMIT bytes are
 * refused. */
int strata_file_read(const char *path, size_t limit, struct strata_buffer *buffer,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Whether the file at PATH looks like JSON: a regular file that begins with a brace. */
bool strata_file_looks_like_json(const char *path);

/* Fail because the file at PATH has more than LIMIT bytes. */
int strata_file_fail_large(const char *path, size_t limit, struct strata_error *error);

/* Write all LENGTH bytes to DESCRIPTOR; NAME is what messages call it. */
int strata_file_write(int descriptor, const char *name, const void *bytes, size_t length,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The same at OFFSET, independent of the descriptor's own offset, so that several threads can write
 * at once. */
int strata_file_write_at(int descriptor, const char *name, uint64_t offset, const void *bytes,
	size_t length, struct strata_error *error) STRATA_MUST_CHECK;

/* Reserve room for a file's first SIZE bytes, so that writing them costs less, or fail now where
 * there is no room. The size of the file stays the same. Some file systems cannot reserve room;
 * there, a write may still fail. */
int strata_file_reserve(int descriptor, const char *name, uint64_t size,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Read LENGTH bytes at OFFSET. Fewer (the file ends early) is STRATA_ERROR_FORMAT. */
int strata_file_read_at(int descriptor, const char *name, uint64_t offset, void *bytes,
	size_t length, struct strata_error *error) STRATA_MUST_CHECK;

/* Copy LENGTH bytes from SOURCE at OFFSET to the current place in TARGET, within the kernel where
 * it can. */
int strata_file_copy(int target, const char *target_name, int source, const char *source_name,
	uint64_t offset, uint64_t length, struct strata_error *error) STRATA_MUST_CHECK;

/* The same to TARGET_OFFSET, independent of the target's own offset. */
int strata_file_copy_to(int target, const char *target_name, uint64_t target_offset, int source,
	const char *source_name, uint64_t offset, uint64_t length,
	struct strata_error *error) STRATA_MUST_CHECK;

/* An output under construction: a hidden file or directory beside PATH that takes its place on
 * commit. The path "-" is standard output; devices and pipes are written to directly. Files that a
 * killed process has left are removed by the next process that writes there. */
struct strata_output {
	char *path;
	char *temporary; /* NULL for what is not replaced, and once committed */
	int descriptor;  /* of a directory, it only holds the lock */
	bool is_directory;
};

#define STRATA_OUTPUT_INIT            \
	{                             \
		NULL, NULL, -1, false \
	}
#define strata_autooutput STRATA_CLEANUP(strata_output_discard)

int strata_output_open(struct strata_output *output, const char *path,
	struct strata_error *error) STRATA_MUST_CHECK;
/* The same for a file inside DIRECTORY, a layout or a cache. No user has named this file, so it
 * replaces whatever is at PATH, even a link or a device. The temporary file is in DIRECTORY itself.
 */
int strata_output_open_inside(struct strata_output *output, const char *directory, const char *path,
	struct strata_error *error) STRATA_MUST_CHECK;
int strata_output_open_directory(struct strata_output *output, const char *path,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Make the output visible under its name. A directory may replace an empty one only. */
int strata_output_commit(
	struct strata_output *output, struct strata_error *error) STRATA_MUST_CHECK;

/* Remove what was not committed, and free. */
void strata_output_discard(struct strata_output *output);

/* STRATA_ERROR_INVALID where a new directory could not replace PATH, because something other than
 * an empty directory is there. */
int strata_directory_check_free(const char *path, struct strata_error *error) STRATA_MUST_CHECK;

/* Write LENGTH bytes as the whole content of PATH ("-": standard output), or leave it as it was. */
int strata_file_replace(const char *path, const void *bytes, size_t length,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The same for a file inside a layout or a cache, as strata_output_open_inside() has it. */
int strata_file_place(const char *directory, const char *path, const void *bytes, size_t length,
	struct strata_error *error) STRATA_MUST_CHECK;

/* A directory for work in progress, hidden, inside PARENT, until strata_directory_remove() is
 * called for it. The name is the caller's to free; NULL on error. */
char *strata_directory_temporary(const char *parent, struct strata_error *error);

/* Remove a tree that we made, as far as possible. */
void strata_directory_remove(const char *path);

/* Create PATH and missing parents (mode 0777 less the umask); one that exists is fine. */
int strata_directory_create(const char *path, struct strata_error *error) STRATA_MUST_CHECK;

/* The directory part of PATH ("." where there is none): malloced; NULL where memory is out. */
char *strata_path_directory(const char *path);

/* DIRECTORY/NAME, malloced, with exactly one slash between; NULL where memory is out. */
char *strata_path_join(const char *directory, const char *name);

#endif
