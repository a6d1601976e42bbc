/*
 * The structure of JSON (RFC 8259). Members that are repeated are refused, depth is bounded.
 *
 * Values go from a stack, which grows, into arrays of their exact size in the document's arena.
 */
#include <string.h>

#include "base/file.h"
#include "base/json_token.h"
#include "base/text.h"

enum {
	DEEPEST = 512, /* arrays and objects around a value; each takes a stack frame */
	FEW = 8,       /* members that are compared one by one */
	NOTHING = DEEPEST + 1,
};

struct parser {
	struct strata_json_text text;
	unsigned folded_from; /* the depth from which on arrays and objects stay text */
	struct strata_arena *arena;
	struct strata_json_pair *stack; /* of the arrays and objects that are open */
	size_t count;
	size_t capacity;
};

static int fail_memory(const struct parser *parser)
{
	return strata_fail_memory(parser->text.error);
}

static int push(struct parser *parser, const struct strata_json_pair *pair)
{
	if (strata_grow(&parser->stack, &parser->capacity, parser->count + 1,
		    sizeof(*parser->stack)) < 0)
		return fail_memory(parser);
	parser->stack[parser->count++] = *pair;
	return 0;
}

static int close_array(struct parser *parser, size_t first, struct strata_json *array)
{
	size_t count = parser->count - first;
	struct strata_json *elements = strata_arena_array(parser->arena, count, sizeof(*elements));

	if (!elements)
		return fail_memory(parser);
	for (size_t i = 0; i < count; i++)
		elements[i] = parser->stack[first + i].value;
	parser->count = first;
	array->count = count;
	array->elements = elements;
	return 0;
}

static int compare_keys(const void *left, const void *right)
{
	const struct strata_json_pair *const *a = left, *const *b = right;

	return strcmp((*a)->key, (*b)->key);
}

/* Make it quick to find one of many members. */
static int sort_members(struct parser *parser, struct strata_json *object)
{
	const struct strata_json_pair **sorted =
		strata_arena_array(parser->arena, object->count, sizeof(*sorted));

	if (!sorted)
		return fail_memory(parser);
	for (size_t i = 0; i < object->count; i++)
		sorted[i] = &object->members.pairs[i];
	qsort(sorted, object->count, sizeof(*sorted), compare_keys);
	object->members.sorted = sorted;
	return 0;
}

/* The key of two members of OBJECT, or NULL. */
static const char *repeated_key(const struct strata_json *object)
{
	const struct strata_json_pair *pairs = object->members.pairs;
	const struct strata_json_pair *const *sorted = object->members.sorted;

	for (size_t i = 1; i < object->count; i++) {
		if (sorted && strcmp(sorted[i]->key, sorted[i - 1]->key) == 0)
			return sorted[i]->key;
		for (size_t k = 0; k < i && !sorted; k++) {
			if (strcmp(pairs[i].key, pairs[k].key) == 0)
				return pairs[i].key;
		}
	}
	return NULL;
}

/* Let OBJECT, whose text begins at START, have what is on the stack from FIRST on. */
static int close_object(
	struct parser *parser, const char *start, size_t first, struct strata_json *object)
{
	strata_autobuffer struct strata_buffer words = STRATA_BUFFER_INIT;
	size_t count = parser->count - first;
	struct strata_json_pair *pairs = strata_arena_array(parser->arena, count, sizeof(*pairs));
	const char *repeated;

	if (!pairs)
		return fail_memory(parser);
	if (count > 0)
		memcpy(pairs, parser->stack + first, count * sizeof(*pairs));
	parser->count = first;
	object->count = count;
	object->members.pairs = pairs;
	if (count > FEW && sort_members(parser, object) < 0)
		return STRATA_ERROR_MEMORY;
	repeated = repeated_key(object);
	if (!repeated)
		return 0;
	strata_buffer_string(&words, "an object has two members \"");
	strata_text_visible(&words, repeated);
	strata_buffer_byte(&words, '"');
	return strata_json_fail_at(&parser->text, start, words.data);
}

static int take_value(struct parser *parser, unsigned depth, struct strata_json *value);

/* Take a string, and its content where it is to be kept. */
static int take_string(struct parser *parser, bool keep, const char **content)
{
	struct strata_json_string string;
	int status = strata_json_take_string(&parser->text, &string);

	if (status < 0 || !keep)
		return status;
	*content = strata_json_copy_string(parser->arena, &string);
	return *content ? 0 : fail_memory(parser);
}

static int take_key(struct parser *parser, bool keep, const char **key)
{
	struct strata_json_text *text = &parser->text;
	int status;

	if (text->at == text->end || *text->at != '"')
		return strata_json_fail_due(text, "the name of a member");
	status = take_string(parser, keep, key);
	if (status < 0)
		return status;
	strata_json_skip_blanks(text);
	if (!strata_json_take(text, ':'))
		return strata_json_fail_due(text, "':'");
	strata_json_skip_blanks(text);
	return 0;
}

