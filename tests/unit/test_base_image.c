#include "image_fixture.h"

#include <zlib.h>

#include "base/text.h"
#include "graph/internal.h"
#include "image/base_image.h"
#include "plan/internal.h"
#include "tar_builder.h"

#define OCI_LAYER STRATA_MEDIA_OCI_LAYER
#define MOST_LAYERS 4

/* What a base is made of, before it is spoiled. */
struct parts {
	const char *config;              /* members before rootfs, each with a comma behind it */
	const char *more;                /* members behind rootfs, each with a comma before it */
	const char *layers[MOST_LAYERS]; /* what is in them; NULL ends the list */
	bool compressed;                 /* with gzip */
};

#define AMD64 "\"architecture\":\"amd64\",\"os\":\"linux\","

static const struct parts plain_parts = {
	.config = AMD64, .more = "", .layers = {"one", "two"}, .compressed = true};

/* A tar stream with a file that says CONTENT. */
static void make_tar(struct strata_buffer *tar, const char *content)
{
	tar_file(tar, "file", content);
	tar_end(tar);
}

static void compress_to(struct strata_buffer *buffer, const struct strata_buffer *plain)
{
	unsigned char bytes[4096];
	z_stream stream = {.next_in = (unsigned char *)plain->data,
		.avail_in = (unsigned)plain->length,
		.next_out = bytes,
		.avail_out = sizeof(bytes)};

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	strata_buffer_append(buffer, bytes, stream.total_out);
	deflateEnd(&stream);
}

static const char *hash_of(struct scratch *scratch, const void *bytes, size_t length)
{
	char hex[STRATA_SHA256_HEX_SIZE];

	assert_int_equal(strata_sha256_of(bytes, length, hex, NULL), 0);
	return scratch_text(scratch, "sha256:%s", hex);
}

static void put(struct scratch *scratch, const char *path, const void *bytes, size_t length)
{
	strata_autofree char *parent = strata_path_directory(path);

	assert_succeeds(strata_directory_create(parent, &scratch->error), &scratch->error);
	assert_succeeds(strata_file_replace(path, bytes, length, &scratch->error), &scratch->error);
}

/* Put a blob into the layout `base`. Returns its descriptor without the closing brace. */
static const char *put_blob(
	struct scratch *scratch, const char *type, const void *bytes, size_t length)
{
	const char *digest = hash_of(scratch, bytes, length);

	put(scratch,
		scratch_text(scratch, "%s/base/blobs/sha256/%s", scratch->directory, digest + 7),
		bytes, length);
	return scratch_text(scratch, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu", type,
		digest, length);
}

/* Put the manifest of PARTS and what it needs. Returns its descriptor, open. */
static const char *put_image(struct scratch *scratch, const struct parts *parts)
{
	const char *layers = "", *ids = "", *config;

	for (size_t i = 0; i < MOST_LAYERS && parts->layers[i]; i++) {
		strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
		strata_autobuffer struct strata_buffer gzip = STRATA_BUFFER_INIT;
		const struct strata_buffer *blob = parts->compressed ? &gzip : &tar;

		make_tar(&tar, parts->layers[i]);
		compress_to(&gzip, &tar);
		ids = scratch_text(scratch, "%s%s\"%s\"", ids, i > 0 ? "," : "",
			hash_of(scratch, tar.data, tar.length));
		layers = scratch_text(scratch, "%s%s%s}", layers, i > 0 ? "," : "",
			put_blob(scratch, parts->compressed ? OCI_LAYER "+gzip" : OCI_LAYER,
				blob->data, blob->length));
	}
	config = scratch_text(scratch, "{%s\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}%s}",
		parts->config, ids, parts->more);
	config = put_blob(scratch, STRATA_MEDIA_OCI_CONFIG, config, strlen(config));
	config = scratch_text(scratch,
		"{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s},\"layers\":[%s]}",
		STRATA_MEDIA_OCI_MANIFEST, config, layers);
	return put_blob(scratch, STRATA_MEDIA_OCI_MANIFEST, config, strlen(config));
}

/* An index of descriptors. */
static const char *index_of(struct scratch *scratch, const char *manifests)
{
	return scratch_text(scratch,
		"{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}",
		STRATA_MEDIA_OCI_INDEX, manifests);
}

/* Complete the layout. Returns its path. */
static const char *put_layout(struct scratch *scratch, const char *manifests)
{
	const char *path = scratch_text(scratch, "%s/base", scratch->directory);
	const char *index = index_of(scratch, manifests);

	put(scratch, scratch_text(scratch, "%s/oci-layout", path), STRATA_OCI_LAYOUT,
		strlen(STRATA_OCI_LAYOUT));
	put(scratch, scratch_text(scratch, "%s/index.json", path), index, strlen(index));
	return path;
}

static const char *put_base(struct scratch *scratch, const struct parts *parts)
{
	return put_layout(scratch, scratch_text(scratch, "%s}", put_image(scratch, parts)));
}

