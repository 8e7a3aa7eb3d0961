// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* tools/cli/notify.c tells a service manager what it should, at both kinds of addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "lib/base/passfd.h"
#include "tools/cli/notify.h"

static char warning[XS_ERROR_MAX];

static void keep_warning(void *arg, enum xsteer_log_level level, const char *text)
{
	(void)arg;
	if (level == XSTEER_LOG_WARNING)
		snprintf(warning, sizeof(warning), "%s", text);
}

static struct xs_notify open_notify(const char *socket)
{
	struct xs_cli cli = { .ctx = xsteer_ctx_new(NULL, keep_warning, NULL) };
	struct xs_notify notify;

	warning[0] = '\0';
	if (socket)
		setenv("NOTIFY_SOCKET", socket, 1);
	else
		unsetenv("NOTIFY_SOCKET");
	xs_notify_open(&cli, &notify);
	xsteer_ctx_free(cli.ctx);
	return notify;
}

static int listen_at(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(addr.sun_path, name, strlen(name));
	if (name[0] == '@')
		addr.sun_path[0] = '\0';
	else
		unlink(name);
	assert_return_code(bind(fd, (struct sockaddr *)&addr,
				(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			   0);
	return fd;
}

static void assert_heard(int fd, const char *wanted)
{
	char text[1024] = "";

	assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), strlen(wanted));
	assert_string_equal(text, wanted);
}

static void assert_silence(int fd)
{
	char text[8];

	assert_int_equal(recv(fd, text, sizeof(text), 0), -1);
}

static void say_at(const char *name)
{
	int fd = listen_at(name);
	struct xs_notify notify = open_notify(name);

	assert_string_equal(warning, "");
	xs_notify_say(&notify, "READY=1\nSTATUS=%s: %d", "rx0", 3);
	assert_heard(fd, "READY=1\nSTATUS=rx0: 3");
	xs_notify_say(&notify, "STOPPING=1");
	assert_heard(fd, "STOPPING=1");
	assert_silence(fd);
	assert_null(getenv("NOTIFY_SOCKET")); /* children have none */
	close(fd);
	xs_notify_say(&notify, "STOPPING=1"); /* nobody listens any more */
	xs_notify_close(&notify);
}

