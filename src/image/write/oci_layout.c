/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCI image layout directory (image-layout.md). A new one appears whole; into one that exists
 * the image is added: blobs first, then the index is replaced, so that readers see the old or the
 * new.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/write/blobs.h"
#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

static const char blobs_directory[] = "blobs/sha256";

static bool exists(const char *directory, const char *name)
{
	strata_autofree char *path = strata_path_join(directory, name);

	return path && access(path, F_OK) == 0;
}

static int write_file(const char *directory, const char *name, const void *bytes, size_t size,
	struct strata_error *error)
{
	strata_autofree char *path = strata_path_join(directory, name);

	return path ? strata_file_place(directory, path, bytes, size, error)
		    : strata_fail_memory(error);
}

static int place_blobs(
	const char *directory, const struct strata_image *image, struct strata_error *error)
{
	strata_autofree char *blobs = strata_path_join(directory, blobs_directory);
	int status = blobs ? strata_directory_create(blobs, error) : strata_fail_memory(error);

	for (size_t i = 0; status == 0 && i < image->layer_count; i++)
		status = strata_blobs_place(directory, blobs,
			strata_digest_hex(&image->layers[i].digest), &image->layers[i], error);
	if (status == 0)
		status = strata_blobs_place_document(directory, blobs, &image->config, error);
	if (status == 0)
		status = strata_blobs_place_document(directory, blobs, &image->oci_manifest, error);
	return status;
}

static const char *annotation(const struct strata_json *descriptor, const char *key)
{
	return strata_json_string(
		strata_json_member(strata_json_member(descriptor, "annotations"), key));
}

static bool same_text(const char *left, const char *right)
{
	return left && right && strcmp(left, right) == 0;
}

/* Whether DESCRIPTOR and IMAGE are for the same machines. */
static bool is_for_same_platform(
	const struct strata_json *descriptor, const struct strata_image *image)
{
	const struct strata_json *platform = strata_json_member(descriptor, "platform");
	const char *architecture = strata_json_string(strata_json_member(platform, "architecture"));
	const char *variant = strata_json_string(strata_json_member(platform, "variant"));

	return same_text(architecture, image->architecture) &&
	       strcmp(variant ? variant : "", image->variant ? image->variant : "") == 0;
}

/* Whether NAME is DESCRIPTOR's, so that the new image replaces it; else, whether that has the
 * reference of NAME, as the image of another name. One that other programs wrote has no other. */
static int compare_name(const struct strata_json *descriptor, const struct strata_reference *name,
	bool *replaced, bool *taken, struct strata_error *error)
{
	const char *whole = annotation(descriptor, "io.containerd.image.name");
	const char *reference = annotation(descriptor, "org.opencontainers.image.ref.name");
	strata_autofree char *full = strata_reference_full(name);
	bool same_reference = same_text(reference, strata_image_reference(name));

	if (!full)
		return strata_fail_memory(error);
	*replaced = *replaced || same_text(whole, full) ||
		    (!whole && (same_reference || same_text(reference, name->text)));
	*taken = *taken || (same_reference && !*replaced);
	return 0;
}

/* Whether DESCRIPTOR, another image, has as its reference the very text of a name in DESTINATION:
 * the new image can have no other. */
static bool is_displaced(
	const struct strata_json *descriptor, const struct strata_destination *destination)
{
	const char *reference = annotation(descriptor, "org.opencontainers.image.ref.name");

	for (size_t i = 0; i < destination->name_count; i++) {
		if (same_text(reference, destination->names[i].text))
			return annotation(descriptor, "io.containerd.image.name") != NULL;
	}
	return false;
}

/* Write DESCRIPTOR with its name, as people write it, for a reference. */
static int write_displaced(struct strata_json_writer *json, const struct strata_json *descriptor,
	struct strata_error *error)
{
	static const char *const usual[] = {"docker.io/library/", "docker.io/"};
	const char *name = annotation(descriptor, "io.containerd.image.name");
	const struct strata_json *value;
	void *position = NULL;
	const char *key;
	int status = 0;

	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
		if (strata_text_starts_with(name, usual[i]))
			name += strlen(usual[i]);
	}
	strata_json_begin_object(json);
	while (status == 0 && strata_json_next(descriptor, &position, &key, &value)) {
		strata_json_key(json, key);
		if (strcmp(key, "annotations") != 0) {
			status = strata_json_write_value(json, value, error);
			continue;
		}
		strata_json_begin_object(json);
		strata_json_member_string(json, "io.containerd.image.name",
			annotation(descriptor, "io.containerd.image.name"));
		strata_json_member_string(json, "org.opencontainers.image.ref.name", name);
		strata_json_end_object(json);
	}
	strata_json_end_object(json);
	return status;
}

/* Whether the new image replaces the one of DESCRIPTOR, because that has one of the names in
 * DESTINATION. A new image without a name replaces an old image without one, which nobody can ask
 * for. TAKEN is set for names whose reference another image has. */
static int is_replaced(const struct strata_json *descriptor, const struct strata_image *image,
	const struct strata_destination *destination, bool *replaced, bool *taken,
	struct strata_error *error)
{
	bool is_named = annotation(descriptor, "io.containerd.image.name") ||
			annotation(descriptor, "org.opencontainers.image.ref.name");
	int status = 0;

