/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text/output.h"

#include <string.h>
#include <unistd.h>

#include "util/file.h"
#include "util/json_writer.h"
#include "util/text.h"

enum {
	CONTENTS_WIDTH = 60, /* of the names of items in a table */
	GAP = 2,
};

int strata_print(const struct strata_buffer *buffer, struct strata_error *error)
{
	if (strata_buffer_check(buffer, error) < 0)
		return STRATA_ERROR_MEMORY;
	return strata_file_write(
		STDOUT_FILENO, "standard output", buffer->data, buffer->length, error);
}

void strata_table_cell(struct strata_table *table, const char *text)
{
	strata_text_visible(&table->cells, text);
	strata_buffer_byte(&table->cells, '\0');
}

void strata_table_number(struct strata_table *table, uint64_t number)
{
	strata_buffer_format(&table->cells, "%llu", (unsigned long long)number);
	strata_buffer_byte(&table->cells, '\0');
}

void strata_table_size(struct strata_table *table, uint64_t bytes)
{
	strata_text_size(&table->cells, bytes);
	strata_buffer_byte(&table->cells, '\0');
}

static void append_cell(
	struct strata_buffer *buffer, const char *text, char alignment, size_t width, bool is_last)
{
	size_t length = strlen(text);
	int padding = (int)(width - length);

	if (alignment == '>')
		strata_buffer_format(buffer, "%*s%s", padding, "", text);
	else if (is_last)
		strata_buffer_string(buffer, text);
	else
		strata_buffer_format(buffer, "%s%*s", text, padding, "");
	if (!is_last) {
		strata_buffer_format(buffer, "%*s", GAP, "");
		return;
	}
	while (buffer->length > 0 && buffer->data[buffer->length - 1] == ' ')
		strata_buffer_truncate(buffer, buffer->length - 1);
	strata_buffer_byte(buffer, '\n');
}

int strata_table_append(
	const struct strata_table *table, struct strata_buffer *buffer, struct strata_error *error)
{
	size_t columns = strlen(table->columns), column = 0;
	strata_autofree size_t *widths = strata_allocate(columns, sizeof(*widths));
	const char *end = table->cells.data + table->cells.length;

	if (!widths)
		return strata_fail_memory(error);
	if (strata_buffer_check(&table->cells, error) < 0)
		return STRATA_ERROR_MEMORY;
	for (const char *at = table->cells.data; at < end; at += strlen(at) + 1) {
		if (strlen(at) > widths[column])
			widths[column] = strlen(at);
		column = (column + 1) % columns;
	}
	column = 0;
	for (const char *at = table->cells.data; at < end; at += strlen(at) + 1) {
		append_cell(
			buffer, at, table->columns[column], widths[column], column + 1 == columns);
		column = (column + 1) % columns;
	}
	return strata_buffer_check(buffer, error);
}

void strata_table_release(struct strata_table *table)
{
	strata_buffer_release(&table->cells);
}

/* The short name of an item: the graph's, else the last part of a path. */
static const char *short_name(const struct strata_graph *graph, const char *id)
{
	uint32_t index = graph ? strata_graph_find(graph, id) : STRATA_GRAPH_NONE;
	const char *slash = strrchr(id, '/');

	if (index != STRATA_GRAPH_NONE)
		return strata_graph_item(graph, index)->name;
	return slash && slash[1] ? slash + 1 : id;
}

void strata_table_contents(struct strata_table *table, const struct strata_graph *graph,
	const char *const *ids, size_t count, bool customised)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	size_t index;

	for (index = 0; index < count; index++) {
		const char *name = short_name(graph, ids[index]);

		if (index > 0 && text.length + strlen(name) > CONTENTS_WIDTH)
			break;
		strata_buffer_format(&text, "%s%s", index > 0 ? " " : "", name);
	}
	if (index < count)
		strata_buffer_format(&text, " and %zu more", count - index);
	if (customised)
		strata_buffer_format(&text, "%s(customisation)", count > 0 ? " " : "");
	if (text.failed)
		table->cells.failed = true;
	strata_table_cell(table, text.data);
}