static const struct strata_platform amd64 = {.architecture = "amd64"};

/* The config of an image on the base at PATH that has CONFIG and no layer of its own. */
static const char *config_on(
	struct scratch *scratch, const char *path, struct strata_image_config config)
{
	struct strata_build_options options = {.describe = true, .threads = 1};
	strata_autobase struct strata_base *base = NULL;
	struct strata_layer layers[MOST_LAYERS];
	struct strata_image *image = NULL;
	const char *text;

	config.architecture = "amd64";
	assert_succeeds(strata_base_open(path, &amd64, &base, &scratch->error), &scratch->error);
	config.base = base;
	assert_succeeds(
		strata_base_layers(base, NULL, &options, layers, &scratch->error), &scratch->error);
	assert_succeeds(strata_image_new(layers, strata_base_layer_count(base), &config, &image,
				&scratch->error),
		&scratch->error);
	text = scratch_text(scratch, "%s", image->config.text);
	strata_image_free(image);
	for (size_t i = 0; i < strata_base_layer_count(base); i++)
		strata_layer_release(&layers[i]);
	return text;
}

#define LABEL "\"stratapack.base-layers\":\"2\""

/* TEXT without the label that every image on a base has. */
static const char *without_label(struct scratch *scratch, const char *text)
{
	static const char *const forms[] = {"," LABEL, ",\"Labels\":{" LABEL "}",
		"\"Labels\":{" LABEL "},", "\"Labels\":{" LABEL "}"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		const char *found = strstr(text, forms[i]);

		if (found)
			return scratch_text(scratch, "%.*s%s", (int)(found - text), text,
				found + strlen(forms[i]));
	}
	fail_msg("there is no label in %s", text);
	return NULL;
}

/* What containers of an image on a base that says RUN would run as, given CONFIG. */
static const char *run_on(
	struct scratch *scratch, const char *run, const struct strata_image_config *config)
{
	struct parts parts = plain_parts;
	const char *text, *start, *end;

	parts.config = scratch_text(scratch, AMD64 "\"config\":%s,", run);
	text = config_on(scratch, put_base(scratch, &parts), *config);
	start = strstr(text, "\"config\":");
	end = strstr(text, ",\"rootfs\"");
	assert_non_null(start);
	assert_non_null(end);
	start += strlen("\"config\":");
	return without_label(scratch, scratch_text(scratch, "%.*s", (int)(end - start), start));
}

#define RUN                                                                                        \
	"{\"User\":\"base\",\"ExposedPorts\":{\"80/tcp\":{},\"1/udp\":null},"                      \
	"\"Env\":[\"PATH=/bin\",\"A=1\",\"ABC=2\",\"A=3\",\"BARE\"],\"Entrypoint\":[\"/init\"],"   \
	"\"Cmd\":[\"sh\",\"-l\"],\"Volumes\":{\"/data\":{}},\"WorkingDir\":\"/home\","             \
	"\"Labels\":{\"a\":\"1\",\"b\":\"2\"},\"StopSignal\":\"SIGQUIT\"}"

static void test_everything_is_inherited(void **state)
{
	const struct strata_image_config nothing = {.created = 1};

	assert_string_equal(run_on(*state, RUN, &nothing),
		"{\"User\":\"base\",\"ExposedPorts\":{\"80/tcp\":{},\"1/udp\":{}},"
		"\"Env\":[\"PATH=/bin\",\"A=3\",\"ABC=2\",\"BARE\"],\"Entrypoint\":[\"/init\"],"
		"\"Cmd\":[\"sh\",\"-l\"],\"Volumes\":{\"/data\":{}},\"WorkingDir\":\"/home\","
		"\"Labels\":{\"a\":\"1\",\"b\":\"2\"},\"StopSignal\":\"SIGQUIT\"}");
	assert_string_equal(run_on(*state, "null", &nothing), "{}");
	assert_string_equal(
		run_on(*state, "{\"Env\":null,\"Labels\":null,\"User\":\"\",\"Cmd\":[]}", &nothing),
		"{}");
}

static void test_own_config_counts(void **state)
{
	static const char *const env[] = {"NEW=x", "A=own", "BARE=now", "NEW=y"};
	static const char *const entrypoint[] = {"/own"};
	static const char *const cmd[] = {"own", "cmd"};
	static const char *const ports[] = {"443/tcp", "80/tcp"};
	static const char *const volumes[] = {"/own", "/data"};
	static const struct strata_pair labels[] = {{"c", "3"}, {"a", "own"}};
	const struct strata_image_config own = {
		.user = "own",
		.working_directory = "/own",
		.stop_signal = "SIGINT",
		.entrypoint = entrypoint,
		.entrypoint_count = 1,
		.cmd = cmd,
		.cmd_count = 2,
		.env = env,
		.env_count = 4,
		.exposed_ports = ports,
		.exposed_port_count = 2,
		.volumes = volumes,
		.volume_count = 2,
		.labels = labels,
		.label_count = 2,
	};

	assert_string_equal(run_on(*state, RUN, &own),
		"{\"User\":\"own\",\"ExposedPorts\":{\"80/tcp\":{},\"1/udp\":{},\"443/tcp\":{}},"
		"\"Env\":[\"PATH=/bin\",\"A=own\",\"ABC=2\",\"BARE=now\",\"NEW=y\"],"
		"\"Entrypoint\":[\"/own\"],\"Cmd\":[\"own\",\"cmd\"],"
		"\"Volumes\":{\"/data\":{},\"/own\":{}},\"WorkingDir\":\"/own\","
		"\"Labels\":{\"a\":\"own\",\"b\":\"2\",\"c\":\"3\"},\"StopSignal\":\"SIGINT\"}");
}

