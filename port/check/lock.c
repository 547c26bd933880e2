/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock.c - the checker's port: locks, and the TLB of each CPU */
#include "port/check/world.h"

void port_spin_init(struct port_spinlock *lock)
{
	lock->held = false;
}

void port_spin_lock(struct port_spinlock *lock)
{
	check_sched_point();
	while (lock->held)
		fiber_wait(WAIT_SPIN, lock);
	lock->held = true;
}

void port_spin_unlock(struct port_spinlock *lock)
{
	check_sched_point();
	lock->held = false;
}

void port_rwsem_init(struct port_rwsem *sem)
{
	sem->count = 0;
}

void port_down_read(struct port_rwsem *sem)
{
	check_sched_point();
	while (sem->count < 0)
		fiber_wait(WAIT_READ, sem);
	sem->count++;
}

void port_up_read(struct port_rwsem *sem)
{
	check_sched_point();
	sem->count--;
}

void port_down_write(struct port_rwsem *sem)
{
	check_sched_point();
	while (sem->count)
		fiber_wait(WAIT_WRITE, sem);
	sem->count = -1;
}

void port_up_write(struct port_rwsem *sem)
{
	check_sched_point();
	sem->count = 0;
}

void port_lock_init(struct port_lock *lock)
{
	lock->held = false;
}

bool port_trylock(struct port_lock *lock)
{
	check_sched_point();
	if (lock->held)
		return false;
	lock->held = true;
	return true;
}

void port_lock(struct port_lock *lock)
{
	check_sched_point();
	while (lock->held)
		fiber_wait(WAIT_LOCK, lock);
	lock->held = true;
}

void port_unlock(struct port_lock *lock)
{
	check_sched_point();
	lock->held = false;
}

bool port_is_locked(const struct port_lock *lock)
{
	check_sched_point();
	return lock->held;
}

void port_wait_init(struct port_wait_queue *queue)
{
	queue->sleepers = 0;
}

void port_wait(struct port_wait_queue *queue, struct port_spinlock *lock)
{
	/* No scheduling point in between: a wake after the unlock finds the sleeper. */
	queue->sleepers++;
	lock->held = false;
	fiber_wait(WAIT_WAKE, queue);
	port_spin_lock(lock);
}

void port_wake_all(struct port_wait_queue *queue)
{
	for (unsigned task = 0; queue->sleepers && task < CHECK_MAX_TASKS; task++) {
		struct fiber *fiber = &world->fibers[task];

		if (fiber->sp && fiber->wait == WAIT_WAKE && fiber->object == queue) {
			fiber->wait = WAIT_WOKEN;
			queue->sleepers--;
		}
	}
}

void port_cpu_init(struct port_cpu *cpu)
{
	*cpu = (struct port_cpu){0};
}

void port_irq_disable(struct port_cpu *cpu)
{
	cpu->irqs_off = true;
}

void port_irq_enable(struct port_cpu *cpu)
{
	check_sched_point();
	cpu->irqs_off = false;
}

bool port_tlb_lookup(struct port_cpu *cpu, unsigned tag, unsigned long vpn, uint64_t *entry)
{
	check_sched_point();
	return soft_tlb_lookup(&cpu->tlb, tag, vpn, entry);
}

void port_tlb_insert(struct port_cpu *cpu, unsigned tag, unsigned long vpn, uint64_t entry)
{
	check_sched_point();
	soft_tlb_insert(&cpu->tlb, tag, vpn, entry);
}

void port_tlb_flush(struct port_cpu *cpus, unsigned nr, unsigned tag, unsigned long first,
		    unsigned long last)
{
	for (unsigned cpu = 0; cpu < nr; cpu++) {
		check_sched_point();
		while (cpus[cpu].irqs_off)
			fiber_wait(WAIT_IRQ, &cpus[cpu]);
		soft_tlb_flush(&cpus[cpu].tlb, tag, first, last);
	}
}
