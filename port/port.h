/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port.h - what mm/ stands on: locks, atomics, memory, CPUs and their TLBs
 *
 * A port supplies three things: port_types.h (the types), port_inline.h (the functions that are
 * declared `static inline` here) and a library with the rest. mm/ is compiled once for each port.
 *
 * Every function that takes a lock, or reads or writes what another task may write, is a place
 * where the checker's port may let another task go on.
 */
#ifndef PORT_PORT_H
#define PORT_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port_types.h"

/*
 * Atomic ints. All are sequentially consistent but the two *_relaxed, which order nothing.
 */
static inline int port_atomic_read(const port_atomic *atomic);
static inline int port_atomic_read_relaxed(const port_atomic *atomic);
static inline void port_atomic_set(port_atomic *atomic, int value);
static inline int port_atomic_add_return(port_atomic *atomic, int add);
/* Add unless the value is below `least`; false if it was. What is too large becomes negative. */
static inline bool port_atomic_add_unless_below(port_atomic *atomic, int add, int least);
/* `value` instead of `old`; false if it was something else. */
static inline bool port_atomic_cmpxchg(port_atomic *atomic, int old, int value);
/* Set and clear bits; returns the old value. */
static inline int port_atomic_or(port_atomic *atomic, int bits);
static inline int port_atomic_andnot(port_atomic *atomic, int bits);

/* Page-table entries: 64 bits, sequentially consistent. */
static inline uint64_t port_entry_read(const port_entry *entry);
static inline void port_entry_set(port_entry *entry, uint64_t value);
static inline uint64_t port_entry_xchg(port_entry *entry, uint64_t value);
/* Returns the value found; the exchange took place if it is `old`. */
static inline uint64_t port_entry_cmpxchg(port_entry *entry, uint64_t old, uint64_t value);

/* Ints in a frame, which tasks and devices read and write as they like. */
static inline uint32_t port_word_read(const uint32_t *word);
static inline void port_word_write(uint32_t *word, uint32_t value);

/* Spinning lock. No other lock of this header may be waited for under it but a spinlock. */
void port_spin_init(struct port_spinlock *lock);
void port_spin_lock(struct port_spinlock *lock);
void port_spin_unlock(struct port_spinlock *lock);
/* Does anybody hold it? For who relies on it that his caller does. */
bool port_spin_is_held(const struct port_spinlock *lock);

/* Sleeping lock with many readers or one writer. */
void port_rwsem_init(struct port_rwsem *sem);
void port_down_read(struct port_rwsem *sem);
void port_up_read(struct port_rwsem *sem);
void port_down_write(struct port_rwsem *sem);
void port_up_write(struct port_rwsem *sem);

/* Sleeping lock which any task may release: the page lock. */
void port_lock_init(struct port_lock *lock);
bool port_trylock(struct port_lock *lock);
void port_lock(struct port_lock *lock);
void port_unlock(struct port_lock *lock);
bool port_is_locked(const struct port_lock *lock);

/*
 * A queue on which tasks sleep until another one wakes them, like a condition variable: all three
 * are called with the same spinlock held, the init function aside.
 */
void port_wait_init(struct port_wait_queue *queue);
/* Let go of the lock, sleep, and take it again. May return though nobody woke: look again. */
void port_wait(struct port_wait_queue *queue, struct port_spinlock *lock);
void port_wake_all(struct port_wait_queue *queue);

/* Let others run: between two things that a task does without a lock, they may do a lot. */
void port_resched(void);

/* Zeroed memory, or NULL. */
void *port_alloc(size_t size);
void port_free(void *memory);

/*
 * What is given out and taken back in pieces, as frames are: nobody may use the piece from here
 * until it is given out again. Its content is gone.
 */
void port_poison(void *piece, size_t size);
void port_unpoison(void *piece, size_t size);

/* Fault injection: should the allocation that is about to be made fail? port_alloc() asks itself.
 */
bool port_should_fail(void);

/* The CPU that the calling task runs on, from 0. A task does not change its CPU inside mm/. */
unsigned port_cpu_id(void);

/* Make `cpu` ready for use, its TLB empty. */
void port_cpu_init(struct port_cpu *cpu);

/*
 * Between these two the CPU (the caller's own) answers no TLB flush, so no frame or table that
 * it can reach is freed. No lock may be waited for in between.
 */
void port_irq_disable(struct port_cpu *cpu);
void port_irq_enable(struct port_cpu *cpu);

/*
 * The translation of virtual page `vpn` of the address space `tag` that the CPU has cached; false
 * if it has none. Called with interrupts off.
 */
bool port_tlb_lookup(struct port_cpu *cpu, unsigned tag, unsigned long vpn, uint64_t *entry);

/* Cache a translation. Called with interrupts off. */
void port_tlb_insert(struct port_cpu *cpu, unsigned tag, unsigned long vpn, uint64_t entry);

/*
 * Drop the translations of pages first to last of `tag` on all `nr` CPUs, and wait for each
 * section with interrupts off that was under way. Spinlocks may be held.
 */
void port_tlb_flush(struct port_cpu *cpus, unsigned nr, unsigned tag, unsigned long first,
		    unsigned long last);

/* A state that must not be: what can't go on does not. */
_Noreturn void port_bug(const char *file, int line, const char *what);

#include "port_inline.h"

#endif
