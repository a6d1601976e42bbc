/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bill of materials as JSON of CycloneDX 1.6. Items stand beside the layers and name theirs in a
 * property: readers such as scanners look at the components of the document, not at those within
 * others.
 */
#include "build/sbom.h"

static void write_hash(struct strata_json_writer *json, const struct strata_digest *digest)
{
	strata_json_key(json, "hashes");
	strata_json_begin_array(json);
	strata_json_begin_object(json);
	strata_json_member_string(json, "alg", "SHA-256");
	strata_json_member_string(json, "content", strata_digest_hex(digest));
	strata_json_end_object(json);
	strata_json_end_array(json);
}

static void write_property(struct strata_json_writer *json, const char *name, const char *value)
{
	strata_json_begin_object(json);
	strata_json_member_string(json, "name", name);
	strata_json_member_string(json, "value", value);
	strata_json_end_object(json);
}

static void begin_component(
	struct strata_json_writer *json, const char *type, const char *reference, const char *name)
{
	strata_json_begin_object(json);
	strata_json_member_string(json, "type", type);
	strata_json_member_string(json, "bom-ref", reference);
	strata_json_member_string(json, "name", name);
}

static void write_image(struct strata_json_writer *json, const struct strata_sbom *sbom)
{
	uint64_t size;

	begin_component(json, "container", "image", sbom->name);
	strata_json_member_string(json, "version", sbom->digest);
	write_hash(json, strata_image_manifest_digest(sbom->job->image, &size));
	if (sbom->base) {
		strata_json_key(json, "pedigree");
		strata_json_begin_object(json);
		strata_json_key(json, "ancestors");
		strata_json_begin_array(json);
		begin_component(json, "container", "base", "base image");
		strata_json_member_string(json, "version", sbom->base);
		strata_json_end_object(json);
		strata_json_end_array(json);
		strata_json_end_object(json);
	}
	strata_json_end_object(json);
}

static void write_metadata(struct strata_json_writer *json, const struct strata_sbom *sbom)
{
	strata_json_key(json, "metadata");
	strata_json_begin_object(json);
	strata_json_member_string(json, "timestamp", sbom->time);
	strata_json_key(json, "tools");
	strata_json_begin_object(json);
	strata_json_key(json, "components");
	strata_json_begin_array(json);
	strata_json_begin_object(json);
	strata_json_member_string(json, "type", "application");
	strata_json_member_string(json, "name", "stratapack");
	strata_json_member_string(json, "version", STRATA_VERSION);
	strata_json_end_object(json);
	strata_json_end_array(json);
	strata_json_end_object(json);
	strata_json_key(json, "component");
	write_image(json, sbom);
	strata_json_end_object(json);
}

static void layer_reference(struct strata_buffer *buffer, uint32_t layer)
{
	strata_buffer_truncate(buffer, 0);
	if (layer == STRATA_SBOM_NO_LAYER)
		strata_buffer_string(buffer, "base");
	else
		strata_buffer_format(buffer, "layer-%u", layer + 1);
}

static void write_layer(struct strata_json_writer *json, const struct strata_sbom *sbom, uint32_t i)
{
	strata_autobuffer struct strata_buffer reference = STRATA_BUFFER_INIT;
	const struct strata_layer *layer = &sbom->layers[i];

	layer_reference(&reference, i);
	begin_component(json, "file", reference.data, layer->digest.text);
	write_hash(json, &layer->digest);
	strata_json_key(json, "properties");
	strata_json_begin_array(json);
	write_property(json, "stratapack:diffId", layer->diff_id.text);
	strata_json_end_array(json);
	strata_json_end_object(json);
	json->buffer->failed |= reference.failed;
}

static void write_item(
	struct strata_json_writer *json, const struct strata_sbom *sbom, uint32_t index)
{
	const struct strata_sbom_item *entry = &sbom->items[index];
	strata_autobuffer struct strata_buffer layer = STRATA_BUFFER_INIT;

	layer_reference(&layer, entry->layer);
	begin_component(json, "library", entry->reference, entry->item->name);
	if (*entry->item->version)
		strata_json_member_string(json, "version", entry->item->version);
	strata_json_member_string(json, "purl", entry->purl);
	strata_json_key(json, "properties");
	strata_json_begin_array(json);
	write_property(json, "stratapack:item", entry->item->id);
	write_property(json, "stratapack:layer", layer.data);
	if (entry->layer != STRATA_SBOM_NO_LAYER)
		write_property(
			json, "stratapack:layer:diffId", sbom->layers[entry->layer].diff_id.text);
	if (entry->source)
		write_property(json, "stratapack:source", entry->source);
	strata_json_end_array(json);
	strata_json_end_object(json);
	json->buffer->failed |= layer.failed;
}

/* What the component with REFERENCE needs: the items with these indices. */
static void write_dependency(struct strata_json_writer *json, const struct strata_sbom *sbom,
	const char *reference, const uint32_t *indices, uint32_t count)
{
	strata_json_begin_object(json);
	strata_json_member_string(json, "ref", reference);
	strata_json_key(json, "dependsOn");
	strata_json_begin_array(json);
	for (uint32_t i = 0; i < count; i++)
		strata_json_write_string(json, sbom->items[indices[i]].reference);
	strata_json_end_array(json);
	strata_json_end_object(json);
}

static void write_dependencies(struct strata_json_writer *json, const struct strata_sbom *sbom)
{
	uint32_t count;
	const uint32_t *roots = strata_graph_roots(sbom->job->graph, &count);

	strata_json_key(json, "dependencies");
	strata_json_begin_array(json);
	write_dependency(json, sbom, "image", roots, count);
	for (uint32_t i = 0; i < sbom->item_count; i++)
		write_dependency(json, sbom, sbom->items[i].reference,
			sbom->items[i].item->references, sbom->items[i].item->reference_count);
	strata_json_end_array(json);
}

void strata_sbom_write_cyclonedx(const struct strata_sbom *sbom, struct strata_buffer *buffer)
{
	struct strata_json_writer json = {.buffer = buffer, .indented = true};
	strata_autobuffer struct strata_buffer serial = STRATA_BUFFER_INIT;

	strata_buffer_format(&serial, "urn:uuid:%s", sbom->uuid);
	strata_json_begin_object(&json);
	strata_json_member_string(&json, "bomFormat", "CycloneDX");
	strata_json_member_string(&json, "specVersion", "1.6");
	strata_json_member_string(&json, "serialNumber", serial.data);
	strata_json_member_size(&json, "version", 1);
	write_metadata(&json, sbom);
	strata_json_key(&json, "components");
	strata_json_begin_array(&json);
	for (size_t i = 0; i < sbom->layer_count; i++)
		write_layer(&json, sbom, (uint32_t)i);
	for (uint32_t i = 0; i < sbom->item_count; i++)
		write_item(&json, sbom, i);
	strata_json_end_array(&json);
	write_dependencies(&json, sbom);
	strata_json_end_object(&json);
	strata_buffer_byte(buffer, '\n');
	buffer->failed |= serial.failed;
}
