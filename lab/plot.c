/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The results of a contest as a picture: SVG 1.1 with a style sheet that follows the reader's light
 * or dark theme.
 *
 * Three panels show multiples of the ideal over the bound on layers, on a logarithmic scale: what
 * the registry stores, and what machines pull with each rule of reuse. Every contender is a line
 * that has its name at the right end.
 */
#include <string.h>

#include "lab/series.h"
#include "util/error.h"
#include "util/file.h"

enum {
	PANELS = 3,
	PANEL_WIDTH = 250,
	PANEL_HEIGHT = 380,
	LEFT = 52,
	TOP = 64,
	BOTTOM = 56,
	LABEL_WIDTH = 118,
	LABEL_HEIGHT = 13,
	PANEL_STRIDE = PANEL_WIDTH + LABEL_WIDTH + LEFT,
	COLOURS = 16,
	LEAST_TICK_DISTANCE = 20,
};

static const char *const titles[PANELS] = {
	"stored in the registry",
	"pulled, reuse by digest",
	"pulled, reuse of a prefix",
};

/* Of middling lightness, so that they stand out from white and from black. */
static const char style[] =
	"<style>\n"
	"svg { color: #1f2328; font: 12px sans-serif; }\n"
	".paper { fill: #ffffff; }\n"
	"text { fill: currentColor; }\n"
	".title { font-weight: bold; }\n"
	".faint { opacity: .65; }\n"
	".grid { stroke: currentColor; stroke-opacity: .18; }\n"
	".line { stroke-width: 1.5; }\n"
	".own { stroke-width: 3.2; }\n"
	"text.own { font-weight: bold; }\n"
	".leader { stroke-opacity: .5; }\n"
	".c0 { stroke: #d1242f; fill: #d1242f; } .c1 { stroke: #0969da; fill: #0969da; }\n"
	".c2 { stroke: #8250df; fill: #8250df; } .c3 { stroke: #1a7f37; fill: #1a7f37; }\n"
	".c4 { stroke: #bc4c00; fill: #bc4c00; } .c5 { stroke: #bf3989; fill: #bf3989; }\n"
	".c6 { stroke: #0f8f8f; fill: #0f8f8f; } .c7 { stroke: #9a6700; fill: #9a6700; }\n"
	".c8 { stroke: #6e7781; fill: #6e7781; } .c9 { stroke: #5a7fd6; fill: #5a7fd6; }\n"
	".c10 { stroke: #6a9a1f; fill: #6a9a1f; } .c11 { stroke: #a0522d; fill: #a0522d; }\n"
	".c12 { stroke: #c2679b; fill: #c2679b; } .c13 { stroke: #3f8fbf; fill: #3f8fbf; }\n"
	".c14 { stroke: #b08d00; fill: #b08d00; } .c15 { stroke: #7a6ff0; fill: #7a6ff0; }\n"
	".line, .leader { fill: none; }\n"
	"circle { stroke: none; }\n"
	"@media (prefers-color-scheme: dark) {\n"
	"svg { color: #e6edf3; }\n"
	".paper { fill: #0d1117; }\n"
	"}\n"
	"</style>\n";

/* Multiples that are marked, in thousandths. */
static const uint64_t ticks[] = {1000, 1100, 1200, 1300, 1500, 1700, 2000, 2500, 3000, 4000, 5000,
	7000, 10000, 15000, 20000, 30000, 50000, 70000, 100000, 200000, 500000, 1000000};

struct plot {
	const struct strata_contest *contest;
	struct strata_buffer *svg;
	uint32_t *bounds; /* ascending */
	size_t bound_count;
	const char **names; /* of the contenders, as they first come */
	size_t name_count;
};