/* The command as a Dockerfile has it. */
static void test_entrypoint_and_cmd(void **state)
{
	static const char *const one[] = {"one"};
	static const struct {
		struct strata_image_config own;
		const char *wanted;
	} cases[] = {
		{{.entrypoint = one, .entrypoint_count = 1}, "{\"Entrypoint\":[\"one\"]}"},
		{{.cmd = one, .cmd_count = 1}, "{\"Entrypoint\":[\"/init\"],\"Cmd\":[\"one\"]}"},
		{{.entrypoint = one}, "{}"},
		{{.cmd = one}, "{\"Entrypoint\":[\"/init\"]}"},
		{{.entrypoint = one, .cmd = one, .cmd_count = 1}, "{\"Cmd\":[\"one\"]}"},
		{{.created = 1},
			"{\"Entrypoint\":[\"/init\"],\"Cmd\":[\"sh\"],\"ArgsEscaped\":true}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(run_on(*state,
					    "{\"Entrypoint\":[\"/init\"],\"Cmd\":[\"sh\"],"
					    "\"ArgsEscaped\":true}",
					    &cases[i].own),
			cases[i].wanted);
}

static void test_members_without_an_option(void **state)
{
	const struct strata_image_config nothing = {.created = 1};

	assert_string_equal(
		run_on(*state,
			"{\"Hostname\":\"a\",\"Domainname\":\"\",\"AttachStdin\":false,\"Tty\":"
			"true,"
			"\"Healthcheck\":{\"Test\":[\"CMD\",\"x\"],\"Interval\":30000000000},"
			"\"Image\":\"sha256:1\",\"OnBuild\":[\"RUN "
			"x\"],\"Shell\":[\"/bin/ash\",\"-c\"],"
			"\"Unknown\":{\"a\":[null,-1]},\"Nothing\":null,\"StopTimeout\":10}",
			&nothing),
		"{\"Healthcheck\":{\"Test\":[\"CMD\",\"x\"],\"Interval\":30000000000},"
		"\"Shell\":[\"/bin/"
		"ash\",\"-c\"],\"Unknown\":{\"a\":[null,-1]},\"StopTimeout\":10}");
	/* As Guix spells them. */
	assert_string_equal(run_on(*state, "{\"env\":[\"A=1\"],\"entrypoint\":[\"/x\"]}", &nothing),
		"{\"Env\":[\"A=1\"],\"Entrypoint\":[\"/x\"]}");
}

static void test_members_that_are_not_what_they_should_be(void **state)
{
	static const char *const members[] = {"\"Env\":\"A=1\"", "\"Env\":[1]", "\"Cmd\":{}",
		"\"User\":1", "\"Labels\":{\"a\":1}", "\"Volumes\":[\"/data\"]",
		"\"Other\":{\"a\":1.5}"};
	struct scratch *scratch = *state;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		struct strata_build_options options = {.describe = true, .threads = 1};
		strata_autobase struct strata_base *base = NULL;
		struct parts parts = plain_parts;
		struct strata_image_config config = {.architecture = "amd64"};
		struct strata_layer layers[2];
		struct strata_image *image = NULL;
		const char *member =
			scratch_text(scratch, "%.*s", (int)strcspn(members[i], ":"), members[i]);

		parts.config = scratch_text(scratch, AMD64 "\"config\":{%s},", members[i]);
		assert_succeeds(
			strata_base_open(put_base(scratch, &parts), &amd64, &base, &scratch->error),
			&scratch->error);
		config.base = base;
		assert_succeeds(strata_base_layers(base, NULL, &options, layers, &scratch->error),
			&scratch->error);
		assert_true(strata_image_new(layers, 2, &config, &image, &scratch->error) < 0);
		assert_non_null(strstr(scratch->error.message, member));
		assert_non_null(strstr(scratch->error.message, "the base image '"));
		strata_error_clear(&scratch->error);
	}
}

