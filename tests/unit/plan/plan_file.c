/* SPDX-License-Identifier: Apache-2.0 */
#include "plan_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stratapack/churn.h>
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "util/buffer.h"

enum { MOST_WORDS = 64, MOST_LINES = 64 };

struct plan_file {
	const char *path;
	unsigned line;
	struct strata_buffer *report;
	bool broken; /* the text was not understood: nothing more is made of it */
	struct strata_graph *graph;
	bool has_items, is_finished;
	struct strata_rates *rates;
	bool has_rates;
	uint32_t base_layers;
	bool is_customised;
	struct strata_plan *plan; /* the one before */
	unsigned plans;
};

/* Lines without their line feeds: layers, or what is said instead of them. */
struct lines {
	char *text[MOST_LINES];
	size_t count;
};

static void __attribute__((format(printf, 2, 3)))
complain(struct plan_file *file, const char *format, ...)
{
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	strata_buffer_format(file->report, "%s:%u: %s\n", file->path, file->line, message);
	file->broken = true;
}

static bool check_status(struct plan_file *file, int status, struct strata_error *error)
{
	if (status < 0)
		complain(file, "%s", error->message);
	strata_error_clear(error);
	return status >= 0;
}

/* A number, also with k, M or G for thousands, millions and milliards. */
static uint64_t read_number(struct plan_file *file, const char *word)
{
	char *end = NULL;
	uint64_t number = word ? strtoull(word, &end, 10) : 0;

	if (!word || end == word)
		complain(file, "a number is missing");
	else if (strcmp(end, "k") == 0)
		number *= 1000;
	else if (strcmp(end, "M") == 0)
		number *= 1000000;
	else if (strcmp(end, "G") == 0)
		number *= 1000000000;
	else if (*end)
		complain(file, "'%s' is no number", word);
	return number;
}

static void start_graph(struct plan_file *file)
{
	struct strata_error error = STRATA_ERROR_INIT;

	strata_graph_free(file->graph);
	strata_rates_free(file->rates);
	file->graph = strata_graph_new(&error);
	file->rates = strata_rates_new(&error);
	if (!file->graph || !file->rates)
		abort();
	file->has_items = file->is_finished = file->has_rates = false;
}

/* item NAME [size N] [cause NAME] [version V] [needs NAME…]: of a store; or package, of files. */
static void read_item(struct plan_file *file, char **words, size_t count, bool is_package)
{
	static const char *const tree = "/tree";
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_item_record record = {.id = words[1],
		.has_size = true,
		.content = is_package ? STRATA_CONTENT_FILES : STRATA_CONTENT_STORE,
		.trees = &tree,
		.tree_count = !is_package};

	if (!words[1]) {
		complain(file, "the item has no name");
		return;
	}
	for (size_t w = 2; w < count; w += 2) {
		if (strcmp(words[w], "size") == 0) {
			record.size = read_number(file, words[w + 1]);
		} else if (strcmp(words[w], "cause") == 0) {
			record.cause = words[w + 1];
		} else if (strcmp(words[w], "version") == 0) {
			record.version = record.identity = words[w + 1];
		} else if (strcmp(words[w], "needs") == 0) {
			record.references = (const char *const *)words + w + 1;
			record.reference_count = count - w - 1;
			break;
		} else {
			complain(file, "an item has no '%s'", words[w]);
			return;
		}
	}
	file->has_items = true;
	check_status(file, strata_graph_add(file->graph, &record, &error), &error);
}

/* The layers of PLAN, one in a line, and the one that the customisation has for itself. */
static void write_layers(const struct strata_plan *plan, struct strata_buffer *text)
{
	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		for (size_t i = 0; i < plan->layers[layer].item_count; i++)
			strata_buffer_format(
				text, "%s%s", i > 0 ? " " : "", plan->layers[layer].items[i]);
		strata_buffer_byte(text, '\n');
	}
	if (plan->customisation_layer)
		strata_buffer_string(text, "(customisation)\n");
}

static void split_lines(char *text, struct lines *lines)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line && lines->count < MOST_LINES;
		line = strtok_r(NULL, "\n", &rest))
		lines->text[lines->count++] = line;
}

/* What lines have in common at both ends is shown once, around what they have not. */
static void report_difference(
	struct plan_file *file, const struct lines *wanted, const struct lines *got)
{
	size_t least = wanted->count < got->count ? wanted->count : got->count;
	size_t before = 0, after = 0;

	while (before < least && strcmp(wanted->text[before], got->text[before]) == 0)
		before++;
	while (after < least - before && strcmp(wanted->text[wanted->count - 1 - after],
						 got->text[got->count - 1 - after]) == 0)
		after++;
	if (before == wanted->count && before == got->count)
		return;
	strata_buffer_format(file->report,
		"%s:%u: the plan is not as expected (- expected, + made):\n", file->path,
		file->line);
	for (size_t l = 0; l < before; l++)
		strata_buffer_format(file->report, "   %s\n", wanted->text[l]);
	for (size_t l = before; l < wanted->count - after; l++)
		strata_buffer_format(file->report, " - %s\n", wanted->text[l]);
	for (size_t l = before; l < got->count - after; l++)
		strata_buffer_format(file->report, " + %s\n", got->text[l]);
	for (size_t l = got->count - after; l < got->count; l++)
		strata_buffer_format(file->report, "   %s\n", got->text[l]);
}

