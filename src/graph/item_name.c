/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Name and version of a store item, told from its path as Nix and Guix do.
 */
#include <string.h>

#include "graph/item_name.h"
#include "util/buffer.h"

/* The characters of a store item's hash, and their number in Nix and Guix alike. */
enum { HASH_LENGTH = 32 };

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

bool strata_item_has_hash(const char *id)
{
	const char *slash = strrchr(id, '/');

	return slash && strspn(slash + 1, "0123456789abcdefghijklmnopqrstuvwxyz") == HASH_LENGTH &&
	       slash[1 + HASH_LENGTH] == '-' && slash[2 + HASH_LENGTH];
}

static const char *skip_hash(const char *base)
{
	size_t length = strcspn(base, "-");

	return length == HASH_LENGTH && base[length] && base[length + 1] ? base + length + 1 : base;
}

void strata_item_split_name(
	const char *id, struct strata_buffer *name, struct strata_buffer *version)
{
	const char *slash = strrchr(id, '/');
	const char *start = id, *dash;

	strata_buffer_truncate(name, 0);
	strata_buffer_truncate(version, 0);
	if (!slash) {
		strata_buffer_append(name, id, strcspn(id, ":"));
		return;
	}
	start = skip_hash(slash + 1);
	for (dash = strchr(start, '-'); dash; dash = strchr(dash + 1, '-')) {
		if (dash > start && dash[1] && !is_letter(dash[1]))
			break;
	}
	if (!dash) {
		strata_buffer_string(name, start);
		return;
	}
	strata_buffer_append(name, start, (size_t)(dash - start));
	strata_buffer_string(version, dash + 1);
}
