/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/push/push.h"

#include <pthread.h>

#include <stdatomic.h>
#include <string.h>

#include "oci/media_types.h"
#include "registry/push/upload.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/json.h"
#include "util/map.h"

enum {
	WORKERS = 16,     /* who look for blobs; fewer of them may send at a time */
	MOST_MOUNTS = 64, /* repositories */
};

/* What a name led to when it was asked for. */
enum name_state {
	NAME_UNKNOWN,
	NAME_FREE,
	NAME_OTHER, /* another image */
	NAME_DONE,  /* what is pushed */
};

/* What is known of a digest. */
enum knowledge {
	ADDED,
	THERE,
	MOUNTABLE, /* and the number of the repository is added to it */
};

struct queued {
	struct strata_blob_source blob;
	const char *mount; /* a repository that has it, or NULL */
	struct queued *next;
};

struct strata_push {
	struct strata_registry *registry;
	const struct strata_remote_name *names;
	size_t count;
	enum name_state *states; /* of names */
	struct strata_push_options options;
	struct strata_repository repository;
	struct strata_buffer scopes;
	const char *mounts[MOST_MOUNTS]; /* repositories; in the arena */
	size_t mount_count;
	_Atomic uint64_t chunk;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct strata_arena arena;
	struct strata_map known; /* digests, to enum knowledge */
	struct queued *first, **last;
	size_t unfinished; /* blobs that were added and are not there yet */
	size_t sending;
	pthread_t threads[WORKERS];
	size_t thread_count, idle;
	bool ending;
	struct strata_error error; /* of the first blob that failed */
	struct strata_push_result result;

	struct strata_digest present; /* what the first name that led anywhere led to */
};

/* --- what is known ---------------------------------------------------------------------------- */

static int know(struct strata_push *push, const char *digest, uint32_t what)
{
	const char *key = strata_arena_string(&push->arena, digest);

	return key && strata_map_put(&push->known, key, what) == 0 ? 0 : -1;
}

/* Note the blobs of the manifest in TEXT, unless something is known of them already. Of an index
 * nothing is known but that it is there. */
static int know_blobs(struct strata_push *push, const struct strata_buffer *text, uint32_t what,
	struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;
	const struct strata_json *layers, *config;
	struct strata_digest digest;
	int status = 0;

	if (strata_json_parse("manifest", text->data, text->length, &document, NULL) < 0)
		return 0;
	layers = strata_json_member(document, "layers");
	config = strata_json_member(document, "config");
	pthread_mutex_lock(&push->lock);
	for (size_t i = 0; status == 0 && i <= strata_json_count(layers); i++) {
		const struct strata_json *descriptor =
			i == 0 ? config : strata_json_at(layers, i - 1);
		const char *found = strata_json_string(strata_json_member(descriptor, "digest"));

		if (found && strata_digest_parse(found, &digest) &&
			strata_map_get(&push->known, digest.text) == STRATA_MAP_NONE)
			status = know(push, digest.text, what);
	}
	pthread_mutex_unlock(&push->lock);
	return status < 0 ? strata_fail_memory(error) : 0;
}

/* What the first name that leads anywhere leads to now. */
static int learn_present(struct strata_push *push, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autofree char *type = NULL;
	struct strata_error problem = STRATA_ERROR_INIT;
	struct strata_digest digest;
	size_t index = 0;
	int status;

	while (index < push->count && push->states[index] == NAME_FREE)
		index++;
	if (index == push->count)
		return 0;
	status = strata_manifest_get(&push->repository,
		strata_remote_name_reference(&push->names[index]), &text, &type, &digest, &problem);
	/* A new name, or one that leads to what we cannot read, teaches nothing. */
	if (status == STRATA_ERROR_NOT_FOUND || status == STRATA_ERROR_FORMAT ||
		status == STRATA_ERROR_MISMATCH) {
		strata_error_clear(&problem);
		return 0;
	}
	if (status < 0 && error)
		*error = problem;
	else
		strata_error_clear(&problem);
	if (status < 0)
		return status;
	push->present = digest;
	if (push->count == 1)
		push->states[index] = NAME_OTHER;
	return know_blobs(push, &text, THERE, error);
}

bool strata_push_has(const struct strata_push *push, const struct strata_digest *digest)
{
	return push->count == 1 && strata_digest_equal(&push->present, digest);
}

