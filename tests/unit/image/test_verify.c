/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <stratapack/image.h>

#include "cli/text/image_text.h"
#include "tar_builder.h"
#include "util/file.h"
#include "util/sha256.h"

/* An image in a directory of its own; the layout is made of files, so that each can be spoiled. */
struct fixture {
	char directory[64];
	struct strata_buffer findings;
	size_t count;
};

#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->directory, "/tmp/stratapack-test-XXXXXX");
	fixture->findings = (struct strata_buffer)STRATA_BUFFER_INIT;
	*state = fixture;
	return mkdtemp(fixture->directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	strata_directory_remove(fixture->directory);
	strata_buffer_release(&fixture->findings);
	free(fixture);
	return 0;
}

static char *place(const struct fixture *fixture, const char *name)
{
	return strata_path_join(fixture->directory, name);
}

static void put(const struct fixture *fixture, const char *name, const void *bytes, size_t length)
{
	strata_autofree char *path = place(fixture, name);
	strata_autofree char *parent = strata_path_directory(path);
	struct strata_error error = STRATA_ERROR_INIT;

	assert_succeeds(strata_directory_create(parent, &error), &error);
	assert_succeeds(strata_file_replace(path, bytes, length, &error), &error);
}

static void put_text(const struct fixture *fixture, const char *name, const char *text)
{
	put(fixture, name, text, strlen(text));
}

static const char *hex_of(const void *bytes, size_t length)
{
	static char hex[4][STRATA_SHA256_HEX_SIZE];
	static unsigned next;

	next = (next + 1) % 4;
	assert_int_equal(strata_sha256_of(bytes, length, hex[next], NULL), 0);
	return hex[next];
}

/* Put a blob and append its descriptor, with MORE members, to JSON. */
static void put_blob(const struct fixture *fixture, struct strata_buffer *json, const char *type,
	const void *bytes, size_t length, const char *more)
{
	strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;
	const char *hex = hex_of(bytes, length);

	strata_buffer_format(&name, "layout/blobs/sha256/%s", hex);
	put(fixture, name.data, bytes, length);
	strata_buffer_format(json, "{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%zu%s}",
		type, hex, length, more);
}

static void keep_finding(void *data, const char *text)
{
	struct fixture *fixture = data;

	fixture->count++;
	strata_buffer_format(&fixture->findings, "%s\n", text);
}

static int verify(struct fixture *fixture, const char *transport, const char *name,
	struct strata_error *error)
{
	strata_autofree char *path = place(fixture, name);
	strata_autobuffer struct strata_buffer source = STRATA_BUFFER_INIT;
	size_t count;
	int status;

	strata_buffer_format(&source, "%s%s", transport, path);
	fixture->count = 0;
	strata_buffer_truncate(&fixture->findings, 0);
	status = strata_image_verify(source.data, keep_finding, fixture, &count, error);
	assert_int_equal(count, fixture->count);
	return status;
}

/* Verifying must find nothing, or (with WORDS) something that says so. */
static void expect(struct fixture *fixture, const char *name, const char *words)
{
	struct strata_error error = STRATA_ERROR_INIT;

	assert_succeeds(verify(fixture, "", name, &error), &error);
	if (!words && fixture->count > 0)
		fail_msg("unexpected: %s", fixture->findings.data);
	if (words && !strstr(fixture->findings.data, words))
		fail_msg("\"%s\" is not in the findings: %s", words, fixture->findings.data);
}

/* What an OCI layout is made of; NULL members have their good value. */
struct parts {
	const struct strata_buffer *layer;
	bool gzip;
	const char *layer_type, *layer_more, *manifest_type, *manifest_more, *config_type;
	const char *config;          /* "%s" in it becomes the diff ID's digits */
	const char *descriptor_more; /* of the manifest */
	const char *descriptor_type;
	bool nested; /* the manifest stands in an index inside index.json */
};

static void good_layer(struct strata_buffer *tar)
{
	tar_entry(tar, '5', "usr/", "", 0755);
	tar_file(tar, "usr/a", "hello");
	tar_entry(tar, '1', "usr/b", "usr/a", 0644);
	tar_entry(tar, '2', "usr/c", "a", 0777);
	tar_end(tar);
}