/* The binary logarithm of X, at least 1, in 2^-16. */
static uint64_t logarithm(uint64_t x)
{
	unsigned whole = 63 - (unsigned)__builtin_clzll(x);
	uint64_t result = whole, fraction;

	/* 1 <= fraction < 2, in 2^-31; squared, its logarithm doubles. */
	fraction = whole >= 31 ? x >> (whole - 31) : x << (31 - whole);
	for (int bit = 0; bit < 16; bit++) {
		fraction = fraction * fraction >> 31;
		result <<= 1;
		if (fraction >> 32) {
			fraction >>= 1;
			result |= 1;
		}
	}
	return result;
}

static uint64_t value_of(const struct plot *plot, const struct strata_result *result, int panel)
{
	const struct strata_outcome *sum = &result->sum, *ideal = &plot->contest->ideal;
	uint64_t multiple;

	if (panel == 0)
		multiple = strata_contest_multiple(sum->registry, ideal->registry);
	else
		multiple = strata_contest_multiple(
			panel == 1 ? sum->pulls[0].digest : sum->pulls[0].prefix,
			ideal->pulls[0].digest);
	if (multiple < 1000)
		multiple = 1000;
	return multiple > 1000000 ? 1000000 : multiple;
}

/* What panels have in common: so that they can be compared, the scale. */
static uint64_t largest_value(const struct plot *plot)
{
	uint64_t largest = 1100;

	for (size_t r = 0; r < plot->contest->result_count; r++) {
		for (int panel = 0; panel < PANELS; panel++) {
			uint64_t value = value_of(plot, &plot->contest->results[r], panel);

			largest = value > largest ? value : largest;
		}
	}
	return largest;
}

static uint32_t y_of(uint64_t value, uint64_t largest)
{
	uint64_t low = logarithm(1000), high = logarithm(largest);

	return TOP + PANEL_HEIGHT -
	       (uint32_t)((logarithm(value) - low) * PANEL_HEIGHT / (high - low));
}

static uint32_t x_of(const struct plot *plot, int panel, uint32_t bound)
{
	uint32_t left = LEFT + (uint32_t)panel * PANEL_STRIDE;
	uint64_t low = logarithm(plot->bounds[0]),
		 high = logarithm(plot->bounds[plot->bound_count - 1]);

	if (low == high)
		return left + PANEL_WIDTH / 2;
	return left + 10 + (uint32_t)((logarithm(bound) - low) * (PANEL_WIDTH - 20) / (high - low));
}

static void escape(struct strata_buffer *svg, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			strata_buffer_string(svg, "&lt;");
		else if (*text == '&')
			strata_buffer_string(svg, "&amp;");
		else
			strata_buffer_byte(svg, *text);
	}
}

/* --- axes ------------------------------------------------------------------------------------- */

static void draw_axes(const struct plot *plot, int panel, uint64_t largest)
{
	uint32_t left = LEFT + (uint32_t)panel * PANEL_STRIDE, last = UINT32_MAX;

	strata_buffer_format(plot->svg, "<text class=\"title\" x=\"%u\" y=\"%d\">%s</text>\n", left,
		TOP - 14, titles[panel]);
	for (size_t t = 0; t < sizeof(ticks) / sizeof(*ticks); t++) {
		uint32_t y;

		if (ticks[t] > largest)
			break;
		y = y_of(ticks[t], largest);
		if (last != UINT32_MAX && last - y < LEAST_TICK_DISTANCE)
			continue;
		last = y;
		strata_buffer_format(plot->svg,
			"<path class=\"grid\" d=\"M%u %u h%d\"/><text class=\"faint\" x=\"%u\" "
			"y=\"%u\" text-anchor=\"end\">%llu",
			left, y, PANEL_WIDTH, left - 6, y + 4,
			(unsigned long long)(ticks[t] / 1000));
		if (ticks[t] % 1000 > 0)
			strata_buffer_format(
				plot->svg, ".%llu", (unsigned long long)(ticks[t] % 1000 / 100));
		strata_buffer_string(plot->svg, "\xc3\x97</text>\n");
	}
	for (size_t b = 0; b < plot->bound_count; b++) {
		uint32_t x = x_of(plot, panel, plot->bounds[b]);

		strata_buffer_format(plot->svg,
			"<path class=\"grid\" d=\"M%u %d v%d\"/><text class=\"faint\" x=\"%u\" "
			"y=\"%d\" text-anchor=\"middle\">%u</text>\n",
			x, TOP, PANEL_HEIGHT, x, TOP + PANEL_HEIGHT + 18, plot->bounds[b]);
	}
	strata_buffer_format(plot->svg,
		"<text class=\"faint\" x=\"%u\" y=\"%d\" text-anchor=\"middle\">layers at "
		"most</text>\n",
		left + PANEL_WIDTH / 2, TOP + PANEL_HEIGHT + 38);
}

