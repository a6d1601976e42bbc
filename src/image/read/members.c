/* SPDX-License-Identifier: Apache-2.0 */
#include "image/read/members.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/read/remote.h"
#include "tar/decompress.h"
#include "tar/reader.h"
#include "util/arena.h"
#include "util/file.h"
#include "util/map.h"
#include "util/text.h"

enum {
	/* An image has a few members for each layer; more is not one. */
	MOST_MEMBERS = 100000,
	LONGEST_NAME = 4096,
	MOST_LINKS = 8,
};

struct member {
	const char *name;
	const char *link; /* the name that a link leads to; NULL for a regular file */
	uint64_t offset, size;
};

struct strata_store {
	char *path;
	int descriptor;               /* of the directory or the archive */
	struct strata_remote *remote; /* instead of a descriptor; or NULL */
	bool archive;
	bool damaged;
	uint64_t size; /* of the archive */
	struct strata_arena arena;
	struct member *members;
	size_t count, capacity;
	struct strata_map names;
};

/* Append where a symbolic link at NAME leads inside the archive. Returns false where that is
 * outside. */
static bool resolve_symlink(struct strata_buffer *buffer, const char *name, const char *target)
{
	const char *slash = strrchr(name, '/');

	if (*target == '/')
		return false;
	if (slash)
		strata_buffer_append(buffer, name, (size_t)(slash - name));
	while (*target) {
		size_t length = strcspn(target, "/");

		if (length == 2 && memcmp(target, "..", 2) == 0) {
			const char *last = strrchr(buffer->data, '/');

			if (buffer->length == 0)
				return false;
			strata_buffer_truncate(buffer, last ? (size_t)(last - buffer->data) : 0);
		} else if (length > 0 && !(length == 1 && *target == '.')) {
			if (buffer->length > 0)
				strata_buffer_byte(buffer, '/');
			strata_buffer_append(buffer, target, length);
		}
		target += length + (target[length] == '/');
	}
	return true;
}

/* Where a link leads: its text in the arena, "" where that is outside the archive. */
static int find_link(struct strata_store *store, const char *name,
	const struct strata_tar_member *tar, const char **link, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer target = STRATA_BUFFER_INIT;
	bool inside = true;

	if (tar->type == STRATA_TAR_SYMLINK)
		inside = resolve_symlink(&target, name, tar->link);
	else
		inside = strata_tar_normal_name(&target, tar->link);
	if (strata_buffer_check(&target, error) < 0)
		return STRATA_ERROR_MEMORY;
	*link = strata_arena_string(&store->arena, inside ? target.data : "");
	return *link ? 0 : strata_fail_memory(error);
}

