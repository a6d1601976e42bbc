/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing tar: POSIX ustar headers, and PAX records (POSIX.1-2017, pax) only for what ustar cannot
 * say. The same bytes for the same entry, always.
 */
#ifndef TAR_WRITER_H
#define TAR_WRITER_H

#include <stdint.h>
#include <sys/types.h>

#include "util/buffer.h"

enum {
	STRATA_TAR_BLOCK = 512,
	/* The version of everything that decides a layer's bytes for given content: this file, and
	 * the rules of tree.c. A change of either is a new version, and so a new recipe. */
	STRATA_TAR_RULES = 1,
	/* The same for what is copied from outside: 2 keeps hard links and attributes. */
	STRATA_COPY_RULES = 2,
};

struct strata_xattr {
	const char *name;
	const void *value;
	size_t size;
};

struct strata_tar_entry {
	const char *path;   /* relative, without "./" and without the slash of a directory */
	const char *target; /* of a symbolic link; of a hard link, the path of its first name */
	bool hard_link;
	mode_t mode; /* type and permission bits, as in stat(2) */
	uint32_t uid, gid;
	uint64_t size; /* of a regular file that is no hard link; else ignored */
	int64_t mtime;
	dev_t device;                      /* of a device node */
	const struct strata_xattr *xattrs; /* sorted by name */
	size_t xattr_count;
};

/* Append the header of ENTRY, PAX records included, to BUFFER: a multiple of the block size. The
 * content of a file follows it, then strata_tar_padding() zero bytes. */
void strata_tar_write_header(struct strata_buffer *buffer, const struct strata_tar_entry *entry);

/* How long that header is; the common ones are not made to find out. 0 where memory is out. */
size_t strata_tar_header_size(const struct strata_tar_entry *entry);

/* The zero bytes that fill the last block of SIZE bytes of content. */
size_t strata_tar_padding(uint64_t size);

/* An archive ends with two zero blocks and nothing more. */
enum { STRATA_TAR_END = 2 * STRATA_TAR_BLOCK };

#endif