static const char good_config[] =
	"{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"A=b\"]},"
	"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\"]},"
	"\"history\":[{\"comment\":\"one\"},{\"empty_layer\":true}]}";

static void make_config(struct strata_buffer *config, const char *pattern, const char *hex)
{
	const char *gap = strstr(pattern, "%s");

	strata_buffer_append(config, pattern, gap ? (size_t)(gap - pattern) : strlen(pattern));
	if (gap) {
		strata_buffer_string(config, hex);
		strata_buffer_string(config, gap + 2);
	}
}

static void pack(struct strata_buffer *packed, const struct strata_buffer *tar)
{
	unsigned char bytes[16384];
	z_stream stream = {0};

	assert_int_equal(
		deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (unsigned char *)tar->data;
	stream.avail_in = (uInt)tar->length;
	stream.next_out = bytes;
	stream.avail_out = sizeof(bytes);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	strata_buffer_append(packed, bytes, stream.total_out);
	deflateEnd(&stream);
}

static void make_layout(struct fixture *fixture, const struct parts *parts)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer packed = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer config = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer manifest = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer index = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer outer = STRATA_BUFFER_INIT;
	strata_autofree char *layout = place(fixture, "layout");
	const char *type = parts->manifest_type ? parts->manifest_type : OCI_MANIFEST;

	strata_directory_remove(layout);
	good_layer(&tar);
	if (parts->layer) {
		strata_buffer_truncate(&tar, 0);
		strata_buffer_append(&tar, parts->layer->data, parts->layer->length);
	}
	if (parts->gzip)
		pack(&packed, &tar);
	make_config(
		&config, parts->config ? parts->config : good_config, hex_of(tar.data, tar.length));
	strata_buffer_format(
		&manifest, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":", type);
	put_blob(fixture, &manifest, parts->config_type ? parts->config_type : OCI_CONFIG,
		config.data, config.length, "");
	strata_buffer_string(&manifest, ",\"layers\":[");
	put_blob(fixture, &manifest, parts->layer_type ? parts->layer_type : OCI_LAYER,
		parts->gzip ? packed.data : tar.data, parts->gzip ? packed.length : tar.length,
		parts->layer_more ? parts->layer_more : "");
	strata_buffer_format(&manifest, "]%s}", parts->manifest_more ? parts->manifest_more : "");
	strata_buffer_string(&index, "{\"schemaVersion\":2,\"manifests\":[");
	put_blob(fixture, &index, parts->descriptor_type ? parts->descriptor_type : type,
		manifest.data, manifest.length,
		parts->descriptor_more
			? parts->descriptor_more
			: ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"one\"},"
			  "\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}");
	strata_buffer_string(&index, "]}");
	if (parts->nested) {
		strata_buffer_string(&outer, "{\"schemaVersion\":2,\"manifests\":[");
		put_blob(fixture, &outer, OCI_INDEX, index.data, index.length, "");
		strata_buffer_string(&outer, "]}");
	}
	put_text(fixture, "layout/index.json", parts->nested ? outer.data : index.data);
	put_text(fixture, "layout/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
}

static void test_good_layouts(void **state)
{
	(void)state;
	make_layout(*state, &(struct parts){0});
	expect(*state, "layout", NULL);
	make_layout(*state, &(struct parts){.gzip = true, .layer_type = OCI_LAYER "+gzip"});
	expect(*state, "layout", NULL);
	make_layout(*state, &(struct parts){.nested = true});
	expect(*state, "layout", NULL);
	/* Signatures and the like have layers of any type. */
	make_layout(*state, &(struct parts){.layer_type = "application/vnd.in-toto+json"});
	expect(*state, "layout", NULL);
}

static void test_documents_that_disagree(void **state)
{
	static const struct {
		struct parts parts;
		const char *words;
	} cases[] = {
		{{.gzip = true}, "but the content is gzip"},
		{{.nested = true, .gzip = true}, "but the content is gzip"},
		{{.nested = true,
			 .descriptor_more =
				 ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}"},
			"its descriptor says 'arm64'"},
		{{.layer_type = OCI_LAYER "+gzip"}, "but the content is plain"},
		{{.layer_type = DOCKER_LAYER}, "must not be mixed"},
		{{.layer_type = DOCKER_LAYER ".zstd"}, "zstd is only allowed under OCI"},
		{{.config_type = "application/vnd.docker.container.image.v1+json"},
			"must not be mixed"},
		{{.manifest_more = ",\"manifests\":[]"}, "can be taken"},
		{{.manifest_more = ",\"Layers\":[]"}, "several spellings"},
		{{.manifest_more = ",\"Manifests\":[]"}, "spelt almost like"},
		{{.descriptor_type = "application/vnd.docker.distribution.manifest.v2+json"},
			"expected was application/vnd.docker"},
		{{.descriptor_type = OCI_INDEX}, "expected was " OCI_INDEX},
		{{.descriptor_more = ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}"},
			"its descriptor says 'arm64'"},
		{{.descriptor_more = ",\"data\":\"e30=\""}, "the descriptor's data"},
		{{.descriptor_more = ",\"data\":\"!\""}, "not base64"},
		{{.descriptor_more = ",\"annotations\":{\"io.containerd.image.name\":\"Bad//x\"}"},
			"the name 'Bad//x'"},
		{{.config = "[]"}, "not a JSON object"},
		{{.config = "{"}, "not valid JSON"},
		{{.config = "{\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":"
			    "[\"sha256:%s\"]}}"},
			"no \"architecture\""},
		{{.config = "{\"architecture\":\"amd64\",\"os\":\"linux\"}"}, "\"rootfs\""},
		{{.config = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":"
			    "\"layers\",\"diff_ids\":[]}}"},
			"0 diff IDs for 1 layers"},
		{{.config = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":"
			    "\"layers\",\"diff_ids\":[\"sha256:ABC\"]}}"},
			"is not a diff ID"},
		{{.config = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":"
			    "\"layers\",\"diff_ids\":[\"sha256:"
			    "0000000000000000000000000000000000000000000000000000000000000000\"]}"
			    "}"},
			"the config says sha256:0000"},
		{{.config = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":"
			    "\"layers\",\"diff_ids\":[\"sha256:%s\"]},\"history\":[{},{}]}"},
			"the history describes 2 layers, but the image has 1"},
		{{.config = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"Os\":\"x\",\"rootfs\":"
			    "{\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\"]}}"},
			"several spellings"},
	};

	each_case(i, cases) {
		make_layout(*state, &cases[i].parts);
		expect(*state, "layout", cases[i].words);
	}
}

/* Each blob, changed, cut, extended and removed. */
static void test_spoiled_blobs(void **state)
{
	struct fixture *fixture = *state;
	strata_autobuffer struct strata_buffer names = STRATA_BUFFER_INIT;

	make_layout(fixture, &(struct parts){.gzip = true, .layer_type = OCI_LAYER "+gzip"});
	each_number(int, way, 0, 4) {
		strata_autofree char *index_path = place(fixture, "layout/index.json");
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
		struct strata_error error = STRATA_ERROR_INIT;
		const char *at;

		/* Every digest in every document is that of one blob. */
		strata_buffer_truncate(&names, 0);
		assert_succeeds(strata_file_read(index_path, 10000, &text, &error), &error);
		for (at = text.data; (at = strstr(at, "\"digest\":\"sha256:")) != NULL;) {
			strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;
			strata_autobuffer struct strata_buffer bytes = STRATA_BUFFER_INIT;
			strata_autofree char *path = NULL;
			size_t offset = (size_t)(at - text.data) + 17;

			strata_buffer_format(&name, "layout/blobs/sha256/%.64s", at + 17);
			path = place(fixture, name.data);
			assert_succeeds(strata_file_read(path, 100000, &bytes, &error), &error);
			if (bytes.data[0] == '{')
				strata_buffer_string(&text, bytes.data);
			at = text.data + offset;
			if (way == 0) {
				bytes.data[bytes.length / 2] ^= 1;
				put(fixture, name.data, bytes.data, bytes.length);
				bytes.data[bytes.length / 2] ^= 1;
			} else if (way == 1) {
				put(fixture, name.data, bytes.data, bytes.length - 1);
			} else if (way == 2) {
				put(fixture, name.data, bytes.data, bytes.length + 1);
			} else {
				assert_int_equal(unlink(path), 0);
			}
			expect(fixture, "layout",
				way == 0   ? ""
				: way == 3 ? "is missing"
					   : "bytes were expected");
			assert_true(fixture->count > 0);
			put(fixture, name.data, bytes.data, bytes.length);
			strata_buffer_byte(&names, '.');
		}
		assert_string_equal(names.data, "...");
	}
	expect(fixture, "layout", NULL);
}

static void test_bad_digests(void **state)
{
	static const char *const digests[] = {"sha256:../../x", "", ":", "sha256:", "sha256:abc",
		"sha256:ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789",
		"sha512:0000000000000000000000000000000000000000000000000000000000000000", "md5:00",
		"sha256:/etc/passwd",
		"sha256:00000000000000000000000000000000000000000000000000000000000000000"};
	struct fixture *fixture = *state;

	put_text(fixture, "layout/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
	each_case(i, digests) {
		strata_autobuffer struct strata_buffer index = STRATA_BUFFER_INIT;

		strata_buffer_format(&index,
			"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" OCI_MANIFEST
			"\",\"digest\":\"%s\",\"size\":10}]}",
			digests[i]);
		put_text(fixture, "layout/index.json", index.data);
		expect(fixture, "layout", "is not a digest");
	}
}

static void test_hostile_layers(void **state)
{
	static const struct {
		char type;
		const char *name, *link;
		unsigned mode;
		const char *words;
	} cases[] = {
		{'0', "../x", "", 0644, "component \"..\""},
		{'0', "usr/../../x", "", 0644, "component \"..\""},
		{'0', "", "", 0644, "no name"},
		{'0', ".", "", 0644, "no name"},
		{'0', "usr/a", "", 0644, "is there twice"},
		{'0', "./usr//a", "", 0644, "is there twice"},
		{'5', "usr/", "", 0755, "is there twice"},
		{'1', "d", "later", 0644, "not an earlier file"},
		{'1', "d", "usr", 0644, "not an earlier file"},
		{'1', "d", "../etc/passwd", 0644, "component \"..\""},
		{'1', "d", "usr/b", 0755, "mode differs"},
		{'0', "usr/c/x", "", 0644, "not a directory"},
		{'0', "usr/a/x", "", 0644, "not a directory"},
		{'0', "usr", "", 0644, "is there twice"},
		{'0', ".wh.", "", 0644, "nothing that can be removed"},
		{'0', "usr/.wh...", "", 0644, "nothing that can be removed"},
		{'0', "usr/.wh.a", "", 0644, "whiteout in the same layer"},
		{'0', ".wh.usr", "", 0644, "whiteout in the same layer"},
		{'5', ".wh.x", "", 0755, "not an empty file"},
		{'S', "sparse", "", 0644, "sparse"},
		{'Z', "odd", "", 0644, "unknown type"},
		{'0', "fine", "", 0644, NULL},
		{'0', "/absolute", "", 0644, NULL},
		{'0', "usr/.wh..wh..opq", "", 0644, NULL},
		{'0', "usr/.wh.gone", "", 0644, NULL},
		{'1', "usr/d", "/usr/a", 0644, NULL},
		{'1', "usr/d", "usr/c", 0777, NULL},
		{'6', "pipe", "", 0644, NULL},
	};

	each_case(i, cases) {
		strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;

		good_layer(&tar);
		strata_buffer_truncate(&tar, tar.length - 1024);
		tar_entry(&tar, cases[i].type, cases[i].name, cases[i].link, cases[i].mode);
		tar_end(&tar);
		make_layout(*state, &(struct parts){.layer = &tar});
		expect(*state, "layout", cases[i].words);
	}
}

static void test_layers_that_end_badly(void **state)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;

	good_layer(&tar);
	tar.length -= 1024;
	make_layout(*state, &(struct parts){.layer = &tar});
	expect(*state, "layout", NULL);
	tar.length -= 300;
	make_layout(*state, &(struct parts){.layer = &tar});
	expect(*state, "layout", "cut short");
	tar.length += 1324;
	strata_buffer_string(&tar, "garbage");
	make_layout(*state, &(struct parts){.layer = &tar});
	expect(*state, "layout", "behind the end");
}

static void test_findings_are_bounded(void **state)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;

	for (int i = 0; i < 100; i++)
		tar_file(&tar, "same", "");
	tar_end(&tar);
	make_layout(*state, &(struct parts){.layer = &tar});
	expect(*state, "layout", "and 79 more");
	assert_int_equal(((struct fixture *)*state)->count, 21);
}