static int add_member(struct strata_store *store, const struct strata_tar_member *tar,
	struct strata_findings *findings, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;
	struct member member = {.offset = tar->offset, .size = tar->size};

	if (!strata_tar_normal_name(&name, tar->name) || name.length > LONGEST_NAME) {
		strata_finding(findings, "the archive has a member with the unsafe name '%.200s'",
			tar->name);
		return 0;
	}
	if (tar->type != STRATA_TAR_REGULAR && tar->type != STRATA_TAR_SYMLINK &&
		tar->type != STRATA_TAR_HARD_LINK)
		return 0;
	/* It is cut short; the reader says so when it goes on. */
	if (tar->offset + tar->size > store->size)
		return 0;
	if (strata_buffer_check(&name, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (store->count == MOST_MEMBERS)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"'%s' has more than %d members and so is not an image", store->path,
			MOST_MEMBERS);
	member.name = strata_arena_string(&store->arena, name.data);
	if (!member.name || strata_grow(&store->members, &store->capacity, store->count + 1,
				    sizeof(*store->members)) < 0)
		return strata_fail_memory(error);
	if (tar->type != STRATA_TAR_REGULAR) {
		int status = find_link(store, member.name, tar, &member.link, error);

		if (status < 0)
			return status;
	}
	if (strata_map_get(&store->names, member.name) != STRATA_MAP_NONE)
		strata_finding(findings,
			"the archive has several members called '%s'; programs differ in which of "
			"them they read",
			member.name);
	if (strata_map_put(&store->names, member.name, (uint32_t)store->count) < 0)
		return strata_fail_memory(error);
	store->members[store->count++] = member;
	return 0;
}

static int index_archive(
	struct strata_store *store, struct strata_findings *findings, struct strata_error *error)
{
	strata_autotarreader struct strata_tar_reader *reader = NULL;
	struct strata_file_input file;
	struct strata_tar_member member;
	struct strata_tar_end end;
	int status;

	strata_file_input_init(&file, store->descriptor, store->path, 0, store->size);
	status = strata_tar_reader_new(&file.input, store->path, &reader, error);
	if (status < 0)
		return status;
	while ((status = strata_tar_reader_next(reader, &member, error)) > 0) {
		status = add_member(store, &member, findings, error);
		if (status < 0)
			return status;
	}
	if (status < 0 && store->count == 0 && status == STRATA_ERROR_FORMAT)
		return strata_hint(error, status,
			"an image is a tar archive, or a directory in the OCI or the dir layout");
	/* The members before the cut are still read. Those behind it are reported as missing. */
	if (strata_is_finding(status) && store->count > 0 && error) {
		strata_finding_error(findings, "the archive", error);
		store->damaged = true;
		return 0;
	}
	if (status < 0)
		return status;
	end = strata_tar_reader_end(reader);
	store->damaged = end.zero_blocks < 2;
	if (end.zero_blocks < 2)
		strata_finding(
			findings, "the archive stops without the two zero blocks of its end");
	if (end.garbage)
		strata_finding(findings, "the archive has something behind its end");
	return 0;
}

/* A file without a name, where large things may be. */
static int open_unnamed(struct strata_error *error)
{
	const char *directory = getenv("TMPDIR");
	strata_autofree char *template = NULL;
	int descriptor;

	if (!directory || !*directory)
		directory = "/var/tmp";
	template = strata_path_join(directory, ".stratapack-XXXXXX");
	if (!template)
		return strata_fail_memory(error);
	descriptor = mkostemp(template, O_CLOEXEC);
	if (descriptor < 0)
		return strata_hint(error,
			strata_fail_errno(error, "cannot create a working file in '%s'", directory),
			"set TMPDIR to a directory with room for the decompressed image");
	unlink(template);
	return descriptor;
}

static int copy_all(struct strata_input *input, int target, const char *target_name, uint64_t *size,
	struct strata_error *error)
{
	enum { CHUNK = 128 * 1024 };
	strata_autofree char *chunk = malloc(CHUNK);
	size_t got;

	if (!chunk)
		return strata_fail_memory(error);
	for (*size = 0;; *size += got) {
		int status = input->read(input, chunk, CHUNK, &got, error);

		if (status < 0)
			return status;
		if (got == 0)
			return 0;
		status = strata_file_write(target, target_name, chunk, got, error);
		if (status < 0)
			return status;
	}
}

/* A file may consist of holes: its stated size may be a terabyte without any such data. */
static int check_holes(const struct strata_store *store, const char *name, const struct stat *info,
	struct strata_error *error)
{
	const off_t plausible = 1 << 30;

	if (info->st_size <= plausible || info->st_blocks >= info->st_size / 512 / 1024)
		return 0;
	return strata_fail(error, STRATA_ERROR_FORMAT,
		"'%s%s%s' claims to have %lld bytes, but hardly any are stored: it is not read",
		store->path, *name ? "/" : "", name, (long long)info->st_size);
}

/* Index the file, or what it is once decompressed. */
static int open_archive(struct strata_store *store, uint64_t size, struct strata_findings *findings,
	struct strata_error *error)
{
	strata_autodecompressor struct strata_decompressor *decompressor = NULL;
	strata_autoclose int unnamed = -1;
	struct strata_file_input file;
	int status;

	store->archive = true;
	store->size = size;
	strata_file_input_init(&file, store->descriptor, store->path, 0, size);
	status = strata_decompressor_new(&file.input, store->path, &decompressor, error);
	if (status < 0)
		return status;
	if (strata_decompressor_codec(decompressor) != STRATA_CODEC_NONE) {
		unnamed = open_unnamed(error);
		if (unnamed < 0)
			return unnamed;
		status = copy_all(strata_decompressor_input(decompressor), unnamed,
			"a working file", &store->size, error);
		if (status < 0)
			return status;
		close(store->descriptor);
		store->descriptor = strata_take_descriptor(&unnamed);
	}
	return index_archive(store, findings, error);
}

int strata_store_open(const char *path, struct strata_findings *findings,
	struct strata_store **store, struct strata_error *error)
{
	strata_autostore struct strata_store *self = calloc(1, sizeof(*self));
	struct stat status;
	int result = 0;

	if (!self)
		return strata_fail_memory(error);
	self->descriptor = -1;
	if (strata_text_starts_with(path, STRATA_REMOTE_TRANSPORT)) {
		result = strata_remote_open(path, &self->remote, error);
		if (result == 0)
			*store = strata_take(self);
		return result;
	}
	/* Not to wait for the writer of a pipe. */
	self->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (self->descriptor < 0 || fstat(self->descriptor, &status) < 0)
		return strata_fail_errno(error, "cannot open '%s'", path);
	self->path = strdup(path);
	if (!self->path)
		return strata_fail_memory(error);
	if (S_ISREG(status.st_mode))
		result = check_holes(self, "", &status, error);
	if (result == 0 && S_ISREG(status.st_mode))
		result = open_archive(self, (uint64_t)status.st_size, findings, error);
	else if (result == 0 && !S_ISDIR(status.st_mode))
		result = strata_fail(error, STRATA_ERROR_INVALID,
			"'%s' is neither a file nor a directory", path);
	if (result == 0)
		*store = strata_take(self);
	return result;
}

bool strata_store_is_remote(const struct strata_store *store)
{
	return store->remote != NULL;
}

bool strata_store_is_archive(const struct strata_store *store)
{
	return store->archive;
}

bool strata_store_is_damaged(const struct strata_store *store)
{
	return store->damaged;
}

static int fail_special(
	const struct strata_store *store, const char *name, struct strata_error *error)
{
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_FORMAT, "'%s/%s' is no regular file", store->path,
			name),
		"a link, device or pipe has no place in an image: put a copy there, as with cp -L");
}

