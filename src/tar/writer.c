/* SPDX-License-Identifier: Apache-2.0 */
#include "tar/writer.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* The ustar header block (POSIX.1-2017, pax, "ustar Interchange Format"). */
struct ustar_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link_name[100];
	char magic[6];
	char version[2];
	char user_name[32];
	char group_name[32];
	char device_major[8];
	char device_minor[8];
	char prefix[155];
	char padding[12];
};

_Static_assert(sizeof(struct ustar_header) == STRATA_TAR_BLOCK, "a header is one block");

enum {
	TYPE_REGULAR = '0',
	TYPE_HARD_LINK = '1',
	TYPE_SYMLINK = '2',
	TYPE_CHARACTER_DEVICE = '3',
	TYPE_BLOCK_DEVICE = '4',
	TYPE_DIRECTORY = '5',
	TYPE_FIFO = '6',
	TYPE_PAX = 'x',
};

static char type_of(const struct strata_tar_entry *entry)
{
	if (entry->hard_link)
		return TYPE_HARD_LINK;
	switch (entry->mode & S_IFMT) {
	case S_IFDIR:
		return TYPE_DIRECTORY;
	case S_IFLNK:
		return TYPE_SYMLINK;
	case S_IFCHR:
		return TYPE_CHARACTER_DEVICE;
	case S_IFBLK:
		return TYPE_BLOCK_DEVICE;
	case S_IFIFO:
		return TYPE_FIFO;
	default:
		return TYPE_REGULAR;
	}
}

/* Write VALUE in octal digits with a NUL behind them. Returns false, and writes zeros, where it
 * does not fit: a PAX record must then say it. */
static bool put_octal(char *field, size_t size, int64_t value)
{
	bool fits = value >= 0 && value >> (3 * (size - 1)) == 0;
	uint64_t rest = fits ? (uint64_t)value : 0;

	for (size_t digit = size - 1; digit-- > 0; rest >>= 3)
		field[digit] = (char)('0' + (rest & 7));
	return fits;
}

/* Put PATH into name and prefix. Returns false where it has no such split. */
static bool put_path(struct ustar_header *header, const char *path, size_t length)
{
	size_t split;

	if (length <= sizeof(header->name)) {
		memcpy(header->name, path, length);
		return true;
	}
	/* The last slash with a name behind it that fits, and a prefix before it that fits. */
	split = length - 2 < sizeof(header->prefix) ? length - 2 : sizeof(header->prefix);
	while (split > 0 && path[split] != '/')
		split--;
	if (split == 0 || length - split - 1 > sizeof(header->name))
		return false;
	memcpy(header->prefix, path, split);
	memcpy(header->name, path + split + 1, length - split - 1);
	return true;
}

static void finish_header(struct strata_buffer *buffer, struct ustar_header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	unsigned sum = 0;

	memcpy(header->magic, "ustar", 6);
	memcpy(header->version, "00", 2);
	memset(header->checksum, ' ', sizeof(header->checksum));
	for (size_t i = 0; i < sizeof(*header); i++)
		sum += bytes[i];
	put_octal(header->checksum, 7, sum);
	header->checksum[6] = '\0';
	strata_buffer_append(buffer, header, sizeof(*header));
}

static size_t decimal_digits(size_t number)
{
	size_t digits = 1;

	for (; number >= 10; number /= 10)
		digits++;
	return digits;
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts itself. */
static void add_record(
	struct strata_buffer *records, const char *key, const void *value, size_t value_size)
{
	size_t rest = strlen(key) + value_size + 3;
	size_t length = rest + decimal_digits(rest);

	length = rest + decimal_digits(length);
	strata_buffer_format(records, "%zu %s=", length, key);
	strata_buffer_append(records, value, value_size);
	strata_buffer_byte(records, '\n');
}

static void add_number(struct strata_buffer *records, const char *key, int64_t value)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%" PRId64, value);

	add_record(records, key, text, (size_t)length);
}

static void write_zeros(struct strata_buffer *buffer, size_t count)
{
	static const char zeros[STRATA_TAR_BLOCK];

	strata_buffer_append(buffer, zeros, count);
}

