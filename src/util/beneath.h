/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening files below a directory so that nobody who exchanges a directory for a symbolic link
 * meanwhile can lead the reader out of it.
 */
#ifndef UTIL_BENEATH_H
#define UTIL_BENEATH_H

/* Open PATH, relative to the directory that DIRECTORY is open at, with the FLAGS of open(2). No
 * component may be a symbolic link (ELOOP) or "..". "" is the directory itself. Returns a
 * descriptor, or -1 with errno. */
int strata_open_beneath(int directory, const char *path, int flags);

/* The same where the kernel has no openat2(2): one component after the other. */
int strata_walk_beneath(int directory, const char *path, int flags);

#endif
