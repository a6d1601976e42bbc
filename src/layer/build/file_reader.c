/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/build/file_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

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

/* The tree saw a file there: one that is gone, or a link by now, has changed. */
static int fail_open(const char *place, struct strata_error *error)
{
	if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
		return fail_changed(place, error);
	return strata_fail_errno(error, "cannot open '%s'", place);
}

/* The digest must be of one state of the file: the one that the tree saw. */
static int check_unchanged(int descriptor, const char *place, const struct strata_tree_entry *entry,
	struct strata_error *error)
{
	struct stat info;

	if (fstat(descriptor, &info) < 0)
		return strata_fail_errno(error, "cannot read '%s'", place);
	if (info.st_dev == entry->file_system && info.st_ino == entry->inode &&
		(uint64_t)info.st_size == entry->tar.size &&
		same_time(info.st_mtim, entry->modified) && same_time(info.st_ctim, entry->changed))
		return 0;
	return fail_changed(place, error);
}

/* Reading failed with SYSTEM_ERROR, or the file ended early (0). */
static int fail_read(int descriptor, int system_error, const char *place,
	const struct strata_tree_entry *entry, struct strata_error *error)
{
	int status = check_unchanged(descriptor, place, entry, error);

	if (status < 0)
		return status;
	if (system_error == 0)
		return fail_changed(place, error);
	errno = system_error;
	return strata_fail_errno(error, "cannot read '%s'", place);
}

/* Open the file of ENTRY. A fifo that took its place must not hold anybody up. */
static int open_content(struct strata_file_reader *reader, const struct strata_tree_entry *entry)
{
	strata_tree_locate(&reader->place, entry->source ? NULL : reader->root,
		entry->source ? entry->source : entry->tar.path);
	if (reader->place.failed) {
		errno = ENOMEM;
		return -1;
	}
	return open(reader->place.data, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
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

		if (!strata_has_content(entry))
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

static int read_content(struct strata_file_reader *reader, int descriptor, const char *place,
	const struct strata_tree_entry *entry, struct strata_encoder *encoder,
	struct strata_error *error)
{
	uint64_t done = 0;

	while (done < entry->tar.size) {
		uint64_t left = entry->tar.size - done;
		size_t room;
		uint8_t *to;
		ssize_t got;
		int status = strata_encoder_room(encoder, &to, &room, error);

		if (status < 0)
			return status;
		if (room > left)
			room = (size_t)left;
		got = done == 0 ? read_first(reader, descriptor, to, room)
				: read(descriptor, to, room);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return fail_read(descriptor, got < 0 ? errno : 0, place, entry, error);
		done += (uint64_t)got;
		if (reader->is_cold && done + FILE_BYTES_AHEAD < entry->tar.size)
			(void)posix_fadvise(descriptor, (off_t)(done + FILE_BYTES_AHEAD),
				STRATA_BLOCK_SIZE, POSIX_FADV_WILLNEED);
		status = strata_encoder_advance(encoder, (size_t)got, error);
		if (status == 0)
			status = strata_check_cancelled(reader->observer, error);
		if (status < 0)
			return status;
		reader->progress(reader->progress_data, (uint64_t)got);
	}
	return 0;
}

int strata_file_reader_add(struct strata_file_reader *reader, size_t index,
	struct strata_encoder *encoder, struct strata_error *error)
{
	const struct strata_tree_entry *entry = &reader->tree->entries[index];
	strata_autoclose int descriptor = -1;
	const char *place;
	int status;

	if (reader->is_cold)
		look_ahead(reader, index);
	descriptor = open_content(reader, entry);
	status = strata_buffer_check(&reader->place, error);
	if (status < 0)
		return status;
	place = reader->place.data;
	if (descriptor < 0)
		return fail_open(place, error);
	status = read_content(reader, descriptor, place, entry, encoder, error);
	/* Afterwards is enough: what was another file before is one still, or has changed since. */
	if (status == 0)
		status = check_unchanged(descriptor, place, entry, error);
	if (status == 0)
		status = strata_encoder_append(
			encoder, NULL, strata_tar_padding(entry->tar.size), error);
	return status;
}

void strata_file_reader_release(struct strata_file_reader *reader)
{
	strata_buffer_release(&reader->place);
}