static void test_members_around(void **state)
{
	struct scratch *scratch = *state;
	struct parts parts = plain_parts;
	const struct strata_image_config nothing = {.created = 1}, own = {.author = "own"};
	const char *text;

	parts.config = "\"architecture\":\"amd64\",\"os\":\"linux\",\"variant\":\"v1\","
		       "\"os.version\":\"10\",\"os.features\":[\"win32k\"],\"author\":\"base\","
		       "\"docker_version\":\"20\",\"created\":\"2020-01-01T00:00:00Z\",";
	text = without_label(scratch, config_on(scratch, put_base(scratch, &parts), nothing));
	assert_true(strata_text_starts_with(text,
		"{\"created\":\"1970-01-01T00:00:01Z\",\"author\":\"base\",\"architecture\":"
		"\"amd64\",\"variant\":\"v1\",\"os\":\"linux\",\"os.version\":\"10\","
		"\"os.features\":[\"win32k\"],\"config\":{},\"rootfs\""));
	assert_null(strstr(text, "docker_version"));
	assert_non_null(
		strstr(config_on(scratch, put_base(scratch, &parts), own), "\"author\":\"own\""));
}

/* The history of an image on a base of two layers that has HISTORY. */
static const char *history_on(struct scratch *scratch, const char *history)
{
	static const struct strata_image_config nothing = {.created = 1};
	struct parts parts = plain_parts;

	parts.config = AMD64 "\"created\":\"2020-01-01T00:00:00Z\",";
	parts.more = history;
	return strstr(config_on(scratch, put_base(scratch, &parts), nothing), "\"history\":");
}

static void test_history_is_kept_or_made_up(void **state)
{
	static const char made_up[] =
		"\"history\":[{\"created\":\"2020-01-01T00:00:00Z\",\"created_by\":\"layer of the "
		"base image\"},{\"created\":\"2020-01-01T00:00:00Z\",\"created_by\":\"layer of the "
		"base image\"}]}";
	struct scratch *scratch = *state;

	assert_string_equal(
		history_on(scratch,
			",\"history\":[{\"created\":\"2019-01-01T00:00:00Z\",\"created_by\":"
			"\"ADD\"},"
			"{\"created_by\":\"ENV\",\"empty_layer\":true},{\"comment\":\"c\","
			"\"author\":\"a\",\"empty_layer\":false,\"unknown\":1,\"created\":2}]"),
		"\"history\":[{\"created\":\"2019-01-01T00:00:00Z\",\"created_by\":\"ADD\"},"
		"{\"created_by\":\"ENV\",\"empty_layer\":true},{\"author\":\"a\","
		"\"comment\":\"c\"}]}");
	assert_string_equal(history_on(scratch, ""), made_up);
	assert_string_equal(history_on(scratch, ",\"history\":null"), made_up);
	assert_string_equal(history_on(scratch, ",\"history\":{}"), made_up);
	assert_string_equal(
		history_on(scratch, ",\"history\":[{\"created_by\":\"guix\"}]"), made_up);
	assert_string_equal(history_on(scratch, ",\"history\":[{},{},{}]"), made_up);
	assert_string_equal(
		history_on(scratch, ",\"history\":[1,{\"empty_layer\":true},2]"), made_up);
}

static void open_fails(struct scratch *scratch, const char *path,
	const struct strata_platform *platform, int status, const char *words)
{
	struct strata_base *base = NULL;

	assert_fails(strata_base_open(path, platform, &base, &scratch->error), status, words,
		&scratch->error);
	assert_null(base);
}

static void test_platforms_must_agree(void **state)
{
	static const struct {
		const char *base;
		struct strata_platform asked;
		const char *words; /* NULL: it agrees */
	} cases[] = {
		{AMD64, {.architecture = "amd64"}, NULL},
		{AMD64, {.architecture = "amd64", .os = "linux", .variant = "v1"}, NULL},
		{AMD64, {.architecture = "arm64"},
			"it is for linux/amd64, but the image is to be for linux/arm64"},
		{AMD64, {.architecture = "amd64", .os = "freebsd"}, "for freebsd/amd64"},
		{AMD64, {.architecture = "amd64", .variant = "v3"}, "for linux/amd64/v3"},
		{"\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v6\",",
			{.architecture = "arm"}, NULL},
		{"\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v6\",",
			{.architecture = "arm", .variant = "v7"}, "it is for linux/arm/v6"},
		{"\"architecture\":\"arm\",\"os\":\"linux\",",
			{.architecture = "arm", .variant = "v7"}, NULL},
		{"\"architecture\":\"arm64\",\"os\":\"linux\",",
			{.architecture = "arm64", .variant = "v8"}, NULL},
		{"\"os\":\"linux\",", {.architecture = "arm64"}, "it is for linux/?"},
	};
	struct scratch *scratch = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct parts parts = plain_parts;
		const char *path;
		struct strata_base *base = NULL;

		parts.config = cases[i].base;
		path = put_base(scratch, &parts);
		if (cases[i].words) {
			open_fails(scratch, path, &cases[i].asked, STRATA_ERROR_INVALID,
				cases[i].words);
			continue;
		}
		assert_succeeds(strata_base_open(path, &cases[i].asked, &base, &scratch->error),
			&scratch->error);
		strata_base_free(base);
	}
}

