/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The config of an image: what containers run as, its diff IDs and its history (OCI image-spec,
 * config.md).
 */
#include <string.h>

#include "image/base/base_image.h"
#include "image/provenance/provenance.h"
#include "image/write/image.h"
#include "oci/platform.h"
#include "util/arena.h"
#include "util/sha256.h"
#include "util/text.h"

/* The history names the items in each layer. Together, these texts stay well below the size of a
 * config that registries take. */
enum { HISTORY_BUDGET = 2 * 1024 * 1024 };

int strata_document_seal(
	struct strata_document *document, struct strata_buffer *buffer, struct strata_error *error)
{
	char hex[STRATA_SHA256_HEX_SIZE];
	int status = strata_buffer_check(buffer, error);

	if (status == 0 && !strata_text_is_utf8(buffer->data, buffer->length))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"an image's config and manifest are UTF-8, and a text for them is "
				"not"),
			"look at labels, annotations, environment and the other texts given");
	if (status == 0)
		status = strata_sha256_of(buffer->data, buffer->length, hex, error);
	if (status < 0)
		return status;
	document->size = buffer->length;
	document->text = strata_buffer_take(buffer);
	if (!document->text)
		return strata_fail_memory(error);
	snprintf(document->digest.text, sizeof(document->digest.text), STRATA_DIGEST_PREFIX "%s",
		hex);
	return 0;
}

static void write_strings(
	struct strata_json_writer *json, const char *key, const char *const *strings, size_t count)
{
	if (count == 0)
		return;
	strata_json_key(json, key);
	strata_json_begin_array(json);
	for (size_t i = 0; i < count; i++)
		strata_json_write_string(json, strings[i]);
	strata_json_end_array(json);
}

bool strata_pairs_overridden(const struct strata_pair *pairs, size_t count, size_t index)
{
	for (size_t later = index + 1; later < count; later++) {
		if (strcmp(pairs[later].key, pairs[index].key) == 0)
			return true;
	}
	return false;
}

/* A set, as Go writes it: an object whose members are empty objects. */
static void write_set(
	struct strata_json_writer *json, const char *key, const char *const *strings, size_t count)
{
	if (count == 0)
		return;
	strata_json_key(json, key);
	strata_json_begin_object(json);
	for (size_t i = 0; i < count; i++) {
		bool repeated = false;

		for (size_t k = 0; k < i && !repeated; k++)
			repeated = strcmp(strings[k], strings[i]) == 0;
		if (repeated)
			continue;
		strata_json_key(json, strings[i]);
		strata_json_begin_object(json);
		strata_json_end_object(json);
	}
	strata_json_end_object(json);
}

/* containerd takes a label, with its key, of at most so many bytes. */
enum { LONGEST_LABEL = 4096 };

static int check_labels(const struct strata_image_config *config, struct strata_error *error)
{
	for (size_t i = 0; i < config->label_count; i++) {
		const struct strata_pair *label = &config->labels[i];
		size_t length = strlen(label->key) + strlen(label->value);

		if (length > LONGEST_LABEL)
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_INVALID,
					"the label '%.80s' has %zu bytes with its key; containerd starts "
					"no container of an image with a label of more than %d",
					label->key, length, LONGEST_LABEL),
				"put long texts into an annotation or a file");
	}
	return 0;
}

/* Write the "config" member's object: what a container runs as. Members follow the OCI image
 * specification's config.md; absent ones are left out. */
static int write_execution(struct strata_json_writer *json,
	const struct strata_image_config *config, bool own_command, struct strata_error *error)
{
	int status;

	status = check_labels(config, error);
	if (status < 0)
		return status;
	strata_json_begin_object(json);
	strata_json_member_string(json, "User", config->user);
	write_set(json, "ExposedPorts", config->exposed_ports, config->exposed_port_count);
	write_strings(json, "Env", config->env, config->env_count);
	write_strings(json, "Entrypoint", config->entrypoint, config->entrypoint_count);
	write_strings(json, "Cmd", config->cmd, config->cmd_count);
	write_set(json, "Volumes", config->volumes, config->volume_count);
	strata_json_member_string(json, "WorkingDir", config->working_directory);
	if (config->label_count > 0) {
		strata_json_key(json, "Labels");
		strata_json_begin_object(json);
		for (size_t i = 0; i < config->label_count; i++) {
			if (!strata_pairs_overridden(config->labels, config->label_count, i))
				strata_json_member_string(
					json, config->labels[i].key, config->labels[i].value);
		}
		strata_json_end_object(json);
	}
	strata_json_member_string(json, "StopSignal", config->stop_signal);
	for (size_t i = 0; i < config->member_count; i++) {
		strata_json_key(json, config->members[i].key);
		strata_json_write_raw(json, config->members[i].value);
	}
	status = strata_base_write_other_members(json, config, own_command, error);
	strata_json_end_object(json);
	return status;
}