static int find_remote(struct strata_store *store, const char *name, struct strata_place *place,
	struct strata_error *error)
{
	int found = strata_remote_find(store->remote, name, &place->size, error);

	if (found <= 0)
		return found;
	place->offset = 0;
	place->name = strata_arena_string(&store->arena, name);
	return place->name ? 1 : strata_fail_memory(error);
}

static int find_file(struct strata_store *store, const char *name, struct strata_place *place,
	struct strata_error *error)
{
	struct stat status;

	/* A link could lead anywhere, and reading a device or a pipe could block. */
	if (fstatat(store->descriptor, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
			return 0;
		return strata_fail_errno(error, "cannot read '%s/%s'", store->path, name);
	}
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? 0 : fail_special(store, name, error);
	if (check_holes(store, name, &status, error) < 0)
		return STRATA_ERROR_FORMAT;
	place->name = strata_arena_string(&store->arena, name);
	place->offset = 0;
	place->size = (uint64_t)status.st_size;
	return place->name ? 1 : strata_fail_memory(error);
}

int strata_store_find(struct strata_store *store, const char *name, struct strata_place *place,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer normal = STRATA_BUFFER_INIT;
	bool safe = strata_tar_normal_name(&normal, name);
	const char *wanted = normal.data;

	if (strata_buffer_check(&normal, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (!safe)
		return 0;
	if (store->remote)
		return find_remote(store, wanted, place, error);
	if (!store->archive)
		return find_file(store, wanted, place, error);
	for (unsigned links = 0; links <= MOST_LINKS; links++) {
		uint32_t index = strata_map_get(&store->names, wanted);
		const struct member *member;

		if (index == STRATA_MAP_NONE)
			return 0;
		member = &store->members[index];
		if (!member->link) {
			*place = (struct strata_place){member->name, member->offset, member->size};
			return 1;
		}
		wanted = member->link;
	}
	return 0;
}

size_t strata_store_count(const struct strata_store *store)
{
	return store->count;
}

const char *strata_store_name(const struct strata_store *store, size_t index)
{
	return store->members[index].name;
}

int strata_part_open(struct strata_store *store, const struct strata_place *place,
	struct strata_part *part, struct strata_error *error)
{
	int descriptor = store->descriptor;

	*part = (struct strata_part)STRATA_PART_INIT;
	if (store->remote) {
		part->remote = true;
		return strata_remote_read(store->remote, place->name, &part->input, error);
	}
	part->input = &part->file.input;
	if (!store->archive) {
		part->owned = openat(store->descriptor, place->name,
			O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (part->owned < 0)
			return strata_fail_errno(
				error, "cannot open '%s/%s'", store->path, place->name);
		descriptor = part->owned;
	}
	strata_file_input_init(&part->file, descriptor, place->name, place->offset, place->size);
	return 0;
}

void strata_part_close(struct strata_part *part)
{
	strata_cleanup_close(&part->owned);
	part->owned = -1;
	if (part->remote && part->input)
		strata_remote_close(part->input);
	part->input = NULL;
}

int strata_store_read(struct strata_store *store, const struct strata_place *place,
	struct strata_buffer *buffer, struct strata_error *error)
{
	strata_autopart struct strata_part part = STRATA_PART_INIT;
	char chunk[16384];
	size_t got;
	int status = strata_part_open(store, place, &part, error);

	while (status == 0) {
		status = part.input->read(part.input, chunk, sizeof(chunk), &got, error);
		if (status < 0 || got == 0)
			break;
		strata_buffer_append(buffer, chunk, got);
	}
	return status < 0 ? status : strata_buffer_check(buffer, error);
}

void strata_store_free(struct strata_store *store)
{
	if (!store)
		return;
	strata_cleanup_close(&store->descriptor);
	strata_remote_free(store->remote);
	strata_map_release(&store->names);
	strata_arena_free(&store->arena);
	free(store->members);
	free(store->path);
	free(store);
}

void strata_cleanup_store(struct strata_store **store)
{
	strata_store_free(*store);
}