/* Opened for one platform, used for another. */
static void test_image_of_another_platform_is_refused(void **state)
{
	struct strata_build_options options = {.describe = true, .threads = 1};
	struct scratch *scratch = *state;
	strata_autobase struct strata_base *base = NULL;
	struct strata_image_config config = {.architecture = "arm64"};
	struct strata_layer layers[2];
	struct strata_image *image = NULL;

	assert_succeeds(
		strata_base_open(put_base(scratch, &plain_parts), &amd64, &base, &scratch->error),
		&scratch->error);
	assert_succeeds(
		strata_base_layers(base, NULL, &options, layers, &scratch->error), &scratch->error);
	config.base = base;
	assert_fails(strata_image_new(layers, 2, &config, &image, &scratch->error),
		STRATA_ERROR_INVALID, "it is for linux/amd64", &scratch->error);
	config.architecture = "amd64";
	assert_fails(strata_image_new(layers, 1, &config, &image, &scratch->error),
		STRATA_ERROR_INVALID, "1 layers of a base image that has 2", &scratch->error);
	config.base = NULL;
	assert_fails(strata_image_new(layers, 2, &config, &image, &scratch->error),
		STRATA_ERROR_INVALID, "2 layers of a base image that has 0", &scratch->error);
}

/* Put an image for ARCHITECTURE and VARIANT. Returns its descriptor for an index. */
static const char *put_for(
	struct scratch *scratch, const char *architecture, const char *variant, const char *more)
{
	struct parts parts = plain_parts;
	const char *platform = scratch_text(scratch,
		"\"architecture\":\"%s\",\"os\":\"linux\"%s%s%s", architecture,
		*variant ? ",\"variant\":\"" : "", variant, *variant ? "\"" : "");

	parts.config = scratch_text(scratch, "%s,", platform);
	return scratch_text(
		scratch, "%s,\"platform\":{%s}%s}", put_image(scratch, &parts), platform, more);
}

#define NAMED(name) ",\"annotations\":{\"io.containerd.image.name\":\"" name "\"}"

static void test_index_is_searched_for_the_platform(void **state)
{
	static const struct {
		struct strata_platform asked;
		const char *variant;
	} cases[] = {
		{{.architecture = "amd64"}, ""},
		{{.architecture = "arm"}, "v7"},
		{{.architecture = "arm", .variant = "v5"}, "v5"},
	};
	struct scratch *scratch = *state;
	const char *index = index_of(scratch,
		scratch_text(scratch, "%s,%s,%s", put_for(scratch, "arm", "v5", ""),
			put_for(scratch, "arm", "v7", ""), put_for(scratch, "amd64", "", "")));
	const char *path = put_layout(
		scratch, scratch_text(scratch, "%s" NAMED("docker.io/library/multi:1") "}",
				 put_blob(scratch, STRATA_MEDIA_OCI_INDEX, index, strlen(index))));

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		strata_autobase struct strata_base *base = NULL;
		const char *variant;

		assert_succeeds(strata_base_open(path, &cases[i].asked, &base, &scratch->error),
			&scratch->error);
		variant = strata_json_string(strata_json_member(base->image->config, "variant"));
		assert_string_equal(variant ? variant : "", cases[i].variant);
	}
	open_fails(scratch, path, &(struct strata_platform){.architecture = "s390x"},
		STRATA_ERROR_INVALID, "it is for linux/arm/v5, linux/arm/v7, linux/amd64, but");
}

static void test_one_of_several_images_must_be_named(void **state)
{
	struct scratch *scratch = *state;
	struct parts other = plain_parts;
	strata_autobase struct strata_base *base = NULL;
	const char *path, *manifest = put_image(scratch, &plain_parts);

	other.layers[1] = NULL;
	path = put_layout(scratch, scratch_text(scratch,
					   "%s" NAMED("a.org/one:1") "},%s" NAMED(
						   "a.org/two:1") "},%s" NAMED("a.org/one:2") "}",
					   manifest, put_image(scratch, &other), manifest));
	open_fails(scratch, path, &amd64, STRATA_ERROR_INVALID,
		"several images, 'a.org/one:1' and 'a.org/two:1'");
	path = scratch_text(scratch, "oci:%s:a.org/two:1", path);
	assert_succeeds(strata_base_open(path, &amd64, &base, &scratch->error), &scratch->error);
	assert_int_equal(strata_base_layer_count(base), 1);
}

