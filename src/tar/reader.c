/* SPDX-License-Identifier: Apache-2.0 */
#include "tar/reader.h"

#include <inttypes.h>
#include <string.h>

#include "tar/header.h"

enum {
	BLOCK = STRATA_TAR_HEADER_SIZE,
	LARGEST_TRAILER = 16 << 20, /* bytes: records of tapes are smaller */
};

struct strata_tar_reader {
	struct strata_input *input;
	char *name;
	uint64_t position;   /* in the archive */
	uint64_t left;       /* of the current content */
	unsigned padding;    /* behind it */
	uint64_t count;      /* of entries, for messages */
	unsigned extensions; /* kinds of headers that came before the entry: 1 PAX, 2 L, 4 K */
	struct strata_tar_header header;
	struct strata_tar_extensions global, local;
	struct strata_buffer where; /* what messages begin with */
	struct strata_tar_end end;
	bool ended;
};

int strata_tar_reader_new(struct strata_input *input, const char *name,
	struct strata_tar_reader **reader, struct strata_error *error)
{
	strata_autotarreader struct strata_tar_reader *self = calloc(1, sizeof(*self));

	if (!self)
		return strata_fail_memory(error);
	self->input = input;
	self->global = (struct strata_tar_extensions)STRATA_TAR_EXTENSIONS_INIT;
	self->local = (struct strata_tar_extensions)STRATA_TAR_EXTENSIONS_INIT;
	self->where = (struct strata_buffer)STRATA_BUFFER_INIT;
	self->name = strdup(name);
	if (!self->name)
		return strata_fail_memory(error);
	*reader = strata_take(self);
	return 0;
}

static int truncated(const struct strata_tar_reader *self, struct strata_error *error)
{
	return strata_fail(error, STRATA_ERROR_FORMAT,
		"%s: the archive is cut short after %" PRIu64 " bytes", self->name, self->position);
}

static int pass(struct strata_tar_reader *self, uint64_t length, struct strata_error *error)
{
	uint64_t passed = 0;
	int status = strata_input_pass(self->input, length, &passed, error);

	self->position += passed;
	if (status == 0 && passed < length)
		status = truncated(self, error);
	return status;
}

/* Skip the padding behind a content. Some writers leave it out at the end of an archive, and
 * clients accept that. */
static int pass_padding(struct strata_tar_reader *self, struct strata_error *error)
{
	uint64_t passed = 0;
	int status = strata_input_pass(self->input, self->padding, &passed, error);

	self->position += passed;
	if (status == 0 && passed > 0 && passed < self->padding)
		status = truncated(self, error);
	return status;
}

/* Read LENGTH bytes, which must be there. */
static int take(
	struct strata_tar_reader *self, void *bytes, size_t length, struct strata_error *error)
{
	size_t got = 0;
	int status = strata_input_read(self->input, bytes, length, &got, error);

	self->position += got;
	if (status == 0 && got < length)
		status = truncated(self, error);
	return status;
}

static unsigned padding_of(uint64_t size)
{
	return (unsigned)(-size & (BLOCK - 1));
}

/* Read the rest of the input behind the last entry. */
static int finish(struct strata_tar_reader *self, struct strata_error *error)
{
	unsigned char block[16 * BLOCK];
	uint64_t end = self->position;
	size_t got;

	self->ended = true;
	do {
		int status = strata_input_read(self->input, block, sizeof(block), &got, error);

		if (self->position - end > LARGEST_TRAILER)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"%s: more than %d bytes follow the end of the archive", self->name,
				LARGEST_TRAILER);

		if (status < 0)
			return status;
		self->position += got;
		self->end.garbage = self->end.garbage || !strata_tar_is_zero(block, got);
	} while (got == sizeof(block));
	return 0;
}