/* --- lines ------------------------------------------------------------------------------------ */

/* Where a line ends, and where its name goes. */
struct label {
	size_t name;
	uint32_t x, y, place;
};

static int compare_labels(const void *left, const void *right)
{
	const struct label *a = left, *b = right;

	if (a->y != b->y)
		return a->y < b->y ? -1 : 1;
	return (a->name > b->name) - (a->name < b->name);
}

/* The results of a contender come in the order of the bounds that were given. */
static const struct strata_result *result_of(
	const struct plot *plot, const char *name, uint32_t bound)
{
	for (size_t r = 0; r < plot->contest->result_count; r++) {
		const struct strata_result *result = &plot->contest->results[r];

		if (result->max_layers == bound && strcmp(result->name, name) == 0)
			return result;
	}
	return NULL;
}

/* Our own ways of planning stand out: the default strategy, and fleets. */
static const char *emphasis(const char *name)
{
	return strncmp(name, "fleet", 5) == 0 || strncmp(name, strata_strategies()[0]->name,
							 strlen(strata_strategies()[0]->name)) == 0
		       ? " own"
		       : "";
}

static void draw_line(
	const struct plot *plot, int panel, size_t name, uint64_t largest, struct label *label)
{
	const char *text = plot->names[name];

	strata_buffer_format(
		plot->svg, "<path class=\"line c%zu%s\" d=\"", name % COLOURS, emphasis(text));
	for (size_t b = 0; b < plot->bound_count; b++) {
		const struct strata_result *result = result_of(plot, text, plot->bounds[b]);

		if (!result)
			continue;
		label->x = x_of(plot, panel, plot->bounds[b]);
		label->y = y_of(value_of(plot, result, panel), largest);
		strata_buffer_format(plot->svg, "%s%u %u", b == 0 ? "M" : " L", label->x, label->y);
	}
	label->name = name;
	strata_buffer_format(plot->svg,
		"\"/><circle class=\"c%zu\" cx=\"%u\" cy=\"%u\" r=\"3\"/>\n", name % COLOURS,
		label->x, label->y);
}

/* Move names apart: each below the one above it, and then up again from the bottom. */
static void place_labels(struct label *labels, size_t count)
{
	uint32_t limit = TOP + PANEL_HEIGHT + LABEL_HEIGHT;

	qsort(labels, count, sizeof(*labels), compare_labels);
	for (size_t l = 0; l < count; l++) {
		uint32_t least = l > 0 ? labels[l - 1].place + LABEL_HEIGHT : TOP - LABEL_HEIGHT;

		labels[l].place = labels[l].y > least ? labels[l].y : least;
	}
	for (size_t l = count; l-- > 0;) {
		if (labels[l].place > limit)
			labels[l].place = limit;
		limit = labels[l].place > LABEL_HEIGHT ? labels[l].place - LABEL_HEIGHT : 0;
	}
}

