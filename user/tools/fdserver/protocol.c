// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The device plugin's questions, read; see protocol.h. */
#include <string.h>

#include "lib/base/number.h"
#include "protocol.h"

#define TIMEOUT_MAX 1000000 /* a second; the kernel takes an int */
#define BUDGET_MAX 65535 /* the kernel's field has 16 bits */

/* What follows "WORD," in the text; NULL: another word. */
static const char *argument_of(const char *text, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(text, word, len) && text[len] == ',' ? text + len + 1 : NULL;
}

/* The plugin's server ignores spaces in names. A comma would begin another argument. */
static int copy_name(char name[XS_MESSAGE_MAX], const char *from)
{
	size_t len = 0;

	for (; *from; from++) {
		if (*from == ',')
			return -1;
		if (*from != ' ')
			name[len++] = *from;
	}
	name[len] = '\0';
	return len ? 0 : -1;
}

/* "TIMEOUT,BUDGET" */
static int read_busy_poll(struct xs_question *question, char *from)
{
	char *comma = strchr(from, ',');
	__u64 timeout, budget;

	if (!comma)
		return -1;
	*comma = '\0';
	if (xs_parse_u64(from, 0, TIMEOUT_MAX, &timeout) ||
	    xs_parse_u64(comma + 1, 0, BUDGET_MAX, &budget))
		return -1;
	question->timeout_us = (__u32)timeout;
	question->budget = (__u32)budget;
	return 0;
}

void xs_question_read(struct xs_question *question, const char *bytes, size_t len)
{
	char text[XS_MESSAGE_MAX + 1];
	const char *argument;

	memset(question, 0, sizeof(*question));
	if (!len || len > XS_MESSAGE_MAX || memchr(bytes, '\0', len))
		return;
	memcpy(text, bytes, len);
	text[len] = '\0';
	if (!strcmp(text, "/version")) {
		question->kind = XS_QUESTION_VERSION;
	} else if (!strcmp(text, "/fin")) {
		question->kind = XS_QUESTION_FIN;
	} else if ((argument = argument_of(text, "/connect"))) {
		if (!copy_name(question->name, argument))
			question->kind = XS_QUESTION_CONNECT;
	} else if ((argument = argument_of(text, "/xsk_map_fd"))) {
		if (!copy_name(question->name, argument))
			question->kind = XS_QUESTION_MAP;
	} else if ((argument = argument_of(text, "/config_busy_poll"))) {
		if (!read_busy_poll(question, text + (argument - text)))
			question->kind = XS_QUESTION_BUSY_POLL;
	}
}
