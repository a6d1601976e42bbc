/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JSON strictly: UTF-8 only, no duplicate members, nothing behind the document, bounded
 * depth, integers within 64 bits.
 *
 * The library that parses is private to json.c. A document owns all of its values; values and
 * their strings are borrowed from it.
 */
#ifndef UTIL_JSON_H
#define UTIL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buffer.h"

struct strata_json; /* a value; the root one is the document */

enum strata_json_kind {
	STRATA_JSON_NULL,
	STRATA_JSON_BOOL,
	STRATA_JSON_INTEGER,
	STRATA_JSON_REAL,
	STRATA_JSON_STRING,
	STRATA_JSON_ARRAY,
	STRATA_JSON_OBJECT,
};

#define strata_autojson STRATA_CLEANUP(strata_cleanup_json)

/* Parse LENGTH bytes of TEXT; NAME is what messages call it. *DOCUMENT is the caller's. */
int strata_json_parse(const char *name, const char *text, size_t length,
	struct strata_json **document, struct strata_error *error) STRATA_MUST_CHECK;

/* Read and parse the file at PATH ("-" for stdin), of at most LIMIT bytes. */
int strata_json_load(const char *path, size_t limit, struct strata_json **document,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Free an element of an array in a document, which is null from now on. For documents of many
 * records that are read one after the other. */
void strata_json_drop_at(const struct strata_json *array, size_t index);

/* The same for the member of an object that strata_json_next() has given. */
void strata_json_drop_member(const struct strata_json *object, void *position);

void strata_json_free(struct strata_json *document);
void strata_cleanup_json(struct strata_json **document);

enum strata_json_kind strata_json_kind(const struct strata_json *value);

/* The number of elements of an array or members of an object; 0 for anything else and NULL. */
size_t strata_json_count(const struct strata_json *value);

/* Element INDEX of an array. */
const struct strata_json *strata_json_at(const struct strata_json *array, size_t index);

/* Member KEY of an object, or NULL: also where OBJECT is NULL or no object. */
const struct strata_json *strata_json_member(const struct strata_json *object, const char *key);

/* Member KEY in any mix of upper and lower case, as Go programs read it. */
const struct strata_json *strata_json_member_any_case(
	const struct strata_json *object, const char *key);

/* Walk the members of an object in document order: start with *POSITION = NULL. */
bool strata_json_next(const struct strata_json *object, void **position, const char **key,
	const struct strata_json **value);

/* The value of a string, an integer, a boolean; NULL, 0, false for any other kind and for NULL. */
const char *strata_json_string(const struct strata_json *value);
int64_t strata_json_integer(const struct strata_json *value);
bool strata_json_is_true(const struct strata_json *value);

/* The value of an integer or a real number; 0 for any other kind and for NULL. */
double strata_json_real(const struct strata_json *value);

/* Member KEY of OBJECT, checked. Absent members leave *RESULT alone where REQUIRED is false, as
 * does null. The message says which member is wrong; the caller adds of what. */
int strata_json_get_string(const struct strata_json *object, const char *key, bool required,
	const char **result, struct strata_error *error) STRATA_MUST_CHECK;
int strata_json_get_size(const struct strata_json *object, const char *key, bool required,
	uint64_t *result, struct strata_error *error) STRATA_MUST_CHECK;
int strata_json_get_bool(const struct strata_json *object, const char *key, bool required,
	bool *result, struct strata_error *error) STRATA_MUST_CHECK;
int strata_json_get_array(const struct strata_json *object, const char *key, bool required,
	const struct strata_json **result, struct strata_error *error) STRATA_MUST_CHECK;
int strata_json_get_object(const struct strata_json *object, const char *key, bool required,
	const struct strata_json **result, struct strata_error *error) STRATA_MUST_CHECK;

/* Refuse members that are not in KEYS (NULL-terminated): a misspelt one must not be ignored. */
int strata_json_check_keys(const struct strata_json *object, const char *const *keys,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Append what strata_json_write_bytes() wrote: a string, or {"base64": ...}. NUL is refused. */
int strata_json_bytes(const struct strata_json *value, struct strata_buffer *buffer,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
