/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port_inline.h - the threads port's atomics */
#ifndef PORT_INLINE_H
#define PORT_INLINE_H

static inline int port_atomic_read(const port_atomic *atomic)
{
	return atomic_load(atomic);
}

static inline int port_atomic_read_relaxed(const port_atomic *atomic)
{
	return atomic_load_explicit(atomic, memory_order_relaxed);
}

static inline void port_atomic_set(port_atomic *atomic, int value)
{
	atomic_store(atomic, value);
}

static inline int port_atomic_add_return(port_atomic *atomic, int add)
{
	return atomic_fetch_add(atomic, add) + add;
}

static inline bool port_atomic_add_unless_below(port_atomic *atomic, int add, int least)
{
	int old = atomic_load_explicit(atomic, memory_order_relaxed);

	while (old >= least) {
		if (atomic_compare_exchange_weak(atomic, &old,
						 (int)((unsigned)old + (unsigned)add)))
			return true;
	}
	return false;
}

static inline bool port_atomic_cmpxchg(port_atomic *atomic, int old, int value)
{
	return atomic_compare_exchange_strong(atomic, &old, value);
}

static inline int port_atomic_or(port_atomic *atomic, int bits)
{
	return atomic_fetch_or(atomic, bits);
}

static inline int port_atomic_andnot(port_atomic *atomic, int bits)
{
	return atomic_fetch_and(atomic, ~bits);
}

static inline uint64_t port_entry_read(const port_entry *entry)
{
	return atomic_load(entry);
}

static inline void port_entry_set(port_entry *entry, uint64_t value)
{
	atomic_store(entry, value);
}

static inline uint64_t port_entry_xchg(port_entry *entry, uint64_t value)
{
	return atomic_exchange(entry, value);
}

static inline uint64_t port_entry_cmpxchg(port_entry *entry, uint64_t old, uint64_t value)
{
	atomic_compare_exchange_strong(entry, &old, value);
	return old;
}

/* Relaxed: data races of the machine's tasks on the machine's memory are theirs to have. */
static inline uint32_t port_word_read(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline void port_word_write(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

#endif
