/* SPDX-License-Identifier: Apache-2.0 */
#include "tar/header.h"

#include <string.h>

#include "tar/reader.h"
#include "util/text.h"

/* Where the fields are (POSIX.1-2017, pax, "ustar Interchange Format"). */
enum {
	NAME = 0,
	MODE = 100,
	UID = 108,
	GID = 116,
	SIZE = 124,
	MTIME = 136,
	CHECKSUM = 148,
	TYPE = 156,
	LINK = 157,
	MAGIC = 257,
	MAJOR = 329,
	MINOR = 337,
	PREFIX = 345,
};

bool strata_tar_is_zero(const unsigned char *block, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (block[i])
			return false;
	}
	return true;
}

/* Base-256 as GNU writes it: the top bit marks it, the rest is a two's complement number. */
static bool parse_binary(const unsigned char *field, size_t length, int64_t *number)
{
	uint64_t value = field[0] & 0x40 ? UINT64_MAX : 0;
	unsigned char filling = (unsigned char)value;

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = field[i];

		if (i == 0)
			byte = (unsigned char)((byte & 0x7f) | (filling & 0x80));
		if (length - i > 8 && byte != filling)
			return false;
		value = value << 8 | byte;
	}
	*number = (int64_t)value;
	return (*number < 0) == (filling != 0);
}

/* Octal digits with blanks before, and blanks or NULs behind; nothing at all is 0. */
static bool parse_octal(const unsigned char *field, size_t length, int64_t *number)
{
	size_t at = 0;

	*number = 0;
	while (at < length && field[at] == ' ')
		at++;
	for (; at < length && field[at] >= '0' && field[at] <= '7'; at++)
		*number = *number * 8 + (field[at] - '0');
	for (; at < length; at++) {
		if (field[at] != ' ' && field[at] != '\0')
			return false;
	}
	return true;
}

static int parse_number(const unsigned char *block, size_t offset, size_t length, bool negative,
	const char *field, const char *where, int64_t *number, struct strata_error *error)
{
	bool fits = block[offset] & 0x80 ? parse_binary(block + offset, length, number)
					 : parse_octal(block + offset, length, number);

	if (!fits || (*number < 0 && !negative))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s: the header's %s is not a number that makes sense", where, field);
	return 0;
}

bool strata_tar_checksum_fits(const unsigned char block[STRATA_TAR_HEADER_SIZE])
{
	int64_t with_unsigned = 0, with_signed = 0, promised;

	for (size_t i = 0; i < STRATA_TAR_HEADER_SIZE; i++) {
		unsigned char byte = i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : block[i];

		with_unsigned += byte;
		with_signed += (signed char)byte;
	}
	return parse_octal(block + CHECKSUM, 8, &promised) &&
	       (promised == with_unsigned || promised == with_signed);
}

/* Copy a field that a NUL ends, unless it is full. */
static size_t copy_text(char *target, const unsigned char *field, size_t length)
{
	size_t used = strnlen((const char *)field, length);

	memcpy(target, field, used);
	target[used] = '\0';
	return used;
}

/* Whether programs disagree on the name prefix: star has times behind a shorter prefix, and some
 * programs ignore the prefix where the version is not "00". */
static bool is_ambiguous(const unsigned char *block)
{
	return memcmp(block + MAGIC + 6, "00", 2) != 0 || memcmp(block + 508, "tar", 4) == 0;
}

int strata_tar_header_parse(const unsigned char block[STRATA_TAR_HEADER_SIZE], const char *where,
	struct strata_tar_header *header, struct strata_error *error)
{
	struct {
		size_t offset, length;
		bool negative;
		const char *name;
		int64_t value;
	} numbers[] = {
		{MODE, 8, false, "mode", 0},
		{UID, 8, false, "owner", 0},
		{GID, 8, false, "group", 0},
		{SIZE, 12, false, "size", 0},
		{MTIME, 12, true, "time", 0},
		{MAJOR, 8, false, "device number", 0},
		{MINOR, 8, false, "device number", 0},
	};
	bool posix = memcmp(block + MAGIC, "ustar", 6) == 0;
	bool device = block[TYPE] == '3' || block[TYPE] == '4';
	size_t used = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		int status;

