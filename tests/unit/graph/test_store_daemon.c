/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client of guix-daemon, with a daemon that says what the test wants.
 */
#include "source_fixture.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "graph/store/daemon.h"

#define HASH EMPTY_HEX

enum { NEXT = 0x6f6c6d67, FAILED = 0x63787470, LAST = 0x616c7473, DAEMON = 0x6478696f };

/* What the daemon sends, and how: a thread plays it to whoever connects. */
struct play {
	struct strata_buffer greeting, answer;
	size_t piece; /* bytes at a time */
	int listener;
	pthread_t thread;
	char *path;                    /* of a socket; NULL: by TCP */
	struct strata_buffer received; /* what the client has sent when it is done */
};

static void number(struct strata_buffer *buffer, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		strata_buffer_byte(buffer, (char)(value >> (8 * i) & 0xff));
}

static void text_padded(struct strata_buffer *buffer, const char *text, char padding)
{
	size_t length = strlen(text);

	number(buffer, length);
	strata_buffer_append(buffer, text, length);
	for (; length % 8 != 0; length++)
		strata_buffer_byte(buffer, padding);
}

static void text(struct strata_buffer *buffer, const char *value)
{
	text_padded(buffer, value, '\0');
}

static void send_all(int connection, const struct strata_buffer *buffer, size_t piece)
{
	for (size_t sent = 0; sent < buffer->length;) {
		size_t left = buffer->length - sent;
		ssize_t count = send(
			connection, buffer->data + sent, left < piece ? left : piece, MSG_NOSIGNAL);

		if (count <= 0)
			return;
		sent += (size_t)count;
	}
}

static void *perform(void *data)
{
	struct play *play = data;
	int connection = accept(play->listener, NULL, NULL);
	char bytes[4096];
	ssize_t count;

	send_all(connection, &play->greeting, play->piece);
	send_all(connection, &play->answer, play->piece);
	shutdown(connection, SHUT_WR);
	while ((count = recv(connection, bytes, sizeof(bytes), 0)) > 0)
		strata_buffer_append(&play->received, bytes, (size_t)count);
	close(connection);
	return NULL;
}

static void greet_well(struct play *play)
{
	number(&play->greeting, DAEMON);
	number(&play->greeting, 0x163);
	number(&play->greeting, LAST);
}

static void listen_at(struct play *play, const struct sockaddr *address, socklen_t length)
{
	play->listener = socket(address->sa_family, SOCK_STREAM, 0);
	assert_true(bind(play->listener, address, length) == 0);
	assert_true(listen(play->listener, 1) == 0);
	if (play->piece == 0)
		play->piece = 1 << 16;
	play->received = (struct strata_buffer)STRATA_BUFFER_INIT;
	assert_int_equal(pthread_create(&play->thread, NULL, perform, play), 0);
}

/* Start a daemon whose socket the environment's VARIABLE names. */
static void start_as(void **state, struct play *play, const char *variable)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	play->path = source_path(state, "socket");
	assert_true(strlen(play->path) < sizeof(address.sun_path));
	strcpy(address.sun_path, play->path);
	unlink(play->path);
	listen_at(play, (struct sockaddr *)&address, sizeof(address));
	assert_int_equal(setenv(variable, play->path, 1), 0);
}

static void start(void **state, struct play *play)
{
	start_as(state, play, "GUIX_DAEMON_SOCKET");
}

/* Start a daemon that listens on loopback; returns its port. */
static unsigned start_by_tcp(struct play *play)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	listen_at(play, (struct sockaddr *)&address, sizeof(address));
	assert_true(getsockname(play->listener, (struct sockaddr *)&address, &length) == 0);
	return ntohs(address.sin_port);
}

static void release(struct play *play)
{
	close(play->listener);
	if (play->path)
		unlink(play->path);
	free(play->path);
	strata_buffer_release(&play->received);
	strata_buffer_release(&play->greeting);
	strata_buffer_release(&play->answer);
	unsetenv("GUIX_DAEMON_SOCKET");
	unsetenv("NIX_DAEMON_SOCKET_PATH");
}

