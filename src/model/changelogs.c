/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rates from the changelogs of Debian packages.
 *
 * A changelog ends each entry with " -- NAME <ADDRESS>  DATE" (Debian Policy 4.4), the newest
 * first. The days of a year on which a source package had an entry are its updates in that year,
 * which ends with the newest entry of all: no clock is asked.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "model/rates.h"
#include "util/error.h"
#include "util/root_path.h"

enum {
	YEAR = 365,
	MOST_DAYS = 400, /* entries of one changelog that are looked at */
	LINE_SIZE = 4096,
};

/* The days on which one source package changed, the latest first. */
struct history {
	const char *cause;
	int32_t days[MOST_DAYS];
	uint32_t count;
};

struct reading {
	const struct strata_graph *graph;
	struct strata_root root;
	struct strata_map seen; /* causes */
	struct history **histories;
	size_t count, capacity;
};

static void reading_release(struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		free(reading->histories[i]);
	free(reading->histories);
	strata_map_release(&reading->seen);
	strata_root_release(&reading->root);
}

/* Days since 1 March of the year 0, by the Gregorian calendar. */
static int32_t day_number(unsigned year, unsigned month, unsigned day)
{
	unsigned from_march = (month + 9) % 12, years = year - (month < 3);

	return (int32_t)(years * 365 + years / 4 - years / 100 + years / 400 +
			 (from_march * 306 + 5) / 10 + day - 1);
}

/* The month that begins at TEXT, from 1, or 0. */
static unsigned month_number(const char *text)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (unsigned month = 0; month < 12; month++) {
		if (strncmp(text, months + month * 3, 3) == 0)
			return month + 1;
	}
	return 0;
}

static const char *read_digits(const char *text, unsigned *number)
{
	*number = 0;
	for (; *text >= '0' && *text <= '9' && *number < 100000; text++)
		*number = *number * 10 + (unsigned)(*text - '0');
	return text;
}

bool strata_changelog_day(const char *line, int32_t *number)
{
	const char *date = strncmp(line, " -- ", 4) == 0 ? strstr(line, ">  ") : NULL;
	unsigned day, month, year;

	date = date ? strchr(date, ',') : NULL;
	if (!date)
		return false;
	date = read_digits(date + 1 + strspn(date + 1, " "), &day);
	date += strspn(date, " ");
	month = month_number(date);
	if (month == 0 || day == 0 || day > 31)
		return false;
	read_digits(date + 3 + strspn(date + 3, " "), &year);
	if (year < 1970 || year > 9999)
		return false;
	*number = day_number(year, month, day);
	return true;
}

/* Read the days of slightly more than a year up to the newest day of this changelog. */
static void read_days(gzFile file, struct history *history)
{
	char line[LINE_SIZE];
	int32_t day;

	while (history->count < MOST_DAYS && gzgets(file, line, sizeof(line))) {
		if (!strata_changelog_day(line, &day))
			continue;
		if (history->count > 0 && day == history->days[history->count - 1])
			continue;
		if (history->count > 0 && day < history->days[0] - YEAR)
			return;
		history->days[history->count++] = day;
	}
}

/* Open PATH of the system; a negative number where it is no file that can be read. */
static int open_changelog(struct reading *reading, const char *path)
{
	struct strata_root_entry entry;
	struct stat info;
	int descriptor;

	if (strata_root_find(&reading->root, path, &entry, NULL) < 0 ||
		entry.kind != STRATA_ROOT_OTHER)
		return -1;
	descriptor = openat(reading->root.descriptor, entry.path + 1,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (descriptor >= 0 && (fstat(descriptor, &info) < 0 || !S_ISREG(info.st_mode))) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

static int compare_paths(const void *key, const void *element)
{
	return strcmp(key, *(const char *const *)element);
}

/* Look for a changelog called NAME among the files of ITEM and read it. Returns 1 where it has
 * dates, 0 where not, or an error. */
static int try_changelog(struct reading *reading, const struct strata_item *item, const char *name,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	strata_autofree struct history *history = NULL;
	int descriptor;
	gzFile file;

	strata_buffer_format(&path, "/usr/share/doc/%s/%s", item->name, name);
	if (strata_buffer_check(&path, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (!bsearch(path.data, item->files, item->file_count, sizeof(*item->files), compare_paths))
		return 0;
	descriptor = open_changelog(reading, path.data);
	if (descriptor < 0)
		return 0;
	file = gzdopen(descriptor, "r");
	if (!file) {
		close(descriptor);
		return strata_fail_memory(error);
	}
	history = calloc(1, sizeof(*history));
	if (history)
		read_days(file, history);
	gzclose(file);
	if (!history || strata_grow(&reading->histories, &reading->capacity, reading->count + 1,
				sizeof(*reading->histories)) < 0)
		return strata_fail_memory(error);
	if (history->count == 0)
		return 0;
	history->cause = item->cause;
	if (strata_map_put(&reading->seen, item->cause, 0) < 0)
		return strata_fail_memory(error);
	reading->histories[reading->count++] = strata_take(history);
	return 1;
}

static int read_item(
	struct reading *reading, const struct strata_item *item, struct strata_error *error)
{
	int status;

	if (item->content != STRATA_CONTENT_FILES ||
		strata_map_get(&reading->seen, item->cause) != STRATA_MAP_NONE)
		return 0;
	status = try_changelog(reading, item, "changelog.Debian.gz", error);
	/* Packages that only Debian has keep theirs there. */
	return status != 0 ? status : try_changelog(reading, item, "changelog.gz", error);
}

static int observe_all(
	const struct reading *reading, struct strata_rates *rates, struct strata_error *error)
{
	int32_t newest = 0;

	for (size_t i = 0; i < reading->count; i++) {
		if (newest < reading->histories[i]->days[0])
			newest = reading->histories[i]->days[0];
	}
	for (size_t i = 0; i < reading->count; i++) {
		const struct history *history = reading->histories[i];
		uint64_t events = 0;
		int status;

		for (uint32_t d = 0; d < history->count; d++)
			events += history->days[d] > newest - YEAR;
		status = strata_rates_observe(
			rates, history->cause, events, STRATA_FIXED_ONE, error);
		if (status < 0)
			return status;
	}
	return 0;
}

int strata_rates_read_changelogs(struct strata_rates *rates, const struct strata_graph *graph,
	const char *root, struct strata_error *error)
{
	struct reading reading = {.graph = graph, .root = STRATA_ROOT_INIT};
	bool any = false;
	int status = 0;

	for (uint32_t i = 0; i < strata_graph_count(graph) && !any; i++)
		any = strata_graph_item(graph, i)->content == STRATA_CONTENT_FILES &&
		      strata_graph_item(graph, i)->file_count > 0;
	if (!any)
		return 0;
	status = strata_root_open(&reading.root, root, error);
	for (uint32_t i = 0; status >= 0 && i < strata_graph_count(graph); i++)
		status = read_item(&reading, strata_graph_item(graph, i), error);
	if (status >= 0)
		status = observe_all(&reading, rates, error);
	reading_release(&reading);
	return status;
}
