/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm.h - the memory manager as its users see it
 *
 * A machine has frames, CPUs and address spaces. Every function may be called from any number of
 * tasks at once, each on a CPU of its own (port_cpu_id()), unless it says otherwise. Errors are the
 * kernel's, negative. After an error every count is as before the call.
 */
#ifndef MM_MM_H
#define MM_MM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/geometry.h"
#include "mm/pgtable.h"
#include "mm/rules.h"
#include "port/port.h"

/* The errors that mm/ returns, with Linux's numbers. */
enum mm_errno {
	MM_EIO = 5,
	MM_EAGAIN = 11,
	MM_ENOMEM = 12,
	MM_EFAULT = 14,
	MM_EEXIST = 17,
	MM_EINVAL = 22,
};

/* struct page's flags. */
enum page_flag {
	PG_ANON = 1 << 0,
	PG_ANON_EXCLUSIVE =
		1 << 1,       /* PageAnonExclusive: one mm maps it, and it is not to be shared */
	PG_LRU = 1 << 2,      /* on the LRU, no longer in a CPU's add cache */
	PG_TABLE = 1 << 3,    /* a page table */
	PG_RESERVED = 1 << 4, /* the zero page */
	PG_SHMEM = 1 << 5,    /* owned by a struct shmem */
	PG_FREE = 1 << 6,
};

/* What FOLL_PIN adds to the reference count of a page (GUP_PIN_COUNTING_BIAS). */
#define GUP_PIN_COUNTING_BIAS 1024

/* A frame's description. The frame itself is machine->memory + pfn * MM_PAGE_SIZE. */
struct page {
	port_atomic refcount;
	port_atomic mapcount; /* PTEs that map it */
	port_atomic flags;
	struct port_lock lock;    /* the page lock */
	struct port_spinlock ptl; /* of the entries, where the frame is a table */
	pfn_t next_free;
};

/* Pages on their way to the LRU, of one CPU: each holds a reference (PAGEVEC_SIZE). */
#define LRU_ADD_CACHE_SIZE 15

struct lru_add_cache {
	unsigned nr;
	struct page *pages[LRU_ADD_CACHE_SIZE];
};

struct machine {
	struct mm_rules rules;
	unsigned nr_frames;
	unsigned nr_cpus;
	unsigned char *memory;
	struct page *pages;
	pfn_t zero_pfn;

	struct port_spinlock free_lock; /* protects the two below */
	pfn_t first_free;
	unsigned nr_free;

	struct port_spinlock mm_lock; /* protects the two below */
	struct mm *mms;
	unsigned last_mm_id;

	struct port_cpu *cpus;
	struct lru_add_cache *lru_add; /* one a CPU, which alone uses it */
};

/* VMA flags; PROT_ and MAP_ bits of the calls below use the first ones. */
enum vm_flag {
	VM_READ = 1 << 0,
	VM_WRITE = 1 << 1,
	VM_SHARED = 1 << 2,
	VM_MAYREAD = 1 << 3,
	VM_MAYWRITE = 1 << 4,
	VM_DONTCOPY = 1 << 5,
	VM_WIPEONFORK = 1 << 6,
	VM_SOFTDIRTY = 1 << 7, /* all of it counts as soft-dirty */
};

/* Shared anonymous memory. */
struct shmem {
	port_atomic users; /* VMAs */
	struct port_spinlock lock;
	unsigned long nr_pages;
	struct page *pages[]; /* NULL: not touched yet; protected by lock */
};

/* Addresses [start, end) with one set of flags. */
struct vma {
	unsigned long start;
	unsigned long end;
	unsigned flags;
	struct shmem *shmem; /* NULL: private */
	unsigned long pgoff; /* page of shmem at start */
};

/* An address space. */
struct mm {
	struct machine *machine;
	unsigned id; /* tags its TLB entries; never used again */
	struct port_rwsem mmap_lock;
	struct port_spinlock page_table_lock; /* protects entries above the PTEs */
	pfn_t pgd;
	port_atomic has_pinned;        /* somebody has used FOLL_PIN on it */
	port_atomic write_protect_seq; /* odd while fork write-protects */
	unsigned nr_vmas;              /* vmas[] is sorted; protected by mmap_lock */
	unsigned max_vmas;
	struct vma *vmas;
	struct mm *next; /* protected by machine->mm_lock */
};

/* A machine with that many frames and CPUs, under a copy of `rules`; NULL without memory. */
struct machine *machine_create(const struct mm_rules *rules, unsigned nr_frames, unsigned nr_cpus);

/* Every address space must be gone; no task may be inside. */
void machine_destroy(struct machine *machine);

pfn_t page_to_pfn(const struct machine *machine, const struct page *page);
struct page *pfn_to_page(const struct machine *machine, pfn_t pfn);
uint32_t *page_words(const struct machine *machine, const struct page *page);

