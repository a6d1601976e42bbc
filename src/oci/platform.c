/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/platform.h"

#include <string.h>
#include <sys/utsname.h>

#include <stratapack/image.h>

#include "util/text.h"

/* Of several rows with one word, the first counts; names count before Debian's and the stores'
 * words, and these before the kernel's. Names and variants: Go's GOARCH and GOARM as the OCI image
 * specification has them (image-index.md); Debian's: dpkg's cputable and ostable. */
const struct strata_architecture strata_architectures[] = {
	{"amd64", "", "amd64", "x86_64", "x86_64"},
	{"arm64", "", "arm64", "aarch64", "aarch64"},
	{"386", "", "i386", "i686", "i686"},
	{"386", "", NULL, "i586", "i586"},
	{"386", "", NULL, "i486", "i486"},
	{"386", "", NULL, "i386", "i386"},
	{"arm", "v7", "armhf", "armv7l", "armv7l"},
	{"arm", "v7", NULL, "armhf", "armv8l"},
	{"arm", "v6", NULL, "armv6l", "armv6l"},
	{"arm", "v5", "armel", "armv5tel", "armv5tel"},
	{"arm", "v5", NULL, "armv5tejl", "armv5tejl"},
	{"arm", "v7", NULL, "arm", "arm"},
	{"ppc64le", "", "ppc64el", "powerpc64le", "ppc64le"},
	{"ppc64", "", "ppc64", "powerpc64", "ppc64"},
	{"ppc", "", "powerpc", "powerpc", "ppc"},
	{"riscv64", "", "riscv64", "riscv64", "riscv64"},
	{"s390x", "", "s390x", "s390x", "s390x"},
	{"loong64", "", "loong64", "loongarch64", "loongarch64"},
	{"loong64", "", "loongarch64", NULL, NULL},
	{"mips64le", "", "mips64el", "mips64el", "mips64"},
	{"mips64", "", NULL, "mips64", NULL},
	{"mipsle", "", "mipsel", "mipsel", NULL},
	{"mips", "", "mips", "mips", "mips"},
	{"riscv32", "", NULL, "riscv32", "riscv32"},
	{"sparc64", "", "sparc64", "sparc64", "sparc64"},
	{NULL, NULL, NULL, NULL, NULL},
};

const char *strata_platform_usual_variant(const char *architecture)
{
	if (strcmp(architecture, "arm") == 0)
		return "v7";
	if (strcmp(architecture, "arm64") == 0)
		return "v8";
	return strcmp(architecture, "amd64") == 0 ? "v1" : "";
}

const char *strata_platform_variant(const char *architecture, const char *variant)
{
	bool is_arm = architecture && strcmp(architecture, "arm") == 0;

	if (!architecture)
		return variant;
	if (!variant || !*variant)
		return is_arm ? "v7" : variant;
	if (!is_arm && strcmp(variant, strata_platform_usual_variant(architecture)) == 0)
		return "";
	return variant;
}

/* Whether the LENGTH bytes at WORD are NAME. */
static bool is(const char *name, const char *word, size_t length)
{
	return name && strlen(name) == length && strncmp(name, word, length) == 0;
}

static const struct strata_architecture *find(const char *word, size_t length)
{
	const struct strata_architecture *all = strata_architectures, *at;

	for (at = all; at->name; at++) {
		if (is(at->name, word, length))
			return at;
	}
	for (at = all; at->name; at++) {
		if (is(at->debian, word, length) || is(at->store, word, length))
			return at;
	}
	for (at = all; at->name; at++) {
		if (is(at->kernel, word, length))
			return at;
	}
	return NULL;
}

/* Variants that images know, as constants, so that what is found outlives the word. */
static const char *find_variant(const char *text)
{
	static const char *const variants[] = {
		"v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9"};

	for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
		if (strcmp(variants[i], text) == 0)
			return variants[i];
	}
	return NULL;
}

bool strata_platform_find(const char *word, struct strata_platform *platform)
{
	const char *at = word, *slash, *variant = "";
	const struct strata_architecture *found;
	size_t length;

	if (strata_text_starts_with(at, "linux/")) {
		platform->os = "linux";
		at += strlen("linux/");
	}
	slash = strchr(at, '/');
	/* A system or a triplet: "x86_64-linux", "arm-linux-gnueabihf". */
	length = slash ? (size_t)(slash - at) : strcspn(at, "-");
	if (!slash && at[length] && !strstr(at + length, "linux"))
		return false;
	found = find(at, length);
	if (found && slash)
		variant = find_variant(slash + 1);
	if (!found || !variant)
		return false;
	platform->architecture = found->name;
	platform->variant = NULL;
	if (slash)
		platform->variant = strata_platform_variant(found->name, variant);
	else if (!is(found->name, at, length))
		platform->variant = found->variant;
	return true;
}

const char *strata_host_architecture(void)
{
	struct utsname host;

	if (uname(&host) < 0)
		return NULL;
	for (const struct strata_architecture *at = strata_architectures; at->name; at++) {
		if (at->kernel && strcmp(at->kernel, host.machine) == 0)
			return at->name;
	}
	return NULL;
}
