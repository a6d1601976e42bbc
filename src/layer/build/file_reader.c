/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/build/file_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "layer/tree/byte_code.h"
#include "tar/xattrs.h"
#include "util/beneath.h"
#include "util/observer.h"

/* How much is asked for ahead of what is read. */
enum {
	FILES_AHEAD = 256,
	BYTES_AHEAD = 32 * 1024 * 1024,
	FILE_BYTES_AHEAD = 4 * 1024 * 1024,
};

bool strata_has_content(const struct strata_tree_entry *entry)
{
	return S_ISREG(entry->tar.mode) && !entry->tar.hard_link && entry->tar.size > 0;
}

static bool same_time(struct timespec left, struct timespec right)
{
	return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
}

static int fail_changed(const char *place, struct strata_error *error)
{
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_CHANGED, "'%s' changed while it was read", place),
		"stop what is writing to it, and try again");
}

/* The tree saw a file there. A file that is missing now, or is a link, has changed. */
static int fail_open(const char *place, struct strata_error *error)
{
	if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
		return fail_changed(place, error);
	return strata_fail_errno(error, "cannot open '%s'", place);
}

/* How a file is now, beside what the tree saw. */
enum state {
	STATE_SAME,
	STATE_RELINKED, /* its change time has moved, or its inode, and nothing else */
	STATE_CHANGED,
};

static enum state compare(const struct stat *info, const struct strata_tree_entry *entry)
{
	bool same_inode = info->st_ino == entry->inode;

	if (info->st_dev != entry->file_system || info->st_mode != entry->mode ||
		(uint64_t)info->st_size != entry->tar.size ||
		!same_time(info->st_mtim, entry->modified) || (!same_inode && !entry->is_shared))
		return STATE_CHANGED;
	if (same_inode && same_time(info->st_ctim, entry->changed))
		return STATE_SAME;
	return info->st_uid == entry->uid && info->st_gid == entry->gid ? STATE_RELINKED
									: STATE_CHANGED;
}

/* A file that is open. */
struct content {
	int descriptor;
	const char *place;
	const struct strata_tree_entry *entry;
	bool has_state; /* it is read in several pieces, and was so before the first */
	struct stat before;
	struct strata_sha256 *hash;   /* of what was read; NULL: nobody will ask */
	struct strata_byte_code code; /* what was seen of byte code */
};

static int look(const struct content *content, struct stat *info, struct strata_error *error)
{
	if (fstat(content->descriptor, info) < 0)
		return strata_fail_errno(error, "cannot read '%s'", content->place);
	return 0;
}

/* Reading failed with SYSTEM_ERROR, or the file ended early (0). */
static int fail_read(const struct content *content, int system_error, struct strata_error *error)
{
	struct stat info;
	int status = look(content, &info, error);

	if (status < 0)
		return status;
	if (system_error == 0 || compare(&info, content->entry) == STATE_CHANGED)
		return fail_changed(content->place, error);
	errno = system_error;
	return strata_fail_errno(error, "cannot read '%s'", content->place);
}

/* Call TAKE with every piece of the file, from its beginning. */
static int read_again(const struct content *content,
	int (*take)(void *data, const uint8_t *bytes, uint64_t offset, size_t length), void *data,
	struct strata_error *error)
{
	enum { CHUNK = 64 * 1024 };
	strata_autofree uint8_t *chunk = malloc(CHUNK);
	uint64_t size = content->entry->tar.size;

