/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <string.h>

#include "unit.h"
#include "util/arena.h"
#include "util/json.h"
#include "util/json_writer.h"
#include "util/text.h"

static void test_json_round_trip(void **state)
{
	strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer bytes = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &buffer};
	strata_autojson struct strata_json *document = NULL;
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	strata_json_begin_object(&json);
	strata_json_member_string(&json, "text", "a\"b\\c\n\x01<\xc3\xa9");
	strata_json_member_size(&json, "size", 7);
	strata_json_key(&json, "raw");
	strata_json_write_bytes(&json, "x\xff");
	strata_json_key(&json, "list");
	strata_json_begin_array(&json);
	strata_json_write_null(&json);
	strata_json_write_bool(&json, true);
	strata_json_begin_object(&json);
	strata_json_end_object(&json);
	strata_json_end_array(&json);
	strata_json_end_object(&json);
	assert_string_equal(buffer.data, "{\"text\":\"a\\\"b\\\\c\\n\\u0001<\xc3\xa9\",\"size\":7,"
					 "\"raw\":{\"base64\":\"eP8=\"},"
					 "\"list\":[null,true,{}]}");
	assert_succeeds(
		strata_json_parse("test", buffer.data, buffer.length, &document, &error), &error);
	assert_string_equal(
		strata_json_string(strata_json_member(document, "text")), "a\"b\\c\n\x01<\xc3\xa9");
	assert_int_equal(strata_json_integer(strata_json_member(document, "size")), 7);
	assert_succeeds(
		strata_json_bytes(strata_json_member(document, "raw"), &bytes, &error), &error);
	assert_string_equal(bytes.data, "x\xff");
	assert_int_equal(strata_json_count(strata_json_member(document, "list")), 3);
}

/* Parse LENGTH bytes of TEXT in a block of their own size, so that reading behind its end shows. */
static int parse(
	const char *text, size_t length, struct strata_json **document, struct strata_error *error)
{
	strata_autofree char *block = malloc(length ? length : 1);

	memcpy(block, text, length);
	return strata_json_parse("case", block, length, document, error);
}

static void expect(const char *text, const char *written)
{
	strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;
	strata_autojson struct strata_json *document = NULL;
	struct strata_json_writer json = {.buffer = &buffer};
	struct strata_error error = STRATA_ERROR_INIT;

	assert_succeeds(parse(text, strlen(text), &document, &error), &error);
	assert_succeeds(strata_json_write_value(&json, document, &error), &error);
	assert_string_equal(buffer.data, written);
}

static void refuse(const char *text)
{
	strata_autojson struct strata_json *document = NULL;
	struct strata_error error = STRATA_ERROR_INIT;

	assert_fails(parse(text, strlen(text), &document, &error), STRATA_ERROR_FORMAT,
		"case: not valid JSON: line ", &error);
}

static void test_what_the_grammar_has_is_read(void **state)
{
	(void)state;
	expect(" \t\r\n{ \"a\" :\n[ 1 , true,false,null,{} ,[]] }\n",
		"{\"a\":[1,true,false,null,{},[]]}");
	expect("\"text\"", "\"text\"");
	expect("null", "null");
	expect("[0,-0,7,-10,9223372036854775807,-9223372036854775808]",
		"[0,0,7,-10,9223372036854775807,-9223372036854775808]");
	expect("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\\"\\\\/\\u0008\\u000c\\n\\u000d\\t\"]");
	expect("[\"\\u0041\\u00e9\\u20AC\\uffff\\ud83d\\uDE00x\"]",
		"[\"A\xc3\xa9\xe2\x82\xac\xef\xbf\xbf\xf0\x9f\x98\x80x\"]");
	expect("[\"\x7f \xc3\xa9 \xf4\x8f\xbf\xbf longer than a word\"]",
		"[\"\x7f \xc3\xa9 \xf4\x8f\xbf\xbf longer than a word\"]");
	expect("{\"\":1,\"b\":{\"a\":2},\"a\":{\"a\":3}}",
		"{\"\":1,\"b\":{\"a\":2},\"a\":{\"a\":3}}");
}

