/* SPDX-License-Identifier: Apache-2.0 */
/* What images call the architectures of Debian: Go's words, and the variants of OCI images. */
#include <string.h>

#include "graph/dpkg/image.h"

static const struct {
	const char *debian, *architecture, *variant;
} architectures[] = {
	{"amd64", "amd64", ""},
	{"arm64", "arm64", ""},
	{"armel", "arm", "v5"},
	{"armhf", "arm", "v7"},
	{"i386", "386", ""},
	{"loong64", "loong64", ""},
	{"loongarch64", "loong64", ""},
	{"mips", "mips", ""},
	{"mips64el", "mips64le", ""},
	{"mipsel", "mipsle", ""},
	{"powerpc", "ppc", ""},
	{"ppc64", "ppc64", ""},
	{"ppc64el", "ppc64le", ""},
	{"riscv64", "riscv64", ""},
	{"s390x", "s390x", ""},
	{"sparc64", "sparc64", ""},
};

/* The architecture of the packages in IMAGE: the system's, where some are of it or none is of any;
 * else that of the first. */
static const char *find_architecture(const struct strata_dpkg_image *image)
{
	const struct strata_dpkg *database = image->database;
	const char *found = NULL;

	for (uint32_t i = 0; i < database->count; i++) {
		const char *architecture = database->packages[i].architecture;

		if (!image->closure.reached[i] || strcmp(architecture, "all") == 0)
			continue;
		if (strcmp(architecture, database->native) == 0)
			return architecture;
		if (!found)
			found = architecture;
	}
	return found ? found : database->native;
}

int strata_dpkg_set_platform(const struct strata_dpkg_image *image, struct strata_graph *graph,
	struct strata_error *error)
{
	const char *debian = find_architecture(image);

	for (size_t i = 0; i < sizeof(architectures) / sizeof(*architectures); i++) {
		if (strcmp(debian, architectures[i].debian) == 0)
			return strata_graph_set_platform(graph, architectures[i].architecture,
				architectures[i].variant, error);
	}
	return 0;
}
