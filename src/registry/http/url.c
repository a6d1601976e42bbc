/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/http/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "util/text.h"

static void cleanup_url(CURLU **url)
{
	curl_url_cleanup(*url);
}

static void cleanup_part(char **part)
{
	curl_free(*part);
}

#define AUTO_URL STRATA_CLEANUP(cleanup_url)
#define AUTO_PART STRATA_CLEANUP(cleanup_part)

/* What is read of a URL without being told its scheme, host or port is no URL for us. */
static CURLU *parse(const char *text)
{
	CURLU *url = curl_url();

	if (url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK)
		return url;
	curl_url_cleanup(url);
	return NULL;
}

/* A part of URL, or NULL; for curl_free(). */
static char *part_of(CURLU *url, CURLUPart part, unsigned flags)
{
	char *text = NULL;

	return url && curl_url_get(url, part, &text, flags) == CURLUE_OK ? text : NULL;
}

static bool is_web(CURLU *url)
{
	AUTO_PART char *scheme = part_of(url, CURLUPART_SCHEME, 0);

	return scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
}

int strata_url_resolve(const char *base, const char *location, struct strata_buffer *buffer,
	struct strata_error *error)
{
	AUTO_URL CURLU *url = parse(base);
	AUTO_PART char *whole = NULL;
	AUTO_PART char *user = NULL;

	if (!url)
		return strata_fail_memory(error);
	if (curl_url_set(url, CURLUPART_URL, location, 0) != CURLUE_OK || !is_web(url))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"it answered with a location that is no address of the web");
	user = part_of(url, CURLUPART_USER, 0);
	if (user)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"it answered with a location that has a user's name in it");
	curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
	whole = part_of(url, CURLUPART_URL, 0);
	if (!whole)
		return strata_fail_memory(error);
	strata_buffer_string(buffer, whole);
	return strata_buffer_check(buffer, error);
}

static bool same_part(CURLU *left, CURLU *right, CURLUPart part, unsigned flags)
{
	AUTO_PART char *a = part_of(left, part, flags);
	AUTO_PART char *b = part_of(right, part, flags);

	return a && b && strcasecmp(a, b) == 0;
}

bool strata_url_same_origin(const char *left, const char *right)
{
	AUTO_URL CURLU *a = parse(left);
	AUTO_URL CURLU *b = parse(right);

	return same_part(a, b, CURLUPART_SCHEME, 0) && same_part(a, b, CURLUPART_HOST, 0) &&
	       same_part(a, b, CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

bool strata_url_is_https(const char *url)
{
	return strncasecmp(url, "https://", 8) == 0;
}

/* The host of URL without the brackets of an IPv6 address and without a zone. */
static bool host_of(const char *text, char *host, size_t size)
{
	AUTO_URL CURLU *url = parse(text);
	AUTO_PART char *found = part_of(url, CURLUPART_HOST, 0);
	const char *begin = found;
	size_t length;

	if (!found)
		return false;
	if (*begin == '[')
		begin++;
	length = strcspn(begin, "]%");
	if (length >= size)
		return false;
	memcpy(host, begin, length);
	host[length] = '\0';
	/* "localhost." is the same host. */
	if (length > 1 && host[length - 1] == '.')
		host[length - 1] = '\0';
	return true;
}

static bool in_network(uint32_t address, uint32_t network, unsigned bits)
{
	return address >> (32 - bits) == network >> (32 - bits);
}

static bool is_private_ipv4(uint32_t address)
{
	static const struct {
		uint32_t network;
		unsigned bits;
	} networks[] = {
		{0x00000000, 8},  /* this network */
		{0x0a000000, 8},  /* private */
		{0x64400000, 10}, /* behind a carrier's translation */
		{0x7f000000, 8},  /* loopback */
		{0xa9fe0000, 16}, /* link-local */
		{0xac100000, 12}, /* private */
		{0xc0000000, 24}, /* of protocols */
		{0xc0a80000, 16}, /* private */
		{0xc6120000, 15}, /* of benchmarks */
		{0xe0000000, 3},  /* multicast and what follows */
	};

	for (size_t i = 0; i < sizeof(networks) / sizeof(*networks); i++) {
		if (in_network(address, networks[i].network, networks[i].bits))
			return true;
	}
	return false;
}

static bool is_private_ipv6(const struct in6_addr *address)
{
	const uint8_t *bytes = address->s6_addr;
	uint32_t last;

	memcpy(&last, bytes + 12, sizeof(last));
	if (IN6_IS_ADDR_V4MAPPED(address) || IN6_IS_ADDR_V4COMPAT(address))
		return is_private_ipv4(ntohl(last));
	/* Unique local, link-local, site-local, multicast. */
	return IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_UNSPECIFIED(address) ||
	       (bytes[0] & 0xfe) == 0xfc || (bytes[0] == 0xfe && bytes[1] >= 0x80) ||
	       bytes[0] == 0xff;
}

bool strata_url_is_private(const char *url)
{
	struct in_addr four;
	struct in6_addr six;
	char host[256];

	if (!host_of(url, host, sizeof(host)))
		return true;
	if (inet_pton(AF_INET, host, &four) == 1)
		return is_private_ipv4(ntohl(four.s_addr));
	if (inet_pton(AF_INET6, host, &six) == 1)
		return is_private_ipv6(&six);
	return strata_url_is_loopback(url);
}

bool strata_url_is_loopback(const char *url)
{
	struct in_addr four;
	struct in6_addr six;
	char host[256];

	if (!host_of(url, host, sizeof(host)))
		return false;
	if (inet_pton(AF_INET, host, &four) == 1)
		return in_network(ntohl(four.s_addr), 0x7f000000, 8);
	if (inet_pton(AF_INET6, host, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return strcasecmp(host, "localhost") == 0;
}

void strata_url_add_query(struct strata_buffer *url, const char *key, const char *value)
{
	static const char unreserved[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789-._~";

	strata_buffer_format(url, "%c%s=", strchr(url->data, '?') ? '&' : '?', key);
	for (; *value; value++) {
		if (strchr(unreserved, *value))
			strata_buffer_byte(url, *value);
		else
			strata_buffer_format(url, "%%%02X", (unsigned char)*value);
	}
}

void strata_url_visible(struct strata_buffer *buffer, const char *url)
{
	strata_autofree char *shown = strndup(url, strcspn(url, "?#"));

	if (shown)
		strata_text_visible(buffer, shown);
	else
		buffer->failed = true;
}
