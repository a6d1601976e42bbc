/* SPDX-License-Identifier: Apache-2.0 */
#include "util/suggestion.h"

#include <stdint.h>
#include <string.h>

enum {
	LONGEST = 64, /* longer names are not compared: nobody types them */
	MOST_MISTAKES = 3,
};

static size_t smaller(size_t one, size_t other)
{
	return one < other ? one : other;
}

/* The letters to insert, leave out, replace or swap with the next to make OTHER of ONE: the
 * distance of optimal string alignment, for which three rows of its table are enough. */
static size_t edit_distance(const char *one, size_t length, const char *other, size_t width)
{
	size_t rows[3][LONGEST + 1];

	for (size_t column = 0; column <= width; column++)
		rows[0][column] = column;
	for (size_t line = 1; line <= length; line++) {
		size_t *row = rows[line % 3];
		const size_t *above = rows[(line + 2) % 3], *second = rows[(line + 1) % 3];

		row[0] = line;
		for (size_t column = 1; column <= width; column++) {
			size_t differs = one[line - 1] != other[column - 1];

			row[column] = smaller(above[column - 1] + differs,
				smaller(above[column], row[column - 1]) + 1);
			if (line > 1 && column > 1 && one[line - 1] == other[column - 2] &&
				one[line - 2] == other[column - 1])
				row[column] = smaller(row[column], second[column - 2] + 1);
		}
	}
	return rows[length % 3][width];
}

void strata_suggestion_offer(
	struct strata_suggestion *suggestion, const char *written, const char *name)
{
	size_t length = strnlen(written, LONGEST + 1), width = strnlen(name, LONGEST + 1);
	size_t limit = smaller((length + 2) / 3, MOST_MISTAKES);
	size_t distance;

	if (length == 0 || length > LONGEST || width > LONGEST || width > length + limit ||
		length > width + limit)
		return;
	distance = edit_distance(written, length, name, width);
	/* Of a name of one or two letters, something must be right. */
	if (distance > limit || distance >= length)
		return;
	if (!suggestion->name || distance < suggestion->distance) {
		suggestion->name = name;
		suggestion->distance = distance;
	}
}
