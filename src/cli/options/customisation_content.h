/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of the customisation for what it copies, and for its permissions.
 */
#ifndef CLI_OPTIONS_CUSTOMISATION_CONTENT_H
#define CLI_OPTIONS_CUSTOMISATION_CONTENT_H

#include "cli/options/customisation_options.h"

int strata_apply_copy(void *target, const char *value, struct strata_error *error);
int strata_apply_link(void *target, const char *value, struct strata_error *error);
int strata_apply_chmod(void *target, const char *value, struct strata_error *error);
int strata_apply_chown(void *target, const char *value, struct strata_error *error);
int strata_apply_permissions(void *target, const char *value, struct strata_error *error);

/* Copy the path in the image of LENGTH bytes without repeated and trailing slashes. */
int strata_copy_image_path(struct strata_arena *arena, const char *text, size_t length, char **path,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Name what is copied by its real path, since store paths are often named by a link to them; what
 * is linked to, and lies under ROOT (NULL: "/"), by its path there. */
int strata_find_copies(struct strata_customisation_options *options, const char *root,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