/* The manifest of an image on the base at PATH. */
static const char *manifest_on(struct scratch *scratch, const char *path)
{
	static const struct strata_pair own[] = {{"org.opencontainers.image.title", "mine"}};
	struct strata_build_options options = {.describe = true, .threads = 1};
	strata_autobase struct strata_base *base = NULL;
	struct strata_image_config config = {
		.architecture = "amd64", .annotations = own, .annotation_count = 1};
	struct strata_layer layers[MOST_LAYERS];
	struct strata_image *image = NULL;
	const char *text;

	assert_succeeds(strata_base_open(path, &amd64, &base, &scratch->error), &scratch->error);
	assert_succeeds(
		strata_base_layers(base, NULL, &options, layers, &scratch->error), &scratch->error);
	config.base = base;
	assert_succeeds(strata_image_new(layers, strata_base_layer_count(base), &config, &image,
				&scratch->error),
		&scratch->error);
	text = scratch_text(scratch, "%s", image->oci_manifest.text);
	strata_image_free(image);
	return text;
}

static void test_image_tells_its_base(void **state)
{
	struct scratch *scratch = *state;
	const char *manifest = put_image(scratch, &plain_parts);
	const char *digest = scratch_text(scratch, "%.71s", strstr(manifest, "sha256:"));
	const char *annotations = strstr(
		manifest_on(scratch,
			put_layout(scratch,
				scratch_text(scratch, "%s" NAMED("debian:12") "}", manifest))),
		"\"annotations\"");

	assert_string_equal(annotations,
		scratch_text(scratch,
			"\"annotations\":{\"org.opencontainers.image.base.digest\":\"%s\","
			"\"org.opencontainers.image.base.name\":\"docker.io/library/debian:12\","
			"\"org.opencontainers.image.title\":\"mine\"}}",
			digest));
	annotations =
		strstr(manifest_on(scratch,
			       put_layout(scratch,
				       scratch_text(scratch,
					       "%s,\"annotations\":{"
					       "\"org.opencontainers.image.ref.name\":\"12\"}}",
					       manifest))),
			"\"annotations\"");
	assert_null(strstr(annotations, "image.base.name"));
	assert_non_null(strstr(annotations, digest));
}

static void test_blobs_are_copied_as_they_are(void **state)
{
	struct scratch *scratch = *state;

	for (unsigned compressed = 0; compressed < 2; compressed++) {
		struct strata_build_options options = {.threads = 2};
		strata_autobase struct strata_base *base = NULL;
		struct parts parts = plain_parts;
		struct strata_layer layers[2];
		const char *path;

		parts.compressed = compressed;
		path = put_base(scratch, &parts);
		assert_succeeds(
			strata_base_open(path, &amd64, &base, &scratch->error), &scratch->error);
		assert_succeeds(strata_base_layers(
					base, scratch->output, &options, layers, &scratch->error),
			&scratch->error);
		for (size_t i = 0; i < 2; i++) {
			strata_autobuffer struct strata_buffer blob = STRATA_BUFFER_INIT;
			strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;

			make_tar(&tar, parts.layers[i]);
			scratch_read(scratch, layers[i].blob, &blob);
			assert_true(layers[i].base && layers[i].staged);
			assert_int_equal(layers[i].size, blob.length);
			assert_int_equal(layers[i].diff_size, tar.length);
			assert_int_equal(layers[i].codec,
				compressed ? STRATA_CODEC_GZIP : STRATA_CODEC_NONE);
			assert_string_equal(
				layers[i].digest.text, hash_of(scratch, blob.data, blob.length));
			assert_string_equal(
				layers[i].diff_id.text, hash_of(scratch, tar.data, tar.length));
			assert_int_equal(unlink(layers[i].blob), 0);
			strata_layer_release(&layers[i]);
		}
		assert_string_equal(scratch_names(scratch, scratch->output), "");
	}
}

/* Gathering the layers of the base at PATH fails, and nothing stays. */
static void gather_fails(struct scratch *scratch, const char *path, int status, const char *words)
{
	for (unsigned describe = 0; describe < 2; describe++) {
		struct strata_build_options options = {.threads = 1, .describe = describe};
		strata_autobase struct strata_base *base = NULL;
		struct strata_layer layers[MOST_LAYERS];
		int found;

		assert_succeeds(
			strata_base_open(path, &amd64, &base, &scratch->error), &scratch->error);
		found = strata_base_layers(
			base, scratch->output, &options, layers, &scratch->error);
		assert_int_equal(found, status);
		assert_non_null(strstr(scratch->error.message, words));
		assert_non_null(strstr(scratch->error.message, path));
		strata_error_clear(&scratch->error);
		assert_string_equal(scratch_names(scratch, scratch->output), "");
	}
}

/* The blob of the second layer, and its path. */
static const char *second_blob(struct scratch *scratch, struct strata_buffer *blob)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	const char *digest;

	make_tar(&tar, "two");
	compress_to(blob, &tar);
	digest = hash_of(scratch, blob->data, blob->length);
	return scratch_text(scratch, "%s/base/blobs/sha256/%s", scratch->directory, digest + 7);
}

