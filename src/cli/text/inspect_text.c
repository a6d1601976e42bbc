/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image holds, as a person reads it.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/text/image_text.h"
#include "oci/media_types.h"
#include "tar/decompress.h"
#include "util/buffer.h"
#include "util/json.h"
#include "util/text.h"

enum {
	LABEL_WIDTH = 13,
	CONTENT_WIDTH = 60,
	SHORT_DIGEST = 12,
};

static void write_label(struct strata_buffer *buffer, const char *label)
{
	strata_buffer_format(buffer, "%-*s", LABEL_WIDTH, label);
}

static void write_line(struct strata_buffer *buffer, const char *label, const char *value)
{
	if (!value || !*value)
		return;
	write_label(buffer, label);
	strata_text_visible(buffer, value);
	strata_buffer_byte(buffer, '\n');
}

struct names {
	struct strata_buffer *buffer;
	bool any;
};

static void write_name(void *data, const char *name)
{
	struct names *names = data;

	write_line(names->buffer, names->any ? "" : "Image", name);
	names->any = true;
}

/* ["a", "b"]: one line for a list of arguments. */
static void write_arguments(
	struct strata_buffer *buffer, const char *label, const struct strata_json *list)
{
	if (strata_json_count(list) == 0)
		return;
	write_label(buffer, label);
	for (size_t i = 0; i < strata_json_count(list); i++) {
		const char *text = strata_json_string(strata_json_at(list, i));

		strata_buffer_string(buffer, i == 0 ? "[\"" : ", \"");
		strata_text_visible(buffer, text ? text : "?");
		strata_buffer_byte(buffer, '"');
	}
	strata_buffer_string(buffer, "]\n");
}

static void write_list(
	struct strata_buffer *buffer, const char *label, const struct strata_json *list)
{
	for (size_t i = 0; i < strata_json_count(list); i++) {
		const char *text = strata_json_string(strata_json_at(list, i));

		write_line(buffer, i == 0 ? label : "", text ? text : "?");
	}
}

/* The keys of an object, with "=" and their values where those are strings. */
static void write_members(
	struct strata_buffer *buffer, const char *label, const struct strata_json *object)
{
	const struct strata_json *value;
	const char *key;
	void *position = NULL;

	while (strata_json_next(object, &position, &key, &value)) {
		write_label(buffer, label);
		strata_text_visible(buffer, key);
		if (strata_json_string(value)) {
			strata_buffer_byte(buffer, '=');
			strata_text_visible(buffer, strata_json_string(value));
		}
		strata_buffer_byte(buffer, '\n');
		label = "";
	}
}

static const char *config_text(const struct strata_read_image *image, const char *key)
{
	return strata_json_string(strata_json_member_any_case(image->config, key));
}

static void write_platform(struct strata_buffer *buffer, const struct strata_read_image *image)
{
	strata_autobuffer struct strata_buffer platform = STRATA_BUFFER_INIT;
	const char *os = config_text(image, "os"), *variant = config_text(image, "variant");
	const char *architecture = config_text(image, "architecture");

	if (!os && !architecture)
		return;
	strata_buffer_format(&platform, "%s/%s", os ? os : "?", architecture ? architecture : "?");
	if (variant && *variant)
		strata_buffer_format(&platform, "/%s", variant);
	buffer->failed = buffer->failed || platform.failed;
	write_line(buffer, "Platform", platform.data);
}

/* How a layer is stored, or NULL where that is not known. */
static int find_codec(const struct strata_reading *reading, const struct strata_read_layer *layer,
	const char **word, struct strata_error *error)
{
	strata_autodecompressor struct strata_decompressor *decompressor = NULL;
	strata_autopart struct strata_part part = STRATA_PART_INIT;
	const struct strata_media *media = strata_media_find(layer->media_type);
	int status;

	*word = NULL;
	if (media->kind == STRATA_MEDIA_LAYER)
		*word = strata_codec_word(media->codec);
	if (layer->media_type || !layer->stored)
		return 0;
	status = strata_part_open(reading->store, &layer->place, &part, error);
	if (status == 0)
		status = strata_decompressor_new(part.input, layer->label, &decompressor, error);
	if (strata_is_finding(status)) {
		strata_error_clear(error);
		return 0;
	}
	if (status == 0)
		*word = strata_codec_word(strata_decompressor_codec(decompressor));
	return status;
}

/* What a layer holds, by its history: one line of bounded width. */
static void write_content(struct strata_buffer *buffer, const struct strata_json *history)
{
	const char *text = strata_json_string(strata_json_member_any_case(history, "comment"));
	strata_autobuffer struct strata_buffer visible = STRATA_BUFFER_INIT;
	size_t width = 0, length = 0;

	if (!text || !*text)
		text = strata_json_string(strata_json_member_any_case(history, "created_by"));
	strata_text_visible(&visible, text ? text : "");
	buffer->failed = buffer->failed || visible.failed;
	/* Columns are counted in characters: the bytes that begin one. */
	for (size_t i = 0; i < visible.length; i++) {
		if (((unsigned char)visible.data[i] & 0xc0) == 0x80)
			continue;
		if (width == CONTENT_WIDTH - 1)
			length = i;
		width++;
	}
	if (width <= CONTENT_WIDTH) {
		strata_buffer_string(buffer, visible.data);
		return;
	}
	strata_buffer_append(buffer, visible.data, length);
	strata_buffer_string(buffer, "…");
}