/* Read what may be mounted. That an image cannot be read is no reason not to push. */
static int learn_mounts(struct strata_push *push, struct strata_error *error)
{
	for (size_t i = 0; i < push->options.mount_from_count && i < MOST_MOUNTS; i++) {
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
		strata_autoremotename struct strata_remote_name name = {.host = NULL};
		strata_autofree char *type = NULL;
		struct strata_error problem = STRATA_ERROR_INIT;
		struct strata_repository from = push->repository;
		struct strata_digest digest;
		int status = strata_remote_name_parse(push->options.mount_from[i], &name, error);

		if (status < 0)
			return status;
		from.name = name.repository;
		status = strata_manifest_get(&from, strata_remote_name_reference(&name), &text,
			&type, &digest, &problem);
		if (status < 0)
			strata_note(strata_client_observer(from.host), "nothing is mounted: %s",
				problem.message ? problem.message : name.repository);
		strata_error_clear(&problem);
		if (status < 0)
			continue;
		push->mounts[push->mount_count] =
			strata_arena_string(&push->arena, name.repository);
		if (!push->mounts[push->mount_count])
			return strata_fail_memory(error);
		status = know_blobs(push, &text,
			strcmp(name.repository, push->repository.name) == 0
				? THERE
				: MOUNTABLE + (uint32_t)push->mount_count,
			error);
		push->mount_count++;
		if (status < 0)
			return status;
	}
	return 0;
}

int strata_push_learn(struct strata_push *push, struct strata_error *error)
{
	int status = learn_present(push, error);

	return status < 0 ? status : learn_mounts(push, error);
}

void strata_push_forget(struct strata_push *push)
{
	pthread_mutex_lock(&push->lock);
	strata_map_release(&push->known);
	push->known = (struct strata_map)STRATA_MAP_INIT;
	push->result.blobs_present = 0;
	pthread_mutex_unlock(&push->lock);
}

/* --- blobs ------------------------------------------------------------------------------------ */

/* Wait for a turn to send; those who only look need none. Returns false where all is over. */
static bool begin_sending(struct strata_push *push)
{
	size_t most = strata_client_options(push->registry)->transfers;
	bool goes_on;

	pthread_mutex_lock(&push->lock);
	while (push->sending >= most && !push->ending && push->error.status == STRATA_OK)
		pthread_cond_wait(&push->changed, &push->lock);
	goes_on = !push->ending && push->error.status == STRATA_OK;
	push->sending += goes_on;
	pthread_mutex_unlock(&push->lock);
	return goes_on;
}

static void end_sending(struct strata_push *push)
{
	pthread_mutex_lock(&push->lock);
	push->sending--;
	pthread_cond_broadcast(&push->changed);
	pthread_mutex_unlock(&push->lock);
}

static void count(struct strata_push *push, const struct strata_blob_source *blob,
	enum strata_upload_outcome outcome)
{
	pthread_mutex_lock(&push->lock);
	if (outcome == STRATA_UPLOAD_SENT) {
		push->result.blobs_sent++;
		push->result.bytes_sent += blob->size;
	} else if (outcome == STRATA_UPLOAD_MOUNTED) {
		push->result.blobs_mounted++;
	} else {
		push->result.blobs_present++;
	}
	pthread_mutex_unlock(&push->lock);
}

static int bring(struct strata_push *push, const struct queued *queued, struct strata_error *error)
{
	const struct strata_blob_source *blob = &queued->blob;
	enum strata_upload_outcome outcome = STRATA_UPLOAD_PRESENT;
	bool there = false;
	int status = 0;

	/* A mount finds out by itself. */
	if (!queued->mount)
		status = strata_blob_head(&push->repository, &blob->digest, &there, error);
	if (status == 0 && !there) {
		if (!begin_sending(push))
			return 0;
		status = strata_blob_upload(
			&push->repository, blob, queued->mount, &push->chunk, &outcome, error);
		end_sending(push);
	}
	if (status == 0)
		count(push, blob, outcome);
	return status;
}

static void *work(void *data)
{
	struct strata_push *push = data;

	pthread_mutex_lock(&push->lock);
	for (;;) {
		struct strata_error error = STRATA_ERROR_INIT;
		struct queued *queued = push->first;

		if (push->ending)
			break;
		if (!queued) {
			push->idle++;
			pthread_cond_wait(&push->changed, &push->lock);
			push->idle--;
			continue;
		}
		push->first = queued->next;
		if (!push->first)
			push->last = &push->first;
		if (push->error.status == STRATA_OK) {
			pthread_mutex_unlock(&push->lock);
			bring(push, queued, &error);
			pthread_mutex_lock(&push->lock);
		}
		if (error.status != STRATA_OK && push->error.status == STRATA_OK)
			push->error = error;
		else
			strata_error_clear(&error);
		push->unfinished--;
		free(queued);
		pthread_cond_broadcast(&push->changed);
	}
	pthread_mutex_unlock(&push->lock);
	return NULL;
}