/* A Docker archive of one layer; CONFIG_NAME and LAYER_NAME are patterns for the digits. */
static void make_docker(struct fixture *fixture, const char *file, const char *config_name,
	const char *layer_name, const char *prefix, bool compress)
{
	strata_autobuffer struct strata_buffer layer = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer config = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer manifest = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer packed = STRATA_BUFFER_INIT;
	const char *hex;

	good_layer(&layer);
	hex = hex_of(layer.data, layer.length);
	make_config(&config, good_config, hex);
	strata_buffer_string(&manifest, "[{\"Config\":\"");
	make_config(&manifest, config_name, hex_of(config.data, config.length));
	strata_buffer_string(&manifest, "\",\"RepoTags\":[\"a/b:1\"],\"Layers\":[\"");
	make_config(&manifest, layer_name, hex);
	strata_buffer_string(&manifest, "\"]}]");
	strata_buffer_string(&name, prefix);
	make_config(&name, layer_name, hex);
	tar_bytes(&tar, name.data, layer.data, layer.length);
	strata_buffer_truncate(&name, 0);
	strata_buffer_string(&name, prefix);
	make_config(&name, config_name, hex_of(config.data, config.length));
	tar_bytes(&tar, name.data, config.data, config.length);
	strata_buffer_truncate(&name, 0);
	strata_buffer_format(&name, "%smanifest.json", prefix);
	tar_bytes(&tar, name.data, manifest.data, manifest.length);
	tar_end(&tar);
	if (compress)
		pack(&packed, &tar);
	put(fixture, file, compress ? packed.data : tar.data,
		compress ? packed.length : tar.length);
}

