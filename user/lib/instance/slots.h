/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The slots of an instance, for a process that inserts a socket into one: is the slot
 * free, take it, give it up, is the instance still there. The caller holds the lock of
 * the pin root while it joins or leaves.
 */
#ifndef XS_INSTANCE_SLOTS_H
#define XS_INSTANCE_SLOTS_H

#include <stdbool.h>
#include <linux/types.h>

#include "live.h"
#include "pins.h"

struct xs_netif;

/*
 * Opens the instance of `ifname` whose program is on the hook, for a socket. *live is
 * zeroed if the program's pin may not be read; the program is then assumed to be there.
 * Removes automatic instances that killed processes left. *root, the pin root's lock, is
 * released while somebody who holds the instance's is waited for, and held again on return;
 * -1: it could not be taken again. 0; -ENOENT, silently: there is no instance; or as
 * xs_pins_open() and xs_pins_lock(), logged.
 */
int xs_slots_open(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname,
		  struct xs_live *live, int *root);

/* 0; or -EBUSY, logged: a living process owns the slot, or is about to. */
int xs_slot_check(const struct xs_pins *pins, const char *ifname, __u32 slot);

/*
 * Writes that this process is about to insert a socket. So the instance stays and
 * nobody else takes the slot, while the socket waits for its queue without a lock.
 */
int xs_slot_announce(const struct xs_pins *pins, __u32 slot);

/*
 * Inserts the socket into a slot of the XSKMAP; never overwrites another one. `pins` is
 * used to name the owner of what is there; NULL: there are no owners. 0; or -errno,
 * logged. -EEXIST: the slot is taken.
 */
int xs_slot_insert(struct xsteer_ctx *ctx, int map_fd, const struct xs_pins *pins,
		   const char *ifname, __u32 slot, int socket_fd);

/*
 * Writes the owner: this process, as of now. Queue, modes and descriptor are those of `owner`.
 * Sets *since_ns, by which it keeps what its socket counts (socket_stats.h).
 */
int xs_slot_claim(const struct xs_pins *pins, __u32 slot, struct xs_owner owner, __u64 *since_ns);

/*
 * Writes that nobody has the slot, if the row is that of our socket, or of one that we were about to
 * insert. Others may have written theirs there meanwhile, as one who was given the socket of a process
 * that was dead when we came. since_ns as from xs_slot_claim(); 0: not claimed. 0; or -errno, logged.
 */
int xs_slot_give_up(const struct xs_pins *pins, __u32 slot, __u64 since_ns);

/*
 * Writes that this process has the socket that is in the slot since owner.since_ns, in place of who
 * had it: what it has counted goes on. 0; or -errno, logged. -ESTALE: a living process has another
 * socket there.
 */
int xs_slot_take_over(const struct xs_pins *pins, __u32 slot, struct xs_owner owner);

/*
 * The same after the death of who had it, whatever stands there now. Of `owner` everything but the
 * process counts.
 */
int xs_slot_take_back(const struct xs_pins *pins, __u32 slot, struct xs_owner owner);

/*
 * Between the two, for a process that keeps the socket of `pid`, which is dead: writes that it is about
 * to insert one, if the row is still that of `pid`. Silent: the kernel lets nobody bind the queue.
 */
void xs_slot_hold_after(int owners_fd, __u32 slot, __u32 pid, __u64 since_ns);

/*
 * For a process with a socket in the slot: writes its row again if another has put none of a living
 * process in its place, as one does that took us for dead. 0; or -errno, logged.
 */
int xs_slot_stay(const struct xs_pins *pins, __u32 slot, struct xs_owner owner);

/*
 * For a process with a socket in a slot: 0; or -ESTALE, logged: the instance has been detached, or
 * another one has taken its place, so that no frame comes any more. No call tells the socket.
 * While an instance is replaced it is missing for a moment, so this is said only if *times, which
 * is 0 at first, has counted two calls in a row that found it so: a second between them is enough. What
 * cannot be asked counts as there.
 */
int xs_slots_check_instance(const struct xs_pins *pins, const struct xs_netif *netif, __u32 *times);

/*
 * For a process that leaves: removes the instance if it is automatic and no living process
 * owns a slot. but_us: rows of this process do not count, since one of them may have been
 * impossible to clear. *root as in xs_slots_open(). 0; or as xs_instance_take_apart(), logged.
 */
int xs_slots_take_apart_unused(const struct xs_pins *pins, bool but_us, int *root);

#endif