static void write_records(struct strata_buffer *buffer, const struct strata_buffer *records)
{
	static const char name[] = "PaxHeaders/entry";
	struct ustar_header header = {.type = TYPE_PAX};

	memcpy(header.name, name, sizeof(name) - 1);
	put_octal(header.mode, sizeof(header.mode), 0644);
	put_octal(header.uid, sizeof(header.uid), 0);
	put_octal(header.gid, sizeof(header.gid), 0);
	put_octal(header.size, sizeof(header.size), (int64_t)records->length);
	put_octal(header.mtime, sizeof(header.mtime), 0);
	put_octal(header.device_major, sizeof(header.device_major), 0);
	put_octal(header.device_minor, sizeof(header.device_minor), 0);
	finish_header(buffer, &header);
	strata_buffer_append(buffer, records->data, records->length);
	write_zeros(buffer, strata_tar_padding(records->length));
}

/* Fill HEADER from ENTRY; what does not fit goes into RECORDS, keys in byte order. */
static void fill(struct ustar_header *header, struct strata_buffer *records,
	const struct strata_tar_entry *entry, const char *path, size_t path_length)
{
	bool device = S_ISCHR(entry->mode) || S_ISBLK(entry->mode);
	bool has_size = S_ISREG(entry->mode) && !entry->hard_link;
	int64_t size = has_size ? (int64_t)entry->size : 0;

	for (size_t i = 0; i < entry->xattr_count; i++) {
		strata_autobuffer struct strata_buffer key = STRATA_BUFFER_INIT;

		strata_buffer_format(&key, "SCHILY.xattr.%s", entry->xattrs[i].name);
		records->failed = records->failed || key.failed;
		add_record(records, key.data, entry->xattrs[i].value, entry->xattrs[i].size);
	}
	header->type = type_of(entry);
	put_octal(header->mode, sizeof(header->mode), entry->mode & 07777);
	if (!put_octal(header->gid, sizeof(header->gid), entry->gid))
		add_number(records, "gid", entry->gid);
	if (entry->target) {
		size_t length = strlen(entry->target);

		if (length <= sizeof(header->link_name))
			memcpy(header->link_name, entry->target, length);
		else
			add_record(records, "linkpath", entry->target, length);
	}
	if (!put_octal(header->mtime, sizeof(header->mtime), entry->mtime))
		add_number(records, "mtime", entry->mtime);
	if (!put_path(header, path, path_length)) {
		/* Readers that do not know PAX at least see the beginning. */
		memcpy(header->name, path, sizeof(header->name));
		add_record(records, "path", path, path_length);
	}
	if (!put_octal(header->size, sizeof(header->size), size))
		add_number(records, "size", size);
	if (!put_octal(header->uid, sizeof(header->uid), entry->uid))
		add_number(records, "uid", entry->uid);
	put_octal(header->device_major, sizeof(header->device_major),
		device ? major(entry->device) : 0);
	put_octal(header->device_minor, sizeof(header->device_minor),
		device ? minor(entry->device) : 0);
}

void strata_tar_write_header(struct strata_buffer *buffer, const struct strata_tar_entry *entry)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer records = STRATA_BUFFER_INIT;
	struct ustar_header header = {0};

	assert(entry->path[0] && entry->path[0] != '/');
	strata_buffer_string(&path, entry->path);
	if (S_ISDIR(entry->mode))
		strata_buffer_byte(&path, '/');
	fill(&header, &records, entry, path.data, path.length);
	if (path.failed || records.failed) {
		buffer->failed = true;
		return;
	}
	if (records.length > 0)
		write_records(buffer, &records);
	finish_header(buffer, &header);
}

/* Whether ENTRY fits into ustar's fields for sure: some long paths do, too. */
static bool fits_ustar(const struct strata_tar_entry *entry)
{
	enum { NAME = sizeof(((struct ustar_header *)NULL)->name), ID_BITS = 21, NUMBER_BITS = 33 };

	return entry->xattr_count == 0 && entry->uid >> ID_BITS == 0 &&
	       entry->gid >> ID_BITS == 0 && entry->size >> NUMBER_BITS == 0 && entry->mtime >= 0 &&
	       entry->mtime >> NUMBER_BITS == 0 && strlen(entry->path) < NAME &&
	       (!entry->target || strlen(entry->target) <= NAME);
}

size_t strata_tar_header_size(const struct strata_tar_entry *entry)
{
	strata_autobuffer struct strata_buffer header = STRATA_BUFFER_INIT;

	if (fits_ustar(entry))
		return STRATA_TAR_BLOCK;
	strata_tar_write_header(&header, entry);
	return header.failed ? 0 : header.length;
}

size_t strata_tar_padding(uint64_t size)
{
	return (size_t)(-size % STRATA_TAR_BLOCK);
}
