/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port_inline.h - the checker's port: each access to shared state is a scheduling point */
#ifndef PORT_INLINE_H
#define PORT_INLINE_H

/* Another task may go on here, before the access that follows. */
void check_sched_point(void);

static inline int port_atomic_read(const port_atomic *atomic)
{
	check_sched_point();
	return atomic->value;
}

/* What needs no order is no scheduling point. */
static inline int port_atomic_read_relaxed(const port_atomic *atomic)
{
	return atomic->value;
}

static inline void port_atomic_set(port_atomic *atomic, int value)
{
	check_sched_point();
	atomic->value = value;
}

static inline int port_atomic_add_return(port_atomic *atomic, int add)
{
	check_sched_point();
	return atomic->value += add;
}

static inline bool port_atomic_add_unless_below(port_atomic *atomic, int add, int least)
{
	check_sched_point();
	if (atomic->value < least)
		return false;
	atomic->value = (int)((unsigned)atomic->value + (unsigned)add);
	return true;
}

static inline bool port_atomic_cmpxchg(port_atomic *atomic, int old, int value)
{
	check_sched_point();
	if (atomic->value != old)
		return false;
	atomic->value = value;
	return true;
}

static inline int port_atomic_or(port_atomic *atomic, int bits)
{
	int old;

	check_sched_point();
	old = atomic->value;
	atomic->value |= bits;
	return old;
}

static inline int port_atomic_andnot(port_atomic *atomic, int bits)
{
	int old;

	check_sched_point();
	old = atomic->value;
	atomic->value &= ~bits;
	return old;
}

static inline uint64_t port_entry_read(const port_entry *entry)
{
	check_sched_point();
	return entry->value;
}

static inline void port_entry_set(port_entry *entry, uint64_t value)
{
	check_sched_point();
	entry->value = value;
}

static inline uint64_t port_entry_xchg(port_entry *entry, uint64_t value)
{
	uint64_t old;

	check_sched_point();
	old = entry->value;
	entry->value = value;
	return old;
}

static inline uint64_t port_entry_cmpxchg(port_entry *entry, uint64_t old, uint64_t value)
{
	uint64_t found;

	check_sched_point();
	found = entry->value;
	if (found == old)
		entry->value = value;
	return found;
}

static inline uint32_t port_word_read(const uint32_t *word)
{
	check_sched_point();
	return *word;
}

static inline void port_word_write(uint32_t *word, uint32_t value)
{
	check_sched_point();
	*word = value;
}

#endif
