/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pushing an image that exists: its manifest is looked for first, so that what is there already
 * costs one request; its blobs go up in parallel, and every document after those it refers to.
 */
#include <stratapack/registry.h>

#include <string.h>

#include "image/write/copy.h"
#include "registry/push/push.h"
#include "registry/push/source.h"
#include "registry/push/writer.h"
#include "util/error.h"
#include "util/text.h"

static int put_document(struct strata_push *push, const struct strata_source_document *document,
	bool *unknown, struct strata_error *error)
{
	struct strata_manifest_bytes manifest = {
		document->text.data, document->text.length, document->media_type, document->digest};

	return strata_push_put(push, &manifest, document->next == NULL, unknown, error);
}

static int bring_all(struct strata_push *push, const struct strata_source_content *content,
	bool *unknown, struct strata_error *error)
{
	int status = 0, waited;

	for (struct strata_source_blob *blob = content->blobs; status == 0 && blob;
		blob = blob->next)
		status = strata_push_add(push, &blob->source, error);
	/* Also where one failed: others may be on their way, and what they read must stay. */
	waited = strata_push_wait(push, status == 0 ? error : NULL);
	status = status == 0 ? waited : status;
	*unknown = false;
	for (const struct strata_source_document *document = content->documents;
		status == 0 && document; document = document->next)
		status = put_document(push, document, unknown, error);
	return status;
}

static int push_content(struct strata_push *push, const struct strata_source_content *content,
	struct strata_error *error)
{
	bool unknown;
	int status = strata_push_learn(push, error);

	if (status == 0)
		status = bring_all(push, content, &unknown, error);
	else
		return status;
	/* A registry may have lost what a manifest of its own refers to. */
	if (status < 0 && unknown) {
		strata_error_clear(error);
		strata_push_forget(push);
		status = bring_all(push, content, &unknown, error);
	}
	return status;
}

/* Give what is there the names that it lacks. */
static int name_root(struct strata_push *push, const struct strata_source_content *content,
	struct strata_error *error)
{
	const struct strata_source_document *root = content->documents;
	bool unknown;

	while (root->next)
		root = root->next;
	return put_document(push, root, &unknown, error);
}

static int push_root(struct strata_push *push, struct strata_reading *reading,
	const struct strata_digest *root, const char *media_type, struct strata_error *error)
{
	struct strata_source_content content = {.blobs = NULL};
	enum strata_push_found found;
	int status = strata_push_find(push, root, &found, error);

	if (status < 0 || found == STRATA_PUSH_DONE)
		return status;
	content.last = &content.documents;
	status = strata_source_gather(reading, root, media_type, &content, error);
	if (status == 0 && found == STRATA_PUSH_UNNAMED)
		status = name_root(push, &content, error);
	else if (status == 0)
		status = push_content(push, &content, error);
	strata_source_release(&content);
	return status;
}

/* *CONVERTS: it has no manifest that could be pushed. */
static int push_reading(struct strata_push *push, struct strata_reading *reading, bool all,
	bool *converts, struct strata_error *error)
{
	const struct strata_read_image *image;
	int status = 0;

	/* All images of one root are one index. */
	if (all && reading->count > 0 && reading->images[0].root.text[0]) {
		image = &reading->images[0];
		return push_root(push, reading, &image->root, image->root_media_type, error);
	}
	status = strata_source_choose(reading, &image, error);
	if (status < 0)
		return status;
	if (image->broken)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_FORMAT, "%s",
				reading->findings->first ? reading->findings->first
							 : "it is not sound"),
			"'stratapack verify' tells everything that is wrong with it");
	if (image->view != STRATA_VIEW_OCI) {
		*converts = true;
		return 0;
	}
	return push_root(push, reading, &image->manifest_digest, image->manifest_media_type, error);
}

/* Blobs that the source's registry is to push to itself are mounted. */
static int add_source_mount(const char *source, const struct strata_remote_name *target,
	struct strata_push_options *options, const char **mounts, struct strata_error *error)
{
	strata_autoremotename struct strata_remote_name name = {.host = NULL};
	int status;