/* Read the next header block. Returns 1 where there is one, 0 at the end of the archive. */
static int next_block(
	struct strata_tar_reader *self, unsigned char block[BLOCK], struct strata_error *error)
{
	for (;;) {
		size_t got = 0;
		int status = strata_input_read(self->input, block, BLOCK, &got, error);

		if (status < 0)
			return status;
		self->position += got;
		if (got == 0) {
			self->ended = true;
			return 0;
		}
		if (got < BLOCK)
			return truncated(self, error);
		if (!strata_tar_is_zero(block, BLOCK))
			break;
		if (++self->end.zero_blocks == 2)
			return finish(self, error);
	}
	if (self->end.zero_blocks > 0)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s: a single zero block between entries, at byte %" PRIu64, self->name,
			self->position - 2 * BLOCK);
	if (!strata_tar_checksum_fits(block))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s: the header at byte %" PRIu64 " has a wrong checksum", self->name,
			self->position - BLOCK);
	return 1;
}

/* Programs disagree on entries with several extended headers, or with a long name beside one. A
 * name could be hidden in that way from programs that check the layer. */
static int note_extension(struct strata_tar_reader *self, struct strata_error *error)
{
	static const char types[] = "xLK";
	const char *type = strchr(types, self->header.type);
	unsigned bit;

	if (!type)
		return 0;
	bit = 1u << (type - types);
	if ((self->extensions & bit) || (self->extensions && bit == 1) || (self->extensions & 1))
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"%s: several extended headers or long names before one entry, which "
			"programs read differently",
			self->where.data);
	self->extensions |= bit;
	return 0;
}

/* Read the content of an extension header: PAX records or a long name. */
static int read_extension(struct strata_tar_reader *self, struct strata_error *error)
{
	uint64_t size = self->header.size;
	struct strata_tar_extensions *local = &self->local;
	strata_autofree char *text = NULL;
	int status = note_extension(self, error);

	if (status < 0)
		return status;
	if (size > STRATA_TAR_LARGEST_EXTENSION)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s: an extended header of %" PRIu64 " bytes is larger than is plausible",
			self->where.data, size);
	text = calloc(1, (size_t)size + 1);
	if (!text)
		return strata_fail_memory(error);
	status = take(self, text, (size_t)size, error);
	if (status == 0)
		status = pass(self, padding_of(size), error);
	if (status < 0)
		return status;
	switch (self->header.type) {
	case 'x':
		return strata_tar_extensions_parse(
			local, text, (size_t)size, false, self->where.data, error);
	case 'g':
		return strata_tar_extensions_parse(
			&self->global, text, (size_t)size, true, self->where.data, error);
	case 'L':
		local->has_path = true;
		strata_buffer_truncate(&local->path, 0);
		strata_buffer_string(&local->path, text);
		return strata_buffer_check(&local->path, error);
	default:
		local->has_link = true;
		strata_buffer_truncate(&local->link, 0);
		strata_buffer_string(&local->link, text);
		return strata_buffer_check(&local->link, error);
	}
}

static int find_type(const struct strata_tar_reader *self, struct strata_tar_member *member,
	struct strata_error *error)
{
	size_t length = strlen(member->name);

	switch (self->header.type) {
	case '\0':
	case '0':
	case '7':
		/* Old programs, from before tar had a type for directories, wrote them like this.
		 */
		member->type = length > 0 && member->name[length - 1] == '/' ? STRATA_TAR_DIRECTORY
									     : STRATA_TAR_REGULAR;
		return 0;
	case '1':
		member->type = STRATA_TAR_HARD_LINK;
		return 0;
	case '2':
		member->type = STRATA_TAR_SYMLINK;
		return 0;
	case '3':
		member->type = STRATA_TAR_CHARACTER_DEVICE;
		return 0;
	case '4':
		member->type = STRATA_TAR_BLOCK_DEVICE;
		return 0;
	case '5':
		member->type = STRATA_TAR_DIRECTORY;
		return 0;
	case '6':
		member->type = STRATA_TAR_FIFO;
		return 0;
	case 'S':
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"%s: a sparse file, which image tools do not agree on", self->where.data);
	default:
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"%s: an entry of the unknown type 0x%02x", self->where.data,
			(unsigned char)self->header.type);
	}
}

