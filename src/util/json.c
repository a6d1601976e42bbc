/* SPDX-License-Identifier: Apache-2.0 */
#include "util/json.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "util/file.h"
#include "util/text.h"

static const json_t *inner(const struct strata_json *value)
{
	return (const json_t *)value;
}

static const struct strata_json *outer(const json_t *value)
{
	return (const struct strata_json *)value;
}

/* Where the library gets no memory, it drops a character or a whole value and goes on. So we note
 * whether an allocation failed. Allocation functions that the program has set stay in use. */
static json_malloc_t outer_malloc;
static json_free_t outer_free;
static _Thread_local bool lacks_memory;

static void *allocate(size_t size)
{
	void *result = outer_malloc(size);

	lacks_memory = lacks_memory || !result;
	return result;
}

static void watch_allocations(void)
{
	json_get_alloc_funcs(&outer_malloc, &outer_free);
	json_set_alloc_funcs(allocate, outer_free);
}

static void begin_parsing(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, watch_allocations);
	lacks_memory = false;
}

/* The result is right only if no allocation failed. */
static json_t *end_parsing(json_t *root)
{
	if (!lacks_memory)
		return root;
	json_decref(root);
	return NULL;
}

enum { PARSE_FLAGS = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY };

static int fail_parse(const char *name, const json_error_t *details, struct strata_error *error)
{
	if (lacks_memory || json_error_code(details) == json_error_out_of_memory)
		return strata_fail_memory(error);
	return strata_fail(error, STRATA_ERROR_FORMAT, "%s: not valid JSON: line %d, column %d: %s",
		name, details->line, details->column, details->text);
}

/* The library passes over NUL behind numbers and names. */
static int fail_nul(const char *name, struct strata_error *error)
{
	return strata_fail(
		error, STRATA_ERROR_FORMAT, "%s: not valid JSON: it has a NUL byte", name);
}

int strata_json_parse(const char *name, const char *text, size_t length,
	struct strata_json **document, struct strata_error *error)
{
	json_error_t details;
	json_t *root;

	if (memchr(text, '\0', length))
		return fail_nul(name, error);
	begin_parsing();
	root = end_parsing(json_loadb(text, length, PARSE_FLAGS, &details));
	if (!root)
		return fail_parse(name, &details, error);
	*document = (struct strata_json *)root;
	return 0;
}

/* A file that is parsed while it is read: its text need not be in memory. The library asks for a
 * kilobyte at a time. */
struct reading {
	int descriptor;
	size_t limit, total;
	int system_error;
	bool has_nul;
	size_t at, filled; /* of the buffer */
	char buffer[64 * 1024];
};

static bool fill(struct reading *reading)
{
	ssize_t got;

	do {
		got = read(reading->descriptor, reading->buffer, sizeof(reading->buffer));
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		reading->system_error = errno;
		return false;
	}
	reading->at = 0;
	reading->filled = (size_t)got;
	reading->total += (size_t)got;
	reading->has_nul = memchr(reading->buffer, '\0', (size_t)got) != NULL;
	return reading->total <= reading->limit && !reading->has_nul;
}

static size_t read_more(void *bytes, size_t size, void *data)
{
	struct reading *reading = data;

	if (reading->at == reading->filled && !fill(reading))
		return (size_t)-1;
	if (size > reading->filled - reading->at)
		size = reading->filled - reading->at;
	memcpy(bytes, reading->buffer + reading->at, size);
	reading->at += size;
	return size;
}

int strata_json_load(
	const char *path, size_t limit, struct strata_json **document, struct strata_error *error)
{
	struct reading reading = {.descriptor = STDIN_FILENO, .limit = limit};
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	strata_autoclose int opened = -1;
	json_error_t details;
	json_t *root;

	if (strcmp(path, "-") != 0) {
		opened = reading.descriptor = open(path, O_RDONLY | O_CLOEXEC);
		if (opened < 0)
			return strata_fail_errno(error, "cannot open '%s'", path);
	}
	begin_parsing();
	root = end_parsing(json_load_callback(read_more, &reading, PARSE_FLAGS, &details));
	if (!root && reading.system_error) {
		errno = reading.system_error;
		return strata_fail_errno(error, "cannot read '%s'", name);
	}
	if (!root && reading.total > limit)
		return strata_file_fail_large(name, limit, error);
	if (!root && reading.has_nul)
		return fail_nul(name, error);
	if (!root)
		return fail_parse(name, &details, error);
	*document = (struct strata_json *)root;
	return 0;
}

void strata_json_drop_at(const struct strata_json *array, size_t index)
{
	(void)json_array_set_new((json_t *)array, index, json_null());
}

void strata_json_drop_member(const struct strata_json *object, void *position)
{
	(void)json_object_iter_set_new((json_t *)object, position, json_null());
}

void strata_json_free(struct strata_json *document)
{
	json_decref((json_t *)document);
}

void strata_cleanup_json(struct strata_json **document)
{
	strata_json_free(*document);
}

enum strata_json_kind strata_json_kind(const struct strata_json *value)
{
	switch (json_typeof(inner(value))) {
	case JSON_OBJECT:
		return STRATA_JSON_OBJECT;
	case JSON_ARRAY:
		return STRATA_JSON_ARRAY;
	case JSON_STRING:
		return STRATA_JSON_STRING;
	case JSON_INTEGER:
		return STRATA_JSON_INTEGER;
	case JSON_REAL:
		return STRATA_JSON_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return STRATA_JSON_BOOL;
	case JSON_NULL:
		break;
	}
	return STRATA_JSON_NULL;
}

size_t strata_json_count(const struct strata_json *value)
{
	if (!value)
		return 0;
	if (json_is_array(inner(value)))
		return json_array_size(inner(value));
	return json_object_size(inner(value));
}

