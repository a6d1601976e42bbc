/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What images are for: the one table of architectures, in the words of images (Go's), of Debian, of
 * the stores of Guix and Nix, and of the kernel.
 *
 * One platform has one name. It is the one that containerd's normalisation gives, which clients
 * compare by: arm64 and amd64 say no usual variant, arm says which it is.
 */
#ifndef OCI_PLATFORM_H
#define OCI_PLATFORM_H

#include <stdbool.h>

#include <stratapack/base_image.h>

/* Find what WORD means: "amd64", "arm64/v8", "linux/arm/v7", "x86_64", "armhf", "aarch64-linux", a
 * GNU triplet. Fills the architecture of PLATFORM, and its variant ("": none, NULL: WORD does not
 * say), with strings that last, and its OS where WORD says it. False where no architecture is
 * called so. */
bool strata_platform_find(const char *word, struct strata_platform *platform);

/* The variant that ARCHITECTURE has where nobody says one, as clients see it: "v8" for arm64. */
const char *strata_platform_usual_variant(const char *architecture);

/* What VARIANT of ARCHITECTURE is written as: "" for "v8" of arm64, "v7" for "" of arm. NULL stays
 * NULL only where the architecture needs none. */
const char *strata_platform_variant(const char *architecture, const char *variant);

/* All architectures, ended by one whose name is NULL: for tests and messages. */
struct strata_architecture {
	const char *name;    /* Go's */
	const char *variant; /* as images write it; "" none */
	const char *debian;  /* NULL where the vocabulary lacks it, as below */
	const char *store;   /* of Guix and Nix systems, before the "-linux" */
	const char *kernel;  /* uname -m */
};
extern const struct strata_architecture strata_architectures[];

#endif
