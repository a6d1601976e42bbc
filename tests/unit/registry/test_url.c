/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which hosts may see what: origins, private addresses, and locations that answers give.
 */
#include "unit.h"

#include "registry/http/url.h"

static void test_resolve(void **state)
{
	static const struct {
		const char *base, *location, *wanted; /* NULL: refused */
	} cases[] = {
		{"https://a.example/v2/x/blobs/uploads/", "/v2/x/blobs/uploads/1",
			"https://a.example/v2/x/blobs/uploads/1"},
		{"https://a.example/v2/x/", "1?_state=a%2Bb",
			"https://a.example/v2/x/1?_state=a%2Bb"},
		{"https://a.example:5000/v2/", "//b.example/x", "https://b.example/x"},
		{"https://a.example/v2/", "http://b.example/x", "http://b.example/x"},
		{"http://a.example/v2/", "HTTPS://B.example/x", "https://B.example/x"},
		{"https://a.example/v2/", "?q=1", "https://a.example/v2/?q=1"},
		{"https://a.example/v2/", "/x#fragment", "https://a.example/x"},
		{"https://a.example/v2/", "file:///etc/passwd", NULL},
		{"https://a.example/v2/", "ftp://b.example/x", NULL},
		{"https://a.example/v2/", "https://user@b.example/x", NULL},
		{"https://a.example/v2/", "https://user:word@b.example/x", NULL},
		{"https://a.example/v2/", "https://", NULL},
		{"https://a.example/v2/", "https://b.example:99999/x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		strata_autobuffer struct strata_buffer url = STRATA_BUFFER_INIT;
		struct strata_error error = STRATA_ERROR_INIT;
		int status = strata_url_resolve(cases[i].base, cases[i].location, &url, &error);

		if (!cases[i].wanted) {
			if (status != STRATA_ERROR_FORMAT)
				fail_msg("'%s' became '%s'", cases[i].location, url.data);
			strata_error_clear(&error);
			continue;
		}
		assert_succeeds(status, &error);
		assert_string_equal(url.data, cases[i].wanted);
	}
}

static void test_origins(void **state)
{
	static const struct {
		const char *left, *right;
		bool same;
	} cases[] = {
		{"https://a.example/x", "https://a.example/y?z", true},
		{"https://a.example/x", "https://A.Example:443/", true},
		{"http://a.example/x", "http://a.example:80/", true},
		{"https://a.example/x", "http://a.example/x", false},
		{"https://a.example/x", "https://a.example:8443/x", false},
		{"https://a.example/x", "https://b.a.example/x", false},
		{"https://a.example/x", "https://a.example.evil.example/x", false},
		{"https://a.example/x", "https://a.example@evil.example/x", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (strata_url_same_origin(cases[i].left, cases[i].right) != cases[i].same)
			fail_msg("'%s' and '%s'", cases[i].left, cases[i].right);
	}
}

static void test_private_addresses(void **state)
{
	static const char *const private[] = {"http://127.0.0.1/", "http://127.9.9.9:1/",
		"http://localhost/", "http://LOCALHOST./", "http://10.0.0.1/", "http://172.16.0.1/",
		"http://172.31.255.255/", "http://192.168.1.1/", "http://169.254.169.254/latest",
		"http://100.64.0.1/", "http://0.0.0.0/", "http://224.0.0.1/", "http://[::1]/",
		"http://[::]/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/",
		"http://[fd00::1]/", "http://[::ffff:10.0.0.1]/", "http://[ff02::1]/",
		"http://2130706433/", "http://0x7f.1/", "http://017700000001/", "http://10.1/"};
	static const char *const public[] = {"http://example.org/", "http://8.8.8.8/",
		"http://172.32.0.1/", "http://192.169.0.1/", "http://[2001:db8::1]/",
		"http://10.example/", "http://[::ffff:8.8.8.8]/", "http://100.128.0.1/"};

	(void)state;
	for (size_t i = 0; i < sizeof(private) / sizeof(*private); i++) {
		if (!strata_url_is_private(private[i]))
			fail_msg("%s is taken for public", private[i]);
	}
	for (size_t i = 0; i < sizeof(public) / sizeof(*public); i++) {
		if (strata_url_is_private(public[i]))
			fail_msg("%s is taken for private", public[i]);
	}
	assert_true(strata_url_is_loopback("https://127.0.0.1:5000/"));
	assert_true(strata_url_is_loopback("https://localhost:5000/"));
	assert_true(strata_url_is_loopback("https://[::1]/"));
	assert_false(strata_url_is_loopback("https://10.0.0.1/"));
	assert_false(strata_url_is_loopback("https://localhost.example/"));
}

static void test_text(void **state)
{
	strata_autobuffer struct strata_buffer url = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer visible = STRATA_BUFFER_INIT;

	(void)state;
	strata_buffer_string(&url, "https://a.example/x");
	strata_url_add_query(&url, "digest", "sha256:0a");
	strata_url_add_query(&url, "from", "a/b c&d=e");
	assert_string_equal(
		url.data, "https://a.example/x?digest=sha256%3A0a&from=a%2Fb%20c%26d%3De");
	strata_url_visible(&visible, "https://a.example/x\033[1m?signature=secret");
	assert_null(strchr(visible.data, '\033'));
	assert_null(strstr(visible.data, "secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_private_addresses),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
