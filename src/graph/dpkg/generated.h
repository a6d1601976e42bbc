/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What packages make when they are installed, for an image of some of them: which files of the
 * system belong into it though no package lists them, and what becomes of them.
 *
 * generated.c asks the table (generated_table.h) about the candidates that candidates.c finds;
 * scripts.c knows what the maintainer scripts speak of; accounts.c, certificates.c, keystore.c and
 * loader_cache.c reduce what packages share to those of the image.
 */
#ifndef GRAPH_DPKG_GENERATED_H
#define GRAPH_DPKG_GENERATED_H

#include <sys/stat.h>

#include "graph/dpkg/generated_table.h"
#include "graph/dpkg/image.h"

/* What the maintainer scripts of the packages in an image speak of. */
struct strata_scripts {
	struct strata_map paths;            /* path -> the package whose scripts name it */
	struct strata_map accounts;         /* words of scripts that make accounts -> package */
	struct strata_map ucf;              /* path -> the package that ucf keeps it for */
	struct strata_dpkg_paths all_paths; /* the keys of paths and ucf */
};

/* The certificates of packages in the image, each known by its digest. */
struct strata_certificates {
	struct strata_map pem; /* hex digests of PEM blocks or of whole files, without blanks */
	struct strata_map der; /* hex digests of certificates */
};
struct strata_generated {
	struct strata_dpkg_image *image;
	const struct strata_dpkg_options *options;
	struct strata_generated_table table;
	struct strata_scripts scripts;
	struct strata_certificates *certificates; /* NULL until they are needed */
	struct strata_dpkg_paths secrets;         /* what is not taken unless it is named */
	struct strata_dpkg_paths others;          /* what no rule speaks of */
};

/* Add the generated files to IMAGE as OPTIONS say. */
int strata_generated_add(struct strata_dpkg_image *image, const struct strata_dpkg_options *options,
	struct strata_error *error) STRATA_MUST_CHECK;

/* A path of the root that no package lists. */
struct strata_candidate {
	const char *path;
	struct stat info;
	const char *target; /* of a symbolic link */
};

/* Call TAKE with the sorted candidates: what the rules, the scripts and the options name. */
int strata_candidates_find(struct strata_generated *generated,
	int (*take)(struct strata_generated *generated, const struct strata_candidate *candidate,
		struct strata_error *error),
	struct strata_error *error) STRATA_MUST_CHECK;

int strata_scripts_read(struct strata_scripts *scripts, struct strata_dpkg_image *image,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_scripts_release(struct strata_scripts *scripts);

/* The package of the image that RULE names, or STRATA_MAP_NONE. */
uint32_t strata_generated_named_owner(
	const struct strata_generated *generated, const struct strata_generated_rule *rule);

/* Reduce CANDIDATE as RULE says, and add it to a group of its own; *TAKEN is false where it is not
 * what the rule is for. */
int strata_generated_reduce(struct strata_generated *generated,
	const struct strata_generated_rule *rule, const struct strata_candidate *candidate,
	uint32_t package, bool *taken, struct strata_error *error) STRATA_MUST_CHECK;

/* Add CANDIDATE as it is. */
int strata_generated_add_as_is(struct strata_dpkg_entries *entries,
	const struct strata_candidate *candidate, const char *program,
	struct strata_error *error) STRATA_MUST_CHECK;

/* What the files are reduced to; CONTENT is cut up. */
int strata_accounts_reduce(struct strata_generated *generated, const char *path,
	struct strata_buffer *content, struct strata_buffer *reduced,
	struct strata_error *error) STRATA_MUST_CHECK;
int strata_shells_reduce(struct strata_generated *generated, struct strata_buffer *content,
	struct strata_buffer *reduced, struct strata_error *error) STRATA_MUST_CHECK;
/* Returns 1, or 0 where CONTENT is in a format that is not known. */
int strata_loader_cache_reduce(struct strata_generated *generated,
	const struct strata_buffer *content, struct strata_buffer *reduced,
	struct strata_error *error) STRATA_MUST_CHECK;

int strata_certificates_read(struct strata_certificates *certificates,
	struct strata_generated *generated, struct strata_error *error) STRATA_MUST_CHECK;
void strata_certificates_release(struct strata_certificates *certificates);
/* Keep of a bundle of PEM texts what is in CERTIFICATES. */
int strata_certificates_reduce(const struct strata_certificates *certificates,
	const struct strata_buffer *content, struct strata_buffer *reduced,
	struct strata_error *error) STRATA_MUST_CHECK;
/* The same for a Java key store in the format JKS; its times become 1. Returns 1, or 0 where
 * CONTENT is in another format, or holds private keys. */
int strata_keystore_reduce(const struct strata_certificates *certificates,
	const struct strata_buffer *content, struct strata_buffer *reduced,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