/* The calling CPU's LRU add cache lets go of its pages (lru_add_drain()). */
void lru_add_drain(struct machine *machine);

/* An empty address space, or NULL without memory. */
struct mm *mm_create(struct machine *machine);

/* Unmap everything (exit_mmap()). No task may use mm any more. */
void mm_destroy(struct mm *mm);

/* fork's dup_mmap(): 0 and the child, or -ENOMEM. */
int mm_fork(struct mm *parent, struct mm **child);

/*
 * mmap(MAP_ANONYMOUS | MAP_FIXED): flags is VM_READ | VM_WRITE | VM_SHARED as wanted; what was
 * mapped there is gone. Lengths are rounded up to pages. -EINVAL for a bad range, -ENOMEM.
 */
int mm_mmap(struct mm *mm, unsigned long addr, unsigned long length, unsigned flags);

/* -EINVAL for a bad range, -ENOMEM. */
int mm_munmap(struct mm *mm, unsigned long addr, unsigned long length);

/* flags is VM_READ | VM_WRITE as wanted. -ENOMEM if part of the range is not mapped. */
int mm_mprotect(struct mm *mm, unsigned long addr, unsigned long length, unsigned flags);

/*
 * mremap(MREMAP_MAYMOVE | MREMAP_FIXED) of the same length: what was mapped at `to` is gone, as in
 * Linux also when the move itself then fails. -EINVAL for overlapping or bad ranges, -EFAULT if
 * addr is not mapped, or the range is not one mapping and the rules ask for that.
 */
int mm_mremap(struct mm *mm, unsigned long addr, unsigned long length, unsigned long to);

enum mm_advice {
	MM_MADV_DONTNEED,
	MM_MADV_DONTFORK,
	MM_MADV_DOFORK,
	MM_MADV_WIPEONFORK,
	MM_MADV_KEEPONFORK,
	MM_MADV_POPULATE_READ,
	MM_MADV_POPULATE_WRITE,
};

/* As madvise(2): -ENOMEM if part of the range is not mapped, the rest being done. */
int mm_madvise(struct mm *mm, unsigned long addr, unsigned long length, enum mm_advice advice);

/* Write 4 to /proc/PID/clear_refs: clear the soft-dirty bits. */
void mm_clear_refs(struct mm *mm);

/*
 * One access by a task of mm to an aligned int: through the CPU's TLB, the tables, and faults.
 * -EFAULT: SIGSEGV; -ENOMEM: no frame for it.
 */
int mm_load(struct mm *mm, unsigned long addr, uint32_t *value);
int mm_store(struct mm *mm, unsigned long addr, uint32_t value);

/* As ptrace(2) with FOLL_FORCE: -EIO if the memory can't be accessed. */
int mm_ptrace_peekdata(struct mm *mm, unsigned long addr, uint32_t *value);
int mm_ptrace_pokedata(struct mm *mm, unsigned long addr, uint32_t value);

/* As the system calls, for one int: -EFAULT if the memory can't be accessed. */
int mm_process_vm_readv(struct mm *mm, unsigned long addr, uint32_t *value);
int mm_process_vm_writev(struct mm *mm, unsigned long addr, uint32_t value);

/* The kernel's values. */
enum foll_flag {
	FOLL_WRITE = 0x01,
	FOLL_GET = 0x04, /* set by get_user_pages*() */
	FOLL_FORCE = 0x10,
	FOLL_COW = 0x4000, /* internal: a write fault has broken COW */
	FOLL_LONGTERM = 0x10000,
	FOLL_PIN = 0x40000, /* set by pin_user_pages*() */
	FOLL_FAST_ONLY = 0x80000,
};

/*
 * Take a reference or a pin on the pages from addr's on. flags: FOLL_WRITE, FOLL_FORCE,
 * FOLL_LONGTERM; fast also FOLL_FAST_ONLY. Returns how many pages were taken; an error only if
 * none was: -EFAULT, -ENOMEM, -EINVAL for other flags. The slow forms work on any mm, the fast
 * ones on the caller's own.
 */
long get_user_pages(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
		    struct page **pages);
long pin_user_pages(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
		    struct page **pages);
long get_user_pages_fast(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
			 struct page **pages);
long pin_user_pages_fast(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
			 struct page **pages);

/* What direct I/O takes: a reference or a pin, as the rules say. *pinned tells which. */
long iov_iter_extract_pages(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
			    struct page **pages, bool *pinned);

/* Drop a reference that get_user_pages*() took, and a pin that pin_user_pages*() took. */
void put_page(struct machine *machine, struct page *page);
void unpin_user_page(struct machine *machine, struct page *page);

/* What a pin counts for in a page's refcount: nothing, for the zero page where rules say so. */
int page_pin_bias(const struct machine *machine, const struct page *page);

/* The PTE of addr, or 0. For looking only: no lock is held when it returns. */
pte_t mm_pte(struct mm *mm, unsigned long addr);

#endif
