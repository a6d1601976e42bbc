/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text/output.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/file.h"
#include "util/text.h"

enum {
	CONTENTS_WIDTH = 60, /* of the names of items in a table */
	GAP = 2,
};

int strata_print(const struct strata_buffer *buffer, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer visible = STRATA_BUFFER_INIT;

	if (strata_buffer_check(buffer, error) < 0)
		return STRATA_ERROR_MEMORY;
	strata_text_visible_lines(&visible, buffer->data);
	if (strata_buffer_check(&visible, error) < 0)
		return STRATA_ERROR_MEMORY;
	return strata_file_write(
		STDOUT_FILENO, "standard output", visible.data, visible.length, error);
}

int strata_print_text(const char *text, struct strata_error *error)
{
	return strata_file_write(STDOUT_FILENO, "standard output", text, strlen(text), error);
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
	int status;

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
	status = strata_table_append(&table, buffer, error);
	strata_table_release(&table);
	return status;
}

static int summarise(const struct strata_layer *layers, size_t count,
	const struct strata_graph *graph, struct strata_buffer *summary, struct strata_error *error)
{
	uint64_t size = 0, diff_size = 0;
	int status = strata_layers_table(layers, count, graph, summary, error);

	for (size_t index = 0; index < count; index++) {
		size += layers[index].size;
		diff_size += layers[index].diff_size;
	}
	strata_buffer_format(summary, "%zu layer%s, ", count, count == 1 ? "" : "s");
	strata_text_size(summary, size);
	strata_buffer_string(summary, " stored, ");
	strata_text_size(summary, diff_size);
	strata_buffer_string(summary, " unpacked\n");
	return status;
}

int strata_print_job(const struct strata_job *job, struct strata_error *error)
{
	strata_autofree char *text = strata_job_json(job);

	return text ? strata_print_text(text, error) : strata_fail_memory(error);
}

/* A table of the files of the base that layers hide, where there are any. */
static int append_hidden(
	const struct strata_plan *plan, struct strata_buffer *buffer, struct strata_error *error)
{
	struct strata_table table = {.columns = "<<", .cells = STRATA_BUFFER_INIT};
	int status;

	if (!plan || plan->hidden.count == 0)
		return 0;
	strata_table_cell(&table, "HIDDEN OF THE BASE");
	strata_table_cell(&table, "BY");
	for (size_t index = 0; index < plan->hidden.count; index++) {
		strata_table_cell(&table, plan->hidden.files[index].path);
		strata_table_cell(&table, plan->hidden.files[index].by);
	}
	strata_buffer_byte(buffer, '\n');
	status = strata_table_append(&table, buffer, error);
	strata_table_release(&table);
	return status;
}

int strata_print_result(
	const struct strata_job *job, bool json, bool table, bool quiet, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	size_t count;
	const struct strata_layer *layers = strata_job_layers(job, &count);
	int status;

	if (json)
		return strata_print_job(job, error);
	if (table) {
		status = strata_layers_table(layers, count, strata_job_graph(job), &text, error);
		if (status == 0)
			status = append_hidden(strata_job_plan(job), &text, error);
		return status < 0 ? status : strata_print(&text, error);
	}
	if (quiet || !isatty(STDERR_FILENO))
		return 0;
	status = summarise(layers, count, strata_job_graph(job), &text, error);
	if (status == 0)
		fputs(text.data, stderr);
	return status;
}