/* Wait until the client has hung up. */
static void finish(struct play *play)
{
	pthread_join(play->thread, NULL);
	release(play);
}

/* The answer to add-temp-root. */
static void kept(struct strata_buffer *answer)
{
	number(answer, LAST);
	number(answer, 1);
}

/* The answers to add-temp-root and query-path-info. */
static void info(struct strata_buffer *answer, uint64_t size, const char *const *references)
{
	size_t count = 0;

	kept(answer);
	while (references && references[count])
		count++;
	number(answer, LAST);
	text(answer, "/gnu/store/x.drv");
	text(answer, HASH);
	number(answer, count);
	for (size_t i = 0; i < count; i++)
		text(answer, references[i]);
	number(answer, 1);
	number(answer, size);
}

static int read_item(struct strata_graph *graph, const char *item, struct strata_error *error)
{
	struct strata_store_options options = {.items = &item, .item_count = 1};

	return strata_graph_read_store(graph, &options, error);
}

static void expect_failure(void **state, struct play *play, int status, const char *words)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	start(state, play);
	assert_fails(read_item(graph, "/gnu/store/a", &error), status, words, &error);
	finish(play);
}

/* b refers to itself and to a; log messages come between. */
static void play_closure(struct play *play)
{
	greet_well(play);
	number(&play->answer, NEXT);
	text(&play->answer, "waiting for the lock");
	info(&play->answer, 20, (const char *const[]){"/gnu/store/a", "/gnu/store/b", NULL});
	info(&play->answer, 10, NULL);
}

static void test_closures_are_read(void **state)
{
	static const size_t pieces[] = {1, 7, 8, 4096};

	each_number(size_t, i, 0, 4) {
		strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
		struct play play = {.piece = pieces[i]};
		struct strata_error error = STRATA_ERROR_INIT;
		const uint32_t *roots;
		uint32_t count;

		play_closure(&play);
		start(state, &play);
		assert_succeeds(read_item(graph, "/gnu/store/b", &error), &error);
		source_expect(graph, NULL,
			"/gnu/store/a 10 sha256:" HASH " store\n"
			"/gnu/store/b 20 sha256:" HASH " store /gnu/store/a\n");
		roots = strata_graph_roots(graph, &count);
		assert_int_equal(count, 1);
		assert_string_equal(strata_graph_item(graph, roots[0])->id, "/gnu/store/b");
		strata_graph_free(strata_take(graph));
		finish(&play);
	}
}

static void test_addresses_may_be_uris(void **state)
{
	static const char *const schemes[] = {"file://", "unix://"};

	each_number(size_t, i, 0, 2) {
		strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
		struct play play = {0};
		struct strata_error error = STRATA_ERROR_INIT;
		char *uri;

		play_closure(&play);
		start(state, &play);
		assert_true(asprintf(&uri, "%s%s", schemes[i], play.path) > 0);
		assert_int_equal(setenv("GUIX_DAEMON_SOCKET", uri, 1), 0);
		assert_succeeds(read_item(graph, "/gnu/store/b", &error), &error);
		free(uri);
		strata_graph_free(strata_take(graph));
		finish(&play);
	}
}

static void test_addresses_may_be_hosts(void **state)
{
	static const char *const forms[] = {
		"guix://127.0.0.1:%u", "guix://localhost:%u", "guix://[127.0.0.1]:%u/"};

	(void)state;
	each_case(i, forms) {
		strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
		struct play play = {0};
		struct strata_error error = STRATA_ERROR_INIT;
		char uri[64];

		play_closure(&play);
		/* One of the forms above. */
		snprintf(uri, sizeof(uri), forms[i], start_by_tcp(&play));
		assert_int_equal(setenv("GUIX_DAEMON_SOCKET", uri, 1), 0);
		assert_succeeds(read_item(graph, "/gnu/store/b", &error), &error);
		assert_int_equal(strata_graph_finish(graph, NULL, &error), 0);
		assert_int_equal(strata_graph_count(graph), 2);
		strata_graph_free(strata_take(graph));
		finish(&play);
	}
}

