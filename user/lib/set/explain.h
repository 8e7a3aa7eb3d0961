/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Loads the real program a second time, beside an instance or on its own, and runs it
 * on given frames by BPF_PROG_TEST_RUN. It shares the instance's rules and targets but
 * counts in its own maps.
 */
#ifndef XS_EXPLAIN_H
#define XS_EXPLAIN_H

#include "lib/base/frames.h"
#include "lib/instance/pins.h"
#include "lib/rules/model/rule.h"

struct xsteer_bpf;

struct xs_explain {
	struct xsteer_bpf *skel;
	struct xs_pins pins; /* its maps; dir is "" */
};

/*
 * Loads the program for frames of queue `queue`, whose connections have the state `ct_state`, over
 * the rules and targets of `live`, or with empty maps of its own if that is NULL. Needs CAP_BPF,
 * CAP_NET_ADMIN, CAP_SYS_ADMIN. 0 or -errno, logged. The caller calls xs_explain_close().
 */
int xs_explain_open(struct xsteer_ctx *ctx, struct xs_explain *explain, const struct xs_pins *live,
		    __u32 queue, enum xs_ct_state ct_state);
void xs_explain_close(struct xs_explain *explain);
/* The program's descriptor. It is valid while *explain is open. */
int xs_explain_prog_fd(const struct xs_explain *explain);

/*
 * Runs one frame; *xdp is what the program returned. 0 or -errno, logged: the kernel
 * accepts no frame below 14 bytes (net/bpf/test_run.c), and frames above one page only
 * since Linux 5.18.
 */
int xs_explain_run(struct xsteer_ctx *ctx, const struct xs_explain *explain,
		   const struct xs_frame *frame, struct xs_explained *result, int *xdp);

const char *xs_xdp_name(int xdp); /* XDP_PASS ... */

/*
 * Measures nanoseconds per frame of program `prog_fd`: runs each frame `repeat` times,
 * takes the best of `rounds`, and averages over the frames. 0 or -errno, logged.
 */
int xs_measure(struct xsteer_ctx *ctx, int prog_fd, const struct xs_frames *frames, __u32 repeat,
	       __u32 rounds, double *ns);
/* Loads a program that only returns XDP_DROP. Returns its descriptor or -errno, logged. */
int xs_bare_program(struct xsteer_ctx *ctx);

#endif
