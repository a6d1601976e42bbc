#include "base/json_value.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

void strata_json_free(struct strata_json *document)
{
	if (!document)
		return;
	strata_arena_free(&((struct strata_json_document *)document)->arena);
	free(document);
}

void strata_cleanup_json(struct strata_json **document)
{
	strata_json_free(*document);
}

static bool is_a(const struct strata_json *value, enum strata_json_kind kind)
{
	return value && value->kind == kind;
}

/* Whether the elements or members of VALUE are there. */
static bool has_contents(const struct strata_json *value, enum strata_json_kind kind)
{
	return is_a(value, kind) && !value->is_folded;
}

enum strata_json_kind strata_json_kind(const struct strata_json *value)
{
	return value->kind;
}

size_t strata_json_count(const struct strata_json *value)
{
	return has_contents(value, STRATA_JSON_ARRAY) || has_contents(value, STRATA_JSON_OBJECT)
		       ? value->count
		       : 0;
}

const struct strata_json *strata_json_at(const struct strata_json *array, size_t index)
{
	return has_contents(array, STRATA_JSON_ARRAY) && index < array->count
		       ? &array->elements[index]
		       : NULL;
}

static int compare_key(const void *key, const void *element)
{
	const struct strata_json_pair *const *pair = element;

	return strcmp(key, (*pair)->key);
}

const struct strata_json *strata_json_member(const struct strata_json *object, const char *key)
{
	const struct strata_json_pair *const *found;

	if (!has_contents(object, STRATA_JSON_OBJECT))
		return NULL;
	if (object->members.sorted) {
		found = bsearch(
			key, object->members.sorted, object->count, sizeof(*found), compare_key);
		return found ? &(*found)->value : NULL;
	}
	for (size_t i = 0; i < object->count; i++) {
		if (strcmp(object->members.pairs[i].key, key) == 0)
			return &object->members.pairs[i].value;
	}
	return NULL;
}

const struct strata_json *strata_json_member_any_case(
	const struct strata_json *object, const char *key)
{
	const struct strata_json *value = strata_json_member(object, key);
	const char *candidate;
	const void *position = NULL;

	if (value)
		return value;
	while (strata_json_next(object, &position, &candidate, &value)) {
		if (strcasecmp(candidate, key) == 0)
			return value;
	}
	return NULL;
}

bool strata_json_next(const struct strata_json *object, const void **position, const char **key,
	const struct strata_json **value)
{
	const struct strata_json_pair *pair = *position;

	if (!has_contents(object, STRATA_JSON_OBJECT))
		return false;
	pair = pair ? pair + 1 : object->members.pairs;
	if (pair == object->members.pairs + object->count)
		return false;
	*position = pair;
	*key = pair->key;
	*value = &pair->value;
	return true;
}

const char *strata_json_string(const struct strata_json *value)
{
	return is_a(value, STRATA_JSON_STRING) ? value->string : NULL;
}

int64_t strata_json_integer(const struct strata_json *value)
{
	return is_a(value, STRATA_JSON_INTEGER) ? value->integer : 0;
}

bool strata_json_is_true(const struct strata_json *value)
{
	return is_a(value, STRATA_JSON_BOOL) && value->truth;
}

double strata_json_real(const struct strata_json *value)
{
	if (is_a(value, STRATA_JSON_INTEGER))
		return (double)value->integer;
	return is_a(value, STRATA_JSON_REAL) ? value->real : 0;
}

/* Find member KEY and check its kind. *FOUND stays NULL where it is absent or null and may be. */
static int find_member(const struct strata_json *object, const char *key, bool required,
	enum strata_json_kind kind, const struct strata_json **found, struct strata_error *error)
{
	static const char *const kinds[] = {"null", "true or false", "an integer", "a number",
		"a string", "an array", "an object"};
	const struct strata_json *value = strata_json_member(object, key);

	*found = NULL;
	if (!is_a(object, STRATA_JSON_OBJECT))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"not a JSON object where one with a member \"%s\" is due", key);
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
	const void *position = NULL;

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
			"a string, or an object with the one member \"base64\", is due");
	if (!strata_text_from_base64(buffer, encoded) ||
		memchr(buffer->data + start, '\0', buffer->length - start))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"member \"base64\" is not valid base64 of a name");
	return strata_buffer_check(buffer, error);
}
