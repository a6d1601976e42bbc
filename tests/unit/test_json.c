#include <locale.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "unit.h"

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

/* TEXT in a block of its own size, so that reading behind its end shows. */
static int parse(const char *text, bool folded, char **block, struct strata_json **document,
	struct strata_error *error)
{
	size_t length = strlen(text);

	*block = malloc(length ? length : 1);
	memcpy(*block, text, length);
	return (folded ? strata_json_parse_folded : strata_json_parse)(
		"case", *block, length, document, error);
}

static void expect(const char *text, const char *written)
{
	for (int folded = 0; folded < 2; folded++) {
		strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;
		strata_autojson struct strata_json *document = NULL;
		strata_autofree char *block = NULL;
		struct strata_json_writer json = {.buffer = &buffer};
		struct strata_error error = STRATA_ERROR_INIT;

		assert_succeeds(parse(text, folded, &block, &document, &error), &error);
		if (folded)
			continue;
		assert_succeeds(strata_json_write_value(&json, document, &error), &error);
		assert_string_equal(buffer.data, written);
	}
}

static void refuse(const char *text, const char *words)
{
	for (int folded = 0; folded < 2; folded++) {
		strata_autojson struct strata_json *document = NULL;
		strata_autofree char *block = NULL;
		struct strata_error error = STRATA_ERROR_INIT;

		assert_fails(parse(text, folded, &block, &document, &error), STRATA_ERROR_FORMAT,
			words, &error);
	}
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
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refuse(bad[i], "case: not valid JSON: line ");
}

static void test_messages_say_where(void **state)
{
	struct strata_json *document = NULL;
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	assert_fails(strata_json_parse("case", "[1\0]", 4, &document, &error), STRATA_ERROR_FORMAT,
		"line 1, column 3: ',' or ']' is due, not NUL", &error);
	refuse("{\"a\": 1,\n \"b\" 2}", "line 2, column 6: ':' is due, not '2'");
	refuse("[1,\n\n  x]", "line 3, column 3: a value is due, not 'x'");
	refuse("[1\n", "line 2, column 1: ',' or ']' is due, not the end of the text");
	refuse("{\"a\":{\"\\n\":[],\n\"b\":\"\\q\"}}", "line 2, column 6: there is no such escape");
	refuse("[\"\x1b\"]", "column 3: a control character");
	refuse("\x1b", "a value is due, not '\\x1b'");
	refuse("{\"b\":1,\n\"c\":2,\"b\":3}", "line 1, column 1: an object has two members \"b\"");
}

static void test_depth_is_bounded(void **state)
{
	(void)state;
	for (unsigned depth = 512; depth <= 100000; depth = depth == 512 ? 513 : depth * 10) {
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

		for (unsigned i = 0; i < depth; i++)
			strata_buffer_string(&text, i % 2 ? "{\"a\":" : "[");
		strata_buffer_byte(&text, '1');
		for (unsigned i = depth; i-- > 0;)
			strata_buffer_byte(&text, i % 2 ? '}' : ']');
		if (depth == 512)
			expect(text.data, text.data);
		else
			refuse(text.data, "too many arrays and objects are nested");
	}
}

static void test_numbers_are_read_in_any_locale(void **state)
{
	strata_autojson struct strata_json *document = NULL;
	strata_autofree char *block = NULL;
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	/* Some locale with a decimal comma, if there is one on this machine. */
	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
		(void)setlocale(LC_NUMERIC, "fr_FR.UTF-8");
	assert_succeeds(parse("[2.5, -1e2, 25E-1, 3]", false, &block, &document, &error), &error);
	assert_int_equal(strata_json_kind(strata_json_at(document, 0)), STRATA_JSON_REAL);
	assert_true(strata_json_real(strata_json_at(document, 0)) == 2.5);
	assert_true(strata_json_real(strata_json_at(document, 1)) == -100);
	assert_true(strata_json_real(strata_json_at(document, 2)) == 2.5);
	assert_true(strata_json_real(strata_json_at(document, 3)) == 3);
	(void)setlocale(LC_NUMERIC, "C");
}

/* Objects of few members and of many are searched in different ways. */
static void test_members_are_found(void **state)
{
	(void)state;
	for (unsigned count = 1; count < 2000; count = count * 3 / 2 + 1) {
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
		strata_autojson struct strata_json *document = NULL;
		strata_autofree char *block = NULL;
		struct strata_error error = STRATA_ERROR_INIT;
		const struct strata_json *value;
		const void *position = NULL;
		const char *name;
		char key[32];
		unsigned i = 0;

		for (unsigned k = 0; k < count; k++)
			strata_buffer_format(
				&text, "%s\"%u\":%u", k ? "," : "{", k * 7919 % 10007, k);
		strata_buffer_byte(&text, '}');
		assert_succeeds(parse(text.data, false, &block, &document, &error), &error);
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
		refuse(text.data, "an object has two members \"0\"");
	}
}

static void test_folded_values_are_unfolded(void **state)
{
	static const char text[] = "{\"n\": 1, \"s\": \"x\", \"list\": [{\"a\": [2]}, \"y\", []],\n"
				   " \"twice\": {\"a\": 1, \"a\": 2}}";
	strata_autojson struct strata_json *document = NULL, *list = NULL, *object = NULL;
	strata_autojson struct strata_json *whole = NULL, *scalar = NULL, *twice = NULL;
	const struct strata_json *folded;
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	assert_succeeds(
		strata_json_parse_folded("case", text, strlen(text), &document, &error), &error);
	assert_int_equal(strata_json_count(document), 4);
	assert_int_equal(strata_json_integer(strata_json_member(document, "n")), 1);
	assert_string_equal(strata_json_string(strata_json_member(document, "s")), "x");
	folded = strata_json_member(document, "list");
	assert_int_equal(strata_json_kind(folded), STRATA_JSON_ARRAY);
	assert_int_equal(strata_json_count(folded), 0);
	assert_null(strata_json_at(folded, 0));

	assert_succeeds(strata_json_unfold_once(folded, &list, &error), &error);
	assert_int_equal(strata_json_count(list), 3);
	assert_int_equal(strata_json_kind(strata_json_at(list, 0)), STRATA_JSON_OBJECT);
	assert_null(strata_json_member(strata_json_at(list, 0), "a"));
	assert_succeeds(strata_json_unfold(strata_json_at(list, 0), &object, &error), &error);
	assert_int_equal(
		strata_json_integer(strata_json_at(strata_json_member(object, "a"), 0)), 2);
	assert_succeeds(strata_json_unfold(strata_json_at(list, 1), &scalar, &error), &error);
	assert_string_equal(strata_json_string(scalar), "y");

	assert_succeeds(strata_json_unfold(folded, &whole, &error), &error);
	assert_int_equal(strata_json_integer(strata_json_at(
				 strata_json_member(strata_json_at(whole, 0), "a"), 0)),
		2);
	assert_fails(strata_json_unfold(strata_json_member(document, "twice"), &twice, &error),
		STRATA_ERROR_FORMAT, "line 2, column 11: an object has two members \"a\"", &error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_round_trip),
		cmocka_unit_test(test_what_the_grammar_has_is_read),
		cmocka_unit_test(test_what_it_has_not_is_refused),
		cmocka_unit_test(test_messages_say_where),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_numbers_are_read_in_any_locale),
		cmocka_unit_test(test_members_are_found),
		cmocka_unit_test(test_folded_values_are_unfolded),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
