/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/customisation_options.h"

#include <string.h>

#include "cli/options/customisation_content.h"
#include "util/memory.h"
#include "util/path.h"
#include "util/text.h"

static struct strata_entry *add_entry(struct strata_customisation_options *options)
{
	if (strata_grow(&options->entries, &options->capacity, options->count + 1,
		    sizeof(*options->entries)) < 0)
		return NULL;
	memset(&options->entries[options->count], 0, sizeof(*options->entries));
	return &options->entries[options->count++];
}

int strata_copy_image_path(struct strata_arena *arena, const char *text, size_t length, char **path,
	struct strata_error *error)
{
	char *copy = strata_arena_bytes(arena, text, length);
	size_t kept = 0;

	if (!copy)
		return strata_fail_memory(error);
	for (size_t at = 0; at < length; at++)
		if (copy[at] != '/' || kept == 0 || copy[kept - 1] != '/')
			copy[kept++] = copy[at];
	if (kept > 1 && copy[kept - 1] == '/')
		kept--;
	copy[kept] = '\0';
	if (!strata_path_is_normal(copy))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"'%s' is no absolute path of something in the image: it begins with a "
			"slash and has no '.' and '..'",
			copy);
	*path = copy;
	return 0;
}

static int apply_symlink(void *target, const char *value, struct strata_error *error)
{
	struct strata_customisation_options *options = target;
	const char *separator = strchr(value, '=');
	struct strata_entry *entry;
	char *path;
	int status;

	if (!separator || !separator[1])
		return strata_fail(error, STRATA_ERROR_INVALID,
			"a link is written SOURCE=TARGET, e.g. /bin=bin");
	status = strata_copy_image_path(
		&options->arena, value, (size_t)(separator - value), &path, error);
	if (status < 0)
		return status;
	entry = add_entry(options);
	if (!entry)
		return strata_fail_memory(error);
	entry->kind = STRATA_ENTRY_SYMLINK;
	entry->path = path;
	entry->target = separator + 1;
	entry->mode = 0777;
	return 0;
}

/* Read "MODE", "MODE:UID:GID". */
static bool read_mode(const char *text, struct strata_entry *entry)
{
	strata_autofree char *copy = strdup(text);
	char *uid = copy ? strchr(copy, ':') : NULL;
	char *gid = uid ? strchr(uid + 1, ':') : NULL;
	uint64_t mode, owner = 0, group = 0;

	if (!copy || (uid && !gid))
		return false;
	if (uid) {
		*uid++ = '\0';
		*gid++ = '\0';
		if (!strata_text_to_number(uid, 10, &owner) ||
			!strata_text_to_number(gid, 10, &group))
			return false;
	}
	if (!strata_text_to_number(copy, 8, &mode) || mode > 07777 || owner >= UINT32_MAX ||
		group >= UINT32_MAX)
		return false;
	entry->mode = (uint32_t)mode;
	entry->uid = (uint32_t)owner;
	entry->gid = (uint32_t)group;
	return true;
}

static int apply_mkdir(void *target, const char *value, struct strata_error *error)
{
	struct strata_customisation_options *options = target;
	struct strata_entry directory = {.kind = STRATA_ENTRY_DIRECTORY, .mode = 0755};
	size_t length = strcspn(value, ":");
	struct strata_entry *entry;
	char *path;
	int status;

	if (value[length] && !read_mode(value + length + 1, &directory))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"a directory is written PATH[:MODE[:UID:GID]], e.g. /data:0750:1000:1000");
	directory.keeps_existing = !value[length];
	status = strata_copy_image_path(&options->arena, value, length, &path, error);
	if (status < 0)
		return status;
	entry = add_entry(options);
	if (!entry)
		return strata_fail_memory(error);
	*entry = directory;
	entry->path = path;
	return 0;
}

static const struct strata_option customisation_options[] = {
	{.name = "symlink",
		.letter = 'S',
		.argument = "SOURCE=TARGET",
		.help = "add the link SOURCE, an absolute path; a relative TARGET lies in the "
			"first item asked for; repeatable",
		.apply = apply_symlink},
	{.name = "mkdir",
		.argument = "PATH[:MODE[:UID:GID]]",
		.help = "add a directory (default 755:0:0, the mode is octal); repeatable",
		.apply = apply_mkdir},
	{.name = "copy",
		.argument = "SOURCE[=PATH]",
		.value = STRATA_VALUE_FILE,
		.help = "add what is in the directory SOURCE at PATH of the image (default /), as "
			"root's and with its modes; repeatable, the later lies on the earlier",
		.apply = strata_apply_copy},
	{.name = "link",
		.argument = "SOURCE[=PATH]",
		.value = STRATA_VALUE_DIRECTORY,
		.help = "the same with links to the files of SOURCE, which is in the image",
		.apply = strata_apply_link},
	{.name = "chmod",
		.argument = "GLOB=MODE",
		.help = "the mode of what was copied, linked or made, octal or as for chmod(1); "
			"'**' in GLOB is any number of directories; repeatable, in this order",
		.apply = strata_apply_chmod},
	{.name = "chown",
		.argument = "GLOB=UID:GID",
		.help = "the owner of the same, in the same way",
		.apply = strata_apply_chown},
	{.name = "permissions",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "rules for modes and owners from a JSON file",
		.apply = strata_apply_permissions},
	{.name = "no-tmp",
		.help = "do not add /tmp with mode 1777",
		STRATA_STORES_FLAG(struct strata_customisation_options, no_tmp)},
	{.name = NULL},
};

const struct strata_option_group strata_customisation_group = {
	"Customisation", customisation_options};

int strata_customisation_check(
	struct strata_customisation_options *options, const char *root, struct strata_error *error)
{
	return strata_find_copies(options, root, error);
}

void strata_customisation_apply(
	const struct strata_customisation_options *options, struct strata_request *request)
{
	request->customisation = (struct strata_customisation){.entries = options->entries,
		.entry_count = options->count,
		.copies = options->copies,
		.copy_count = options->copy_count,
		.permissions = options->permissions,
		.permission_count = options->permission_count};
	request->no_tmp = options->no_tmp;
}

void strata_customisation_release(struct strata_customisation_options *options)
{
	free(options->entries);
	free(options->copies);
	free(options->permissions);
	strata_arena_free(&options->arena);
}
