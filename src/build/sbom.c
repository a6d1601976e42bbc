/* SPDX-License-Identifier: Apache-2.0 */
#include "build/sbom.h"

#include <string.h>

#include "build/purl.h"
#include "util/error.h"
#include "util/memory.h"
#include "util/sha256.h"
#include "util/text.h"

enum { REFERENCE_LENGTH = 32, UUID_LENGTH = 36 };

static const char *keep(struct strata_sbom *sbom, const struct strata_buffer *buffer)
{
	if (buffer->failed)
		return NULL;
	return strata_arena_bytes(&sbom->arena, buffer->data, buffer->length);
}

static int describe_item(struct strata_sbom *sbom, uint32_t index,
	const struct strata_distribution *distribution, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer purl = STRATA_BUFFER_INIT;
	struct strata_sbom_item *entry = &sbom->items[index];
	char hex[STRATA_SHA256_HEX_SIZE];
	int status;

	entry->item = strata_graph_item(sbom->job->graph, index);
	entry->layer = STRATA_SBOM_NO_LAYER;
	if (strata_purl_architecture(entry->item))
		entry->source = entry->item->cause;
	status = strata_sha256_of(entry->item->id, strlen(entry->item->id), hex, error);
	if (status < 0)
		return status;
	strata_purl_append(&purl, entry->item, distribution);
	entry->purl = keep(sbom, &purl);
	entry->reference = strata_arena_bytes(&sbom->arena, hex, REFERENCE_LENGTH);
	return entry->purl && entry->reference ? 0 : strata_fail_memory(error);
}

static int describe_items(struct strata_sbom *sbom, struct strata_error *error)
{
	struct strata_distribution distribution = {STRATA_BUFFER_INIT, STRATA_BUFFER_INIT};
	int status = strata_distribution_read(sbom->job->request.root, &distribution, error);

	sbom->item_count = strata_graph_count(sbom->job->graph);
	sbom->items = strata_arena_array(&sbom->arena, sbom->item_count, sizeof(*sbom->items));
	if (status == 0 && !sbom->items)
		status = strata_fail_memory(error);
	for (uint32_t i = 0; status == 0 && i < sbom->item_count; i++)
		status = describe_item(sbom, i, &distribution, error);
	strata_distribution_release(&distribution);
	return status;
}

static void find_layers(struct strata_sbom *sbom)
{
	for (size_t i = 0; i < sbom->layer_count; i++) {
		const struct strata_layer *layer = &sbom->layers[i];

		for (size_t item = 0; item < layer->item_count; item++) {
			uint32_t index = strata_graph_find(sbom->job->graph, layer->items[item]);

			if (index != STRATA_GRAPH_NONE)
				sbom->items[index].layer = (uint32_t)i;
		}
	}
}

/* The chain ID: the first layer's is its diff ID; each other's is the digest of the one below, a
 * blank, and its diff ID. */
static int find_base(struct strata_sbom *sbom, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer chain = STRATA_BUFFER_INIT;
	char hex[STRATA_SHA256_HEX_SIZE];

	if (!sbom->job->base)
		return 0;
	for (size_t i = 0; i < sbom->layer_count && sbom->layers[i].base; i++) {
		if (i > 0)
			strata_buffer_byte(&chain, ' ');
		strata_buffer_string(&chain, sbom->layers[i].diff_id.text);
		if (i == 0)
			continue;
		if (strata_sha256_of(chain.data, chain.length, hex, error) < 0)
			return STRATA_ERROR_MEMORY;
		strata_buffer_truncate(&chain, 0);
		strata_buffer_format(&chain, STRATA_DIGEST_PREFIX "%s", hex);
	}
	sbom->base = keep(sbom, &chain);
	return sbom->base ? 0 : strata_fail_memory(error);
}

/* Names are those of the first output that has any. */
static const char *find_name(const struct strata_job *job)
{
	for (size_t i = 0; i < job->request.output_count; i++)
		if (job->request.outputs[i].name_count > 0)
			return job->request.outputs[i].names[0].name;
	return "image";
}

int strata_sbom_make(
	struct strata_sbom *sbom, const struct strata_job *job, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer time = STRATA_BUFFER_INIT;
	uint64_t size;
	int status;

	*sbom = (struct strata_sbom){.job = job, .name = find_name(job), .uuid = ""};
	sbom->digest = strata_image_manifest_digest(job->image, &size)->text;
	sbom->layers = strata_job_layers(job, &sbom->layer_count);
	if (!strata_text_time(&time, job->config.created))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"the creation time of the image cannot be written as a date");
	sbom->time = keep(sbom, &time);
	status = sbom->time ? describe_items(sbom, error) : strata_fail_memory(error);
	if (status < 0)
		return status;
	find_layers(sbom);
	return find_base(sbom, error);
}

void strata_sbom_release(struct strata_sbom *sbom)
{
	strata_arena_free(&sbom->arena);
}

/* A UUID of RFC 9562, version 8, made of a digest. */
static void make_uuid(const char *hex, char uuid[UUID_LENGTH + 1])
{
	static const char shape[] = "xxxxxxxx-xxxx-8xxx-8xxx-xxxxxxxxxxxx";

	for (size_t i = 0; i < UUID_LENGTH; i++)
		uuid[i] = shape[i] == 'x' ? *hex++ : shape[i];
	uuid[UUID_LENGTH] = '\0';
}

/* The document is written twice: its identifier is made of all the rest. */
static int write_document(struct strata_sbom *sbom, enum strata_sbom_format format,
	struct strata_buffer *buffer, struct strata_error *error)
{
	void (*write)(const struct strata_sbom *, struct strata_buffer *) =
		format == STRATA_SBOM_SPDX_JSON ? strata_sbom_write_spdx
						: strata_sbom_write_cyclonedx;
	char hex[STRATA_SHA256_HEX_SIZE], uuid[UUID_LENGTH + 1];
	int status;

	write(sbom, buffer);
	status = strata_buffer_check(buffer, error);
	if (status == 0)
		status = strata_sha256_of(buffer->data, buffer->length, hex, error);
	if (status < 0)
		return status;
	make_uuid(hex, uuid);
	sbom->uuid = uuid;
	strata_buffer_truncate(buffer, 0);
	write(sbom, buffer);
	sbom->uuid = "";
	return strata_buffer_check(buffer, error);
}

int strata_job_sbom(const struct strata_job *job, enum strata_sbom_format format, char **text,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;
	struct strata_sbom sbom;
	int status;

	if (!job->graph || !job->image)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"a bill of materials needs the graph and the layers of an image");
	status = strata_sbom_make(&sbom, job, error);
	if (status == 0)
		status = write_document(&sbom, format, &buffer, error);
	strata_sbom_release(&sbom);
	if (status < 0)
		return status;
	*text = strata_buffer_take(&buffer);
	return *text ? 0 : strata_fail_memory(error);
}