static void test_docker_archives(void **state)
{
	static const struct {
		const char *config, *layer, *prefix;
		bool compress;
		const char *words;
	} cases[] = {
		{"%s.json", "0123/layer.tar", "", false, NULL},
		{"blobs/sha256/%s", "blobs/sha256/%s", "", false, NULL},
		{"config.json", "sha256:%s/layer.tar", "", true, NULL},
		{"config.json", "0123/layer.tar", "./", true, NULL},
		{"%s.json", "%s.tar", "", false, NULL},
		{"config.json",
			"0000000000000000000000000000000000000000000000000000000000000000.tar", "",
			false, "expected was sha256:0000"},
		{"config.json",
			"sha256:0000000000000000000000000000000000000000000000000000000000000000/"
			"layer.tar",
			"", false, "named after a diff ID other"},
		{"0000000000000000000000000000000000000000000000000000000000000000.json",
			"x/layer.tar", "", false, "the content has the digest"},
	};

	each_case(i, cases) {
		struct strata_error error = STRATA_ERROR_INIT;

		make_docker(*state, "image.tar", cases[i].config, cases[i].layer, cases[i].prefix,
			cases[i].compress);
		expect(*state, "image.tar", cases[i].words);
		assert_succeeds(verify(*state, "docker-archive:", "image.tar", &error), &error);
	}
}

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void put_v1_layer(
	struct strata_buffer *tar, const char *id, const char *parent, const char *link)
{
	strata_autobuffer struct strata_buffer layer = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer json = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;