int strata_layers_table(const struct strata_layer *layers, size_t count,
	const struct strata_graph *graph, struct strata_buffer *buffer, struct strata_error *error)
{
	static const char *const headings[] = {"layer", "items", "size", "stored", "contents"};
	struct strata_table table = {">>>><", STRATA_BUFFER_INIT};
	uint64_t diff_size = 0, size = 0, items = 0;
	int result;

	for (size_t index = 0; index < sizeof(headings) / sizeof(*headings); index++)
		strata_table_cell(&table, headings[index]);
	for (size_t index = 0; index < count; index++) {
		const struct strata_layer *layer = &layers[index];

		strata_table_number(&table, index + 1);
		strata_table_number(&table, layer->item_count);
		strata_table_size(&table, layer->diff_size);
		strata_table_size(&table, layer->size);
		if (layer->base)
			strata_table_cell(&table, "(base image)");
		else
			strata_table_contents(&table, graph, (const char *const *)layer->items,
				layer->item_count, layer->customised);
		items += layer->item_count;
		diff_size += layer->diff_size;
		size += layer->size;
	}
	strata_table_cell(&table, "total");
	strata_table_number(&table, items);
	strata_table_size(&table, diff_size);
	strata_table_size(&table, size);
	strata_table_cell(&table, "");
	result = strata_table_append(&table, buffer, error);
	strata_table_release(&table);
	return result;
}

static void write_layer(struct strata_json_writer *json, const struct strata_layer *layer)
{
	strata_json_begin_object(json);
	strata_json_member_string(json, "digest", layer->digest.text);
	strata_json_member_string(json, "diffId", layer->diff_id.text);
	strata_json_member_size(json, "size", layer->size);
	strata_json_member_size(json, "diffSize", layer->diff_size);
	if (layer->base)
		strata_json_member_bool(json, "base", true);
	strata_json_key(json, "items");
	strata_json_begin_array(json);
	for (size_t index = 0; index < layer->item_count; index++)
		strata_json_write_bytes(json, layer->items[index]);
	strata_json_end_array(json);
	strata_json_member_bool(json, "customised", layer->customised);
	strata_json_end_object(json);
}

static void write_destination(
	struct strata_json_writer *json, const struct strata_destination *destination)
{
	strata_json_begin_object(json);
	strata_json_member_string(json, "format", strata_format_name(destination->format));
	strata_json_key(json, "path");
	strata_json_write_bytes(json, destination->path);
	strata_json_key(json, "names");
	strata_json_begin_array(json);
	for (size_t index = 0; index < destination->name_count; index++) {
		strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;

		strata_buffer_format(&name, "%s:%s", destination->names[index].name,
			destination->names[index].tag);
		strata_json_write_string(json, name.data);
	}
	strata_json_end_array(json);
	strata_json_end_object(json);
}

/* The descriptor of the OCI manifest: what a registry will know the image by. */
static void write_manifest(struct strata_json_writer *json, const struct strata_image *image)
{
	uint64_t size;
	const struct strata_digest *digest = strata_image_manifest_digest(image, &size);

	strata_json_key(json, "manifest");
	strata_json_begin_object(json);
	strata_json_member_string(json, "digest", digest->text);
	strata_json_member_size(json, "size", size);
	strata_json_end_object(json);
}

void strata_layers_json(const struct strata_image *image, const struct strata_layer *layers,
	size_t count, const struct strata_destination *destinations, size_t destination_count,
	struct strata_buffer *buffer)
{
	struct strata_json_writer json = {.buffer = buffer, .indented = true};

	strata_json_begin_object(&json);
	strata_json_member_string(&json, "imageId", strata_image_id(image)->text);
	write_manifest(&json, image);
	strata_json_key(&json, "layers");
	strata_json_begin_array(&json);
	for (size_t index = 0; index < count; index++)
		write_layer(&json, &layers[index]);
	strata_json_end_array(&json);
	strata_json_key(&json, "outputs");
	strata_json_begin_array(&json);
	for (size_t index = 0; index < destination_count; index++)
		write_destination(&json, &destinations[index]);
	strata_json_end_array(&json);
	strata_json_end_object(&json);
	strata_buffer_byte(buffer, '\n');
}
