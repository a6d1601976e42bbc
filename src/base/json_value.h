/*
 * What a JSON value is made of. For json.c, which looks into values, and json_parse.c, which makes
 * them.
 */
#ifndef BASE_JSON_VALUE_H
#define BASE_JSON_VALUE_H

#include "base/arena.h"
#include "base/json.h"

struct strata_json {
	enum strata_json_kind kind;
	bool is_folded; /* an array or object of which there is only the text */
	size_t count;   /* of elements or members; bytes of what is folded */
	union {
		bool truth;
		int64_t integer;
		double real;
		const char *string;
		const struct strata_json *elements;
		struct {
			const struct strata_json_pair *pairs;
			const struct strata_json_pair *const *sorted; /* by key; NULL if few */
		} members;
		struct {
			const char *text;
			const char *document; /* where the text begins that it is in */
		} folded;
	};
};

struct strata_json_pair {
	const char *key;
	struct strata_json value;
};

/* The root is the first member, so that a pointer to it is one to the document. */
struct strata_json_document {
	struct strata_json root;
	struct strata_arena arena;
};

#endif