/* Give ERROR a copy of what went wrong with some blob. With the lock held. */
static int failure(const struct strata_push *push, struct strata_error *error)
{
	int status = push->error.status;

	if (status == STRATA_OK)
		return 0;
	strata_fail(error, (enum strata_status)status, "%s",
		push->error.message ? push->error.message : "out of memory");
	if (push->error.hint)
		strata_hint(error, status, "%s", push->error.hint);
	return status;
}

static int enqueue(
	struct strata_push *push, const struct strata_blob_source *blob, const char *mount)
{
	struct queued *queued = malloc(sizeof(*queued));

	if (!queued)
		return -1;
	*queued = (struct queued){*blob, mount, NULL};
	*push->last = queued;
	push->last = &queued->next;
	push->unfinished++;
	if (push->idle == 0 && push->thread_count < WORKERS &&
		pthread_create(&push->threads[push->thread_count], NULL, work, push) == 0)
		push->thread_count++;
	pthread_cond_broadcast(&push->changed);
	return push->thread_count > 0 ? 0 : -1;
}

int strata_push_add(
	struct strata_push *push, const struct strata_blob_source *blob, struct strata_error *error)
{
	uint32_t what;
	int status;

	pthread_mutex_lock(&push->lock);
	what = strata_map_get(&push->known, blob->digest.text);
	status = failure(push, error);
	if (status == 0 && what == THERE)
		push->result.blobs_present++;
	if (status == 0 && (what == STRATA_MAP_NONE || what >= MOUNTABLE)) {
		const char *mount = what == STRATA_MAP_NONE ? NULL : push->mounts[what - MOUNTABLE];

		if (know(push, blob->digest.text, ADDED) < 0 || enqueue(push, blob, mount) < 0)
			status = strata_fail_memory(error);
	}
	pthread_mutex_unlock(&push->lock);
	return status;
}

int strata_push_wait(struct strata_push *push, struct strata_error *error)
{
	int status;

	pthread_mutex_lock(&push->lock);
	while (push->unfinished > 0)
		pthread_cond_wait(&push->changed, &push->lock);
	status = failure(push, error);
	pthread_mutex_unlock(&push->lock);
	return status;
}

/* --- manifests -------------------------------------------------------------------------------- */

static int ask_for_name(struct strata_push *push, size_t index, const struct strata_digest *digest,
	struct strata_error *error)
{
	struct strata_digest found;
	bool there;
	int status = strata_manifest_head(&push->repository,
		strata_remote_name_reference(&push->names[index]), &there, &found, error);

	if (status == 0 && !there)
		push->states[index] = NAME_FREE;
	else if (status == 0)
		push->states[index] = strata_digest_equal(&found, digest) ? NAME_DONE : NAME_OTHER;
	return status;
}

int strata_push_find(struct strata_push *push, const struct strata_digest *digest,
	enum strata_push_found *found, struct strata_error *error)
{
	size_t done = 0;

	for (size_t i = 0; i < push->count; i++) {
		int status = ask_for_name(push, i, digest, error);

		if (status < 0)
			return status;
		done += push->states[i] == NAME_DONE;
	}
	if (done > 0) {
		pthread_mutex_lock(&push->lock);
		push->result.digest = *digest;
		pthread_mutex_unlock(&push->lock);
	}
	*found = done == push->count ? STRATA_PUSH_DONE
		 : done > 0          ? STRATA_PUSH_UNNAMED
				     : STRATA_PUSH_MISSING;
	return 0;
}

static int check_digests(const struct strata_push *push,
	const struct strata_manifest_bytes *manifest, struct strata_error *error)
{
	for (size_t i = 0; i < push->count; i++) {
		const struct strata_digest *wanted = &push->names[i].digest;

		if (wanted->text[0] && !strata_digest_equal(wanted, &manifest->digest))
			return strata_fail(error, STRATA_ERROR_MISMATCH,
				"the image is to be pushed as %s, but it is %s", wanted->text,
				manifest->digest.text);
	}
	return 0;
}

