/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads.c - the threads port: locks on futexes, memory from the C library */
#include "port/port.h"
#include "threads.h"

#include <linux/futex.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define PORT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PORT_ASAN 1
#endif
#endif

#ifdef PORT_ASAN
#include <sanitizer/asan_interface.h>
#endif

#define RWSEM_WRITER UINT_MAX

/* Spins before a thread gives the processor away; there may be fewer processors than threads. */
#define SPINS_BEFORE_YIELD 100

static _Thread_local unsigned current_cpu;
static atomic_uint allocations_to_failure;

static void futex_wait(atomic_uint *word, unsigned value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake_all(atomic_uint *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* Sleep until *word is no longer `value`. */
static void sleep_while(atomic_uint *word, atomic_uint *waiters, unsigned value)
{
	atomic_fetch_add(waiters, 1);
	if (atomic_load(word) == value)
		futex_wait(word, value);
	atomic_fetch_sub(waiters, 1);
}

static void wake(atomic_uint *word, atomic_uint *waiters)
{
	if (atomic_load(waiters))
		futex_wake_all(word);
}

void port_spin_init(struct port_spinlock *lock)
{
	atomic_init(&lock->held, 0);
}

void port_spin_lock(struct port_spinlock *lock)
{
	for (unsigned spins = 0; atomic_exchange_explicit(&lock->held, 1, memory_order_acquire);
	     spins++) {
		if (spins >= SPINS_BEFORE_YIELD)
			sched_yield();
	}
}

void port_spin_unlock(struct port_spinlock *lock)
{
	atomic_store_explicit(&lock->held, 0, memory_order_release);
}

bool port_spin_is_held(const struct port_spinlock *lock)
{
	return atomic_load_explicit(&lock->held, memory_order_relaxed);
}

void port_rwsem_init(struct port_rwsem *sem)
{
	atomic_init(&sem->count, 0);
	atomic_init(&sem->waiters, 0);
}

void port_down_read(struct port_rwsem *sem)
{
	unsigned count = atomic_load(&sem->count);

	for (;;) {
		if (count == RWSEM_WRITER) {
			sleep_while(&sem->count, &sem->waiters, RWSEM_WRITER);
			count = atomic_load(&sem->count);
		} else if (atomic_compare_exchange_weak(&sem->count, &count, count + 1)) {
			return;
		}
	}
}

void port_up_read(struct port_rwsem *sem)
{
	if (atomic_fetch_sub(&sem->count, 1) == 1)
		wake(&sem->count, &sem->waiters);
}

void port_down_write(struct port_rwsem *sem)
{
	unsigned count = 0;

	while (!atomic_compare_exchange_strong(&sem->count, &count, RWSEM_WRITER)) {
		sleep_while(&sem->count, &sem->waiters, count);
		count = 0;
	}
}

void port_up_write(struct port_rwsem *sem)
{
	atomic_store(&sem->count, 0);
	wake(&sem->count, &sem->waiters);
}

void port_lock_init(struct port_lock *lock)
{
	atomic_init(&lock->held, 0);
	atomic_init(&lock->waiters, 0);
}

bool port_trylock(struct port_lock *lock)
{
	return !atomic_exchange(&lock->held, 1);
}

void port_lock(struct port_lock *lock)
{
	while (!port_trylock(lock))
		sleep_while(&lock->held, &lock->waiters, 1);
}

void port_unlock(struct port_lock *lock)
{
	atomic_store(&lock->held, 0);
	wake(&lock->held, &lock->waiters);
}

bool port_is_locked(const struct port_lock *lock)
{
	return atomic_load(&lock->held);
}

void port_wait_init(struct port_wait_queue *queue)
{
	atomic_init(&queue->wakes, 0);
}

void port_wait(struct port_wait_queue *queue, struct port_spinlock *lock)
{
	unsigned wakes = atomic_load(&queue->wakes);

	port_spin_unlock(lock);
	futex_wait(&queue->wakes, wakes);
	port_spin_lock(lock);
}

/* The caller holds the lock, so no sleeper has left the queue's memory yet. */
void port_wake_all(struct port_wait_queue *queue)
{
	atomic_fetch_add(&queue->wakes, 1);
	futex_wake_all(&queue->wakes);
}

void port_resched(void)
{
	sched_yield();
}

void port_fail_allocation(unsigned n)
{
	atomic_store(&allocations_to_failure, n);
}

/* With AddressSanitizer, who uses the piece all the same is told. */
#ifdef PORT_ASAN
void port_poison(void *piece, size_t size)
{
	ASAN_POISON_MEMORY_REGION(piece, size);
}

void port_unpoison(void *piece, size_t size)
{
	ASAN_UNPOISON_MEMORY_REGION(piece, size);
}
#else
void port_poison(void *piece, size_t size)
{
	(void)piece;
	(void)size;
}

void port_unpoison(void *piece, size_t size)
{
	(void)piece;
	(void)size;
}
#endif

bool port_should_fail(void)
{
	unsigned left = atomic_load_explicit(&allocations_to_failure, memory_order_relaxed);

	while (left) {
		if (atomic_compare_exchange_weak(&allocations_to_failure, &left, left - 1))
			return left == 1;
	}
	return false;
}

void *port_alloc(size_t size)
{
	if (port_should_fail())
		return NULL;
	return calloc(1, size);
}

void port_free(void *memory)
{
	free(memory);
}

void port_set_cpu(unsigned cpu)
{
	current_cpu = cpu;
}

unsigned port_cpu_id(void)
{
	return current_cpu;
}

void port_cpu_init(struct port_cpu *cpu)
{
	port_spin_init(&cpu->irq);
	cpu->tlb = (struct soft_tlb){0};
}

void port_irq_disable(struct port_cpu *cpu)
{
	port_spin_lock(&cpu->irq);
}

void port_irq_enable(struct port_cpu *cpu)
{
	port_spin_unlock(&cpu->irq);
}

bool port_tlb_lookup(struct port_cpu *cpu, unsigned tag, unsigned long vpn, uint64_t *entry)
{
	return soft_tlb_lookup(&cpu->tlb, tag, vpn, entry);
}

void port_tlb_insert(struct port_cpu *cpu, unsigned tag, unsigned long vpn, uint64_t entry)
{
	soft_tlb_insert(&cpu->tlb, tag, vpn, entry);
}

void port_tlb_flush(struct port_cpu *cpus, unsigned nr, unsigned tag, unsigned long first,
		    unsigned long last)
{
	for (unsigned i = 0; i < nr; i++) {
		port_spin_lock(&cpus[i].irq);
		soft_tlb_flush(&cpus[i].tlb, tag, first, last);
		port_spin_unlock(&cpus[i].irq);
	}
}

_Noreturn void port_bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: BUG: %s\n", file, line, what);
	abort();
}