const struct strata_json *strata_json_at(const struct strata_json *array, size_t index)
{
	return outer(json_array_get(inner(array), index));
}

const struct strata_json *strata_json_member(const struct strata_json *object, const char *key)
{
	return outer(json_object_get(inner(object), key));
}

const struct strata_json *strata_json_member_any_case(
	const struct strata_json *object, const char *key)
{
	const struct strata_json *value = strata_json_member(object, key);
	const char *candidate;
	void *position = NULL;

	if (value)
		return value;
	while (strata_json_next(object, &position, &candidate, &value)) {
		if (strcasecmp(candidate, key) == 0)
			return value;
	}
	return NULL;
}

bool strata_json_next(const struct strata_json *object, void **position, const char **key,
	const struct strata_json **value)
{
	json_t *root = (json_t *)object;

	if (!json_is_object(root))
		return false;
	*position = *position ? json_object_iter_next(root, *position) : json_object_iter(root);
	if (!*position)
		return false;
	*key = json_object_iter_key(*position);
	*value = outer(json_object_iter_value(*position));
	return true;
}

const char *strata_json_string(const struct strata_json *value)
{
	return json_string_value(inner(value));
}

int64_t strata_json_integer(const struct strata_json *value)
{
	return json_integer_value(inner(value));
}

bool strata_json_is_true(const struct strata_json *value)
{
	return json_is_true(inner(value));
}

double strata_json_real(const struct strata_json *value)
{
	return json_number_value(inner(value));
}

/* Find member KEY and check its kind. *FOUND stays NULL where it is absent or null and may be. */
static int find_member(const struct strata_json *object, const char *key, bool required,
	enum strata_json_kind kind, const struct strata_json **found, struct strata_error *error)
{
	static const char *const kinds[] = {"null", "true or false", "an integer", "a number",
		"a string", "an array", "an object"};
	const struct strata_json *value = strata_json_member(object, key);

	*found = NULL;
	if (!json_is_object(inner(object)))
		return strata_fail(
			error, STRATA_ERROR_FORMAT, "not a JSON object with a member \"%s\"", key);
	if (!value || strata_json_kind(value) == STRATA_JSON_NULL) {
		if (required)
			return strata_fail(
				error, STRATA_ERROR_FORMAT, "member \"%s\" is missing", key);
		return 0;
	}
	if (strata_json_kind(value) != kind)
		return strata_fail(error, STRATA_ERROR_FORMAT, "member \"%s\" must be %s, not %s",
			key, kinds[kind], kinds[strata_json_kind(value)]);
	*found = value;
	return 0;
}

int strata_json_get_string(const struct strata_json *object, const char *key, bool required,
	const char **result, struct strata_error *error)
{
	const struct strata_json *value;
	int status = find_member(object, key, required, STRATA_JSON_STRING, &value, error);

	if (status == 0 && value)
		*result = strata_json_string(value);
	return status;
}

int strata_json_get_size(const struct strata_json *object, const char *key, bool required,
	uint64_t *result, struct strata_error *error)
{
	const struct strata_json *value;
	int status = find_member(object, key, required, STRATA_JSON_INTEGER, &value, error);

	if (status < 0 || !value)
		return status;
	if (strata_json_integer(value) < 0)
		return strata_fail(
			error, STRATA_ERROR_FORMAT, "member \"%s\" must not be negative", key);
	*result = (uint64_t)strata_json_integer(value);
	return 0;
}

int strata_json_get_bool(const struct strata_json *object, const char *key, bool required,
	bool *result, struct strata_error *error)
{
	const struct strata_json *value;
	int status = find_member(object, key, required, STRATA_JSON_BOOL, &value, error);

	if (status == 0 && value)
		*result = strata_json_is_true(value);
	return status;
}

int strata_json_get_array(const struct strata_json *object, const char *key, bool required,
	const struct strata_json **result, struct strata_error *error)
{
	const struct strata_json *value;
	int status = find_member(object, key, required, STRATA_JSON_ARRAY, &value, error);

	if (status == 0 && value)
		*result = value;
	return status;
}

int strata_json_get_object(const struct strata_json *object, const char *key, bool required,
	const struct strata_json **result, struct strata_error *error)
{
	const struct strata_json *value;
	int status = find_member(object, key, required, STRATA_JSON_OBJECT, &value, error);

	if (status == 0 && value)
		*result = value;
	return status;
}

int strata_json_check_keys(
	const struct strata_json *object, const char *const *keys, struct strata_error *error)
{
	const struct strata_json *value;
	const char *key;
	void *position = NULL;

	while (strata_json_next(object, &position, &key, &value)) {
		bool known = false;

		for (const char *const *candidate = keys; *candidate && !known; candidate++)
			known = strcmp(*candidate, key) == 0;
		if (!known)
			return strata_fail(
				error, STRATA_ERROR_FORMAT, "member \"%s\" is not known here", key);
	}
	return 0;
}

int strata_json_bytes(
	const struct strata_json *value, struct strata_buffer *buffer, struct strata_error *error)
{
	const char *encoded = strata_json_string(strata_json_member(value, "base64"));
	size_t start = buffer->length;

	if (strata_json_string(value)) {
		strata_buffer_string(buffer, strata_json_string(value));
		return strata_buffer_check(buffer, error);
	}
	if (!encoded || strata_json_count(value) != 1)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"expected a string, or an object with the one member \"base64\"");
	if (!strata_text_from_base64(buffer, encoded) ||
		memchr(buffer->data + start, '\0', buffer->length - start))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"member \"base64\" is not valid base64 of a name");
	return strata_buffer_check(buffer, error);
}
