/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image in a registry, as the members of an OCI layout that readers of images look for: the
 * manifest that its name leads to is read at once, everything else when it is asked for.
 */
#include "image/read/remote.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include <stratapack/image.h>

#include "oci/media_types.h"
#include "registry/current.h"
#include "registry/http/memory_input.h"
#include "registry/pull/download.h"
#include "registry/reference.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/json.h"
#include "util/json_writer.h"
#include "util/map.h"
#include "util/text.h"

enum entry_kind {
	ENTRY_MANIFEST, /* or an index */
	ENTRY_CONFIG,
	ENTRY_BLOB,
};

/* Something that a manifest refers to. */
struct entry {
	struct strata_digest digest;
	uint64_t size;
	enum entry_kind kind;
	char *text; /* of a document that was read; the remote's */
};

struct strata_remote {
	struct strata_registry *own; /* NULL: another's is used */
	struct strata_remote_name name;
	struct strata_repository repository;
	struct strata_buffer scopes, index;

	pthread_mutex_t lock; /* guards what follows; held while documents are read */
	struct entry *entries;
	size_t count, capacity;
	struct strata_map numbers; /* of entries, by digest; keys in the arena */
	struct strata_arena arena;
};

/* An open member. */
struct remote_input {
	struct strata_input input;
	struct strata_memory_input memory;
	struct strata_download download;
	bool is_download;
};

/* --- entries ---------------------------------------------------------------------------------- */

static int add_entry(struct strata_remote *remote, const struct strata_digest *digest,
	uint64_t size, enum entry_kind kind, struct strata_error *error)
{
	const char *key;

	if (strata_map_get(&remote->numbers, digest->text) != STRATA_MAP_NONE)
		return 0;
	key = strata_arena_string(&remote->arena, digest->text);
	if (!key ||
		strata_grow(&remote->entries, &remote->capacity, remote->count + 1,
			sizeof(*remote->entries)) < 0 ||
		strata_map_put(&remote->numbers, key, (uint32_t)remote->count) < 0)
		return strata_fail_memory(error);
	remote->entries[remote->count++] = (struct entry){*digest, size, kind, NULL};
	return 0;
}

static int add_described(struct strata_remote *remote, const struct strata_json *descriptor,
	enum entry_kind kind, struct strata_error *error)
{
	const char *text = strata_json_string(strata_json_member(descriptor, "digest"));
	struct strata_digest digest;
	uint64_t size = 0;

	/* What is wrong with it is said by who reads the document. */
	if (!text || !strata_digest_parse(text, &digest) ||
		strata_json_get_size(descriptor, "size", true, &size, NULL) < 0)
		return 0;
	return add_entry(remote, &digest, size, kind, error);
}

static int add_list(struct strata_remote *remote, const struct strata_json *list,
	enum entry_kind kind, struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < strata_json_count(list); i++)
		status = add_described(remote, strata_json_at(list, i), kind, error);
	return status;
}

/* Note what the document TEXT refers to. */
static int add_children(
	struct strata_remote *remote, const struct strata_buffer *text, struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;
	int status;

	if (strata_json_parse("manifest", text->data, text->length, &document, NULL) < 0)
		return 0;
	status = add_list(remote, strata_json_member(document, "manifests"), ENTRY_MANIFEST, error);
	if (status == 0 && strata_json_member(document, "config"))
		status = add_described(
			remote, strata_json_member(document, "config"), ENTRY_CONFIG, error);
	if (status == 0)
		status =
			add_list(remote, strata_json_member(document, "layers"), ENTRY_BLOB, error);
	return status;
}

static uint32_t find_entry(const struct strata_remote *remote, const char *name)
{
	static const char directory[] = "blobs/sha256/";
	char digest[STRATA_DIGEST_SIZE];

	if (!strata_text_starts_with(name, directory) || strlen(name) != sizeof(directory) - 1 + 64)
		return STRATA_MAP_NONE;
	snprintf(digest, sizeof(digest), STRATA_DIGEST_PREFIX "%s", name + sizeof(directory) - 1);
	return strata_map_get(&remote->numbers, digest);
}

/* --- documents -------------------------------------------------------------------------------- */

static int read_config(struct strata_remote *remote, const struct entry *entry,
	struct strata_buffer *text, struct strata_error *error)
{
	strata_autochecked struct strata_checked_input checked = {.hash = NULL};
	struct strata_download download;
	char chunk[16384];
	size_t got = 1;
	int status;