	if (!chunk)
		return strata_fail_memory(error);
	for (uint64_t at = 0; at < size;) {
		size_t room = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		ssize_t got = pread(content->descriptor, chunk, room, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return fail_read(content, got < 0 ? errno : 0, error);
		if (take(data, chunk, at, (size_t)got) < 0)
			return fail_changed(content->place, error);
		at += (uint64_t)got;
	}
	return 0;
}

static int compare_piece(void *data, const uint8_t *bytes, uint64_t offset, size_t length)
{
	return memcmp((const uint8_t *)data + offset, bytes, length) == 0 ? 0 : -1;
}

static int hash_piece(void *data, const uint8_t *bytes, uint64_t offset, size_t length)
{
	(void)offset;
	strata_sha256_update(data, bytes, length);
	return 0;
}

static int compare_hashes(const struct content *content, struct strata_error *error)
{
	strata_autosha256 struct strata_sha256 *again = strata_sha256_new();
	char read[STRATA_SHA256_HEX_SIZE], now[STRATA_SHA256_HEX_SIZE];
	int status =
		again ? read_again(content, hash_piece, again, error) : strata_fail_memory(error);

	if (status < 0)
		return status;
	strata_sha256_finish(content->hash, read);
	strata_sha256_finish(again, now);
	return strcmp(read, now) == 0 ? 0 : fail_changed(content->place, error);
}

/* The attributes of a file whose change time has moved may be what moved it. */
static int compare_attributes(const struct content *content, struct strata_error *error)
{
	const struct strata_tar_entry *tar = &content->entry->tar;
	const struct strata_xattr *now = NULL;
	struct strata_arena arena = STRATA_ARENA_INIT;
	size_t count = 0;
	int status;

	if (content->entry->is_shared)
		return 0; /* a store's are not packed */
	status = strata_xattrs_read_open(
		content->descriptor, content->place, &arena, &now, &count, error);
	if (status == 0 && !strata_xattrs_equal(now, count, tar->xattrs, tar->xattr_count))
		status = fail_changed(content->place, error);
	strata_arena_free(&arena);
	return status;
}

/* Check that what was read is one state of the file, and that nothing but its content may differ
 * from what the tree saw. BYTES is the whole content, or NULL where it was read in pieces. */
static int check_unchanged(struct strata_file_reader *reader, const struct content *content,
	const uint8_t *bytes, struct strata_error *error)
{
	struct stat info;
	int status = look(content, &info, error);
	enum state state = status == 0 ? compare(&info, content->entry) : STATE_CHANGED;

	if (status < 0 || state == STATE_SAME)
		return status;
	if (state == STATE_CHANGED)
		return fail_changed(content->place, error);
	reader->found_changes = true;
	status = compare_attributes(content, error);
	if (status < 0)
		return status;
	if (bytes)
		return read_again(content, compare_piece, (void *)bytes, error);
	/* No change while it was read: what was read is what was in it then. */
	if (content->has_state && same_time(info.st_ctim, content->before.st_ctim))
		return 0;
	if (content->hash)
		return compare_hashes(content, error);
	reader->is_disturbed = true;
	return fail_changed(content->place, error);
}

/* Have the anchor of ENTRY open. */
static int open_anchor(struct strata_file_reader *reader, const struct strata_tree_entry *entry)
{
	if (reader->anchor_descriptor >= 0 && reader->anchor == entry->anchor)
		return 0;
	strata_cleanup_close(&reader->anchor_descriptor);
	reader->anchor = entry->anchor;
	reader->anchor_descriptor =
		open(reader->tree->anchors[entry->anchor], O_PATH | O_DIRECTORY | O_CLOEXEC);
	return reader->anchor_descriptor < 0 ? -1 : 0;
}

/* Open the file of ENTRY. A fifo that took its place must not hold anybody up. */
static int open_content(struct strata_file_reader *reader, const struct strata_tree_entry *entry)
{
	const char *path = entry->source ? entry->source : entry->tar.path;

	if (open_anchor(reader, entry) < 0)
		return -1;
	return strata_open_beneath(reader->anchor_descriptor, path + entry->below,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* The place of ENTRY, for messages. */
static int find_place(struct strata_file_reader *reader, const struct strata_tree_entry *entry,
	struct strata_error *error)
{
	strata_tree_locate(&reader->place, entry->source ? NULL : reader->root,
		entry->source ? entry->source : entry->tar.path);
	return strata_buffer_check(&reader->place, error);
}

static uint64_t bytes_to_ask_for(const struct strata_tree_entry *entry)
{
	return entry->tar.size < FILE_BYTES_AHEAD ? entry->tar.size : FILE_BYTES_AHEAD;
}

/* Ask for the files behind entry INDEX. Whatever goes wrong here will be told when it is read. */
static void look_ahead(struct strata_file_reader *reader, size_t index)
{
	const struct strata_tree *tree = reader->tree;

	if (reader->ahead <= index) {
		reader->ahead = index + 1;
		reader->bytes_ahead = 0;
	} else {
		reader->bytes_ahead -= bytes_to_ask_for(&tree->entries[index]);
	}
	while (reader->ahead < tree->count && reader->ahead - index <= FILES_AHEAD &&
		reader->bytes_ahead < BYTES_AHEAD) {
		const struct strata_tree_entry *entry = &tree->entries[reader->ahead++];
		strata_autoclose int descriptor = -1;

		if (!strata_has_content(entry) || entry->content)
			continue;
		reader->bytes_ahead += bytes_to_ask_for(entry);
		descriptor = open_content(reader, entry);
		if (descriptor >= 0)
			(void)posix_fadvise(
				descriptor, 0, (off_t)bytes_to_ask_for(entry), POSIX_FADV_WILLNEED);
	}
}

/* Read the beginning of a file, which may show that it is not in memory. */
static ssize_t read_first(
	struct strata_file_reader *reader, int descriptor, uint8_t *to, size_t size)
{
	struct iovec part = {to, size};
	ssize_t got;

	if (reader->is_cold || reader->never_tell)
		return read(descriptor, to, size);
	got = preadv2(descriptor, &part, 1, -1, RWF_NOWAIT);
	if (got >= 0 || errno == EINTR)
		return got;
	reader->is_cold = errno == EAGAIN;
	reader->never_tell = errno != EAGAIN;
	return read(descriptor, to, size);
}

/* Read up to SIZE bytes of what is left of the file into the encoder's room, which is that large.
 */
static ssize_t read_piece(struct strata_file_reader *reader, const struct content *content,
	uint64_t done, uint8_t *to, size_t size)
{
	ssize_t got;

	do {
		got = done == 0 ? read_first(reader, content->descriptor, to, size)
				: read(content->descriptor, to, size);
	} while (got < 0 && errno == EINTR);
	return got;
}

/* Get ready for a file that comes in several pieces. */
static int begin_pieces(const struct strata_file_reader *reader, struct content *content,
	struct strata_error *error)
{
	int status = look(content, &content->before, error);

	content->has_state = status == 0;
	if (status < 0 || !reader->compares)
		return status;
	content->hash = strata_sha256_new();
	return content->hash ? 0 : strata_fail_memory(error);
}

/* Hand on the GOT bytes at TO; what of the file is DONE was handed on before. */
static int hand_on(struct strata_file_reader *reader, struct content *content,
	struct strata_encoder *encoder, uint64_t done, uint8_t *to, size_t got,
	struct strata_error *error)
{
	uint64_t size = content->entry->tar.size;
	int status = 0;

	if (content->hash)
		strata_sha256_update(content->hash, to, got);
	/* What was read in one piece can be compared now; the encoder soon reuses its memory. */
	if (done + got == size)
		status = check_unchanged(reader, content, done == 0 ? to : NULL, error);
	if (reader->is_cold && done + got + FILE_BYTES_AHEAD < size)
		(void)posix_fadvise(content->descriptor, (off_t)(done + got + FILE_BYTES_AHEAD),
			STRATA_BLOCK_SIZE, POSIX_FADV_WILLNEED);
	if (content->entry->is_byte_code)
		strata_byte_code_settle(
			&content->code, to, got, done, content->entry->program_time);
	if (status == 0)
		status = strata_encoder_advance(encoder, got, error);
	if (status == 0)
		status = strata_check_cancelled(reader->observer, error);
	if (status == 0)
		reader->progress(reader->progress_data, got);
	return status;
}

static int read_content(struct strata_file_reader *reader, struct content *content,
	struct strata_encoder *encoder, struct strata_error *error)
{
	uint64_t size = content->entry->tar.size;

	for (uint64_t done = 0; done < size;) {
		uint64_t left = size - done;
		size_t room;
		uint8_t *to;
		ssize_t got;
		int status = strata_encoder_room(encoder, &to, &room, error);

		if (status == 0 && done == 0 && room < size)
			status = begin_pieces(reader, content, error);
		if (status < 0)
			return status;
		if (room > left)
			room = (size_t)left;
		got = read_piece(reader, content, done, to, room);
		if (got <= 0)
			return fail_read(content, got < 0 ? errno : 0, error);
		status = hand_on(reader, content, encoder, done, to, (size_t)got, error);
		if (status < 0)
			return status;
		done += (uint64_t)got;
	}
	return 0;
}

/* What the recipe itself holds. */
static int append_data(struct strata_file_reader *reader, const struct strata_tree_entry *entry,
	struct strata_encoder *encoder, struct strata_error *error)
{
	int status = strata_encoder_append(encoder, entry->content, (size_t)entry->tar.size, error);

	if (status == 0)
		status = strata_encoder_append(
			encoder, NULL, strata_tar_padding(entry->tar.size), error);
	if (status == 0)
		reader->progress(reader->progress_data, entry->tar.size);
	return status;
}

int strata_file_reader_add(struct strata_file_reader *reader, size_t index,
	struct strata_encoder *encoder, struct strata_error *error)
{
	const struct strata_tree_entry *entry = &reader->tree->entries[index];
	strata_autoclose int descriptor = -1;
	struct content content = {.entry = entry};
	int status;

	if (entry->content)
		return append_data(reader, entry, encoder, error);
	if (reader->is_cold)
		look_ahead(reader, index);
	status = find_place(reader, entry, error);
	if (status < 0)
		return status;
	content.place = reader->place.data;
	content.descriptor = descriptor = open_content(reader, entry);
	if (descriptor < 0)
		return fail_open(content.place, error);
	status = read_content(reader, &content, encoder, error);
	strata_sha256_free(content.hash);
	if (status == 0)
		status = strata_encoder_append(
			encoder, NULL, strata_tar_padding(entry->tar.size), error);
	return status;
}

void strata_file_reader_release(struct strata_file_reader *reader)
{
	strata_buffer_release(&reader->place);
	strata_cleanup_close(&reader->anchor_descriptor);
	reader->anchor_descriptor = -1;
}
