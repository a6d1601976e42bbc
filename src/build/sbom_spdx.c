/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bill of materials as JSON of SPDX 2.3: packages for the image, its layers and its items, and
 * relationships for what contains and what needs what.
 */
#include "build/sbom.h"

static void begin_package(
	struct strata_json_writer *json, const char *name, const char *kind, const char *reference)
{
	strata_autobuffer struct strata_buffer id = STRATA_BUFFER_INIT;

	strata_buffer_format(&id, "SPDXRef-%s-%s", kind, reference);
	strata_json_begin_object(json);
	strata_json_member_string(json, "name", name);
	strata_json_member_string(json, "SPDXID", id.data);
	strata_json_member_string(json, "downloadLocation", "NOASSERTION");
	strata_json_member_bool(json, "filesAnalyzed", false);
	json->buffer->failed |= id.failed;
}

static void write_checksum(struct strata_json_writer *json, const struct strata_digest *digest)
{
	strata_json_key(json, "checksums");
	strata_json_begin_array(json);
	strata_json_begin_object(json);
	strata_json_member_string(json, "algorithm", "SHA256");
	strata_json_member_string(json, "checksumValue", strata_digest_hex(digest));
	strata_json_end_object(json);
	strata_json_end_array(json);
}

static void write_image(struct strata_json_writer *json, const struct strata_sbom *sbom)
{
	uint64_t size;

	begin_package(json, sbom->name, "Image", "0");
	strata_json_member_string(json, "versionInfo", sbom->digest);
	strata_json_member_string(json, "primaryPackagePurpose", "CONTAINER");
	write_checksum(json, strata_image_manifest_digest(sbom->job->image, &size));
	strata_json_end_object(json);
	if (!sbom->base)
		return;
	begin_package(json, "base image", "Base", "0");
	strata_json_member_string(json, "versionInfo", sbom->base);
	strata_json_member_string(json, "primaryPackagePurpose", "CONTAINER");
	strata_json_member_string(
		json, "comment", "The version is the chain ID of the layers of this image.");
	strata_json_end_object(json);
}

static void write_layer(struct strata_json_writer *json, const struct strata_sbom *sbom, size_t i)
{
	strata_autobuffer struct strata_buffer number = STRATA_BUFFER_INIT;
	const struct strata_layer *layer = &sbom->layers[i];

	strata_buffer_format(&number, "%zu", i + 1);
	begin_package(json, layer->digest.text, "Layer", number.data);
	strata_json_member_string(json, "versionInfo", layer->diff_id.text);
	strata_json_member_string(json, "primaryPackagePurpose", "ARCHIVE");
	write_checksum(json, &layer->digest);
	strata_json_member_string(json, "comment", "The version is the diff ID of this layer.");
	strata_json_end_object(json);
	json->buffer->failed |= number.failed;
}

static void write_item(struct strata_json_writer *json, const struct strata_sbom_item *entry)
{
	begin_package(json, entry->item->name, "Item", entry->reference);
	if (*entry->item->version)
		strata_json_member_string(json, "versionInfo", entry->item->version);
	if (entry->source) {
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

		strata_buffer_format(&text, "built package from: %s", entry->source);
		strata_json_member_string(json, "sourceInfo", text.data);
	}
	strata_json_member_string(json, "comment", entry->item->id);
	strata_json_key(json, "externalRefs");
	strata_json_begin_array(json);
	strata_json_begin_object(json);
	strata_json_member_string(json, "referenceCategory", "PACKAGE-MANAGER");
	strata_json_member_string(json, "referenceType", "purl");
	strata_json_member_string(json, "referenceLocator", entry->purl);
	strata_json_end_object(json);
	strata_json_end_array(json);
	strata_json_end_object(json);
}

static void relate(
	struct strata_json_writer *json, const char *from, const char *type, const char *to)
{
	strata_json_begin_object(json);
	strata_json_member_string(json, "spdxElementId", from);
	strata_json_member_string(json, "relationshipType", type);
	strata_json_member_string(json, "relatedSpdxElement", to);
	strata_json_end_object(json);
}