		if (i >= 5 && !device)
			break;
		status = parse_number(block, numbers[i].offset, numbers[i].length,
			numbers[i].negative, numbers[i].name, where, &numbers[i].value, error);
		if (status < 0)
			return status;
	}
	if (posix && block[PREFIX] && is_ambiguous(block))
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"%s: a header between two formats, whose name programs read differently",
			where);
	header->mode = (uint32_t)numbers[0].value & 07777;
	header->uid = (uint64_t)numbers[1].value;
	header->gid = (uint64_t)numbers[2].value;
	header->size = (uint64_t)numbers[3].value;
	header->mtime = numbers[4].value;
	header->device_major = (uint64_t)numbers[5].value;
	header->device_minor = (uint64_t)numbers[6].value;
	header->type = (char)block[TYPE];
	copy_text(header->link, block + LINK, 100);
	if (posix && block[PREFIX]) {
		used = copy_text(header->name, block + PREFIX, 155);
		header->name[used++] = '/';
	}
	copy_text(header->name + used, block + NAME, 100);
	return 0;
}

/* Seconds since the epoch, a sign and a fraction allowed; the fraction is dropped, downwards. */
static bool parse_time(const char *text, int64_t *time)
{
	bool negative = *text == '-';
	size_t digits = strspn(text + negative, "0123456789");
	const char *fraction = text + negative + digits;
	uint64_t value = 0;

	if (digits == 0 || digits > 18 ||
		(*fraction &&
			(*fraction != '.' || fraction[1 + strspn(fraction + 1, "0123456789")])))
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (uint64_t)(text[negative + i] - '0');
	*time = negative ? -(int64_t)value : (int64_t)value;
	if (negative && *fraction && fraction[1 + strspn(fraction + 1, "0")])
		--*time;
	return true;
}

static bool parse_decimal(const char *text, uint64_t *number)
{
	size_t digits = strspn(text, "0123456789");

	*number = 0;
	if (digits == 0 || digits > 18 || text[digits])
		return false;
	for (size_t i = 0; i < digits; i++)
		*number = *number * 10 + (uint64_t)(text[i] - '0');
	return true;
}

static int add_attribute(struct strata_tar_extensions *extensions, const char *name,
	const char *value, size_t size, struct strata_error *error)
{
	size_t count = extensions->attribute_count;

	if (strata_grow(&extensions->attributes, &extensions->attribute_capacity, count + 1,
		    sizeof(*extensions->attributes)) < 0 ||
		strata_grow(&extensions->attribute_places, &extensions->place_capacity, count + 1,
			sizeof(*extensions->attribute_places)) < 0)
		return strata_fail_memory(error);
	extensions->attribute_places[count] = extensions->attribute_bytes.length;
	extensions->attributes[count].size = size;
	extensions->attribute_count++;
	strata_buffer_append(&extensions->attribute_bytes, name, strlen(name) + 1);
	strata_buffer_append(&extensions->attribute_bytes, value, size);
	strata_buffer_byte(&extensions->attribute_bytes, '\0');
	return strata_buffer_check(&extensions->attribute_bytes, error);
}

static void point_attributes(struct strata_tar_extensions *extensions)
{
	for (size_t i = 0; i < extensions->attribute_count; i++) {
		struct strata_tar_attribute *attribute = &extensions->attributes[i];

		attribute->name =
			extensions->attribute_bytes.data + extensions->attribute_places[i];
		attribute->value = attribute->name + strlen(attribute->name) + 1;
	}
}

static int set_text(struct strata_buffer *text, bool *present, const char *value, size_t size,
	struct strata_error *error)
{
	strata_buffer_truncate(text, 0);
	strata_buffer_append(text, value, size);
	*present = true;
	return strata_buffer_check(text, error);
}