static void draw_labels(
	const struct plot *plot, int panel, const struct label *labels, size_t count)
{
	uint32_t right = LEFT + (uint32_t)panel * PANEL_STRIDE + PANEL_WIDTH;

	for (size_t l = 0; l < count; l++) {
		const char *text = plot->names[labels[l].name];

		strata_buffer_format(plot->svg,
			"<path class=\"leader c%zu\" d=\"M%u %u L%u %u\"/><text class=\"label%s\" "
			"x=\"%u\" y=\"%u\">",
			labels[l].name % COLOURS, labels[l].x + 4, labels[l].y, right + 8,
			labels[l].place, emphasis(text), right + 11, labels[l].place + 4);
		escape(plot->svg, text);
		strata_buffer_string(plot->svg, "</text>\n");
	}
}

static int draw_panel(
	const struct plot *plot, int panel, uint64_t largest, struct strata_error *error)
{
	strata_autofree struct label *labels = strata_allocate(plot->name_count, sizeof(*labels));

	if (!labels)
		return strata_fail_memory(error);
	draw_axes(plot, panel, largest);
	/* The first ones lie on top. */
	for (size_t name = plot->name_count; name-- > 0;)
		draw_line(plot, panel, name, largest, &labels[name]);
	place_labels(labels, plot->name_count);
	draw_labels(plot, panel, labels, plot->name_count);
	return 0;
}

/* --- the picture ------------------------------------------------------------------------------ */

static int compare_bounds(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static int collect(struct plot *plot, struct strata_error *error)
{
	size_t count = plot->contest->result_count, distinct = 0;

	plot->bounds = strata_allocate(count, sizeof(*plot->bounds));
	plot->names = strata_allocate(count, sizeof(*plot->names));
	if (!plot->bounds || !plot->names)
		return strata_fail_memory(error);
	for (size_t r = 0; r < count; r++) {
		size_t known = 0;

		plot->bounds[r] = plot->contest->results[r].max_layers;
		while (known < plot->name_count &&
			strcmp(plot->names[known], plot->contest->results[r].name) != 0)
			known++;
		if (known == plot->name_count)
			plot->names[plot->name_count++] = plot->contest->results[r].name;
	}
	qsort(plot->bounds, count, sizeof(*plot->bounds), compare_bounds);
	for (size_t r = 0; r < count; r++) {
		if (distinct == 0 || plot->bounds[r] != plot->bounds[distinct - 1])
			plot->bounds[distinct++] = plot->bounds[r];
	}
	plot->bound_count = distinct;
	return 0;
}

static int draw(const struct plot *plot, struct strata_error *error)
{
	const struct strata_contest *contest = plot->contest;
	int width = PANELS * PANEL_STRIDE + 8, height = TOP + PANEL_HEIGHT + BOTTOM;
	uint64_t largest = largest_value(plot);
	int status = 0;

	strata_buffer_format(plot->svg,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 "
		"0 %d %d\" role=\"img\">\n<title>What layering strategies cost, as multiples of "
		"the ideal</title>\n%s<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n",
		width, height, width, height, style, width, height);
	strata_buffer_format(plot->svg,
		"<text class=\"faint\" x=\"%d\" y=\"22\">Multiples of the ideal, in which every "
		"item is a layer. %u images, %u revisions.</text>\n",
		LEFT, contest->image_count, contest->revision_count);
	for (int panel = 0; status == 0 && panel < PANELS; panel++)
		status = draw_panel(plot, panel, largest, error);
	strata_buffer_string(plot->svg, "</svg>\n");
	return status;
}

int strata_contest_save_plot(
	const struct strata_contest *contest, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer svg = STRATA_BUFFER_INIT;
	struct plot plot = {.contest = contest, .svg = &svg};
	int status;

	if (contest->result_count == 0 || contest->ideal.pull_count == 0)
		return strata_fail(error, STRATA_ERROR_INVALID, "there is nothing to draw");
	status = collect(&plot, error);
	if (status == 0)
		status = draw(&plot, error);
	free(plot.bounds);
	free(plot.names);
	if (status == 0)
		status = strata_buffer_check(&svg, error);
	return status < 0 ? status : strata_file_replace(path, svg.data, svg.length, error);
}