static void test_corrupt_bases_are_refused(void **state)
{
	struct scratch *scratch = *state;
	strata_autobuffer struct strata_buffer blob = STRATA_BUFFER_INIT;
	const char *path = put_base(scratch, &plain_parts);
	const char *second = second_blob(scratch, &blob);

	/* The time in gzip's header: all else is as it was. */
	blob.data[4] ^= 1;
	put(scratch, second, blob.data, blob.length);
	gather_fails(scratch, path, STRATA_ERROR_MISMATCH, "layer 2, blob sha256:");
	gather_fails(scratch, path, STRATA_ERROR_MISMATCH, "the content has the digest");
	blob.data[4] ^= 1;
	blob.data[blob.length / 2] ^= 0x55;
	put(scratch, second, blob.data, blob.length);
	gather_fails(scratch, path, STRATA_ERROR_FORMAT, "layer 2, blob sha256:");
	put(scratch, second, blob.data, blob.length - 1);
	gather_fails(scratch, path, STRATA_ERROR_MISMATCH, "bytes were expected");
	assert_int_equal(unlink(second), 0);
	open_fails(scratch, path, &amd64, STRATA_ERROR_NOT_FOUND, "layer 2, blob sha256:");
}

static void test_documents_must_agree(void **state)
{
	static const char wrong[] =
		"sha256:1111111111111111111111111111111111111111111111111111111111111111";
	struct scratch *scratch = *state;
	struct parts parts = plain_parts;
	const char *path;

	/* Everything but the diff IDs is sound. */
	parts.config = scratch_text(scratch,
		AMD64 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\",\"%s\"]},\"x\":{",
		wrong, wrong);
	parts.more = "}";
	path = put_base(scratch, &parts);
	gather_fails(scratch, path, STRATA_ERROR_MISMATCH, "the config says sha256:1111");
	parts.config = scratch_text(scratch,
		AMD64 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]},\"x\":{", wrong);
	open_fails(scratch, put_base(scratch, &parts), &amd64, STRATA_ERROR_FORMAT,
		"1 diff IDs for 2 layers");
	parts.config = AMD64 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[1,\"\"]},\"x\":{";
	open_fails(scratch, put_base(scratch, &parts), &amd64, STRATA_ERROR_FORMAT,
		"no diff ID for it");
	put(scratch, scratch_text(scratch, "%s/index.json", path), "{}", 2);
	open_fails(scratch, path, &amd64, STRATA_ERROR_FORMAT, "the base image '");
}

#define STORE "/gnu/store/"
#define GLIBC STORE "0123456789abcdfghijklmnpqrsvwxyz-glibc-2.35"
#define BASH STORE "1123456789abcdfghijklmnpqrsvwxyz-bash-5.1"
#define UNHASHED "/store/tool-1.0"

/* Ids of items in the base that the history tells, and a graph that has those and some more. */
static struct strata_graph *make_graph(struct scratch *scratch)
{
	static const struct {
		const char *id, *version;
	} items[] = {{GLIBC, "2.35"}, {BASH, "5.1"}, {UNHASHED, "1.0"}, {"libc6:amd64", "2.36"},
		{"zlib1g:amd64", "1.3"}, {"hello:amd64", "2"}};
	struct strata_graph *graph = strata_graph_new(&scratch->error);

	assert_non_null(graph);
	for (size_t i = 0; i < sizeof(items) / sizeof(*items); i++) {
		const struct strata_item_record record = {.id = items[i].id,
			.version = items[i].version,
			.content =
				*items[i].id == '/' ? STRATA_CONTENT_STORE : STRATA_CONTENT_FILES,
			.size = 1,
			.has_size = true};

		assert_succeeds(strata_graph_add(graph, &record, &scratch->error), &scratch->error);
	}
	assert_succeeds(strata_graph_finish(graph, NULL, &scratch->error), &scratch->error);
	return graph;
}

/* A base of two layers, whose history has ENTRIES. */
static struct strata_base *open_history(struct scratch *scratch, const char *entries)
{
	struct strata_base *base = NULL;
	struct parts parts = plain_parts;

	parts.config = AMD64 "\"config\":{\"Labels\":{\"stratapack.versions\":\"libc6:amd64=2.36 "
			     "zlib1g:amd64=1.2\"}},";
	parts.more = scratch_text(scratch, ",\"history\":[%s]", entries);
	assert_succeeds(strata_base_open(put_base(scratch, &parts), &amd64, &base, &scratch->error),
		&scratch->error);
	return base;
}

#define OURS(items) "{\"created_by\":\"stratapack\",\"comment\":\"" items "\"}"
#define THEIRS "{\"created_by\":\"RUN rm -rf /\"}"

static void expect_held(struct scratch *scratch, const char *entries, enum strata_base_items kind,
	const char *wanted)
{
	strata_autobase struct strata_base *base = open_history(scratch, entries);
	strata_autograph struct strata_graph *graph = make_graph(scratch);
	strata_autoplan struct strata_plan *held = NULL;
	const char *found = "";

	assert_succeeds(
		strata_base_held(base, graph, kind, &held, &scratch->error), &scratch->error);
	assert_int_equal(held->layer_count, *wanted != '\0');
	for (size_t i = 0; held->layer_count > 0 && i < held->layers[0].item_count; i++)
		found = scratch_text(scratch, "%s%s ", found, held->layers[0].items[i]);
	assert_string_equal(found, wanted);
}

