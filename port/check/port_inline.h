/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port_inline.h - the checker's port: each access to shared state is a scheduling point */
#ifndef PORT_INLINE_H
#define PORT_INLINE_H

/* What the step that follows does to an object, which its address stands for. */
enum check_kind {
	CHECK_READ,
	CHECK_WRITE,
	CHECK_SILENT, /* a write that changes nothing as things are now: as good as a read */
};

/* Another task may go on here, before the access that follows. */
void check_access(const void *object, enum check_kind kind);

static inline enum check_kind check_write_kind(bool changes)
{
	return changes ? CHECK_WRITE : CHECK_SILENT;
}

static inline int port_atomic_read(const port_atomic *atomic)
{
	check_access(atomic, CHECK_READ);
	return atomic->value;
}

/* What needs no order is no scheduling point. */
static inline int port_atomic_read_relaxed(const port_atomic *atomic)
{
	return atomic->value;
}

static inline void port_atomic_set(port_atomic *atomic, int value)
{
	check_access(atomic, check_write_kind(atomic->value != value));
	atomic->value = value;
}

static inline int port_atomic_add_return(port_atomic *atomic, int add)
{
	check_access(atomic, CHECK_WRITE);
	return atomic->value += add;
}

static inline bool port_atomic_add_unless_below(port_atomic *atomic, int add, int least)
{
	check_access(atomic, check_write_kind(atomic->value >= least));
	if (atomic->value < least)
		return false;
	atomic->value = (int)((unsigned)atomic->value + (unsigned)add);
	return true;
}

static inline bool port_atomic_cmpxchg(port_atomic *atomic, int old, int value)
{
	check_access(atomic, check_write_kind(atomic->value == old && old != value));
	if (atomic->value != old)
		return false;
	atomic->value = value;
	return true;
}

static inline int port_atomic_or(port_atomic *atomic, int bits)
{
	int old;

	check_access(atomic, check_write_kind(bits & ~atomic->value));
	old = atomic->value;
	atomic->value |= bits;
	return old;
}

static inline int port_atomic_andnot(port_atomic *atomic, int bits)
{
	int old;

	check_access(atomic, check_write_kind(bits & atomic->value));
	old = atomic->value;
	atomic->value &= ~bits;
	return old;
}

static inline uint64_t port_entry_read(const port_entry *entry)
{
	check_access(entry, CHECK_READ);
	return entry->value;
}

static inline void port_entry_set(port_entry *entry, uint64_t value)
{
	check_access(entry, check_write_kind(entry->value != value));
	entry->value = value;
}

static inline uint64_t port_entry_xchg(port_entry *entry, uint64_t value)
{
	uint64_t old;

	check_access(entry, check_write_kind(entry->value != value));
	old = entry->value;
	entry->value = value;
	return old;
}

static inline uint64_t port_entry_cmpxchg(port_entry *entry, uint64_t old, uint64_t value)
{
	uint64_t found;

	check_access(entry, check_write_kind(entry->value == old && old != value));
	found = entry->value;
	if (found == old)
		entry->value = value;
	return found;
}

static inline uint32_t port_word_read(const uint32_t *word)
{
	check_access(word, CHECK_READ);
	return *word;
}

static inline void port_word_write(uint32_t *word, uint32_t value)
{
	check_access(word, check_write_kind(*word != value));
	*word = value;
}

#endif