/* Take elements or members up to the bracket LAST, onto the stack if they are to be kept. */
static int take_contents(struct parser *parser, unsigned depth, bool keep, char last)
{
	struct strata_json_text *text = &parser->text;
	int status;

	strata_json_skip_blanks(text);
	if (strata_json_take(text, last))
		return 0;
	do {
		struct strata_json_pair pair = {.key = NULL};

		strata_json_skip_blanks(text);
		status = last == '}' ? take_key(parser, keep, &pair.key) : 0;
		if (status == 0)
			status = take_value(parser, depth, &pair.value);
		if (status == 0 && keep)
			status = push(parser, &pair);
		if (status < 0)
			return status;
		strata_json_skip_blanks(text);
	} while (strata_json_take(text, ','));
	if (!strata_json_take(text, last))
		return strata_json_fail_due(text, last == '}' ? "',' or '}'" : "',' or ']'");
	return 0;
}

/* Take an array or object. What lies in one that is folded is passed over. */
static int take_container(struct parser *parser, unsigned depth, struct strata_json *value)
{
	struct strata_json_text *text = &parser->text;
	const char *start = text->at++;
	bool is_object = *start == '{', keep = depth < parser->folded_from;
	size_t first = parser->count;
	int status;

	if (depth == DEEPEST)
		return strata_json_fail_at(text, start, "too many arrays and objects are nested");
	value->kind = is_object ? STRATA_JSON_OBJECT : STRATA_JSON_ARRAY;
	status = take_contents(parser, depth + 1, keep, is_object ? '}' : ']');
	if (status < 0)
		return status;
	if (keep)
		return is_object ? close_object(parser, start, first, value)
				 : close_array(parser, first, value);
	value->is_folded = true;
	value->folded.text = start;
	value->folded.document = text->start;
	value->count = (size_t)(text->at - start);
	return 0;
}

static int take_value(struct parser *parser, unsigned depth, struct strata_json *value)
{
	struct strata_json_text *text = &parser->text;

	if (text->at < text->end && (*text->at == '{' || *text->at == '['))
		return take_container(parser, depth, value);
	if (text->at == text->end || *text->at != '"')
		return strata_json_take_scalar(text, value);
	value->kind = STRATA_JSON_STRING;
	return take_string(parser, depth <= parser->folded_from, &value->string);
}

/* Make a document of LENGTH bytes at FROM, within a text that begins at START. */
static int parse(const char *start, const char *from, size_t length, unsigned folded_from,
	struct strata_json **result, struct strata_error *error)
{
	struct strata_json_document *document = calloc(1, sizeof(*document));
	struct parser parser = {.text = {start, from, from + length, error},
		.folded_from = folded_from,
		.arena = &document->arena};
	int status;

	if (!document)
		return fail_memory(&parser);
	strata_json_skip_blanks(&parser.text);
	status = take_value(&parser, 0, &document->root);
	strata_json_skip_blanks(&parser.text);
	if (status == 0 && parser.text.at < parser.text.end)
		status = strata_json_fail_due(&parser.text, "the end of the text");
	free(parser.stack);
	if (status == 0)
		*result = &document->root;
	else
		strata_json_free(&document->root);
	return status;
}

static int parse_named(const char *name, const char *text, size_t length, unsigned folded_from,
	struct strata_json **document, struct strata_error *error)
{
	int status = parse(text, text, length, folded_from, document, error);

	return status < 0 ? strata_context(error, status, "%s", name) : 0;
}

int strata_json_parse(const char *name, const char *text, size_t length,
	struct strata_json **document, struct strata_error *error)
{
	return parse_named(name, text, length, NOTHING, document, error);
}

int strata_json_parse_folded(const char *name, const char *text, size_t length,
	struct strata_json **document, struct strata_error *error)
{
	return parse_named(name, text, length, 1, document, error);
}

static int unfold(const struct strata_json *value, unsigned folded_from,
	struct strata_json **document, struct strata_error *error)
{
	struct strata_json_document *copy;

	if (value->is_folded)
		return parse(value->folded.document, value->folded.text, value->count, folded_from,
			document, error);
	copy = calloc(1, sizeof(*copy));
	if (!copy)
		return strata_fail_memory(error);
	copy->root = *value;
	*document = &copy->root;
	return 0;
}

int strata_json_unfold(
	const struct strata_json *value, struct strata_json **document, struct strata_error *error)
{
	return unfold(value, NOTHING, document, error);
}

int strata_json_unfold_once(
	const struct strata_json *value, struct strata_json **document, struct strata_error *error)
{
	return unfold(value, 1, document, error);
}

int strata_json_load(
	const char *path, size_t limit, struct strata_json **document, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	int status = strata_file_read(path, limit, &text, error);

	if (status < 0)
		return status;
	return strata_json_parse(strcmp(path, "-") == 0 ? "standard input" : path, text.data,
		text.length, document, error);
}
