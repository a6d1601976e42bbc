/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/recipe/recipe.h"
#include "tar/reader.h"
#include "util/file.h"
#include "util/map.h"

static void take_note(void *data, const char *text)
{
	struct scratch *scratch = data;

	strata_buffer_format(&scratch->notes, "%s\n", text);
}

int scratch_make(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	strcpy(scratch->directory, "/tmp/stratapack-test-XXXXXX");
	assert_non_null(mkdtemp(scratch->directory));
	scratch->notes = (struct strata_buffer)STRATA_BUFFER_INIT;
	scratch->root = scratch_text(scratch, "%s/root", scratch->directory);
	scratch->output = scratch_text(scratch, "%s/output", scratch->directory);
	assert_int_equal(mkdir(scratch->root, 0755), 0);
	assert_int_equal(mkdir(scratch->output, 0755), 0);
	scratch->observer = (struct strata_observer){.note = take_note, .data = scratch};
	scratch->options = (struct strata_build_options){
		.root = scratch->root, .threads = 1, .observer = &scratch->observer};
	*state = scratch;
	return 0;
}

int scratch_remove(void **state)
{
	struct scratch *scratch = *state;

	strata_directory_remove(scratch->directory);
	strata_buffer_release(&scratch->notes);
	strata_error_clear(&scratch->error);
	strata_arena_free(&scratch->arena);
	free(scratch);
	return 0;
}

const char *scratch_text(struct scratch *scratch, const char *format, ...)
{
	char *text = NULL;
	char *kept;
	va_list arguments;

	va_start(arguments, format);
	assert_true(vasprintf(&text, format, arguments) >= 0);
	va_end(arguments);
	kept = strata_arena_string(&scratch->arena, text);
	assert_non_null(kept);
	free(text);
	return kept;
}

const char *scratch_at(struct scratch *scratch, const char *path)
{
	return scratch_text(scratch, "%s%s", scratch->root, path);
}

static const char *place_for(struct scratch *scratch, const char *path)
{
	const char *place = scratch_at(scratch, path);
	strata_autofree char *parent = strata_path_directory(place);

	assert_succeeds(strata_directory_create(parent, &scratch->error), &scratch->error);
	return place;
}

void scratch_bytes(
	struct scratch *scratch, const char *path, const void *bytes, size_t length, mode_t mode)
{
	const char *place = place_for(scratch, path);

	assert_succeeds(
		strata_file_replace(place, bytes, length, &scratch->error), &scratch->error);
	assert_int_equal(chmod(place, mode), 0);
}

void scratch_file(struct scratch *scratch, const char *path, const char *content, mode_t mode)
{
	scratch_bytes(scratch, path, content, strlen(content), mode);
}

void scratch_directory(struct scratch *scratch, const char *path, mode_t mode)
{
	const char *place = scratch_at(scratch, path);

	assert_succeeds(strata_directory_create(place, &scratch->error), &scratch->error);
	assert_int_equal(chmod(place, mode), 0);
}

void scratch_symlink(struct scratch *scratch, const char *path, const char *target)
{
	assert_int_equal(symlink(target, place_for(scratch, path)), 0);
}

void scratch_hard_link(struct scratch *scratch, const char *path, const char *first)
{
	assert_int_equal(link(scratch_at(scratch, first), place_for(scratch, path)), 0);
}

void scratch_time(struct scratch *scratch, const char *path, int64_t seconds)
{
	struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

	assert_int_equal(
		utimensat(AT_FDCWD, scratch_at(scratch, path), times, AT_SYMLINK_NOFOLLOW), 0);
}

char *scratch_content(size_t length)
{
	char *content = malloc(length + 1);
	uint32_t number = 1;

	assert_non_null(content);
	for (size_t i = 0; i < length; i++) {
		number = number * 1664525 + 1013904223;
		content[i] = (char)('a' + (number >> 28));
	}
	content[length] = '\0';
	return content;
}

void scratch_read(struct scratch *scratch, const char *path, struct strata_buffer *buffer)
{
	assert_succeeds(strata_file_read(path, SIZE_MAX, buffer, &scratch->error), &scratch->error);
}

static int no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int compare_entries(const struct dirent **left, const struct dirent **right)
{
	return strcmp((*left)->d_name, (*right)->d_name);
}