static void write_layer(struct strata_buffer *buffer, const struct strata_read_layer *layer,
	size_t number, const char *codec)
{
	strata_autobuffer struct strata_buffer size = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer type = STRATA_BUFFER_INIT;
	const char *digest = "";

	if (layer->has_digest)
		digest = strata_digest_hex(&layer->digest);
	else if (layer->has_diff_id)
		digest = strata_digest_hex(&layer->diff_id);
	strata_text_size(&size, layer->size);
	if (codec)
		strata_buffer_string(&type, codec);
	else
		strata_text_visible(&type, layer->media_type ? layer->media_type : "?");
	buffer->failed = buffer->failed || size.failed || type.failed;
	strata_buffer_format(buffer, "%5zu  %9s  %-*.*s  %-5s  ", number, size.data, SHORT_DIGEST,
		SHORT_DIGEST, digest, type.data);
	write_content(buffer, layer->history);
	while (buffer->length > 0 && buffer->data[buffer->length - 1] == ' ')
		strata_buffer_truncate(buffer, buffer->length - 1);
	strata_buffer_byte(buffer, '\n');
}

static void write_run(struct strata_buffer *buffer, const struct strata_read_image *image)
{
	static const struct {
		const char *label, *key;
		void (*write)(struct strata_buffer *buffer, const char *label,
			const struct strata_json *value);
	} members[] = {
		{"Entrypoint", "Entrypoint", write_arguments},
		{"Cmd", "Cmd", write_arguments},
		{"Env", "Env", write_list},
		{"User", "User", NULL},
		{"Workdir", "WorkingDir", NULL},
		{"Ports", "ExposedPorts", write_members},
		{"Volumes", "Volumes", write_members},
		{"Labels", "Labels", write_members},
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		const struct strata_json *value = strata_inspect_run_member(image, members[i].key);

		if (value && members[i].write)
			members[i].write(buffer, members[i].label, value);
		else if (value)
			write_line(buffer, members[i].label, strata_json_string(value));
	}
}

static int write_layers(const struct strata_reading *reading, const struct strata_read_image *image,
	struct strata_buffer *buffer, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer rows = STRATA_BUFFER_INIT;
	uint64_t total = 0;
	bool plain = true;

	for (size_t i = 0; i < image->layer_count; i++) {
		const struct strata_read_layer *layer = &image->layers[i];
		const char *codec;
		int status = find_codec(reading, layer, &codec, error);

		if (status < 0)
			return status;
		plain = plain && codec && strcmp(codec, "plain") == 0;
		if (__builtin_add_overflow(total, layer->size, &total))
			total = UINT64_MAX;
		write_layer(&rows, layer, i + 1, codec);
	}
	write_label(buffer, "Size");
	strata_text_size(buffer, total);
	strata_buffer_format(buffer, "%s in %zu layer%s\n", plain ? ", not compressed," : "",
		image->layer_count, image->layer_count == 1 ? "" : "s");
	write_run(buffer, image);
	strata_buffer_format(buffer, "\n%5s  %9s  %-*s  %-5s  %s\n", "LAYER", "SIZE", SHORT_DIGEST,
		"DIGEST", "TYPE", "CONTENT");
	strata_buffer_append(buffer, rows.data, rows.length);
	return strata_buffer_check(&rows, error);
}

static int write_image(const struct strata_reading *reading, size_t index,
	struct strata_buffer *buffer, struct strata_error *error)
{
	const struct strata_read_image *image = &reading->images[index];
	struct names names = {buffer, false};

	strata_inspect_names(reading, index, write_name, &names);
	if (!names.any)
		write_line(buffer, "Image", "(no name)");
	write_line(buffer, "ID", image->id.text);
	write_line(buffer, "Manifest", image->manifest_digest.text);
	write_line(buffer, "Type", image->manifest_media_type);
	write_platform(buffer, image);
	write_line(buffer, "Created", config_text(image, "created"));
	write_line(buffer, "Author", config_text(image, "author"));
	return write_layers(reading, image, buffer, error);
}

int strata_inspect_text(const struct strata_reading *reading, struct strata_buffer *buffer,
	struct strata_error *error)
{
	for (size_t i = 0; i < reading->count; i++) {
		int status;

		if (strata_reading_is_repetition(reading, i))
			continue;
		if (i > 0)
			strata_buffer_byte(buffer, '\n');
		status = write_image(reading, i, buffer, error);
		if (status < 0)
			return status;
	}
	return 0;
}