static void expect_address(const char *address, int status, const char *words)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	assert_int_equal(setenv("GUIX_DAEMON_SOCKET", address, 1), 0);
	assert_fails(read_item(graph, "/gnu/store/a", &error), status, words, &error);
	unsetenv("GUIX_DAEMON_SOCKET");
}

static void test_other_addresses_are_refused(void **state)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	expect_address("ssh://host.example", STRATA_ERROR_UNSUPPORTED, "ssh://host.example");
	expect_address("https://host.example", STRATA_ERROR_UNSUPPORTED, "https://host.example");
	expect_address("/nowhere/socket", STRATA_ERROR_IO, "/nowhere/socket");
	expect_address("guix://", STRATA_ERROR_INVALID, "'guix://', of GUIX_DAEMON_SOCKET, is not");
	expect_address("guix://host:0", STRATA_ERROR_INVALID, "is not the address");
	expect_address("guix://host:65536", STRATA_ERROR_INVALID, "is not the address");
	expect_address("guix://host:name", STRATA_ERROR_INVALID, "is not the address");
	expect_address("guix://[::1", STRATA_ERROR_INVALID, "is not the address");
	expect_address("guix://host:1/store", STRATA_ERROR_INVALID, "is not the address");
	expect_address("guix://127.0.0.1:1", STRATA_ERROR_IO, "Connection refused");
	assert_int_equal(setenv("GUIX_DAEMON_SOCKET", "ssh://host.example", 1), 0);
	assert_true(read_item(graph, "/gnu/store/a", &error) < 0);
	assert_non_null(strstr(error.hint, "ssh -N -L /tmp/daemon.socket:/var/guix/"));
	strata_error_clear(&error);
	unsetenv("GUIX_DAEMON_SOCKET");
}

/* Whether the client has hung up within MILLISECONDS: it is done when its thread is. */
static bool has_hung_up(struct play *play, int milliseconds)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += milliseconds / 1000;
	until.tv_nsec += milliseconds % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	return pthread_timedjoin_np(play->thread, NULL, &until) == 0;
}

static void request(struct strata_buffer *buffer, uint64_t operation, const char *path)
{
	number(buffer, operation);
	text(buffer, path);
}

static void take_note(void *data, const char *text)
{
	strata_buffer_string(data, text);
}

/* Every item is kept before it is asked about, and for as long as the graph lives. */
static void test_items_are_kept_while_the_graph_lives(void **state)
{
	strata_autobuffer struct strata_buffer expected = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer notes = STRATA_BUFFER_INIT;
	const struct strata_observer observer = {.note = take_note, .data = &notes};
	const char *item = "/gnu/store/b";
	struct strata_store_options options = {
		.items = &item, .item_count = 1, .observer = &observer};
	struct strata_graph *graph = strata_graph_new(NULL);
	struct play play = {0};
	struct strata_error error = STRATA_ERROR_INIT;

	number(&expected, 0x6e697863);
	number(&expected, 0x163);
	number(&expected, 0);
	number(&expected, 0);
	request(&expected, 11, "/gnu/store/b");
	request(&expected, 26, "/gnu/store/b");
	request(&expected, 11, "/gnu/store/a");
	request(&expected, 26, "/gnu/store/a");
	play_closure(&play);
	start(state, &play);
	assert_succeeds(strata_graph_read_store(graph, &options, &error), &error);
	assert_non_null(strstr(notes.data, "says: waiting for the lock"));
	assert_succeeds(strata_graph_finish(graph, *state, &error), &error);
	assert_false(has_hung_up(&play, 100));
	strata_graph_free(graph);
	pthread_join(play.thread, NULL);
	assert_int_equal(play.received.length, expected.length);
	assert_memory_equal(play.received.data, expected.data, expected.length);
	release(&play);
}

static void test_items_that_are_not_valid(void **state)
{
	struct play play = {0};

	greet_well(&play);
	kept(&play.answer);
	number(&play.answer, FAILED);
	text(&play.answer, "path is not valid");
	number(&play.answer, 1);
	number(&play.answer, LAST);
	number(&play.answer, 0); /* valid-path? */
	expect_failure(state, &play, STRATA_ERROR_NOT_FOUND, "'/gnu/store/a' is not a valid item");
}