static void test_items_of_the_base(void **state)
{
	struct scratch *scratch = *state;
	const char *both = OURS(GLIBC " " UNHASHED " gone:amd64") ",{\"empty_layer\":true}," OURS(
		"libc6:amd64 zlib1g:amd64 hello:amd64 customisation");

	expect_held(scratch, both, STRATA_BASE_ITEMS_STORE, GLIBC " ");
	expect_held(scratch, both, STRATA_BASE_ITEMS_NONE, "");
	/* hello has no version there, zlib1g another, and of the tool nobody knows. */
	expect_held(scratch, both, STRATA_BASE_ITEMS_ALL, GLIBC " libc6:amd64 ");
	expect_held(scratch, THEIRS "," OURS(BASH), STRATA_BASE_ITEMS_STORE, BASH " ");
	/* Whatever came on top may have removed it. */
	expect_held(scratch, OURS(BASH) "," THEIRS, STRATA_BASE_ITEMS_STORE, "");
	expect_held(scratch, THEIRS, STRATA_BASE_ITEMS_ALL, "");
}

static void test_plan_leaves_items_to_the_base(void **state)
{
	struct scratch *scratch = *state;
	strata_autobase struct strata_base *base =
		open_history(scratch, OURS(GLIBC) "," OURS("libc6:amd64"));
	strata_autograph struct strata_graph *graph = make_graph(scratch);
	strata_autograph struct strata_graph *rest = NULL;
	strata_autoplan struct strata_plan *held = NULL;
	strata_autoplan struct strata_plan *plan = NULL;
	strata_autoplan struct strata_plan *loaded = NULL;
	strata_autobase struct strata_base *other = NULL;
	struct strata_plan_options options = {.base_layers = 2};
	const char *path = in(scratch, "plan.json");
	struct strata_error *error = &scratch->error;

	assert_succeeds(strata_base_held(base, graph, STRATA_BASE_ITEMS_ALL, &held, error), error);
	assert_succeeds(strata_plan_rest(held, graph, &rest, error), error);
	assert_int_equal(strata_graph_count(rest), 4);
	assert_succeeds(strata_plan_make(rest, &options, &plan, error), error);
	assert_fails(strata_plan_check(plan, graph, error), STRATA_ERROR_INVALID, "are in no layer",
		error);
	assert_succeeds(strata_plan_leave_to_base(plan, held, error), error);
	assert_succeeds(strata_plan_check(plan, graph, error), error);
	assert_succeeds(strata_plan_save(plan, path, error), error);
	assert_succeeds(strata_plan_load(path, &loaded, error), error);
	assert_int_equal(loaded->base_layers, 2);
	assert_int_equal(loaded->base_items.item_count, 2);
	assert_string_equal(loaded->base_items.versions[1], "2.36");
	assert_succeeds(strata_plan_check(loaded, graph, error), error);
	assert_succeeds(strata_base_check_plan(base, loaded, error), error);
	assert_fails(strata_base_check_plan(NULL, loaded, error), STRATA_ERROR_INVALID,
		"on a base of 2 layers", error);
	other = open_history(scratch, OURS(GLIBC) "," OURS("zlib1g:amd64"));
	assert_fails(strata_base_check_plan(other, loaded, error), STRATA_ERROR_INVALID,
		"leaves item 'libc6:amd64' to the base image", error);
	loaded->layers[0].items = loaded->base_items.items;
	loaded->layers[0].item_count = 1;
	assert_fails(strata_plan_check(loaded, graph, error), STRATA_ERROR_INVALID,
		"is left to the base image as well", error);
	loaded->base_layers = 1;
	assert_fails(strata_base_check_plan(base, loaded, error), STRATA_ERROR_INVALID,
		"has 2 layers, but the plan is for one of 1", error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_everything_is_inherited),
		scratch_test(test_own_config_counts),
		scratch_test(test_entrypoint_and_cmd),
		scratch_test(test_members_without_an_option),
		scratch_test(test_members_that_are_not_what_they_should_be),
		scratch_test(test_members_around),
		scratch_test(test_history_is_kept_or_made_up),
		scratch_test(test_platforms_must_agree),
		scratch_test(test_image_of_another_platform_is_refused),
		scratch_test(test_index_is_searched_for_the_platform),
		scratch_test(test_one_of_several_images_must_be_named),
		scratch_test(test_image_tells_its_base),
		scratch_test(test_blobs_are_copied_as_they_are),
		scratch_test(test_corrupt_bases_are_refused),
		scratch_test(test_documents_must_agree),
		scratch_test(test_items_of_the_base),
		scratch_test(test_plan_leaves_items_to_the_base),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