	strata_buffer_format(&name, "%s/VERSION", id);
	tar_file(tar, name.data, "1.0");
	strata_buffer_format(&json,
		"{\"id\":\"%s\",%s%s%s\"os\":\"linux\",\"architecture\":\"amd64\"}", id,
		parent ? "\"parent\":\"" : "", parent ? parent : "", parent ? "\"," : "");
	strata_buffer_truncate(&name, 0);
	strata_buffer_format(&name, "%s/json", id);
	tar_file(tar, name.data, json.data);
	strata_buffer_truncate(&name, 0);
	strata_buffer_format(&name, "%s/layer.tar", id);
	good_layer(&layer);
	if (link)
		tar_entry(tar, '2', name.data, link, 0777);
	else
		tar_bytes(tar, name.data, layer.data, layer.length);
}

static void test_v1_archives(void **state)
{
	static const struct {
		const char *repositories, *parent, *link, *words;
	} cases[] = {
		{"{\"a/b\":{\"1\":\"" ID_A "\"}}", ID_B, NULL, NULL},
		{"{\"a/b\":{\"1\":\"" ID_A "\"}}", ID_B, "../" ID_B "/layer.tar", NULL},
		{NULL, ID_B, NULL, NULL},
		{"{\"a/b\":{\"1\":\"" ID_A "\"}}", ID_A, NULL, "in a circle"},
		{"{\"a/b\":{\"1\":\"" ID_A "\"}}", "cc", NULL, "is not a V1 id"},
		{"{\"a/b\":{\"1\":\"../../x\"}}", ID_B, NULL, "is not a V1 id"},
		{"{\"a/"
		 "b\":{\"1\":\"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\"}"
		 "}",
			ID_B, NULL, "there is no cccc"},
		{"{\"a/b\":{\"1\":\"" ID_A "\"}}", ID_B, "../../x", "layer.tar is missing"},
		{"{\"a/b\":{\"1\":\"" ID_A "\"}}", ID_B, "layer.tar", "layer.tar is missing"},
		{"{\"A//b\":{\"1\":\"" ID_A "\"}}", ID_B, NULL, "the name 'A//b:1'"},
	};

	each_case(i, cases) {
		strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;

		put_v1_layer(&tar, ID_B, NULL, NULL);
		put_v1_layer(&tar, ID_A, cases[i].parent, cases[i].link);
		if (cases[i].repositories)
			tar_file(&tar, "repositories", cases[i].repositories);
		tar_end(&tar);
		put(*state, "v1.tar", tar.data, tar.length);
		expect(*state, "v1.tar", cases[i].words);
	}
}

