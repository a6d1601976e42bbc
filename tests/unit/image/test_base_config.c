/* SPDX-License-Identifier: Apache-2.0 */
#include "base_fixture.h"

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

#define RUN                                                                                      \
	"{\"User\":\"base\",\"ExposedPorts\":{\"80/tcp\":{},\"1/udp\":null},"                    \
	"\"Env\":[\"PATH=/bin\",\"A=1\",\"ABC=2\",\"A=3\",\"BARE\"],\"Entrypoint\":[\"/init\"]," \
	"\"Cmd\":[\"sh\",\"-l\"],\"Volumes\":{\"/data\":{}},\"WorkingDir\":\"/home\","           \
	"\"Labels\":{\"a\":\"1\",\"b\":\"2\"},\"StopSignal\":\"SIGQUIT\"}"

static void test_everything_is_inherited(void **state)
{
	const struct strata_image_config nothing = {.created = 1};

	assert_string_equal(run_on(*state, RUN, &nothing),
		"{\"User\":\"base\",\"ExposedPorts\":{\"80/tcp\":{},\"1/udp\":{}},"
		"\"Env\":[\"PATH=/bin\",\"A=3\",\"ABC=2\"],\"Entrypoint\":[\"/init\"],"
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
		"\"Env\":[\"PATH=/bin\",\"A=own\",\"ABC=2\",\"NEW=y\",\"BARE=now\"],"
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

	each_case(i, cases)
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

	each_case(i, members) {
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

	parts.config = "\"architecture\":\"amd64\",\"os\":\"linux\","
		       "\"os.version\":\"10\",\"os.features\":[\"win32k\"],\"author\":\"base\","
		       "\"docker_version\":\"20\",\"created\":\"2020-01-01T00:00:00Z\",";
	text = without_label(scratch, config_on(scratch, put_base(scratch, &parts), nothing));
	assert_true(strata_text_starts_with(text,
		"{\"created\":\"1970-01-01T00:00:01Z\",\"author\":\"base\",\"architecture\":"
		"\"amd64\",\"os\":\"linux\",\"os.version\":\"10\","
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