/* Make the plan, and put its layers, or why there is none, into TEXT. */
static void make_plan(struct plan_file *file, const struct strata_strategy *strategy,
	uint32_t bound, bool after, struct strata_buffer *text)
{
	static const struct strata_entry entry = {
		.kind = STRATA_ENTRY_DIRECTORY, .path = "/tmp", .mode = 01777};
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_churn_options changes = {.rates = file->has_rates ? file->rates : NULL};
	struct strata_plan_options options = {.strategy = strategy,
		.max_layers = bound,
		.base_layers = file->base_layers,
		.changes = &changes,
		.previous = after ? file->plan : NULL,
		.customisation = {.entries = &entry, .entry_count = file->is_customised}};
	struct strata_plan *plan = NULL;

	if (strata_plan_make(file->graph, &options, &plan, &error) < 0) {
		strata_buffer_format(text, "fails: %s\n", error.message);
		if (error.hint)
			strata_buffer_format(text, "hint: %s\n", error.hint);
		strata_error_clear(&error);
		return;
	}
	check_status(file, strata_plan_check(plan, file->graph, &error), &error);
	write_layers(plan, text);
	strata_plan_free(file->plan);
	file->plan = plan;
}

/* plan STRATEGY at most N [after the one before]; WANTED is what follows. */
static void check_plan(
	struct plan_file *file, char **words, size_t count, const struct lines *wanted)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	const struct strata_strategy *strategy = words[1] ? strata_strategy_find(words[1]) : NULL;
	bool after = count == 9 && strcmp(words[5], "after") == 0;
	struct lines got = {.count = 0};
	uint32_t bound;

	if ((count != 5 && !after) || strcmp(words[2], "at") != 0 || strcmp(words[3], "most") != 0)
		complain(file, "this should be: plan STRATEGY at most N [after the one before]");
	else if (!strategy)
		complain(file, "there is no strategy '%s'", words[1]);
	else if (after && !file->plan)
		complain(file, "there is no plan before this one");
	else if (wanted->count == 0)
		complain(file, "what is expected of this plan is missing");
	if (file->broken)
		return;
	bound = (uint32_t)read_number(file, words[4]);
	if (!file->is_finished &&
		!check_status(file, strata_graph_finish(file->graph, NULL, &error), &error))
		return;
	file->is_finished = true;
	make_plan(file, strategy, bound, after, &text);
	split_lines(text.data, &got);
	report_difference(file, wanted, &got);
	file->plans++;
}

static void read_statement(
	struct plan_file *file, char **words, size_t count, const struct lines *below)
{
	struct strata_error error = STRATA_ERROR_INIT;
	const char *word = words[0];
	bool is_plan = strcmp(word, "plan") == 0;

	if (!is_plan && below->count > 0) {
		file->line++;
		complain(file, "only layers of a plan are indented");
	} else if (is_plan) {
		check_plan(file, words, count, below);
	} else if (strcmp(word, "later") == 0 && count == 1) {
		start_graph(file);
	} else if (file->is_finished) {
		complain(file, "'%s' after a plan: 'later' begins another image", word);
	} else if (strcmp(word, "item") == 0 || strcmp(word, "package") == 0) {
		read_item(file, words, count, *word == 'p');
	} else if (strcmp(word, "root") == 0 && count == 2) {
		check_status(file, strata_graph_add_root(file->graph, words[1], &error), &error);
	} else if (strcmp(word, "changes") == 0 && count == 5) {
		struct strata_rate rate = {read_number(file, words[2]) * STRATA_FIXED_ONE, 0};

		file->has_rates = true;
		check_status(file, strata_rates_set(file->rates, words[1], rate, &error), &error);
	} else if (strcmp(word, "base") == 0 && count == 3) {
		file->base_layers = (uint32_t)read_number(file, words[1]);
	} else if (strcmp(word, "customised") == 0 && count == 1) {
		file->is_customised = true;
	} else {
		complain(file, "'%s' is not understood", word);
	}
}

/* Cut TEXT after its first line, and skip what is to be skipped at its beginning. */
static char *next_line(struct plan_file *file, char **text)
{
	char *line = *text, *end = line + strcspn(line, "\n");

	if (!*line)
		return NULL;
	*text = *end ? end + 1 : end;
	*end = 0;
	file->line++;
	return line;
}

static bool is_empty(const char *line)
{
	line += strspn(line, " \t");
	return *line == 0 || *line == '#';
}

unsigned plan_file_check(const char *path, const char *text, struct strata_buffer *report)
{
	struct plan_file file = {.path = path, .report = report};
	char *copy = strdup(text), *rest = copy, *line = next_line(&file, &rest);

	start_graph(&file);
	while (line && !file.broken) {
		char *words[MOST_WORDS + 1] = {NULL}, *after = NULL;
		struct lines below = {.count = 0};
		unsigned number = file.line, next;
		size_t count = 0;

		if (!is_empty(line)) {
			for (char *word = strtok_r(line, " \t", &after); word && count < MOST_WORDS;
				word = strtok_r(NULL, " \t", &after))
				words[count++] = word;
		}
		while ((line = next_line(&file, &rest)) &&
			(is_empty(line) || *line == ' ' || *line == '\t')) {
			if (!is_empty(line) && below.count < MOST_LINES)
				below.text[below.count++] = line + strspn(line, " \t");
		}
		next = file.line;
		file.line = number;
		if (count > 0)
			read_statement(&file, words, count, &below);
		file.line = next;
	}
	if (file.plans == 0 && !file.broken)
		complain(&file, "no plan is expected here");
	strata_plan_free(file.plan);
	strata_rates_free(file.rates);
	strata_graph_free(file.graph);
	free(copy);
	return file.plans;
}
