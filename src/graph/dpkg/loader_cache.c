/* SPDX-License-Identifier: Apache-2.0 */
/* The dynamic loader's cache (ldconfig(8)), reduced to the libraries of an image. The format is
 * glibc's, version 1.1: a header, entries that are sorted for the loader's search, strings, and an
 * extension with the names of directories for some processors. A part in the older format before it
 * is not kept; no loader of this century needs it. */
#include <string.h>

#include "graph/dpkg/generated.h"

enum {
	MAGIC_SIZE = 20,
	HEADER_SIZE = 48,
	COUNT = 20,
	STRINGS_SIZE = 24,
	FLAGS = 28,
	EXTENSION = 32,
	ENTRY_SIZE = 24,
	KEY = 4,
	VALUE = 8,
	CAPABILITIES = 16,
	OLD_HEADER_SIZE = 16,
	OLD_COUNT = 12,
	OLD_ENTRY_SIZE = 12,
	SECTION_SIZE = 16,
	CAPABILITY_SECTION = 1,
};

static const char magic[] = "glibc-ld.so.cache1.1", old_magic[] = "ld.so-1.7.0";
static const uint32_t extension_magic = 0xeaa42174;
/* Of the capabilities of an entry: the low half is an index into the extension's names. */
static const uint64_t is_extended = UINT64_C(1) << 62;

/* The file, from its newer part on. Numbers are in the order of the machine that the cache is for,
 * which is little-endian on all of Debian's architectures but s390x and older ones. */
struct cache {
	const char *bytes;
	size_t length;
	bool is_big;
	uint32_t count;
	const char *names; /* of the extension: offsets of strings */
	uint32_t name_count;
};

static uint32_t get(const struct cache *cache, const char *at)
{
	const uint8_t *b = (const uint8_t *)at;

	return cache->is_big ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
				       (uint32_t)b[3]
			     : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 |
				       (uint32_t)b[0];
}

static void put(const struct cache *cache, char *at, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		at[i] = (char)(number >> (cache->is_big ? 24 - 8 * i : 8 * i));
}

static uint64_t get_capabilities(const struct cache *cache, const char *entry)
{
	uint64_t first = get(cache, entry + CAPABILITIES);
	uint64_t second = get(cache, entry + CAPABILITIES + 4);

	return cache->is_big ? first << 32 | second : second << 32 | first;
}

/* The string at OFFSET, or NULL where that is not inside. */
static const char *string_at(const struct cache *cache, uint32_t offset)
{
	if (offset >= cache->length || !memchr(cache->bytes + offset, '\0', cache->length - offset))
		return NULL;
	return cache->bytes + offset;
}

static void find_names(struct cache *cache)
{
	uint32_t offset = get(cache, cache->bytes + EXTENSION);
	const char *extension = cache->bytes + offset;
	uint32_t sections;

	if (offset == 0 || offset > cache->length - 8 || get(cache, extension) != extension_magic)
		return;
	sections = get(cache, extension + 4);
	for (uint32_t i = 0; i < sections; i++) {
		const char *section = extension + 8 + (size_t)i * SECTION_SIZE;
		uint32_t start, size;

		if (section + SECTION_SIZE > cache->bytes + cache->length)
			return;
		start = get(cache, section + 8);
		size = get(cache, section + 12);
		if (get(cache, section) == CAPABILITY_SECTION && start <= cache->length &&
			size <= cache->length - start) {
			cache->names = cache->bytes + start;
			cache->name_count = size / 4;
		}
	}
}

static bool open_cache(const struct strata_buffer *content, struct cache *cache)
{
	size_t start = 0;

	*cache = (struct cache){.bytes = content->data, .length = content->length};
	if (content->length >= OLD_HEADER_SIZE &&
		memcmp(content->data, old_magic, sizeof(old_magic) - 1) == 0) {
		uint32_t old = get(cache, content->data + OLD_COUNT);

		/* Too many would be the wrong order of bytes. */
		cache->is_big = old > content->length / OLD_ENTRY_SIZE;
		old = get(cache, content->data + OLD_COUNT);
		start = (OLD_HEADER_SIZE + (size_t)old * OLD_ENTRY_SIZE + 7) & ~(size_t)7;
	}
	if (start > content->length || content->length - start < HEADER_SIZE ||
		memcmp(content->data + start, magic, MAGIC_SIZE) != 0)
		return false;
	cache->bytes += start;
	cache->length -= start;
	cache->is_big = get(cache, cache->bytes + COUNT) > cache->length / ENTRY_SIZE;
	cache->count = get(cache, cache->bytes + COUNT);
	if (cache->count > (cache->length - HEADER_SIZE) / ENTRY_SIZE)
		return false;
	find_names(cache);
	return true;
}

/* Append a NUL-terminated string and say where it is: BASE bytes come before all strings. */
static uint32_t add_string(struct strata_buffer *strings, size_t base, const char *text)
{
	uint32_t offset = (uint32_t)(base + strings->length);

	strata_buffer_append(strings, text, strlen(text) + 1);
	return offset;
}

