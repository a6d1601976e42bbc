/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of versions (deb-version(7)).
 */
#include <string.h>

#include "graph/dpkg/dpkg.h"

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* The place of a byte outside a number: "~" before the end, the end (and a number) before
 * letters, letters before everything else. */
static int rank(char byte)
{
	if (byte == '~')
		return -1;
	if (!byte || is_digit(byte))
		return 0;
	return (unsigned char)byte + (is_letter(byte) ? 0 : 256);
}

/* A part of a version: upstream or revision; at its end it reads as NULs. */
struct part {
	const char *at;
	const char *end;
};

static char peek(const struct part *part)
{
	return part->at < part->end ? *part->at : '\0';
}

/* Numbers of any length, without converting them. */
static int compare_numbers(struct part *left, struct part *right)
{
	int difference = 0;

	while (peek(left) == '0')
		left->at++;
	while (peek(right) == '0')
		right->at++;
	while (is_digit(peek(left)) && is_digit(peek(right))) {
		if (difference == 0)
			difference = *left->at - *right->at;
		left->at++;
		right->at++;
	}
	if (is_digit(peek(left)))
		return 1;
	return is_digit(peek(right)) ? -1 : difference;
}

static int compare_parts(struct part left, struct part right)
{
	while (left.at < left.end || right.at < right.end) {
		int difference;

		while ((peek(&left) && !is_digit(peek(&left))) ||
			(peek(&right) && !is_digit(peek(&right)))) {
			difference = rank(peek(&left)) - rank(peek(&right));
			if (difference != 0)
				return difference;
			left.at++;
			right.at++;
		}
		difference = compare_numbers(&left, &right);
		if (difference != 0)
			return difference;
	}
	return 0;
}

/* Split "epoch:upstream-revision"; absent parts are empty, which compares as 0. */
static void split(
	const char *version, struct part *epoch, struct part *upstream, struct part *revision)
{
	const char *end = version + strlen(version);
	const char *colon = version + strspn(version, "0123456789");
	const char *dash;

	*epoch = (struct part){version, version};
	if (*colon == ':') {
		epoch->end = colon;
		version = colon + 1;
	}
	dash = strrchr(version, '-');
	*upstream = (struct part){version, dash ? dash : end};
	*revision = (struct part){dash ? dash + 1 : end, end};
}

int strata_dpkg_compare_versions(const char *left, const char *right)
{
	struct part left_parts[3], right_parts[3];

	split(left, &left_parts[0], &left_parts[1], &left_parts[2]);
	split(right, &right_parts[0], &right_parts[1], &right_parts[2]);
	for (int i = 0; i < 3; i++) {
		int difference = compare_parts(left_parts[i], right_parts[i]);

		if (difference != 0)
			return difference;
	}
	return 0;
}