static void both_kinds_of_addresses_are_told(void **state)
{
	char path[64], name[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/notify-test-%d", getpid());
	snprintf(name, sizeof(name), "@xsteer-notify-test-%d", getpid());
	say_at(path);
	unlink(path);
	say_at(name);
}

static void without_a_manager_nothing_is_told(void **state)
{
	static const char *const none[] = { NULL, "" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct xs_notify notify = open_notify(none[i]);

		assert_int_equal(notify.fd, -1);
		assert_string_equal(warning, "");
		xs_notify_say(&notify, "READY=1");
		assert_false(xs_notify_is_due(&notify, 1));
		xs_notify_close(&notify);
	}
}

static void a_descriptor_is_stored_under_its_name_and_forgotten(void **state)
{
	char path[64], buffer[4] = "";
	int fd, pair[2], fds[XS_PASSED_FDS_MAX];
	struct xs_notify notify;
	unsigned int cnt;
	char text[256];
	ssize_t bytes;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/notify-test-%d", getpid());
	fd = listen_at(path);
	notify = open_notify(path);
	assert_return_code(pipe(pair), 0);
	assert_int_equal(xs_notify_store(&notify, "xsteer-q3-0", pair[0]), 0);
	bytes = xs_receive_with_fds(fd, text, sizeof(text), fds, &cnt);
	assert_true(bytes > 0);
	text[bytes] = '\0';
	assert_string_equal(text, "FDSTORE=1\nFDNAME=xsteer-q3-0\nFDPOLL=0");
	assert_int_equal(cnt, 1);
	assert_int_equal(write(pair[1], "abc", 3), 3);
	assert_int_equal(read(fds[0], buffer, 3), 3); /* it is the same pipe */
	assert_string_equal(buffer, "abc");
	xs_notify_forget(&notify, "xsteer-q3-0");
	assert_heard(fd, "FDSTOREREMOVE=1\nFDNAME=xsteer-q3-0");
	close(fd);
	assert_true(xs_notify_store(&notify, "x", pair[0]) < 0); /* nobody listens any more */
	xs_notify_close(&notify);
	xs_notify_forget(&notify, "x"); /* nor is there a manager */
	close(fds[0]);
	close(pair[0]);
	close(pair[1]);
	unlink(path);
}

static void an_address_that_is_none_is_warned_of(void **state)
{
	char long_name[256];
	struct xs_notify notify;

	(void)state;
	notify = open_notify("relative");
	assert_int_equal(notify.fd, -1);
	assert_non_null(strstr(warning, "NOTIFY_SOCKET relative"));
	notify = open_notify("@");
	assert_int_equal(notify.fd, -1);
	memset(long_name, 'a', sizeof(long_name));
	long_name[0] = '/';
	long_name[108] = '\0';
	notify = open_notify(long_name);
	assert_int_equal(notify.fd, -1);
	assert_non_null(strstr(warning, "nobody is told"));
	long_name[107] = '\0';
	notify = open_notify(long_name);
	assert_true(notify.fd >= 0);
	xs_notify_close(&notify);
}

static struct xs_notify open_watched(const char *usec, const char *pid)
{
	setenv("WATCHDOG_USEC", usec, 1);
	if (pid)
		setenv("WATCHDOG_PID", pid, 1);
	else
		unsetenv("WATCHDOG_PID");
	return open_notify("@xsteer-notify-test-watchdog");
}

static void signs_of_life_come_at_half_of_the_time(void **state)
{
	int fd = listen_at("@xsteer-notify-test-watchdog");
	char own[16];
	struct xs_notify notify;

	(void)state;
	snprintf(own, sizeof(own), "%d", getpid());
	notify = open_watched("3000000", own);
	assert_int_equal(notify.ping_ns, 1500000000);
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
	assert_true(xs_notify_is_due(&notify, 10));
	xs_notify_ping(&notify, 10);
	assert_heard(fd, "WATCHDOG=1");
	assert_false(xs_notify_is_due(&notify, 1500000009));
	assert_true(xs_notify_is_due(&notify, 1500000010));
	assert_int_equal(xs_notify_wait_ms(&notify, 1000), 750);
	assert_int_equal(xs_notify_wait_ms(&notify, 50), 50);
	assert_silence(fd);
	xs_notify_close(&notify);
	close(fd);
}

static void a_watchdog_of_another_process_or_of_no_number_is_none(void **state)
{
	static const char *const usecs[] = { "0", "-1", "", "x", "99999999999999999999" };
	struct xs_notify notify;

	(void)state;
	notify = open_watched("3000000", "1");
	assert_int_equal(notify.ping_ns, 0);
	xs_notify_close(&notify);
	for (size_t i = 0; i < sizeof(usecs) / sizeof(*usecs); i++) {
		notify = open_watched(usecs[i], NULL);
		assert_int_equal(notify.ping_ns, 0);
		assert_int_equal(xs_notify_wait_ms(&notify, 1000), 1000);
		xs_notify_close(&notify);
	}
	notify = open_watched("1", NULL);
	assert_int_equal(xs_notify_wait_ms(&notify, 1000), 1);
	xs_notify_close(&notify);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_kinds_of_addresses_are_told),
		cmocka_unit_test(without_a_manager_nothing_is_told),
		cmocka_unit_test(a_descriptor_is_stored_under_its_name_and_forgotten),
		cmocka_unit_test(an_address_that_is_none_is_warned_of),
		cmocka_unit_test(signs_of_life_come_at_half_of_the_time),
		cmocka_unit_test(a_watchdog_of_another_process_or_of_no_number_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