static void test_names_select(void **state)
{
	struct fixture *fixture = *state;
	struct strata_error error = STRATA_ERROR_INIT;

	make_docker(fixture, "image.tar", "%s.json", "0123/layer.tar", "", false);
	assert_succeeds(verify(fixture, "docker-archive:", "image.tar:a/b:1", &error), &error);
	assert_succeeds(verify(fixture, "docker-archive:", "image.tar:1", &error), &error);
	assert_fails(verify(fixture, "docker-archive:", "image.tar:a/b:2", &error),
		STRATA_ERROR_NOT_FOUND, "a/b:2", &error);
	assert_fails(verify(fixture, "docker-archive:", "absent.tar", &error), STRATA_ERROR_IO,
		"absent.tar", &error);
	assert_fails(verify(fixture, "dir:", "image.tar", &error), STRATA_ERROR_INVALID,
		"is a file", &error);
	assert_fails(verify(fixture, "oci:", "image.tar:", &error), STRATA_ERROR_INVALID,
		"names no image", &error);
}

static void test_what_is_no_image(void **state)
{
	static const char zeros[4096];
	struct fixture *fixture = *state;
	struct strata_error error = STRATA_ERROR_INIT;

	put(fixture, "zeros", zeros, sizeof(zeros));
	assert_fails(
		verify(fixture, "", "zeros", &error), STRATA_ERROR_FORMAT, "not an image", &error);
	put_text(fixture, "empty", "");
	assert_fails(
		verify(fixture, "", "empty", &error), STRATA_ERROR_FORMAT, "not an image", &error);
	put_text(fixture, "text", "some text");
	assert_fails(verify(fixture, "", "text", &error), STRATA_ERROR_FORMAT, "cut short", &error);
	put(fixture, "xz",
		"\xfd"
		"7zXZ\0\0\0",
		8);
	assert_fails(verify(fixture, "", "xz", &error), STRATA_ERROR_UNSUPPORTED, "xz", &error);
	put_text(fixture, "other/file", "");
	assert_fails(
		verify(fixture, "", "other", &error), STRATA_ERROR_FORMAT, "not an image", &error);
}

