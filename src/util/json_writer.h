/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON: begin, append, end; members appear in the order in which they are written.
 *
 * Manifests and configs are hashed, so the bytes are ours: no escapes beyond the required, no
 * floating point. Two layouts: compact (what is hashed) and indented (what people edit). Strings
 * must be UTF-8; bytes that may not be use strata_json_write_bytes().
 *
 *	struct strata_json_writer json = {.buffer = &buffer, .indented = true};
 *	strata_json_begin_object(&json);
 *	strata_json_key(&json, "items");
 *	strata_json_begin_array(&json);
 *	strata_json_write_string(&json, "libc6");
 *	strata_json_end_array(&json);
 *	strata_json_end_object(&json);
 */
#ifndef UTIL_JSON_WRITER_H
#define UTIL_JSON_WRITER_H

#include <stdint.h>

#include "util/buffer.h"

struct strata_json_writer {
	struct strata_buffer *buffer; /* borrowed; its failure flag is the writer's */
	bool indented;
	unsigned depth;
	bool needs_comma;
	bool after_key;
};

void strata_json_begin_object(struct strata_json_writer *json);
void strata_json_end_object(struct strata_json_writer *json);
void strata_json_begin_array(struct strata_json_writer *json);
void strata_json_end_array(struct strata_json_writer *json);
void strata_json_key(struct strata_json_writer *json, const char *key);

void strata_json_write_string(struct strata_json_writer *json, const char *text);
void strata_json_write_number(struct strata_json_writer *json, int64_t number);
void strata_json_write_size(struct strata_json_writer *json, uint64_t size);
void strata_json_write_bool(struct strata_json_writer *json, bool value);
void strata_json_write_null(struct strata_json_writer *json);

/* A string where TEXT is UTF-8, else the object {"base64": ...}. strata_json_bytes() reads both. */
void strata_json_write_bytes(struct strata_json_writer *json, const char *text);

/* A value that is JSON already. */
void strata_json_write_raw(struct strata_json_writer *json, const char *text);

/* Write a value as it was read, members in their order. Numbers that are no integers are refused:
 * nothing that we rewrite has any. */
struct strata_json;
int strata_json_write_value(struct strata_json_writer *json, const struct strata_json *value,
	struct strata_error *error) STRATA_MUST_CHECK;

/* A key and its value in one call. A NULL string writes nothing. */
void strata_json_member_string(struct strata_json_writer *json, const char *key, const char *text);
void strata_json_member_size(struct strata_json_writer *json, const char *key, uint64_t size);
void strata_json_member_bool(struct strata_json_writer *json, const char *key, bool value);

#endif