	if (!strata_text_starts_with(source, STRATA_REGISTRY_TRANSPORT))
		return 0;
	status = strata_remote_name_parse(source, &name, error);
	if (status < 0 || strcmp(name.host, target->host) != 0 ||
		strcmp(name.repository, target->repository) == 0)
		return status;
	for (size_t i = 0; i < options->mount_from_count; i++)
		mounts[i + 1] = options->mount_from[i];
	mounts[0] = source;
	options->mount_from = mounts;
	options->mount_from_count++;
	return 0;
}

/* What is converted, and to what. */
struct conversion {
	struct strata_push *push;
	bool docker;
};

static int write_to(void *data, const struct strata_image *image, struct strata_error *error)
{
	const struct conversion *conversion = data;
	struct strata_push *push = conversion->push;
	struct strata_manifest_bytes manifest;
	enum strata_push_found found = STRATA_PUSH_MISSING;
	int status = strata_push_manifest_of(image, conversion->docker, &manifest, error);

	if (status == 0)
		status = strata_push_find(push, &manifest.digest, &found, error);
	if (status == 0 && found == STRATA_PUSH_MISSING)
		status = strata_push_learn(push, error);
	return status < 0 || found == STRATA_PUSH_DONE
		       ? status
		       : strata_push_write(push, image, &manifest, error);
}

/* An archive of Docker's becomes an image with a manifest first: only its digests tell what is
 * missing. */
static int push_converted(struct strata_push *push, struct strata_registry *registry,
	const char *source, bool docker, struct strata_error *error)
{
	struct conversion conversion = {push, docker};
	strata_autofree char *parent = strata_image_working_parent();

	return parent ? strata_image_convert(source, parent, true,
				strata_client_options(registry)->observer, write_to, &conversion,
				error)
		      : strata_fail_memory(error);
}

static int push_to(struct strata_registry *registry, const char *source,
	const struct strata_remote_name *names, size_t count,
	const struct strata_push_options *options, struct strata_error *error)
{
	struct strata_findings findings = {0};
	strata_autoreading struct strata_reading reading = {0};
	strata_autofree const char **mounts =
		strata_allocate(options->mount_from_count + 1, sizeof(*mounts));
	struct strata_push_options own = *options;
	struct strata_push *push = NULL;
	bool converts = false;
	int status = mounts ? 0 : strata_fail_memory(error);

	if (status == 0)
		status = add_source_mount(source, &names[0], &own, mounts, error);
	if (status == 0)
		status = strata_push_new(registry, names, count, &own, &push, error);
	if (status == 0)
		status = strata_reading_open(source, &findings, &reading, error);
	if (status == 0 && own.docker && own.all)
		status = strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"one image at a time is pushed under Docker's media types");
	converts = own.docker;
	if (status == 0 && !converts)
		status = strata_context(error,
			push_reading(push, &reading, own.all, &converts, error), "%s", source);
	if (status == 0 && converts)
		status = push_converted(push, registry, source, own.docker, error);
	if (status == 0 && options->result)
		strata_push_result(push, options->result);
	strata_push_free(push);
	strata_findings_release(&findings);
	return status;
}

int strata_registry_push(struct strata_registry *registry, const char *source,
	const char *const *names, size_t count, const struct strata_push_options *options,
	struct strata_error *error)
{
	static const struct strata_push_options usual;
	struct strata_remote_name *parsed = strata_allocate(count, sizeof(*parsed));
	struct strata_error own = STRATA_ERROR_INIT;
	struct strata_error *filled = error ? error : &own;
	int status = parsed ? 0 : strata_fail_memory(filled);

	if (count == 0)
		status = strata_fail(filled, STRATA_ERROR_INVALID, "there is no name to push to");
	for (size_t i = 0; status == 0 && i < count; i++)
		status = strata_remote_name_parse(names[i], &parsed[i], filled);
	if (status == 0)
		status = push_to(
			registry, source, parsed, count, options ? options : &usual, filled);
	for (size_t i = 0; parsed && i < count; i++)
		strata_remote_name_release(&parsed[i]);
	free(parsed);
	strata_error_clear(&own);
	return status;
}
