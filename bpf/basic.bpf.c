// SPDX-License-Identifier: GPL-2.0
/*
 * The basic program: that of xsteer.bpf.c for kernels that have no bpf_loop() (before Linux
 * 5.17). It has no limits and no dynamic sets, and its verification takes longer.
 */
#define XS_BASIC
#include "xsteer.bpf.c"