int strata_push_put(struct strata_push *push, const struct strata_manifest_bytes *manifest,
	bool tagged, bool *unknown, struct strata_error *error)
{
	strata_autofree const char **tags = strata_allocate(push->count, sizeof(*tags));
	size_t tag_count = 0;
	int status = tagged ? check_digests(push, manifest, error) : 0;

	*unknown = false;
	if (!tags)
		return strata_fail_memory(error);
	for (size_t i = 0; tagged && i < push->count; i++) {
		if (push->names[i].tag && push->states[i] != NAME_DONE)
			tags[tag_count++] = push->names[i].tag;
	}
	if (status == 0)
		status = strata_manifest_put_tags(
			&push->repository, manifest, tags, tag_count, unknown, error);
	if (status == 0 && tagged) {
		pthread_mutex_lock(&push->lock);
		push->result.digest = manifest->digest;
		pthread_mutex_unlock(&push->lock);
	}
	return status;
}

void strata_push_result(struct strata_push *push, struct strata_push_result *result)
{
	pthread_mutex_lock(&push->lock);
	*result = push->result;
	pthread_mutex_unlock(&push->lock);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int check_names(
	const struct strata_remote_name *names, size_t count, struct strata_error *error)
{
	for (size_t i = 1; i < count; i++) {
		if (strcmp(names[i].host, names[0].host) != 0 ||
			strcmp(names[i].repository, names[0].repository) != 0)
			return strata_fail(error, STRATA_ERROR_INVALID,
				"one push goes to one repository, not to %s/%s and %s/%s",
				names[0].host, names[0].repository, names[i].host,
				names[i].repository);
	}
	return 0;
}

/* What we may need to do, so that one token will do: here first, then elsewhere. */
static int make_scopes(struct strata_push *push, struct strata_error *error)
{
	const struct strata_push_options *options = &push->options;

	strata_buffer_format(&push->scopes, "repository:%s:pull,push", push->names[0].repository);
	for (size_t i = 0; i < options->mount_from_count; i++) {
		strata_autoremotename struct strata_remote_name name = {.host = NULL};
		int status = strata_remote_name_parse(options->mount_from[i], &name, error);

		if (status < 0)
			return status;
		if (strcmp(name.host, push->names[0].host) != 0)
			return strata_fail(error, STRATA_ERROR_INVALID,
				"blobs are mounted from the registry that is pushed to, %s, not "
				"from %s",
				push->names[0].host, name.host);
		strata_buffer_format(&push->scopes, " repository:%s:pull", name.repository);
	}
	return strata_buffer_check(&push->scopes, error);
}

int strata_push_new(struct strata_registry *registry, const struct strata_remote_name *names,
	size_t count_of_names, const struct strata_push_options *options,
	struct strata_push **result, struct strata_error *error)
{
	strata_autopush struct strata_push *push = calloc(1, sizeof(*push));
	int status;

	if (!push)
		return strata_fail_memory(error);
	push->registry = registry;
	push->names = names;
	push->count = count_of_names;
	push->states = strata_allocate(count_of_names, sizeof(*push->states));
	if (options)
		push->options = *options;
	push->scopes = (struct strata_buffer)STRATA_BUFFER_INIT;
	push->last = &push->first;
	atomic_init(&push->chunk, strata_client_options(registry)->chunk_size);
	pthread_mutex_init(&push->lock, NULL);
	pthread_cond_init(&push->changed, NULL);
	status = push->states ? check_names(names, count_of_names, error)
			      : strata_fail_memory(error);
	if (status == 0)
		status = make_scopes(push, error);
	if (status == 0)
		status = strata_client_host(registry, names[0].host, &push->repository.host, error);
	if (status < 0)
		return status;
	push->repository.name = names[0].repository;
	push->repository.scopes = push->scopes.data;
	*result = strata_take(push);
	return 0;
}

void strata_push_free(struct strata_push *push)
{
	if (!push)
		return;
	pthread_mutex_lock(&push->lock);
	push->ending = true;
	pthread_cond_broadcast(&push->changed);
	pthread_mutex_unlock(&push->lock);
	for (size_t i = 0; i < push->thread_count; i++)
		pthread_join(push->threads[i], NULL);
	while (push->first) {
		struct queued *queued = push->first;

		push->first = queued->next;
		free(queued);
	}
	strata_error_clear(&push->error);
	strata_map_release(&push->known);
	strata_arena_free(&push->arena);
	strata_buffer_release(&push->scopes);
	pthread_mutex_destroy(&push->lock);
	pthread_cond_destroy(&push->changed);
	free(push->states);
	free(push);
}

void strata_cleanup_push(struct strata_push **push)
{
	strata_push_free(*push);
}