const char *scratch_names(struct scratch *scratch, const char *directory)
{
	strata_autobuffer struct strata_buffer names = STRATA_BUFFER_INIT;
	struct dirent **entries;
	int count = scandir(directory, &entries, no_dots, compare_entries);

	assert_true(count >= 0);
	for (int i = 0; i < count; i++) {
		strata_buffer_format(&names, "%s ", entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return scratch_text(scratch, "%s", names.data);
}

int scratch_build(struct scratch *scratch, struct strata_recipe *recipe, unsigned threads,
	struct strata_layer *layer)
{
	struct strata_build_options options = scratch->options;
	struct strata_recipe *recipes[] = {recipe};

	options.threads = threads;
	assert_succeeds(strata_recipe_seal(recipe, &scratch->error), &scratch->error);
	return strata_layers_build(recipes, 1, scratch->output, &options, layer, &scratch->error);
}

struct memory_input {
	struct strata_input input;
	const char *bytes;
	size_t left;
};

static int read_memory(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	struct memory_input *memory = (struct memory_input *)input;

	(void)error;
	*got = capacity < memory->left ? capacity : memory->left;
	memcpy(bytes, memory->bytes, *got);
	memory->bytes += *got;
	memory->left -= *got;
	return 0;
}

static void list_member(struct strata_buffer *listing, const struct strata_tar_member *member)
{
	static const char types[] = {[STRATA_TAR_REGULAR] = '-',
		[STRATA_TAR_HARD_LINK] = 'h',
		[STRATA_TAR_SYMLINK] = 'l',
		[STRATA_TAR_CHARACTER_DEVICE] = 'c',
		[STRATA_TAR_BLOCK_DEVICE] = 'b',
		[STRATA_TAR_DIRECTORY] = 'd',
		[STRATA_TAR_FIFO] = 'p'};

	strata_buffer_format(listing, "%c %04o %llu:%llu %llu @%lld %s", types[member->type],
		(unsigned)member->mode, (unsigned long long)member->uid,
		(unsigned long long)member->gid, (unsigned long long)member->size,
		(long long)member->mtime, member->name);
	if (member->link[0])
		strata_buffer_format(listing, " -> %s", member->link);
	if (member->type == STRATA_TAR_CHARACTER_DEVICE || member->type == STRATA_TAR_BLOCK_DEVICE)
		strata_buffer_format(listing, " %llu,%llu",
			(unsigned long long)member->device_major,
			(unsigned long long)member->device_minor);
	for (size_t i = 0; i < member->attribute_count; i++) {
		const struct strata_tar_attribute *attribute = &member->attributes[i];

		strata_buffer_format(listing, " {%s=", attribute->name);
		for (size_t k = 0; k < attribute->size; k++) {
			if (attribute->value[k] > ' ')
				strata_buffer_byte(listing, attribute->value[k]);
			else
				strata_buffer_format(
					listing, "\\%d", (unsigned char)attribute->value[k]);
		}
		strata_buffer_byte(listing, '}');
	}
	strata_buffer_byte(listing, '\n');
}

const char *scratch_list(struct scratch *scratch, const void *tar, size_t length)
{
	strata_autobuffer struct strata_buffer listing = STRATA_BUFFER_INIT;
	strata_autotarreader struct strata_tar_reader *reader = NULL;
	struct memory_input memory = {{read_memory, NULL}, tar, length};
	struct strata_error *error = &scratch->error;
	struct strata_tar_member member;
	int more;

	assert_succeeds(strata_tar_reader_new(&memory.input, "tar", &reader, error), error);
	while ((more = strata_tar_reader_next(reader, &member, error)) > 0)
		list_member(&listing, &member);
	assert_succeeds(more, error);
	assert_int_equal(strata_tar_reader_end(reader).zero_blocks, 2);
	assert_false(strata_tar_reader_end(reader).garbage);
	return scratch_text(scratch, "%s", listing.data);
}

const char *scratch_member(
	struct scratch *scratch, const void *tar, size_t length, const char *name)
{
	strata_autotarreader struct strata_tar_reader *reader = NULL;
	struct memory_input memory = {{read_memory, NULL}, tar, length};
	struct strata_error *error = &scratch->error;
	struct strata_tar_member member;
	char content[65536];
	size_t size;

	assert_succeeds(strata_tar_reader_new(&memory.input, "tar", &reader, error), error);
	do {
		if (strata_tar_reader_next(reader, &member, error) <= 0)
			fail_msg("no member '%s'", name);
	} while (strcmp(member.name, name) != 0);
	assert_succeeds(
		strata_tar_reader_read(reader, content, sizeof(content), &size, error), error);
	assert_int_equal(size, member.size);
	return scratch_text(scratch, "%.*s", (int)size, content);
}

const char *scratch_build_listing(struct scratch *scratch, struct strata_recipe *recipe)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	struct strata_layer layer;
	const char *listing;

	assert_int_equal(recipe->compression.kind, STRATA_CODEC_NONE);
	assert_succeeds(scratch_build(scratch, recipe, 1, &layer), &scratch->error);
	scratch_read(scratch, layer.blob, &tar);
	assert_int_equal(tar.length, layer.size);
	assert_int_equal(tar.length, layer.diff_size);
	listing = scratch_list(scratch, tar.data, tar.length);
	strata_layer_release(&layer);
	return listing;
}

void scratch_build_fails(
	struct scratch *scratch, struct strata_recipe *recipe, int status, const char *words)
{
	struct strata_layer layer;

	assert_fails(scratch_build(scratch, recipe, 2, &layer), status, words, &scratch->error);
	assert_string_equal(scratch_names(scratch, scratch->output), "");
}