static void test_what_it_has_not_is_refused(void **state)
{
	static const char *const bad[] = {"", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]",
		"{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\" 1}", "{a:1}",
		"{1:1}", "{,}", "[}", "{]", "[1] x", "[1][", "1,", "nul", "nulL", "True", "tru",
		"truex", "NaN", "Infinity", "-", "+1", "01", "-01", "00", "1.", ".5", "1.e1", "1e",
		"1e+", "0x1", "1a", "[99999999999999999999]", "9223372036854775808",
		"-9223372036854775809", "1e999", "\"", "\"a", "\"\\", "\"\\\"", "\"\\a\"",
		"\"\\u\"", "\"\\u123\"", "\"\\u12g4\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\"",
		"\"\\ud800\\n\"", "\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"", "\"\n\"", "\"\x1f\"",
		"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xc3\"",
		"\"long enough for words \x01\"", "\xef\xbb\xbf[]", "//x\n1", "/**/1", "'a'", "\f1",
		"{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}"};

	(void)state;
	each_case(i, bad)
		refuse(bad[i]);
}

/* Also behind what could end there. */
static void test_nul_is_refused(void **state)
{
	static const char *const texts[] = {"[1]", "1", "[\"a\"]", "{\"a\":null}", " "};

	(void)state;
	each_case(i, texts) {
		size_t length = strlen(texts[i]);

		each_number(size_t, at, 0, length + 1) {
			char text[32] = {0};
			struct strata_json *document = NULL;
			struct strata_error error = STRATA_ERROR_INIT;

			memcpy(text, texts[i], at);
			memcpy(text + at + 1, texts[i] + at, length - at);
			assert_fails(parse(text, length + 1, &document, &error),
				STRATA_ERROR_FORMAT, "case: not valid JSON", &error);
		}
	}
}

static void test_depth_is_bounded(void **state)
{
	(void)state;
	for (unsigned depth = 500; depth <= 100000; depth = depth == 500 ? 5000 : depth * 20) {
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

		for (unsigned i = 0; i < depth; i++)
			strata_buffer_string(&text, i % 2 ? "{\"a\":" : "[");
		strata_buffer_byte(&text, '1');
		for (unsigned i = depth; i-- > 0;)
			strata_buffer_byte(&text, i % 2 ? '}' : ']');
		if (depth == 500)
			expect(text.data, text.data);
		else
			refuse(text.data);
	}
}

static void test_numbers_are_read_in_any_locale(void **state)
{
	static const char numbers[] = "[2.5, -1e2, 25E-1, 3]";
	strata_autojson struct strata_json *document = NULL;
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	/* Some locale with a decimal comma, if there is one on this machine. */
	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
		(void)setlocale(LC_NUMERIC, "fr_FR.UTF-8");
	assert_succeeds(parse(numbers, strlen(numbers), &document, &error), &error);
	assert_int_equal(strata_json_kind(strata_json_at(document, 0)), STRATA_JSON_REAL);
	assert_true(strata_json_real(strata_json_at(document, 0)) == 2.5);
	assert_true(strata_json_real(strata_json_at(document, 1)) == -100);
	assert_true(strata_json_real(strata_json_at(document, 2)) == 2.5);
	assert_true(strata_json_real(strata_json_at(document, 3)) == 3);
	(void)setlocale(LC_NUMERIC, "C");
}

static void test_members_are_found(void **state)
{
	(void)state;
	for (unsigned count = 1; count < 2000; count = count * 3 / 2 + 1) {
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
		strata_autojson struct strata_json *document = NULL;
		struct strata_error error = STRATA_ERROR_INIT;
		const struct strata_json *value;
		void *position = NULL;
		const char *name;
		char key[32];
		unsigned i = 0;

		for (unsigned k = 0; k < count; k++)
			strata_buffer_format(
				&text, "%s\"%u\":%u", k ? "," : "{", k * 7919 % 10007, k);
		strata_buffer_byte(&text, '}');
		assert_succeeds(parse(text.data, text.length, &document, &error), &error);
		assert_int_equal(strata_json_count(document), count);
		while (strata_json_next(document, &position, &name, &value)) {
			snprintf(key, sizeof(key), "%u", i * 7919 % 10007);
			assert_string_equal(name, key);
			assert_int_equal(strata_json_integer(value), i++);
			assert_ptr_equal(strata_json_member(document, key), value);
		}
		assert_int_equal(i, count);
		assert_null(strata_json_member(document, "absent"));
		text.data[text.length - 1] = ',';
		strata_buffer_format(&text, "\"0\":0}");
		refuse(text.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_round_trip),
		cmocka_unit_test(test_what_the_grammar_has_is_read),
		cmocka_unit_test(test_what_it_has_not_is_refused),
		cmocka_unit_test(test_nul_is_refused),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_numbers_are_read_in_any_locale),
		cmocka_unit_test(test_members_are_found),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