static void test_cut_archives_are_noticed(void **state)
{
	struct fixture *fixture = *state;
	strata_autobuffer struct strata_buffer whole = STRATA_BUFFER_INIT;
	strata_autofree char *path = place(fixture, "image.tar");
	struct strata_error error = STRATA_ERROR_INIT;

	make_docker(fixture, "image.tar", "%s.json", "0123/layer.tar", "", false);
	assert_succeeds(strata_file_read(path, 1 << 20, &whole, &error), &error);
	for (size_t cut = 0; cut < whole.length; cut += 100) {
		strata_autofree char *output = NULL;

		put(fixture, "image.tar", whole.data, cut);
		if (verify(fixture, "", "image.tar", &error) == 0)
			assert_true(fixture->count > 0);
		if (cut < whole.length - 1024)
			assert_true(strata_image_inspect(path, &output, &error) < 0);
	}
	strata_error_clear(&error);
}

/* What people see of the image at PATH. */
static char *inspect_text(const char *path)
{
	strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;
	struct strata_findings findings = {0};
	struct strata_reading reading = {0};
	struct strata_error error = STRATA_ERROR_INIT;

	assert_succeeds(strata_inspect_open(path, &findings, &reading, &error), &error);
	assert_succeeds(strata_inspect_text(&reading, &buffer, &error), &error);
	strata_reading_release(&reading);
	strata_findings_release(&findings);
	return strata_buffer_take(&buffer);
}

static void test_inspect(void **state)
{
	struct fixture *fixture = *state;
	strata_autofree char *path = NULL, *text = NULL, *json = NULL, *lower = NULL;
	struct strata_error error = STRATA_ERROR_INIT;

	make_layout(fixture,
		&(struct parts){
			.config =
				"{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":"
				"\"2001-02-03T04:05:06Z\",\"config\":{\"env\":[\"A=\\u001b[31m\"],"
				"\"entrypoint\":[\"/bin/a\"],\"Labels\":{\"k\":\"v\"}},"
				"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\"]},"
				"\"history\":[{\"comment\":"
				"\"0123456789012345678901234567890123456789"
				"0123456789012345678\xc3\xa4 and what is beyond\"}]}"});
	path = place(fixture, "layout");
	text = inspect_text(path);
	assert_non_null(strstr(text, "Image        one\n"));
	assert_non_null(strstr(text, "Platform     linux/amd64\n"));
	assert_non_null(strstr(text, "Entrypoint   [\"/bin/a\"]\n"));
	assert_non_null(strstr(text, "Env          A=\\x1b[31m\n"));
	assert_non_null(strstr(text, "Labels       k=v\n"));
	assert_non_null(strstr(text, "012345678…\n"));
	assert_null(strchr(text, '\x1b'));
	assert_succeeds(strata_image_inspect(path, &json, &error), &error);
	assert_non_null(strstr(json, "\"Entrypoint\": ["));
	assert_non_null(strstr(json, "\"Env\": ["));
	assert_non_null(strstr(json, "\"created\": \"2001-02-03T04:05:06Z\""));
	assert_non_null(strstr(json, "\"diffId\": \"sha256:"));
	make_layout(fixture, &(struct parts){.config = "{"});
	assert_fails(strata_image_inspect(path, &lower, &error), STRATA_ERROR_FORMAT,
		"not valid JSON", &error);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_good_layouts),
		TEST(test_documents_that_disagree),
		TEST(test_spoiled_blobs),
		TEST(test_bad_digests),
		TEST(test_hostile_layers),
		TEST(test_layers_that_end_badly),
		TEST(test_findings_are_bounded),
		TEST(test_docker_archives),
		TEST(test_v1_archives),
		TEST(test_names_select),
		TEST(test_what_is_no_image),
		TEST(test_cut_archives_are_noticed),
		TEST(test_inspect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
