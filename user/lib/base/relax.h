/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* For loops that wait without sleeping. */
#ifndef XS_BASE_RELAX_H
#define XS_BASE_RELAX_H

/* Gives the core's other thread a moment. */
static inline void xs_cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	asm volatile("yield" ::: "memory");
#else
	asm volatile("" ::: "memory");
#endif
}

#endif
