/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tar archives made to measure, hostile ones included, for tests of what reads them.
 */
#ifndef TAR_BUILDER_H
#define TAR_BUILDER_H

#include <stdio.h>
#include <string.h>

#include "util/buffer.h"

enum { TAR_CHECKSUM = 148 };

/* The sum is made anew after a test has changed a header. */
static inline void tar_seal(char *header)
{
	unsigned sum = 0;

	memset(header + TAR_CHECKSUM, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)header[i];
	snprintf(header + TAR_CHECKSUM, 8, "%06o", sum);
}

static inline void tar_pad(struct strata_buffer *tar)
{
	while (tar->length % 512 != 0)
		strata_buffer_byte(tar, '\0');
}

/* A header with SIZE in it, and then LENGTH bytes of CONTENT. */
static inline void tar_raw(struct strata_buffer *tar, char type, const char *name, const char *link,
	unsigned mode, uint64_t size, const void *content, size_t length)
{
	char header[512] = "", number[24];

	strncpy(header, name, 100);
	snprintf(header + 100, 8, "%07o", mode);
	snprintf(header + 108, 8, "%07o", 0u);
	snprintf(header + 116, 8, "%07o", 0u);
	snprintf(number, sizeof(number), "%011llo", (unsigned long long)size);
	memcpy(header + 124, number, 11);
	snprintf(header + 136, 12, "%011o", 1u);
	header[156] = type;
	strncpy(header + 157, link, 100);
	memcpy(header + 257, "ustar\00000", 8);
	tar_seal(header);
	strata_buffer_append(tar, header, sizeof(header));
	strata_buffer_append(tar, content, length);
	tar_pad(tar);
}

static inline void tar_bytes(
	struct strata_buffer *tar, const char *name, const void *content, size_t length)
{
	tar_raw(tar, '0', name, "", 0644, length, content, length);
}

static inline void tar_file(struct strata_buffer *tar, const char *name, const char *content)
{
	tar_bytes(tar, name, content, strlen(content));
}

static inline void tar_entry(
	struct strata_buffer *tar, char type, const char *name, const char *link, unsigned mode)
{
	tar_raw(tar, type, name, link, mode, 0, "", 0);
}

/* A PAX header of TYPE 'x' or 'g' with RECORDS as they stand. */
static inline void tar_pax(struct strata_buffer *tar, char type, const char *records)
{
	tar_raw(tar, type, "pax", "", 0644, strlen(records), records, strlen(records));
}

static inline void tar_end(struct strata_buffer *tar)
{
	static const char zeros[1024];

	strata_buffer_append(tar, zeros, sizeof(zeros));
}

#endif