/* One record: KEY ends in a NUL, VALUE has SIZE bytes with a NUL behind. */
static int apply_record(struct strata_tar_extensions *extensions, const char *key,
	const char *value, size_t size, bool global, const char *where, struct strata_error *error)
{
	static const char xattr[] = "SCHILY.xattr.";
	bool plain = strlen(value) == size, fits = plain;

	if (strata_text_starts_with(key, "GNU.sparse."))
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"%s: a sparse file, which image tools do not agree on", where);
	if (global && (strcmp(key, "path") == 0 || strcmp(key, "linkpath") == 0 ||
			      strcmp(key, "size") == 0))
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"%s: a global PAX header sets \"%s\", which image tools do not agree on",
			where, key);
	if (strata_text_starts_with(key, xattr))
		return add_attribute(extensions, key + sizeof(xattr) - 1, value, size, error);
	if (plain && strcmp(key, "path") == 0)
		return set_text(&extensions->path, &extensions->has_path, value, size, error);
	if (plain && strcmp(key, "linkpath") == 0)
		return set_text(&extensions->link, &extensions->has_link, value, size, error);
	if (strcmp(key, "path") == 0 || strcmp(key, "linkpath") == 0)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s: the PAX record \"%s\" holds a NUL", where, key);
	if (strcmp(key, "size") == 0)
		extensions->has_size = fits = plain && parse_decimal(value, &extensions->size);
	else if (strcmp(key, "uid") == 0)
		extensions->has_uid = fits = plain && parse_decimal(value, &extensions->uid);
	else if (strcmp(key, "gid") == 0)
		extensions->has_gid = fits = plain && parse_decimal(value, &extensions->gid);
	else if (strcmp(key, "mtime") == 0)
		extensions->has_mtime = fits = plain && parse_time(value, &extensions->mtime);
	else
		return 0;
	if (!fits)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s: the PAX record \"%s\" is not a number that makes sense", where, key);
	return 0;
}

int strata_tar_extensions_parse(struct strata_tar_extensions *extensions, const char *text,
	size_t length, bool global, const char *where, struct strata_error *error)
{
	strata_autofree char *copy = malloc(length + 1);

	if (!copy)
		return strata_fail_memory(error);
	memcpy(copy, text, length);
	copy[length] = '\0';
	/* A later header replaces the attributes of an earlier one, so that a chain of them does
	 * not pile up in memory. */
	extensions->attribute_count = 0;
	strata_buffer_truncate(&extensions->attribute_bytes, 0);
	for (size_t at = 0; at < length;) {
		char *record = copy + at, *key, *equals;
		size_t digits = strspn(record, "0123456789");
		uint64_t size = 0;
		int status;

		for (size_t i = 0; i < digits && digits <= 8; i++)
			size = size * 10 + (uint64_t)(record[i] - '0');
		key = record + digits + 1;
		if (digits == 0 || digits > 8 || record[digits] != ' ' || size > length - at ||
			size < digits + 4 || record[size - 1] != '\n')
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"%s: a PAX header with a malformed record", where);
		record[size - 1] = '\0';
		equals = memchr(key, '=', size - digits - 2);
		if (!equals || equals == key || memchr(key, '\0', (size_t)(equals - key)))
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"%s: a PAX header with a record without a key", where);
		*equals = '\0';
		status = apply_record(extensions, key, equals + 1,
			(size_t)(record + size - 1 - (equals + 1)), global, where, error);
		if (status < 0)
			return status;
		at += (size_t)size;
	}
	point_attributes(extensions);
	return 0;
}

void strata_tar_extensions_clear(struct strata_tar_extensions *extensions)
{
	strata_buffer_truncate(&extensions->attribute_bytes, 0);
	extensions->attribute_count = 0;
	extensions->has_path = extensions->has_link = extensions->has_size = false;
	extensions->has_uid = extensions->has_gid = extensions->has_mtime = false;
}

void strata_tar_extensions_release(struct strata_tar_extensions *extensions)
{
	strata_buffer_release(&extensions->path);
	strata_buffer_release(&extensions->link);
	strata_buffer_release(&extensions->attribute_bytes);
	free(extensions->attributes);
	free(extensions->attribute_places);
}