	*replaced =
		!is_named &&
		(same_text(strata_json_string(strata_json_member(descriptor, "digest")),
			 image->oci_manifest.digest.text) ||
			(destination->name_count == 0 && is_for_same_platform(descriptor, image)));
	for (size_t i = 0; status == 0 && i < destination->name_count; i++)
		status = compare_name(
			descriptor, &destination->names[i], replaced, &taken[i], error);
	return status;
}

static int write_kept(struct strata_json_writer *json, const struct strata_json *old,
	const struct strata_image *image, const struct strata_destination *destination, bool *taken,
	struct strata_error *error)
{
	const struct strata_json *manifests = NULL;
	int status = strata_json_get_array(old, "manifests", true, &manifests, error);

	for (size_t i = 0; status == 0 && i < strata_json_count(manifests); i++) {
		const struct strata_json *descriptor = strata_json_at(manifests, i);
		bool replaced;

		status = is_replaced(descriptor, image, destination, &replaced, taken, error);
		if (status < 0 || replaced)
			continue;
		status = is_displaced(descriptor, destination)
				 ? write_displaced(json, descriptor, error)
				 : strata_json_write_value(json, descriptor, error);
	}
	return status;
}

/* The new index: what OLD has (NULL: nothing) less what is replaced, then the image. */
static int make_index(struct strata_buffer *buffer, const struct strata_json *old,
	const struct strata_image *image, const struct strata_destination *destination,
	struct strata_error *error)
{
	struct strata_json_writer json = {.buffer = buffer};
	const struct strata_json *annotations = strata_json_member(old, "annotations");
	strata_autofree bool *taken = strata_allocate(destination->name_count, sizeof(*taken));
	int status = 0;

	if (!taken)
		return strata_fail_memory(error);
	strata_json_begin_object(&json);
	strata_json_member_size(&json, "schemaVersion", 2);
	strata_json_member_string(&json, "mediaType", STRATA_MEDIA_OCI_INDEX);
	strata_json_key(&json, "manifests");
	strata_json_begin_array(&json);
	if (old)
		status = write_kept(&json, old, image, destination, taken, error);
	if (status == 0)
		status = strata_image_write_descriptors(&json, image, destination, taken, error);
	strata_json_end_array(&json);
	if (status == 0 && annotations) {
		strata_json_key(&json, "annotations");
		status = strata_json_write_value(&json, annotations, error);
	}
	strata_json_end_object(&json);
	return status < 0 ? status : strata_buffer_check(buffer, error);
}

static int write_new(const struct strata_image *image, const struct strata_destination *destination,
	struct strata_error *error)
{
	strata_autooutput struct strata_output output = STRATA_OUTPUT_INIT;
	strata_autobuffer struct strata_buffer index = STRATA_BUFFER_INIT;
	int status = make_index(&index, NULL, image, destination, error);

	if (status == 0)
		status = strata_output_open_directory(&output, destination->path, error);
	if (status == 0)
		status = place_blobs(output.temporary, image, error);
	if (status == 0)
		status =
			write_file(output.temporary, "index.json", index.data, index.length, error);
	if (status == 0)
		status = write_file(output.temporary, STRATA_LAYOUT_FILE, STRATA_LAYOUT_MARKER,
			sizeof(STRATA_LAYOUT_MARKER) - 1, error);
	if (status == 0)
		status = strata_output_commit(&output, error);
	return status;
}

static int add_to_existing(const struct strata_image *image,
	const struct strata_destination *destination, struct strata_error *error)
{
	strata_autofree char *marker = strata_path_join(destination->path, STRATA_LAYOUT_FILE);
	strata_autofree char *index_path = strata_path_join(destination->path, "index.json");
	strata_autojson struct strata_json *old = NULL;
	strata_autobuffer struct strata_buffer index = STRATA_BUFFER_INIT;
	strata_autoclose int lock = -1;
	int status;

	if (!marker || !index_path)
		return strata_fail_memory(error);
	lock = open(marker, O_RDONLY | O_CLOEXEC);
	/* Two builds into one layout take turns with the index. */
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return strata_fail_errno(error, "cannot lock '%s'", marker);
	status = strata_json_load(index_path, STRATA_LARGEST_MANIFEST, &old, error);
	if (status == 0)
		status = make_index(&index, old, image, destination, error);
	if (status < 0)
		return strata_context(error, status, "the layout's index '%s'", index_path);
	status = place_blobs(destination->path, image, error);
	if (status == 0)
		status = strata_file_place(
			destination->path, index_path, index.data, index.length, error);
	return status;
}

int strata_check_oci_layout(
	const struct strata_destination *destination, struct strata_error *error)
{
	if (exists(destination->path, STRATA_LAYOUT_FILE))
		return 0;
	return strata_directory_check_free(destination->path, error);
}

int strata_write_oci_layout(const struct strata_image *image,
	const struct strata_destination *destination, struct strata_error *error)
{
	if (exists(destination->path, STRATA_LAYOUT_FILE))
		return add_to_existing(image, destination, error);
	return write_new(image, destination, error);
}
