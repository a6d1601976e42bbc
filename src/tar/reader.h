/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading tar, strictly: ustar and PAX (POSIX.1-2017, pax), and of GNU's extensions the long names
 * (types L and K) and base-256 numbers. PAX records win over everything. What programs are known
 * to read differently is refused: sparse files of every kind, names in global headers, content
 * behind entries that have none, unknown types.
 *
 * The archive comes as a stream; over a file that can be passed over (input.h) only headers are
 * read, which makes an index cheap.
 */
#ifndef TAR_READER_H
#define TAR_READER_H

#include <stdbool.h>

#include "tar/input.h"
#include "util/buffer.h"

enum strata_tar_type {
	STRATA_TAR_REGULAR,
	STRATA_TAR_HARD_LINK,
	STRATA_TAR_SYMLINK,
	STRATA_TAR_CHARACTER_DEVICE,
	STRATA_TAR_BLOCK_DEVICE,
	STRATA_TAR_DIRECTORY,
	STRATA_TAR_FIFO,
};

enum {
	STRATA_TAR_LARGEST_EXTENSION = 1 << 20, /* bytes of one PAX header or GNU long name */
};

struct strata_tar_attribute {
	const char *name; /* without "SCHILY.xattr." */
	const char *value;
	size_t size;
};

/* An entry of an archive. Strings are the reader's, valid until the next call. */
struct strata_tar_member {
	enum strata_tar_type type;
	const char *name; /* as written: may begin with "/" or "./", hold "..", end in "/" */
	const char *link; /* target of a link, else "" */
	uint32_t mode;    /* permission bits, set-id and sticky bits included */
	uint64_t uid, gid;
	uint64_t size;   /* of the content of a regular file, else 0 */
	uint64_t offset; /* of the content, counted from the start of the archive */
	int64_t mtime;   /* seconds since the epoch */
	uint64_t device_major, device_minor;
	const struct strata_tar_attribute *attributes;
	size_t attribute_count;
};

/* How an archive ended: known once strata_tar_reader_next() has returned 0. */
struct strata_tar_end {
	unsigned zero_blocks; /* 2 in a complete archive; fewer where it ends without them */
	bool garbage;         /* something other than zeros behind them */
};

struct strata_tar_reader;

#define strata_autotarreader STRATA_CLEANUP(strata_cleanup_tar_reader)

/* Read the archive that INPUT (borrowed) delivers; NAME is what messages call it (copied).
 * *READER is the caller's. */
int strata_tar_reader_new(struct strata_input *input, const char *name,
	struct strata_tar_reader **reader, struct strata_error *error) STRATA_MUST_CHECK;

/* Go on to the next entry, past what was not read of the last one. Returns 1 with *MEMBER filled,
 * 0 at the end of the archive (the input is then read to its end), or an error:
 * STRATA_ERROR_FORMAT for an archive that is damaged or cut, STRATA_ERROR_UNSUPPORTED for what is
 * refused. After an error the reader is of no further use. */
int strata_tar_reader_next(struct strata_tar_reader *reader, struct strata_tar_member *member,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Read up to CAPACITY bytes (not 0) of the content of the current entry; *GOT is 0 at its end
 * only. */
int strata_tar_reader_read(struct strata_tar_reader *reader, void *bytes, size_t capacity,
	size_t *got, struct strata_error *error) STRATA_MUST_CHECK;

struct strata_tar_end strata_tar_reader_end(const struct strata_tar_reader *reader);

/* Append NAME as images see it: without leading "/" and "./", empty components and the slash of a
 * directory; "" is the root. Returns false, appending nothing, where a component is "..". */
bool strata_tar_normal_name(struct strata_buffer *buffer, const char *name);

void strata_tar_reader_free(struct strata_tar_reader *reader);
void strata_cleanup_tar_reader(struct strata_tar_reader **reader);

#endif
