/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image made with the library alone, from the installed headers: each argument KEY=VALUE fills a
 * member of a request, and `join` takes the layers from directories.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stratapack/build.h>
#include <stratapack/pipeline.h>

enum { MOST = 16 };

struct inputs {
	struct strata_request request;
	struct strata_source_file source;
	struct strata_compression compression;
	struct strata_image_config config;
	struct strata_destination output;
	struct strata_entry entries[MOST];
	const char *items[MOST], *layers[MOST], *entrypoint[MOST], *env[MOST];
	struct strata_pair labels[MOST];
	size_t layer_count;
	bool describe, has_output;
};

static void add_link(struct inputs *inputs, char *value)
{
	char *equals = strchr(value, '=');
	struct strata_entry *entry = &inputs->entries[inputs->request.customisation.entry_count++];

	*equals = '\0';
	*entry = (struct strata_entry){
		.kind = STRATA_ENTRY_SYMLINK, .path = value, .target = equals + 1};
	inputs->request.customisation.entries = inputs->entries;
}

static void add_label(struct inputs *inputs, char *value)
{
	char *equals = strchr(value, '=');

	*equals = '\0';
	inputs->labels[inputs->config.label_count++] = (struct strata_pair){value, equals + 1};
	inputs->config.labels = inputs->labels;
}

static int take(struct inputs *inputs, const char *key, char *value, struct strata_error *error)
{
	struct strata_request *request = &inputs->request;

	if (strcmp(key, "graph") == 0) {
		inputs->source = (struct strata_source_file){value, strata_graph_read_json};
		request->source_files = &inputs->source;
		request->source_file_count = 1;
	} else if (strcmp(key, "item") == 0) {
		inputs->items[request->item_count++] = value;
		request->items = inputs->items;
	} else if (strcmp(key, "root") == 0) {
		request->root = value;
	} else if (strcmp(key, "strategy") == 0) {
		request->strategy = strata_strategy_find(value);
	} else if (strcmp(key, "max-layers") == 0) {
		request->max_layers = (uint32_t)strtoul(value, NULL, 10);
	} else if (strcmp(key, "plan") == 0) {
		request->plan = value;
	} else if (strcmp(key, "below") == 0) {
		request->below = value;
	} else if (strcmp(key, "previous") == 0) {
		request->previous = value;
	} else if (strcmp(key, "base") == 0) {
		request->base = value;
	} else if (strcmp(key, "architecture") == 0) {
		request->platform.architecture = value;
	} else if (strcmp(key, "compression") == 0) {
		request->compression = &inputs->compression;
		return strata_compression_parse(value, &inputs->compression, error);
	} else if (strcmp(key, "mtime") == 0) {
		request->rules.time = STRATA_TIME_LIMIT;
		request->rules.limit = strtoll(value, NULL, 10);
	} else if (strcmp(key, "threads") == 0) {
		request->threads = (unsigned)strtoul(value, NULL, 10);
	} else if (strcmp(key, "no-tmp") == 0) {
		request->no_tmp = true;
	} else if (strcmp(key, "symlink") == 0) {
		add_link(inputs, value);
	} else if (strcmp(key, "label") == 0) {
		add_label(inputs, value);
	} else if (strcmp(key, "entrypoint") == 0) {
		inputs->entrypoint[inputs->config.entrypoint_count++] = value;
		inputs->config.entrypoint = inputs->entrypoint;
	} else if (strcmp(key, "env") == 0) {
		inputs->env[inputs->config.env_count++] = value;
		inputs->config.env = inputs->env;
	} else if (strcmp(key, "user") == 0) {
		inputs->config.user = value;
	} else if (strcmp(key, "layer") == 0) {
		inputs->layers[inputs->layer_count++] = value;
	} else if (strcmp(key, "describe") == 0) {
		inputs->describe = true;
	} else if (strcmp(key, "output") == 0) {
		inputs->has_output = true;
		request->outputs = &inputs->output;
		request->output_count = 1;
		return strata_destination_parse(value, &inputs->output, error);
	} else {
		fprintf(stderr, "library: what is '%s'?\n", key);
		exit(2);
	}
	return 0;
}

static int run(const struct inputs *inputs, struct strata_job **job, struct strata_error *error)
{
	enum strata_goal goal = inputs->describe ? STRATA_GOAL_DESCRIBE : STRATA_GOAL_IMAGE;

	if (inputs->layer_count > 0)
		return strata_job_join(
			&inputs->request, inputs->layers, inputs->layer_count, goal, job, error);
	return strata_job_run(&inputs->request, goal, job, error);
}

int main(int argc, char **argv)
{
	static struct inputs inputs = {.request = STRATA_REQUEST_INIT, .config = {.created = 1}};
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_job *job = NULL;
	char *json;
	int status = 0;

	for (int i = 1; status == 0 && i < argc; i++) {
		char *equals = strchr(argv[i], '=');

		if (equals)
			*equals = '\0';
		status = take(&inputs, argv[i], equals ? equals + 1 : NULL, &error);
	}
	/* Without anything to say, the library's own defaults count. */
	if (inputs.config.label_count + inputs.config.entrypoint_count + inputs.config.env_count >
			0 ||
		inputs.config.user)
		inputs.request.config = &inputs.config;
	if (status == 0)
		status = run(&inputs, &job, &error);
	if (status < 0) {
		fprintf(stderr, "library: %s\n", error.message);
		status = error.wrong_use ? 2 : 1;
		strata_error_clear(&error);
		return status;
	}
	json = strata_job_json(job);
	fputs(json, stdout);
	free(json);
	strata_job_free(job);
	if (inputs.has_output)
		strata_destination_release(&inputs.output);
	return 0;
}