static void write_comment(
	struct strata_json_writer *json, const struct strata_layer *layer, size_t budget)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	strata_provenance_write_items(&text, layer, budget);
	json->buffer->failed = json->buffer->failed || text.failed;
	strata_json_member_string(json, "comment", text.data);
}

/* What no layer holds: the versions of the items, those that a base has in a label included. */
static void write_versions(struct strata_json_writer *json, const struct strata_image *image,
	const struct strata_image_config *config)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	bool any = strata_provenance_write_versions(
		&text, config->plan, strata_base_label(config->base, STRATA_VERSIONS_LABEL));

	json->buffer->failed = json->buffer->failed || text.failed;
	if (!any)
		return;
	strata_json_begin_object(json);
	strata_json_member_string(json, "created", image->created);
	strata_json_member_string(json, "created_by", STRATA_VERSIONS_AUTHOR);
	strata_json_member_string(json, "comment", text.data);
	strata_json_member_bool(json, "empty_layer", true);
	strata_json_end_object(json);
}

/* What the base's history says, then one entry for each layer above. */
static void write_history(struct strata_json_writer *json, const struct strata_image *image,
	const struct strata_image_config *config)
{
	size_t below = strata_base_layer_count(config->base);
	size_t own = image->layer_count - below, start, length, room;

	strata_json_begin_array(json);
	start = json->buffer->length;
	strata_base_write_history(json, config->base);
	length = json->buffer->length - start;
	room = length < HISTORY_BUDGET ? HISTORY_BUDGET - length : 0;
	for (size_t i = below; i < image->layer_count; i++) {
		strata_json_begin_object(json);
		strata_json_member_string(json, "created", image->created);
		strata_json_member_string(json, "author", config->author);
		strata_json_member_string(json, "created_by", STRATA_HISTORY_AUTHOR);
		write_comment(json, &image->layers[i], room / own);
		strata_json_end_object(json);
	}
	write_versions(json, image, config);
	strata_json_end_array(json);
}

static int write_config(struct strata_json_writer *json, const struct strata_image *image,
	const struct strata_image_config *config, struct strata_error *error)
{
	int status;

	strata_json_begin_object(json);
	strata_json_member_string(json, "created", image->created);
	strata_json_member_string(
		json, "author", config->author ? config->author : strata_base_author(config->base));
	strata_json_member_string(json, "architecture", image->architecture);
	strata_json_member_string(json, "variant", image->variant);
	strata_json_member_string(json, "os", image->os);
	status = strata_base_write_system(json, config->base, error);
	strata_json_key(json, "config");
	strata_json_write_raw(json, image->execution.text);
	strata_json_key(json, "rootfs");
	strata_json_begin_object(json);
	strata_json_member_string(json, "type", "layers");
	strata_json_key(json, "diff_ids");
	strata_json_begin_array(json);
	for (size_t i = 0; i < image->layer_count; i++)
		strata_json_write_string(json, image->layers[i].diff_id.text);
	strata_json_end_array(json);
	strata_json_end_object(json);
	strata_json_key(json, "history");
	write_history(json, image, config);
	strata_json_end_object(json);
	return status;
}

static int format_time(int64_t seconds, char **text, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer time = STRATA_BUFFER_INIT;

	if (!strata_text_time(&time, seconds))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"the creation time %lld cannot be written as a date of four-digit years",
			(long long)seconds);
	*text = strata_buffer_take(&time);
	return *text ? 0 : strata_fail_memory(error);
}

static int copy_text(char **copy, const char *text, struct strata_error *error)
{
	if (!text)
		return 0;
	*copy = strdup(text);
	return *copy ? 0 : strata_fail_memory(error);
}

int strata_image_make_config(struct strata_image *image, const struct strata_image_config *config,
	bool own_command, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &buffer};
	const char *architecture =
		config->architecture ? config->architecture : strata_host_architecture();
	int status;

	if (!architecture)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_UNSUPPORTED,
				"this machine's architecture has no name in images that is known "
				"here"),
			"give one with --architecture");
	status = copy_text(&image->architecture, architecture, error);
	if (status == 0)
		status = copy_text(&image->variant,
			strata_platform_variant(architecture, config->variant), error);
	if (status == 0)
		status = copy_text(&image->os, config->os ? config->os : "linux", error);
	if (status == 0)
		status = copy_text(&image->author, config->author, error);
	if (status == 0)
		status = format_time(config->created, &image->created, error);
	if (status < 0)
		return status;
	status = write_execution(&json, config, own_command, error);
	if (status == 0)
		status = strata_document_seal(&image->execution, &buffer, error);
	if (status < 0)
		return status;
	json = (struct strata_json_writer){.buffer = &buffer};
	status = write_config(&json, image, config, error);
	if (status == 0)
		status = strata_document_seal(&image->config, &buffer, error);
	if (status == 0 && image->config.size > STRATA_LARGEST_MANIFEST)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"the image's config would have %zu bytes; registries take at most %d",
			image->config.size, STRATA_LARGEST_MANIFEST);
	return status;
}