/* What holds an item: its layer, or the base. */
static void relate_item(
	struct strata_json_writer *json, const struct strata_sbom *sbom, uint32_t index)
{
	const struct strata_sbom_item *entry = &sbom->items[index];
	strata_autobuffer struct strata_buffer from = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer to = STRATA_BUFFER_INIT;

	strata_buffer_format(&to, "SPDXRef-Item-%s", entry->reference);
	if (entry->layer == STRATA_SBOM_NO_LAYER)
		strata_buffer_string(&from, sbom->base ? "SPDXRef-Base-0" : "SPDXRef-Image-0");
	else
		strata_buffer_format(&from, "SPDXRef-Layer-%u", entry->layer + 1);
	relate(json, from.data, "CONTAINS", to.data);
	for (uint32_t i = 0; i < entry->item->reference_count; i++) {
		const struct strata_sbom_item *other = &sbom->items[entry->item->references[i]];

		strata_buffer_truncate(&from, 0);
		strata_buffer_format(&from, "SPDXRef-Item-%s", other->reference);
		relate(json, to.data, "DEPENDS_ON", from.data);
	}
	json->buffer->failed |= from.failed || to.failed;
}

static void write_relationships(struct strata_json_writer *json, const struct strata_sbom *sbom)
{
	strata_json_key(json, "relationships");
	strata_json_begin_array(json);
	relate(json, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image-0");
	if (sbom->base)
		relate(json, "SPDXRef-Image-0", "DESCENDANT_OF", "SPDXRef-Base-0");
	for (size_t i = 0; i < sbom->layer_count; i++) {
		strata_autobuffer struct strata_buffer layer = STRATA_BUFFER_INIT;

		strata_buffer_format(&layer, "SPDXRef-Layer-%zu", i + 1);
		relate(json, "SPDXRef-Image-0", "CONTAINS", layer.data);
		json->buffer->failed |= layer.failed;
	}
	for (uint32_t i = 0; i < sbom->item_count; i++)
		relate_item(json, sbom, i);
	strata_json_end_array(json);
}

static void write_creation(struct strata_json_writer *json, const struct strata_sbom *sbom)
{
	strata_json_key(json, "creationInfo");
	strata_json_begin_object(json);
	strata_json_member_string(json, "created", sbom->time);
	strata_json_key(json, "creators");
	strata_json_begin_array(json);
	strata_json_write_string(json, "Tool: stratapack-" STRATA_VERSION);
	strata_json_end_array(json);
	strata_json_end_object(json);
}

void strata_sbom_write_spdx(const struct strata_sbom *sbom, struct strata_buffer *buffer)
{
	struct strata_json_writer json = {.buffer = buffer, .indented = true};
	strata_autobuffer struct strata_buffer space = STRATA_BUFFER_INIT;

	strata_buffer_format(&space, "urn:uuid:%s", sbom->uuid);
	strata_json_begin_object(&json);
	strata_json_member_string(&json, "spdxVersion", "SPDX-2.3");
	strata_json_member_string(&json, "dataLicense", "CC0-1.0");
	strata_json_member_string(&json, "SPDXID", "SPDXRef-DOCUMENT");
	strata_json_member_string(&json, "name", sbom->name);
	strata_json_member_string(&json, "documentNamespace", space.data);
	write_creation(&json, sbom);
	strata_json_key(&json, "packages");
	strata_json_begin_array(&json);
	write_image(&json, sbom);
	for (size_t i = 0; i < sbom->layer_count; i++)
		write_layer(&json, sbom, i);
	for (uint32_t i = 0; i < sbom->item_count; i++)
		write_item(&json, &sbom->items[i]);
	strata_json_end_array(&json);
	write_relationships(&json, sbom);
	strata_json_end_object(&json);
	strata_buffer_byte(buffer, '\n');
	buffer->failed |= space.failed;
}
