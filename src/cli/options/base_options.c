/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/base_options.h"

#include <string.h>

#include "oci/platform.h"
#include "util/error.h"

/* Names of platforms in Go's words. */
static int check_name(const char *value, struct strata_error *error)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";

	if (*value && !value[strspn(value, allowed)])
		return 0;
	return strata_fail(error, STRATA_ERROR_INVALID,
		"such names have lower-case letters and digits, as amd64 and linux");
}

static bool differs(const char *one, const char *other)
{
	return one && other && strcmp(one, other) != 0;
}

/* Fail where WHOLE, what --platform says, is not what SAID, which other options say, is. */
static int check_agreement(const struct strata_platform *whole, const struct strata_platform *said,
	struct strata_error *error)
{
	const char *name = whole->architecture;
	bool has_variant = said->variant && *said->variant;

	if (!name ||
		(!differs(whole->os, said->os) && !differs(name, said->architecture) &&
			(!has_variant || !differs(strata_platform_variant(name, whole->variant),
						 strata_platform_variant(name, said->variant)))))
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"--platform contradicts --architecture, --os or --variant"),
		"--platform alone says all three");
}

static int apply_platform(void *target, const char *value, struct strata_error *error)
{
	struct strata_platform_options *options = target;
	struct strata_platform found = {.os = NULL};
	int status;

	if (!strata_platform_find(value, &found) || !found.os)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"this is not one platform, written OS/ARCHITECTURE[/VARIANT]"),
			"say e.g. linux/amd64, linux/arm64, linux/arm/v7; build an image for each "
			"of several and join them with 'stratapack index'");
	if (found.variant && !*found.variant)
		found.variant = NULL; /* as --architecture has it */
	status = check_agreement(&found, &options->platform, error);
	if (status == 0)
		status = check_agreement(&options->whole, &found, error);
	options->platform = options->whole = found;
	return status;
}

static int apply_architecture(void *target, const char *value, struct strata_error *error)
{
	struct strata_platform_options *options = target;
	struct strata_platform *platform = &options->platform;
	struct strata_platform found = {.os = platform->os};

	if (!strata_platform_find(value, &found))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "there is no such architecture"),
			"say e.g. amd64, arm64, arm/v7, 386, ppc64le, riscv64, s390x; the words of "
			"Debian, Guix, Nix and uname are understood as well");
	/* A variant from --variant takes precedence over the one that the name implies. */
	if (found.variant && *found.variant && !platform->variant)
		platform->variant = found.variant;
	platform->architecture = found.architecture;
	platform->os = found.os;
	return check_agreement(&options->whole, &found, error);
}

static int apply_os(void *target, const char *value, struct strata_error *error)
{
	struct strata_platform_options *options = target;
	int status = check_name(value, error);

	options->platform.os = value;
	return status < 0 ? status : check_agreement(&options->whole, &options->platform, error);
}

static int apply_variant(void *target, const char *value, struct strata_error *error)
{
	struct strata_platform_options *options = target;
	int status = check_name(value, error);

	options->platform.variant = value;
	return status < 0 ? status : check_agreement(&options->whole, &options->platform, error);
}

static const struct strata_option platform_options[] = {
	{.name = "platform",
		.argument = "OS/ARCHITECTURE[/VARIANT]",
		.help = "all three in one, e.g. linux/arm64 or linux/arm/v7",
		.apply = apply_platform},
	{.name = "architecture",
		.argument = "NAME",
		.help = "e.g. amd64, arm64, arm/v7, or the word that Debian, Guix, Nix or uname "
			"has for it: x86_64-linux, aarch64, armhf (default: this machine's)",
		.apply = apply_architecture},
	{.name = "os", .argument = "NAME", .help = "default: linux", .apply = apply_os},
	{.name = "variant",
		.argument = "NAME",
		.help = "of the architecture, e.g. v7 (default: the base's, if any)",
		.apply = apply_variant},
	{.name = NULL},
};

const struct strata_option_group strata_platform_group = {"Platform", platform_options};

static const struct strata_option base_options[] = {
	{.name = "base",
		.argument = "IMAGE",
		.value = STRATA_VALUE_FILE,
		.help = "put the image on top of this one and inherit its config, as FROM does in "
			"a Dockerfile: a path or TRANSPORT:PATH[:NAME[:TAG]]",
		STRATA_STORES_TEXT(struct strata_base_options, source)},
	{.name = NULL},
};

const struct strata_option_group strata_base_group = {"Base image", base_options};

static const struct strata_option overlap_options[] = {
	{.name = "force-overlap",
		.help = "let items hide files of the base that are not theirs, and additions "
			"replace directories",
		STRATA_STORES_FLAG(struct strata_overlap_options, force)},
	{.name = NULL},
};

const struct strata_option_group strata_overlap_group = {"Base image", overlap_options};

static int apply_base_items(void *target, const char *value, struct strata_error *error)
{
	static const char *const kinds[] = {"store", "all", "none"};
	struct strata_base_items_options *options = target;

	for (unsigned kind = 0; kind < sizeof(kinds) / sizeof(*kinds); kind++) {
		options->kind = (enum strata_base_items)kind;
		if (strcmp(kinds[kind], value) == 0)
			return 0;
	}
	return strata_fail(error, STRATA_ERROR_INVALID, "this is not store, all or none");
}

static const struct strata_option base_items_options[] = {
	{.name = "base-items",
		.argument = "store|all|none",
		.help = "which items are not packed where the base, made by stratapack, holds "
			"them: those of a store (default), or packages of the same version too",
		.apply = apply_base_items},
	{.name = NULL},
};

const struct strata_option_group strata_base_items_group = {"Base image", base_items_options};