	if (entry->size > STRATA_LARGEST_MANIFEST)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"the config %s has %" PRIu64 " bytes", entry->digest.text, entry->size);
	strata_download_init(&download, &remote->repository, &entry->digest, entry->size);
	status = strata_checked_input_init(
		&checked, &download.input, &entry->digest, entry->size, error);
	while (status == 0 && got > 0) {
		status = strata_input_read(&checked.input, chunk, sizeof(chunk), &got, error);
		if (status == 0)
			strata_buffer_append(text, chunk, got);
	}
	strata_download_release(&download);
	return status < 0 ? status : strata_buffer_check(text, error);
}

static int read_manifest(struct strata_remote *remote, const struct entry *entry,
	struct strata_buffer *text, struct strata_error *error)
{
	strata_autofree char *type = NULL;
	struct strata_digest digest;
	int status = strata_manifest_get(
		&remote->repository, entry->digest.text, text, &type, &digest, error);

	if (status == 0 && text->length != entry->size)
		status = strata_fail(error, STRATA_ERROR_MISMATCH,
			"the manifest %s has %zu bytes, expected were %" PRIu64, entry->digest.text,
			text->length, entry->size);
	return status == 0 ? add_children(remote, text, error) : status;
}

/* Have the text of document NUMBER. With the lock held; entries may move. */
static int need_text(struct strata_remote *remote, uint32_t number, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct entry entry = remote->entries[number];
	int status;

	if (entry.text)
		return 0;
	status = entry.kind == ENTRY_CONFIG ? read_config(remote, &entry, &text, error)
					    : read_manifest(remote, &entry, &text, error);
	if (status < 0)
		return status;
	remote->entries[number].text = strata_buffer_take(&text);
	return remote->entries[number].text ? 0 : strata_fail_memory(error);
}

/* --- as members ------------------------------------------------------------------------------- */

/* The member NAME where it is one that we make up. */
static const struct strata_buffer *made_up(struct strata_remote *remote, const char *name)
{
	static struct strata_buffer marker = {
		(char *)STRATA_LAYOUT_MARKER, sizeof(STRATA_LAYOUT_MARKER) - 1, 0, false};

	if (strcmp(name, STRATA_LAYOUT_FILE) == 0)
		return &marker;
	return strcmp(name, "index.json") == 0 ? &remote->index : NULL;
}

int strata_remote_find(
	struct strata_remote *remote, const char *name, uint64_t *size, struct strata_error *error)
{
	const struct strata_buffer *text = made_up(remote, name);
	uint32_t number;

	if (text) {
		*size = text->length;
		return 1;
	}
	pthread_mutex_lock(&remote->lock);
	number = find_entry(remote, name);
	if (number != STRATA_MAP_NONE)
		*size = remote->entries[number].size;
	pthread_mutex_unlock(&remote->lock);
	return number != STRATA_MAP_NONE;
}

static int read_input(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	struct remote_input *self = (struct remote_input *)input;
	struct strata_input *inner =
		self->is_download ? &self->download.input : &self->memory.input;

	return inner->read(inner, bytes, capacity, got, error);
}

/* Open entry NUMBER, whose lock is held. */
static int open_entry(struct strata_remote *remote, uint32_t number, struct remote_input *input,
	struct strata_error *error)
{
	const struct entry *entry = &remote->entries[number];
	int status;

	if (entry->kind == ENTRY_BLOB) {
		input->is_download = true;
		strata_download_init(
			&input->download, &remote->repository, &entry->digest, entry->size);
		return 0;
	}
	status = need_text(remote, number, error);
	entry = &remote->entries[number];
	if (status == 0)
		strata_memory_input_init(&input->memory, entry->text, entry->size);
	return status;
}

int strata_remote_read(struct strata_remote *remote, const char *name, struct strata_input **result,
	struct strata_error *error)
{
	const struct strata_buffer *text = made_up(remote, name);
	strata_autofree struct remote_input *input = calloc(1, sizeof(*input));
	uint32_t number;
	int status = 0;

	if (!input)
		return strata_fail_memory(error);
	input->input.read = read_input;
	pthread_mutex_lock(&remote->lock);
	number = find_entry(remote, name);
	if (text)
		strata_memory_input_init(&input->memory, text->data, text->length);
	else if (number == STRATA_MAP_NONE)
		status = strata_fail(error, STRATA_ERROR_NOT_FOUND, "%s is missing", name);
	else
		status = open_entry(remote, number, input, error);
	pthread_mutex_unlock(&remote->lock);
	if (status == 0)
		*result = &strata_take(input)->input;
	return status;
}

void strata_remote_close(struct strata_input *input)
{
	struct remote_input *self = (struct remote_input *)input;

	if (self->is_download)
		strata_download_release(&self->download);
	free(self);
}

