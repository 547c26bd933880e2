/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock.c - the checker's port: locks, and the TLB of each CPU */
#include "port/check/world.h"

/*
 * Who only looks at the world from outside takes no lock and lets go of none, whoever holds it.
 * Who is inside lets go of nothing that is not held.
 *
 * Readers of a rwsem don't hinder each other, so that they are as good as readers of its object;
 * a writer does, and is hindered.
 */

static void expect_held(bool held)
{
	if (!held)
		port_bug(__FILE__, __LINE__, "a lock is dropped that nobody holds");
}

void port_spin_init(struct port_spinlock *lock)
{
	lock->held = false;
}

void port_spin_lock(struct port_spinlock *lock)
{
	if (!fiber_runs())
		return;
	fiber_wait(WAIT_SPIN, lock, CHECK_WRITE);
	lock->held = true;
}

void port_spin_unlock(struct port_spinlock *lock)
{
	if (!fiber_runs())
		return;
	expect_held(lock->held);
	check_access(lock, CHECK_WRITE);
	lock->held = false;
}

bool port_spin_is_held(const struct port_spinlock *lock)
{
	return !fiber_runs() || lock->held;
}

void port_rwsem_init(struct port_rwsem *sem)
{
	sem->count = 0;
}

void port_down_read(struct port_rwsem *sem)
{
	if (!fiber_runs())
		return;
	fiber_wait(WAIT_READ, sem, CHECK_READ);
	sem->count++;
}

void port_up_read(struct port_rwsem *sem)
{
	if (!fiber_runs())
		return;
	expect_held(sem->count > 0);
	check_access(sem, CHECK_READ);
	sem->count--;
}

void port_down_write(struct port_rwsem *sem)
{
	if (!fiber_runs())
		return;
	fiber_wait(WAIT_WRITE, sem, CHECK_WRITE);
	sem->count = -1;
}

void port_up_write(struct port_rwsem *sem)
{
	if (!fiber_runs())
		return;
	expect_held(sem->count < 0);
	check_access(sem, CHECK_WRITE);
	sem->count = 0;
}

void port_lock_init(struct port_lock *lock)
{
	lock->held = false;
}

bool port_trylock(struct port_lock *lock)
{
	check_access(lock, check_write_kind(!lock->held));
	if (lock->held)
		return false;
	lock->held = true;
	return true;
}

void port_lock(struct port_lock *lock)
{
	fiber_wait(WAIT_LOCK, lock, CHECK_WRITE);
	lock->held = true;
}

void port_unlock(struct port_lock *lock)
{
	expect_held(lock->held);
	check_access(lock, CHECK_WRITE);
	lock->held = false;
}

bool port_is_locked(const struct port_lock *lock)
{
	check_access(lock, CHECK_READ);
	return lock->held;
}

void port_wait_init(struct port_wait_queue *queue)
{
	queue->sleepers = 0;
}

void port_wait(struct port_wait_queue *queue, struct port_spinlock *lock)
{
	expect_held(lock->held);
	check_access(lock, CHECK_WRITE);
	/* No scheduling point in between: a wake after the unlock finds the sleeper. */
	queue->sleepers++;
	lock->held = false;
	fiber_wait(WAIT_WAKE, queue, CHECK_READ);
	port_spin_lock(lock);
}

void port_wake_all(struct port_wait_queue *queue)
{
	check_access(queue, check_write_kind(queue->sleepers));
	for (unsigned task = 0; queue->sleepers && task < CHECK_MAX_TASKS; task++) {
		struct fiber *fiber = &world->fibers[task];

		if (fiber->sp && fiber->wait == WAIT_WAKE && fiber->object == queue) {
			fiber->wait = WAIT_WOKEN;
			queue->sleepers--;
		}
	}
}

void port_resched(void)
{
	fiber_wait(WAIT_WOKEN, NULL, CHECK_READ);
}

void port_cpu_init(struct port_cpu *cpu)
{
	*cpu = (struct port_cpu){0};
}

void port_irq_disable(struct port_cpu *cpu)
{
	if (!fiber_runs())
		return;
	check_access(cpu, CHECK_WRITE);
	cpu->irqs_off = true;
}

void port_irq_enable(struct port_cpu *cpu)
{
	if (!fiber_runs())
		return;
	expect_held(cpu->irqs_off);
	check_access(cpu, CHECK_WRITE);
	cpu->irqs_off = false;
}

/* With interrupts off nobody else comes near the TLB: to use it is no step of its own. */

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
	for (unsigned cpu = 0; cpu < nr; cpu++) {
		bool drops = soft_tlb_has(&cpus[cpu].tlb, tag, first, last);

		/* As the kernel asks only CPUs that use the mm (mm_cpumask()). */
		if (!drops && world->cpu_tags[cpu] && world->cpu_tags[cpu] != tag)
			continue;
		fiber_wait(WAIT_IRQ, &cpus[cpu], check_write_kind(drops));
		soft_tlb_flush(&cpus[cpu].tlb, tag, first, last);
	}
}
