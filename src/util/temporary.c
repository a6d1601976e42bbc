/* SPDX-License-Identifier: Apache-2.0 */
#include "util/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"
#include "util/text.h"

static const char prefix[] = ".stratapack-";

enum { DIGITS = 16 };

/* Whether NAME is one that we give to what is under construction. */
static bool is_temporary(const char *name)
{
	size_t length = sizeof(prefix) - 1;

	if (strncmp(name, prefix, length) != 0 || strlen(name) != length + DIGITS)
		return false;
	return strspn(name + length, "0123456789abcdef") == DIGITS;
}

static bool is_at(int descriptor, int directory, const char *name)
{
	struct stat here, there;

	return fstat(descriptor, &here) == 0 &&
	       fstatat(directory, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/* Remove NAME from the directory at PATH, which STREAM is open at, if its maker is gone. Where
 * files cannot be locked, nobody knows. */
static void sweep_one(DIR *stream, const char *path, const char *name)
{
	strata_autoclose int descriptor =
		openat(dirfd(stream), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	strata_autofree char *whole = strata_path_join(path, name);
	struct stat info;

	if (descriptor < 0 || !whole || fstat(descriptor, &info) < 0 || info.st_uid != geteuid() ||
		flock(descriptor, LOCK_EX | LOCK_NB) < 0 || !is_at(descriptor, dirfd(stream), name))
		return;
	if (S_ISREG(info.st_mode))
		(void)unlinkat(dirfd(stream), name, 0);
	else if (S_ISDIR(info.st_mode))
		strata_directory_remove(whole);
}

void strata_temporary_sweep(const char *directory)
{
	DIR *stream = opendir(directory);
	struct dirent *entry;

	if (!stream)
		return;
	while ((entry = readdir(stream))) {
		if (is_temporary(entry->d_name))
			sweep_one(stream, directory, entry->d_name);
	}
	closedir(stream);
}

/* Make PATH and lock it. Returns a descriptor, or -1 with errno: EEXIST where another name is worth
 * a try. */
static int make(const char *path, enum strata_temporary_kind kind)
{
	strata_autoclose int descriptor = -1;

	if (kind == STRATA_TEMPORARY_DIRECTORY && mkdir(path, 0777) < 0)
		return -1;
	descriptor = kind == STRATA_TEMPORARY_DIRECTORY
			     ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
			     : open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	/* A umask may forbid even that; then nobody else can open it either. */
	if (descriptor < 0 && kind == STRATA_TEMPORARY_DIRECTORY && errno == EACCES)
		descriptor = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (descriptor < 0) {
		int saved = errno;

		if (kind == STRATA_TEMPORARY_DIRECTORY)
			(void)rmdir(path);
		errno = kind == STRATA_TEMPORARY_DIRECTORY && saved == ENOENT ? EEXIST : saved;
		return -1;
	}
	/* Another process may have taken it for something left behind: it was not locked yet. */
	if ((flock(descriptor, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) ||
		!is_at(descriptor, AT_FDCWD, path)) {
		errno = EEXIST;
		return -1;
	}
	return strata_take_descriptor(&descriptor);
}

int strata_temporary_make(const char *directory, enum strata_temporary_kind kind, char **path,
	int *descriptor, struct strata_error *error)
{
	strata_temporary_sweep(directory);
	for (int attempt = 0; attempt < 100; attempt++) {
		char name[sizeof(prefix) + DIGITS];
		uint64_t number;

		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return strata_fail_errno(error, "cannot get random bytes");
		snprintf(name, sizeof(name), "%s%016llx", prefix, (unsigned long long)number);
		*path = strata_path_join(directory, name);
		if (!*path)
			return strata_fail_memory(error);
		*descriptor = make(*path, kind);
		if (*descriptor >= 0)
			return 0;
		free(strata_take(*path));
		if (errno != EEXIST)
			break;
	}
	return strata_fail_errno(error, "cannot create anything in '%s'", directory);
}

/* The locks of directories whose makers know them by name only. */
struct held {
	struct held *next;
	int descriptor;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct held *all_held;

char *strata_directory_temporary(const char *parent, struct strata_error *error)
{
	struct held *held = malloc(sizeof(*held));
	char *path;

	if (!held || strata_temporary_make(parent, STRATA_TEMPORARY_DIRECTORY, &path,
			     &held->descriptor, error) < 0) {
		if (!held)
			strata_fail_memory(error);
		free(held);
		return NULL;
	}
	pthread_mutex_lock(&lock);
	held->next = all_held;
	all_held = held;
	pthread_mutex_unlock(&lock);
	return path;
}

/* Forget the lock of the directory at PATH, if there is one. */
static void let_go(const char *path)
{
	struct held **at, *found;

	pthread_mutex_lock(&lock);
	for (at = &all_held; *at && !is_at((*at)->descriptor, AT_FDCWD, path);)
		at = &(*at)->next;
	found = *at;
	if (found)
		*at = found->next;
	pthread_mutex_unlock(&lock);
	if (found)
		close(found->descriptor);
	free(found);
}

/* Remove one thing from the directory at PATH, of which LENGTH bytes are in use: a file or an empty
 * directory; or go down into a directory that is not empty. Returns false where nothing is left
 * that could be removed. */
static bool remove_something(char *path, size_t *length)
{
	strata_autoclose int directory =
		open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_Alignas(struct dirent64) char entries[4096];
	bool removed = false;
	ssize_t size;

	while (directory >= 0 && (size = getdents64(directory, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < size;) {
			const struct dirent64 *entry = (const struct dirent64 *)(entries + at);
			size_t more = strlen(entry->d_name) + 1;

			at += entry->d_reclen;
			if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
				continue;
			if (unlinkat(directory, entry->d_name, 0) == 0 ||
				unlinkat(directory, entry->d_name, AT_REMOVEDIR) == 0) {
				removed = true;
				continue;
			}
			if ((errno != ENOTEMPTY && errno != EEXIST) || *length + more >= PATH_MAX)
				continue;
			path[*length] = '/';
			memcpy(path + *length + 1, entry->d_name, more);
			*length += more;
			return true;
		}
	}
	return removed;
}

/* Neither memory nor more than one descriptor is needed: what must be cleared away is what was made
 * when one of them ran out. */
void strata_directory_remove(const char *path)
{
	char current[PATH_MAX];
	size_t top = strlen(path), length = top;

	let_go(path);
	if (top >= PATH_MAX)
		return;
	memcpy(current, path, top + 1);
	for (;;) {
		if (remove_something(current, &length))
			continue;
		if (rmdir(current) < 0) {
			(void)unlink(current);
			return;
		}
		if (length == top)
			return;
		length = (size_t)(strrchr(current, '/') - current);
		current[length] = '\0';
	}
}