#define PICK(field) \
	(local->has_##field ? local->field : (global->has_##field ? global->field : header->field))

static int fill_member(struct strata_tar_reader *self, struct strata_tar_member *member,
	struct strata_error *error)
{
	const struct strata_tar_header *header = &self->header;
	const struct strata_tar_extensions *local = &self->local, *global = &self->global;
	bool own_attributes = local->attribute_count > 0;
	int status;

	*member = (struct strata_tar_member){
		.name = local->has_path ? local->path.data : header->name,
		.link = local->has_link ? local->link.data : header->link,
		.mode = header->mode,
		.uid = PICK(uid),
		.gid = PICK(gid),
		.size = local->has_size ? local->size : header->size,
		.offset = self->position,
		.mtime = PICK(mtime),
		.device_major = header->device_major,
		.device_minor = header->device_minor,
		.attributes = own_attributes ? local->attributes : global->attributes,
		.attribute_count =
			own_attributes ? local->attribute_count : global->attribute_count,
	};
	status = find_type(self, member, error);
	if (status < 0)
		return status;
	if (member->type != STRATA_TAR_REGULAR && member->size > 0)
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"%s: an entry that has no content gives a size of %" PRIu64
			", which programs read differently",
			self->where.data, member->size);
	if (member->size > INT64_MAX - self->position)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s: a size of %" PRIu64 " bytes is not plausible", self->where.data,
			member->size);
	self->left = member->size;
	self->padding = padding_of(member->size);
	return 1;
}

#undef PICK

int strata_tar_reader_next(struct strata_tar_reader *reader, struct strata_tar_member *member,
	struct strata_error *error)
{
	unsigned char block[BLOCK];
	bool extended = false;
	int status;

	if (reader->ended)
		return 0;
	status = pass(reader, reader->left, error);
	if (status == 0)
		status = pass_padding(reader, error);
	if (status < 0)
		return status;
	reader->left = reader->padding = 0;
	reader->count++;
	strata_tar_extensions_clear(&reader->local);
	reader->extensions = 0;
	strata_buffer_truncate(&reader->where, 0);
	strata_buffer_format(&reader->where, "%s: entry %" PRIu64, reader->name, reader->count);
	status = strata_buffer_check(&reader->where, error);
	if (status < 0)
		return status;
	for (;;) {
		status = next_block(reader, block, error);
		if (status == 0 && extended)
			return truncated(reader, error);
		if (status <= 0)
			return status;
		status = strata_tar_header_parse(block, reader->where.data, &reader->header, error);
		if (status < 0)
			return status;
		if (!memchr("xgLK", reader->header.type, 4))
			return fill_member(reader, member, error);
		extended = extended || reader->header.type != 'g';
		status = read_extension(reader, error);
		if (status < 0)
			return status;
	}
}

int strata_tar_reader_read(struct strata_tar_reader *reader, void *bytes, size_t capacity,
	size_t *got, struct strata_error *error)
{
	int status;

	*got = 0;
	if (reader->left == 0)
		return 0;
	if (capacity > reader->left)
		capacity = (size_t)reader->left;
	status = reader->input->read(reader->input, bytes, capacity, got, error);
	if (status == 0 && *got == 0)
		status = truncated(reader, error);
	reader->left -= *got;
	reader->position += *got;
	return status;
}

struct strata_tar_end strata_tar_reader_end(const struct strata_tar_reader *reader)
{
	return reader->end;
}

bool strata_tar_normal_name(struct strata_buffer *buffer, const char *name)
{
	size_t start = buffer->length;

	while (*name) {
		size_t length = strcspn(name, "/");

		if (length == 2 && memcmp(name, "..", 2) == 0) {
			strata_buffer_truncate(buffer, start);
			return false;
		}
		if (length > 0 && !(length == 1 && *name == '.')) {
			if (buffer->length > start)
				strata_buffer_byte(buffer, '/');
			strata_buffer_append(buffer, name, length);
		}
		name += length + (name[length] == '/');
	}
	return true;
}

void strata_tar_reader_free(struct strata_tar_reader *reader)
{
	if (!reader)
		return;
	strata_tar_extensions_release(&reader->global);
	strata_tar_extensions_release(&reader->local);
	strata_buffer_release(&reader->where);
	free(reader->name);
	free(reader);
}

void strata_cleanup_tar_reader(struct strata_tar_reader **reader)
{
	strata_tar_reader_free(*reader);
}