/* The kept entries, whose strings come behind all of them. */
static int keep_entries(struct strata_generated *generated, const struct cache *cache,
	struct strata_buffer *entries, uint32_t *count, bool *extended, struct strata_error *error)
{
	*count = 0;
	*extended = false;
	for (uint32_t i = 0; i < cache->count; i++) {
		const char *entry = cache->bytes + HEADER_SIZE + (size_t)i * ENTRY_SIZE;
		const char *path = string_at(cache, get(cache, entry + VALUE));
		bool holds = false;
		int status = 0;

		if (path && *path == '/' && string_at(cache, get(cache, entry + KEY)))
			status = strata_dpkg_image_holds(generated->image, path, &holds, error);
		if (status < 0)
			return status;
		if (!holds)
			continue;
		strata_buffer_append(entries, entry, ENTRY_SIZE);
		(*count)++;
		*extended = *extended || (get_capabilities(cache, entry) & is_extended);
	}
	return strata_buffer_check(entries, error);
}

/* Let the entries name their strings anew. A library's name mostly ends its path. */
static void add_strings(const struct cache *cache, struct strata_buffer *entries, uint32_t count,
	struct strata_buffer *strings)
{
	size_t base = HEADER_SIZE + (size_t)count * ENTRY_SIZE;

	for (uint32_t i = 0; i < count; i++) {
		char *entry = entries->data + (size_t)i * ENTRY_SIZE;
		const char *name = string_at(cache, get(cache, entry + KEY));
		const char *path = string_at(cache, get(cache, entry + VALUE));
		const char *slash = strrchr(path, '/');
		uint32_t value = add_string(strings, base, path);

		put(cache, entry + VALUE, value);
		put(cache, entry + KEY,
			strcmp(slash + 1, name) == 0 ? value + (uint32_t)(slash + 1 - path)
						     : add_string(strings, base, name));
	}
}

/* The extension, which stands at OFFSET of the file: one section with the offsets of all names. */
static void add_extension(const struct cache *cache, const uint32_t *names, size_t offset,
	struct strata_buffer *extension)
{
	uint32_t numbers[] = {extension_magic, 1, CAPABILITY_SECTION, 0,
		(uint32_t)(offset + 8 + SECTION_SIZE), 4 * cache->name_count};
	char bytes[4];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		put(cache, bytes, numbers[i]);
		strata_buffer_append(extension, bytes, 4);
	}
	for (uint32_t i = 0; i < cache->name_count; i++) {
		put(cache, bytes, names[i]);
		strata_buffer_append(extension, bytes, 4);
	}
}

static int write_cache(const struct cache *cache, const struct strata_buffer *entries,
	uint32_t count, const struct strata_buffer *strings, const struct strata_buffer *extension,
	size_t offset, struct strata_buffer *reduced)
{
	char header[HEADER_SIZE] = {0};

	memcpy(header, magic, MAGIC_SIZE);
	put(cache, header + COUNT, count);
	put(cache, header + STRINGS_SIZE, (uint32_t)strings->length);
	header[FLAGS] = cache->bytes[FLAGS];
	if (extension->length > 0)
		put(cache, header + EXTENSION, (uint32_t)offset);
	strata_buffer_append(reduced, header, HEADER_SIZE);
	strata_buffer_append(reduced, entries->data, entries->length);
	strata_buffer_append(reduced, strings->data, strings->length);
	if (extension->length > 0) {
		while (reduced->length < offset && !reduced->failed)
			strata_buffer_byte(reduced, '\0');
		strata_buffer_append(reduced, extension->data, extension->length);
	}
	return 0;
}

int strata_loader_cache_reduce(struct strata_generated *generated,
	const struct strata_buffer *content, struct strata_buffer *reduced,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer entries = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer strings = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer extension = STRATA_BUFFER_INIT;
	strata_autofree uint32_t *names = NULL;
	struct cache cache;
	uint32_t count;
	size_t offset;
	bool extended;
	int status;

	if (!open_cache(content, &cache))
		return 0;
	status = keep_entries(generated, &cache, &entries, &count, &extended, error);
	if (status < 0)
		return status;
	add_strings(&cache, &entries, count, &strings);
	names = strata_allocate(cache.name_count, sizeof(*names));
	if (!names)
		return strata_fail_memory(error);
	for (uint32_t i = 0; extended && i < cache.name_count; i++) {
		const char *name = string_at(&cache, get(&cache, cache.names + 4 * (size_t)i));

		names[i] = add_string(&strings, HEADER_SIZE + entries.length, name ? name : "");
	}
	offset = (HEADER_SIZE + entries.length + strings.length + 3) & ~(size_t)3;
	if (extended)
		add_extension(&cache, names, offset, &extension);
	if (strata_buffer_check(&strings, error) < 0 || strata_buffer_check(&extension, error) < 0)
		return STRATA_ERROR_MEMORY;
	write_cache(&cache, &entries, count, &strings, &extension, offset, reduced);
	status = strata_buffer_check(reduced, error);
	return status < 0 ? status : 1;
}
