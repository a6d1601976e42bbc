/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A base image from the inside: what strata_image_new() takes from it.
 */
#ifndef IMAGE_BASE_BASE_IMAGE_H
#define IMAGE_BASE_BASE_IMAGE_H

#include <stratapack/base_image.h>

#include "image/read/reading.h"
#include "util/json_writer.h"

struct strata_base {
	char *source;
	struct strata_findings findings;
	struct strata_reading reading;
	const struct strata_read_image *image; /* one of the reading's */
};

#define strata_autobase STRATA_CLEANUP(strata_cleanup_base)

void strata_cleanup_base(struct strata_base **base);

/* Open the image in SOURCE: the only one, whatever it is for, or of several that for this machine.
 */
int strata_base_open_sole(const char *source, struct strata_base **base,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Fail where the config of BASE is for another platform. */
int strata_base_check_platform(const struct strata_base *base,
	const struct strata_platform *platform, struct strata_error *error) STRATA_MUST_CHECK;

/* The key by which a cache finds the layer that PROMISED describes, so that a blob that was checked
 * before is not read again. It is used like a recipe key; "" where too little is promised. */
int strata_base_layer_key(const struct strata_base *base, const struct strata_read_layer *promised,
	struct strata_digest *key, struct strata_error *error) STRATA_MUST_CHECK;

/* Fill MERGED: OWN over what BASE says, by the rules of FROM in a Dockerfile. Its lists live in
 * ARENA, strings in BASE, OWN or ARENA. */
int strata_base_merge(const struct strata_base *base, const struct strata_image_config *own,
	struct strata_arena *arena, struct strata_image_config *merged,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Append further members of the "config" object of CONFIG's base, if it has one: those that an
 * image inherits, for which strata_image_config has no member, and that CONFIG does not set itself.
 * OWN_COMMAND: the image has an entrypoint or cmd of its own. */
int strata_base_write_other_members(struct strata_json_writer *json,
	const struct strata_image_config *config, bool own_command,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Append the members of the config of BASE (NULL: none) that describe its platform beyond
 * architecture, variant and os. */
int strata_base_write_system(struct strata_json_writer *json, const struct strata_base *base,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The value of the label NAME of BASE (NULL: none), or NULL. */
const char *strata_base_label(const struct strata_base *base, const char *name);

/* Who made BASE, or NULL. */
const char *strata_base_author(const struct strata_base *base);

/* Append the history of BASE (NULL: none) to an open array. Where its own history does not have
 * exactly one entry for each layer, besides entries for empty layers, a made-up entry for each
 * layer is appended instead. */
void strata_base_write_history(struct strata_json_writer *json, const struct strata_base *base);

#endif
