/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small questions about text. Nothing here depends on the locale.
 */
#ifndef UTIL_TEXT_H
#define UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buffer.h"

/* Whether BYTES are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool strata_text_is_utf8(const char *bytes, size_t length);

bool strata_text_starts_with(const char *text, const char *prefix);
bool strata_text_ends_with(const char *text, const char *suffix);

/* Parse all of TEXT as a number in BASE (8 or 10): digits only, no sign, no blanks. Returns false
 * where it is none or does not fit. */
bool strata_text_to_number(const char *text, int base, uint64_t *number);

/* The value of a hexadecimal digit of either case; -1 for any other byte. */
int strata_text_hex_digit(char byte);

/* Append a size that a person can read: "17 B", "4.2 MB" (powers of 1000, as registries and
 * docker print them). */
void strata_text_size(struct strata_buffer *buffer, uint64_t bytes);

/* Append a time as RFC 3339 writes it, in UTC: "2024-05-01T12:00:00Z". Returns false where its year
 * does not have four digits. */
bool strata_text_time(struct strata_buffer *buffer, int64_t seconds);

/* Append TEXT for terminals: bytes that are not UTF-8, and characters that a terminal obeys or that
 * change the order or the lines in which others are shown, are made visible. */
void strata_text_visible(struct strata_buffer *buffer, const char *text);

/* The same for a text of several lines. */
void strata_text_visible_lines(struct strata_buffer *buffer, const char *text);

/* The length of such a character at TEXT; 0 where another is there. */
size_t strata_text_control(const char *text, size_t length);

/* Base64 (RFC 4648 section 4, with padding). Decoding returns false on anything else. */
void strata_text_base64(struct strata_buffer *buffer, const void *bytes, size_t length);
bool strata_text_from_base64(struct strata_buffer *buffer, const char *text);

#endif
