/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tells in an image which packages are in it.
 */
#ifndef GRAPH_DPKG_PACKAGE_DATABASE_H
#define GRAPH_DPKG_PACKAGE_DATABASE_H

#include "graph/dpkg/image.h"

/* Add for each package in IMAGE a file of its own below status.d, which becomes part of its item.
 */
int strata_dpkg_add_status_d(
	struct strata_dpkg_image *image, struct strata_error *error) STRATA_MUST_CHECK;

/* Add a database in which dpkg finds the packages of IMAGE and no others, as a group. */
int strata_dpkg_add_database(
	struct strata_dpkg_image *image, struct strata_error *error) STRATA_MUST_CHECK;

/* Add what tells the distribution, where no package in IMAGE does. */
int strata_dpkg_add_distribution(
	struct strata_dpkg_image *image, struct strata_error *error) STRATA_MUST_CHECK;

#endif