/* --- opening ---------------------------------------------------------------------------------- */

/* The index.json of a layout that would hold the image alone. */
static int make_index(struct strata_remote *remote, const struct entry *root, const char *type,
	struct strata_error *error)
{
	struct strata_json_writer json = {.buffer = &remote->index};
	const struct strata_remote_name *name = &remote->name;
	strata_autobuffer struct strata_buffer full = STRATA_BUFFER_INIT;

	strata_buffer_format(
		&full, "%s/%s:%s", name->host, name->repository, name->tag ? name->tag : "");
	strata_json_begin_object(&json);
	strata_json_member_size(&json, "schemaVersion", 2);
	strata_json_member_string(&json, "mediaType", STRATA_MEDIA_OCI_INDEX);
	strata_json_key(&json, "manifests");
	strata_json_begin_array(&json);
	strata_json_begin_object(&json);
	strata_json_member_string(&json, "mediaType", type);
	strata_json_member_string(&json, "digest", root->digest.text);
	strata_json_member_size(&json, "size", root->size);
	if (name->tag) {
		strata_json_key(&json, "annotations");
		strata_json_begin_object(&json);
		strata_json_member_string(&json, "io.containerd.image.name", full.data);
		strata_json_member_string(&json, "org.opencontainers.image.ref.name", name->tag);
		strata_json_end_object(&json);
	}
	strata_json_end_object(&json);
	strata_json_end_array(&json);
	strata_json_end_object(&json);
	if (strata_buffer_check(&full, error) < 0)
		return STRATA_ERROR_MEMORY;
	return strata_buffer_check(&remote->index, error);
}

static int check_type(const char *type, struct strata_error *error)
{
	enum strata_media_kind kind = strata_media_find(type)->kind;

	if (kind == STRATA_MEDIA_INDEX || kind == STRATA_MEDIA_MANIFEST)
		return 0;
	return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
		"it is of the type '%.100s', which is neither a manifest nor an index", type);
}

static int read_root(struct strata_remote *remote, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autofree char *type = NULL;
	struct entry root = {.kind = ENTRY_MANIFEST};
	int status = strata_manifest_get(&remote->repository,
		strata_remote_name_reference(&remote->name), &text, &type, &root.digest, error);

	root.size = text.length;
	if (status == 0)
		status = check_type(type, error);
	if (status == 0)
		status = add_entry(remote, &root.digest, root.size, ENTRY_MANIFEST, error);
	if (status == 0)
		status = add_children(remote, &text, error);
	if (status == 0)
		status = make_index(remote, &root, type, error);
	if (status < 0)
		return status;
	remote->entries[0].text = strata_buffer_take(&text);
	return remote->entries[0].text ? 0 : strata_fail_memory(error);
}

static void cleanup_remote(struct strata_remote **remote)
{
	strata_remote_free(*remote);
}

int strata_remote_open(
	const char *source, struct strata_remote **result, struct strata_error *error)
{
	STRATA_CLEANUP(cleanup_remote) struct strata_remote *remote = calloc(1, sizeof(*remote));
	struct strata_registry *registry;
	int status;

	if (!remote)
		return strata_fail_memory(error);
	remote->scopes = remote->index = (struct strata_buffer)STRATA_BUFFER_INIT;
	pthread_mutex_init(&remote->lock, NULL);
	status = strata_remote_name_parse(source, &remote->name, error);
	if (status == 0)
		status = strata_registry_current(&registry, &remote->own, error);
	if (status == 0)
		status = strata_client_host(
			registry, remote->name.host, &remote->repository.host, error);
	if (status < 0)
		return status;
	strata_buffer_format(&remote->scopes, "repository:%s:pull", remote->name.repository);
	status = strata_buffer_check(&remote->scopes, error);
	remote->repository.name = remote->name.repository;
	remote->repository.scopes = remote->scopes.data;
	if (status == 0)
		status = read_root(remote, error);
	if (status == 0)
		*result = strata_take(remote);
	return status;
}

void strata_remote_free(struct strata_remote *remote)
{
	if (!remote)
		return;
	for (size_t i = 0; i < remote->count; i++)
		free(remote->entries[i].text);
	free(remote->entries);
	strata_map_release(&remote->numbers);
	strata_arena_free(&remote->arena);
	strata_buffer_release(&remote->scopes);
	strata_buffer_release(&remote->index);
	strata_remote_name_release(&remote->name);
	strata_registry_close(remote->own);
	pthread_mutex_destroy(&remote->lock);
	free(remote);
}
