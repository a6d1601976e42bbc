/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes of NARs in the spellings of Nix and Guix: hexadecimal, Nix's base 32, base64.
 */
#include <string.h>

#include "graph/formats/nar_hash.h"
#include "graph/formats/source_text.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/sha256.h"
#include "util/text.h"

enum { HEX_LENGTH = 64, NIX32_LENGTH = 52, BASE64_LENGTH = 44 };

static bool from_hex(const char *text, unsigned char bytes[STRATA_SHA256_SIZE])
{
	for (size_t i = 0; i < HEX_LENGTH; i++) {
		int digit = strata_text_hex_digit(text[i]);

		if (digit < 0)
			return false;
		bytes[i / 2] = (unsigned char)(bytes[i / 2] << 4 | digit);
	}
	return true;
}

/* Nix's base 32: the bytes are one little-endian number, and its digits are written with the most
 * significant first. 52 digits hold four bits more than a hash has; those must be zero. */
static bool from_nix32(const char *text, unsigned char bytes[STRATA_SHA256_SIZE])
{
	static const char digits[] = "0123456789abcdfghijklmnpqrsvwxyz";
	unsigned pending = 0, pending_bits = 0;
	size_t filled = 0;

	for (size_t i = NIX32_LENGTH; i > 0; i--) {
		const char *found = strchr(digits, text[i - 1]);

		if (!found)
			return false;
		pending |= (unsigned)(found - digits) << pending_bits;
		pending_bits += 5;
		if (pending_bits >= 8) {
			bytes[filled++] = (unsigned char)pending;
			pending >>= 8;
			pending_bits -= 8;
		}
	}
	return pending == 0;
}

int strata_nar_hash_parse(
	const char *text, struct strata_digest *digest, struct strata_error *error)
{
	static const char digits[] = "0123456789abcdef";
	strata_autobuffer struct strata_buffer decoded = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer shown = STRATA_BUFFER_INIT;
	unsigned char bytes[STRATA_SHA256_SIZE] = {0};
	const char *encoded = text;
	bool good = false;
	char *out;

	if (strata_text_starts_with(text, "sha256:") || strata_text_starts_with(text, "sha256-"))
		encoded += strlen("sha256:");
	switch (strnlen(encoded, HEX_LENGTH + 1)) {
	case HEX_LENGTH:
		good = from_hex(encoded, bytes);
		break;
	case NIX32_LENGTH:
		good = from_nix32(encoded, bytes);
		break;
	case BASE64_LENGTH:
		good = strata_text_from_base64(&decoded, encoded);
		if (strata_buffer_check(&decoded, error) < 0)
			return STRATA_ERROR_MEMORY;
		good = good && decoded.length == sizeof(bytes);
		if (good)
			memcpy(bytes, decoded.data, sizeof(bytes));
		break;
	default:
		break;
	}
	if (!good) {
		strata_source_excerpt(&shown, text);
		return strata_fail(
			error, STRATA_ERROR_FORMAT, "'%s' is not the SHA-256 of a NAR", shown.data);
	}
	out = stpcpy(digest->text, STRATA_DIGEST_PREFIX);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
	return 0;
}