static void test_refusals_are_told(void **state)
{
	struct play play = {0}, early = {0};

	greet_well(&play);
	kept(&play.answer);
	number(&play.answer, FAILED);
	text(&play.answer, "database is \tlocked");
	number(&play.answer, 1);
	number(&play.answer, LAST);
	number(&play.answer, 1);
	expect_failure(state, &play, STRATA_ERROR_IO, "refuses: database is ");
	number(&early.greeting, DAEMON);
	number(&early.greeting, 0x163);
	number(&early.greeting, FAILED);
	text(&early.greeting, "you are not welcome");
	number(&early.greeting, 1);
	expect_failure(state, &early, STRATA_ERROR_IO, "you are not welcome");
}

static void test_other_programs_are_recognised(void **state)
{
	struct play stranger = {0}, version = {0}, nix = {0}, mute = {0}, message = {0};

	number(&stranger.greeting, 0x2f2f2f2f);
	expect_failure(state, &stranger, STRATA_ERROR_FORMAT, "is none of a store");
	number(&version.greeting, DAEMON);
	number(&version.greeting, 0x160);
	expect_failure(state, &version, STRATA_ERROR_FORMAT, "another version");
	number(&nix.greeting, DAEMON);
	number(&nix.greeting, 0x263);
	expect_failure(state, &nix, STRATA_ERROR_FORMAT, "another version");
	expect_failure(state, &mute, STRATA_ERROR_FORMAT, "hung up");
	greet_well(&message);
	number(&message.answer, 0x64617461);
	expect_failure(state, &message, STRATA_ERROR_FORMAT, "another protocol");
}

static void test_bad_answers_are_refused(void **state)
{
	struct play padding = {0}, length = {0}, count = {0}, hash = {0}, cut = {0}, zero = {0};
	struct play nameless = {0};

	greet_well(&padding);
	kept(&padding.answer);
	number(&padding.answer, LAST);
	text_padded(&padding.answer, "abc", 'x');
	expect_failure(state, &padding, STRATA_ERROR_FORMAT, "bad padding");
	greet_well(&length);
	kept(&length.answer);
	number(&length.answer, LAST);
	number(&length.answer, UINT64_MAX);
	expect_failure(state, &length, STRATA_ERROR_FORMAT, "too long");
	greet_well(&count);
	kept(&count.answer);
	number(&count.answer, LAST);
	text(&count.answer, "");
	text(&count.answer, HASH);
	number(&count.answer, UINT64_MAX);
	expect_failure(state, &count, STRATA_ERROR_FORMAT, "too many references");
	greet_well(&hash);
	kept(&hash.answer);
	number(&hash.answer, LAST);
	text(&hash.answer, "");
	text(&hash.answer, "nonsense");
	expect_failure(state, &hash, STRATA_ERROR_FORMAT, "/gnu/store/a");
	greet_well(&cut);
	kept(&cut.answer);
	number(&cut.answer, LAST);
	strata_buffer_append(&cut.answer, "abc", 3);
	expect_failure(state, &cut, STRATA_ERROR_FORMAT, "hung up");
	greet_well(&zero);
	kept(&zero.answer);
	number(&zero.answer, LAST);
	number(&zero.answer, 8);
	strata_buffer_append(&zero.answer, "abc\0defg", 8);
	expect_failure(state, &zero, STRATA_ERROR_FORMAT, "zero byte");
	greet_well(&nameless);
	info(&nameless.answer, 1, (const char *const[]){"", NULL});
	expect_failure(state, &nameless, STRATA_ERROR_FORMAT, "without a name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		source_test(test_closures_are_read),
		source_test(test_addresses_may_be_uris),
		source_test(test_addresses_may_be_hosts),
		source_test(test_other_addresses_are_refused),
		source_test(test_items_are_kept_while_the_graph_lives),
		source_test(test_items_that_are_not_valid),
		source_test(test_refusals_are_told),
		source_test(test_other_programs_are_recognised),
		source_test(test_bad_answers_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
