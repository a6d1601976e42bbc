/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of one 512-byte tar header block, and PAX records: for reader.c.
 */
#ifndef TAR_HEADER_H
#define TAR_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buffer.h"

enum { STRATA_TAR_HEADER_SIZE = 512 };

/* One header as it stands, before extensions. */
struct strata_tar_header {
	char name[257]; /* prefix and name joined */
	char link[101];
	char type;
	uint32_t mode;
	uint64_t uid, gid, size;
	int64_t mtime;
	uint64_t device_major, device_minor;
};

/* Whether BLOCK is all zeros. */
bool strata_tar_is_zero(const unsigned char *block, size_t length);

/* Whether the checksum of BLOCK is right: the sign of bytes above 127 was never agreed on, so
 * either sum will do. */
bool strata_tar_checksum_fits(const unsigned char block[STRATA_TAR_HEADER_SIZE]);

/* Take BLOCK apart. WHERE begins the message of an error. */
int strata_tar_header_parse(const unsigned char block[STRATA_TAR_HEADER_SIZE], const char *where,
	struct strata_tar_header *header, struct strata_error *error) STRATA_MUST_CHECK;

/* What PAX records and GNU long names say. A string is present where its flag is set. */
struct strata_tar_extensions {
	struct strata_buffer path, link;
	bool has_path, has_link, has_size, has_uid, has_gid, has_mtime;
	uint64_t size, uid, gid;
	int64_t mtime;
	struct strata_buffer attribute_bytes; /* names and values, each with a NUL behind */
	struct strata_tar_attribute *attributes;
	size_t *attribute_places; /* of each name in attribute_bytes */
	size_t attribute_count, attribute_capacity, place_capacity;
};

#define STRATA_TAR_EXTENSIONS_INIT                                      \
	{                                                               \
		.path = STRATA_BUFFER_INIT, .link = STRATA_BUFFER_INIT, \
		.attribute_bytes = STRATA_BUFFER_INIT                   \
	}

/* Read the records in LENGTH bytes of TEXT. GLOBAL: of a global header, which may not name or
 * measure files. */
int strata_tar_extensions_parse(struct strata_tar_extensions *extensions, const char *text,
	size_t length, bool global, const char *where,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_tar_extensions_clear(struct strata_tar_extensions *extensions);
void strata_tar_extensions_release(struct strata_tar_extensions *extensions);

#endif
