/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of image names: the distribution specification ("Pulling manifests") for name and
 * tag, and Docker's for the host in front of a name.
 */
#include <stratapack/image.h>

#include <string.h>

#include "util/error.h"
#include "util/memory.h"
#include "util/text.h"

enum {
	LONGEST_NAME = 255,
	LONGEST_TAG = 128,
};

static const char lower_digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char alphanumeric[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* [a-z0-9]+ ((\.|_|__|-+) [a-z0-9]+)* */
static bool is_path_component(const char *text, size_t length)
{
	const char *end = text + length;

	for (;;) {
		size_t run = strspn(text, lower_digits);
		size_t separator;

		if (run == 0 || run > (size_t)(end - text))
			return false;
		text += run;
		if (text == end)
			return true;
		if (*text == '.')
			separator = 1;
		else if (*text == '_')
			separator = text[1] == '_' ? 2 : 1;
		else
			separator = strspn(text, "-");
		if (separator == 0)
			return false;
		text += separator;
	}
}

/* Host names and addresses, with an optional port. */
static bool is_domain(const char *text, size_t length)
{
	const char *end = text + length;

	for (;;) {
		size_t run = strspn(text, alphanumeric);

		if (run == 0)
			return false;
		text += run;
		while (text < end && *text == '-') {
			text += strspn(text, "-");
			run = strspn(text, alphanumeric);
			if (run == 0)
				return false;
			text += run;
		}
		if (text == end)
			return true;
		if (*text == ':')
			break;
		if (*text != '.')
			return false;
		text++;
	}
	text++;
	return text < end && text + strspn(text, "0123456789") == end;
}

/* The first component is a host where it looks like one: as Docker decides it. */
static bool looks_like_domain(const char *text, size_t length)
{
	return memchr(text, '.', length) || memchr(text, ':', length) ||
	       (length == 9 && memcmp(text, "localhost", 9) == 0) ||
	       strcspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") < length;
}

static bool is_name(const char *name)
{
	const char *slash = strchr(name, '/');

	if (strlen(name) > LONGEST_NAME)
		return false;
	if (slash && looks_like_domain(name, (size_t)(slash - name))) {
		if (!is_domain(name, (size_t)(slash - name)))
			return false;
		name = slash + 1;
	}
	for (;;) {
		size_t length = strcspn(name, "/");

		if (!is_path_component(name, length))
			return false;
		if (!name[length])
			return true;
		name += length + 1;
	}
}

static bool is_tag(const char *tag)
{
	size_t length = strlen(tag);

	return length > 0 && length <= LONGEST_TAG && tag[0] != '.' && tag[0] != '-' &&
	       strspn(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
		       length;
}

int strata_reference_parse(
	const char *text, struct strata_reference *reference, struct strata_error *error)
{
	const char *slash = strrchr(text, '/');
	const char *colon = strchr(slash ? slash : text, ':');
	strata_autofree char *name = strndup(text, colon ? (size_t)(colon - text) : strlen(text));
	strata_autofree char *tag = strdup(colon ? colon + 1 : "latest");

	strata_autofree char *copy = strdup(text);

	*reference = (struct strata_reference){NULL, NULL, NULL};
	if (!name || !tag || !copy)
		return strata_fail_memory(error);
	if (!is_name(name))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "'%s' is no image name", text),
			"names are lower-case words joined by '.', '_', '-' and '/', with an "
			"optional host before the first '/', for example example.org/team/tool");
	if (!is_tag(tag))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "'%s' is no tag", tag),
			"tags are up to %d letters, digits, '_', '.' and '-', not beginning with "
			"'.' or '-'",
			LONGEST_TAG);
	reference->name = strata_take(name);
	reference->tag = strata_take(tag);
	reference->text = strata_take(copy);
	return 0;
}

void strata_reference_release(struct strata_reference *reference)
{
	free(reference->name);
	free(reference->tag);
	free(reference->text);
	*reference = (struct strata_reference){NULL, NULL, NULL};
}

char *strata_reference_full(const struct strata_reference *reference)
{
	const char *slash = strchr(reference->name, '/');
	const char *name = reference->name;
	const char *domain = "";
	char *full = NULL;

	/* Docker's own registry by its older name, and its official images. */
	if (strata_text_starts_with(name, "index.docker.io/"))
		name += strlen("index.");
	if (!slash)
		domain = "docker.io/library/";
	else if (strata_text_starts_with(name, "docker.io/") &&
		 !strchr(name + strlen("docker.io/"), '/')) {
		domain = "docker.io/library/";
		name += strlen("docker.io/");
	} else if (!looks_like_domain(reference->name, (size_t)(slash - reference->name)))
		domain = "docker.io/";
	if (asprintf(&full, "%s%s:%s", domain, name, reference->tag) < 0)
		return NULL;
	return full;
}
