/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The label with the versions of an image's items.
 */
#include <string.h>

#include "image/provenance/provenance.h"
#include "util/error.h"

enum {
	/* The most bytes of all versions: registries take a config of 4 MiB, and the history may
	 * take half. */
	LONGEST_TEXT = 1024 * 1024,
	/* The most bytes of a label with its key: containerd makes no container of a longer one. */
	LONGEST_LABEL = 4096,
};

static void write_versions(struct strata_buffer *text, const struct strata_plan *plan)
{
	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		const struct strata_plan_layer *items = &plan->layers[layer];

		for (size_t i = 0; items->versions && i < items->item_count; i++) {
			/* What would not be read back as it is. */
			if (!*items->versions[i] || strpbrk(items->items[i], " =") ||
				strchr(items->versions[i], ' '))
				continue;
			strata_buffer_format(text, "%s%s=%s", text->length > 0 ? " " : "",
				items->items[i], items->versions[i]);
		}
	}
}

int strata_provenance_add_versions(
	struct strata_image_config *merged, struct strata_arena *arena, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	size_t count = merged->label_count;
	struct strata_pair *labels;
	char *versions;
	int status;

	if (merged->plan)
		write_versions(&text, merged->plan);
	status = strata_buffer_check(&text, error);
	if (status < 0 || text.length == 0 || text.length > LONGEST_TEXT)
		return status;
	labels = strata_arena_array(arena, count + 1, sizeof(*labels));
	versions = strata_arena_string(arena, text.data);
	if (!labels || !versions)
		return strata_fail_memory(error);
	labels[0] = (struct strata_pair){STRATA_VERSIONS_LABEL, versions};
	if (count > 0)
		memcpy(labels + 1, merged->labels, count * sizeof(*labels));
	merged->labels = labels;
	merged->label_count = count + 1;
	return 0;
}

int strata_provenance_join_versions(struct strata_pair *pair, const char *inherited,
	struct strata_arena *arena, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	if (strlen(inherited) + strlen(pair->value) > LONGEST_TEXT)
		return 0;
	strata_buffer_format(&text, "%s %s", inherited, pair->value);
	if (strata_buffer_check(&text, error) < 0)
		return STRATA_ERROR_MEMORY;
	pair->value = strata_arena_string(arena, text.data);
	return pair->value ? 0 : strata_fail_memory(error);
}

/* The key of the label in which the versions go on, NUMBER being 2 or more; or the first one's. */
static int make_key(struct strata_buffer *key, size_t number, struct strata_error *error)
{
	strata_buffer_truncate(key, 0);
	strata_buffer_string(key, STRATA_VERSIONS_LABEL);
	if (number > 1)
		strata_buffer_format(key, ".%zu", number);
	return strata_buffer_check(key, error);
}

/* How much of TEXT fits in MOST bytes and ends where a pair does; 0: not even the first pair. */
static size_t measure_part(const char *text, size_t most)
{
	size_t length = strlen(text);

	if (length <= most)
		return length;
	for (length = most; length > 0 && text[length] != ' ';)
		length--;
	return length;
}

int strata_provenance_write_versions(
	struct strata_json_writer *json, const char *text, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer key = STRATA_BUFFER_INIT, part = STRATA_BUFFER_INIT;
	size_t number = 1;

	for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
		int status = make_key(&key, number, error);
		size_t length = measure_part(at, LONGEST_LABEL - key.length);

		if (length > 0) {
			strata_buffer_truncate(&part, 0);
			strata_buffer_append(&part, at, length);
			status = status < 0 ? status : strata_buffer_check(&part, error);
			if (status == 0)
				strata_json_member_string(json, key.data, part.data);
			number++;
		} else {
			length = strcspn(at, " "); /* too long for any label */
		}
		if (status < 0)
			return status;
		at += length;
	}
	return 0;
}

int strata_provenance_gather_versions(const struct strata_json *labels, struct strata_arena *arena,
	const char **text, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer key = STRATA_BUFFER_INIT, all = STRATA_BUFFER_INIT;
	size_t number = 0;
	int status;

	*text = NULL;
	do {
		const char *part = NULL;

		status = make_key(&key, ++number, error);
		if (status == 0)
			part = strata_json_string(strata_json_member(labels, key.data));
		if (!part)
			break;
		strata_buffer_format(&all, "%s%s", number > 1 ? " " : "", part);
	} while (status == 0);
	if (status == 0)
		status = strata_buffer_check(&all, error);
	if (status < 0 || number == 1)
		return status;
	*text = strata_arena_string(arena, all.data);
	return *text ? 0 : strata_fail_memory(error);
}

bool strata_provenance_is_more_versions(const char *key)
{
	const char *number =
		strncmp(key, STRATA_VERSIONS_LABEL ".", strlen(STRATA_VERSIONS_LABEL ".")) == 0
			? key + strlen(STRATA_VERSIONS_LABEL ".")
			: "";

	return *number && number[strspn(number, "0123456789")] == '\0';
}

static size_t count_pairs(const char *text)
{
	size_t count = 0;

	for (const char *at = text; *at; at++)
		count += *at == '=';
	return count;
}

int strata_provenance_read_versions(const char *text, struct strata_arena *arena,
	struct strata_told_versions *versions, struct strata_error *error)
{
	size_t count = 0;

	versions->list = strata_arena_array(arena, count_pairs(text), sizeof(*versions->list));
	if (!versions->list)
		return strata_fail_memory(error);
	for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		char *id = strata_arena_bytes(arena, at, length);
		char *equals = id ? strchr(id, '=') : NULL;

		if (!id)
			return strata_fail_memory(error);
		at += length;
		if (!equals)
			continue;
		*equals = '\0';
		versions->list[count] = equals + 1;
		if (strata_map_put(&versions->by_id, id, (uint32_t)count++) < 0)
			return strata_fail_memory(error);
	}
	return 0;
}

int strata_provenance_apply_versions(const struct strata_told_versions *versions,
	struct strata_arena *arena, struct strata_plan_layer *layer, struct strata_error *error)
{
	const char **of_layer = strata_arena_array(arena, layer->item_count, sizeof(*of_layer));

	if (!of_layer)
		return strata_fail_memory(error);
	for (size_t i = 0; i < layer->item_count; i++) {
		uint32_t place = strata_map_get(&versions->by_id, layer->items[i]);

		of_layer[i] = place == STRATA_MAP_NONE ? "" : versions->list[place];
	}
	layer->versions = of_layer;
	return 0;
}

void strata_provenance_release_versions(struct strata_told_versions *versions)
{
	strata_map_release(&versions->by_id);
}
