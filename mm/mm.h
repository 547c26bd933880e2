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
	MM_ENOENT = 2,
	MM_ESRCH = 3,
	MM_EINTR = 4,
	MM_EIO = 5,
	MM_ENXIO = 6,
	MM_EAGAIN = 11,
	MM_ENOMEM = 12,
	MM_EFAULT = 14,
	MM_EBUSY = 16,
	MM_EEXIST = 17,
	MM_ENODEV = 19,
	MM_EINVAL = 22,
	MM_ENOSPC = 28,
	MM_ENOSYS = 38,
	MM_EHWPOISON = 133,
	MM_SIGBUS = 512, /* no errno: what an access gets, SIGBUS and not SIGSEGV */
};

/*
 * struct page's flags. Those of a folio (a huge page) stand at its head, but for
 * PG_ANON_EXCLUSIVE: each base page has its own, and the head's counts while a PMD maps it all.
 */
enum page_flag {
	PG_ANON = 1 << 0,
	/* PageAnonExclusive: one mm maps it, and it is not to be shared */
	PG_ANON_EXCLUSIVE = 1 << 1,
	PG_LRU = 1 << 2,      /* on the LRU, no longer in a CPU's add cache */
	PG_TABLE = 1 << 3,    /* a page table */
	PG_RESERVED = 1 << 4, /* the zero page, the huge zero page */
	PG_SHMEM = 1 << 5,    /* owned by a struct shmem */
	PG_FREE = 1 << 6,     /* a frame, or all frames of a free block at its first */
	PG_DIRTY = 1 << 7,    /* newer than its copy in swap, if it has one; of shmem: written to */
	PG_SWAPCACHE = 1 << 8, /* the swap cache holds it, at page->swap_slot */
	PG_KSM = 1 << 9,       /* PageKsm: merged, with PG_ANON */
	PG_HUGETLB = 1 << 10,
	PG_SWAPBACKED = 1 << 11, /* else it may be dropped while clean: MADV_FREE */
	PG_WRITEBACK = 1 << 12,  /* the swap device is writing it; with PG_SWAPCACHE */
	PG_HUGETLB_TEMPORARY =
		1 << 13,              /* not the pool's: once it is free it goes back to its zone */
	PG_PCP = 1 << 14,             /* with PG_FREE: in a CPU's list, not in its zone's */
	PG_RESTORE_RESERVE = 1 << 15, /* of hugetlb: once it is free it is reserved again */
};

/* What FOLL_PIN adds to the reference count of a page (GUP_PIN_COUNTING_BIAS). */
#define GUP_PIN_COUNTING_BIAS 1024

/*
 * A frame's description. The frame itself is machine->memory + pfn * MM_PAGE_SIZE. Frames are
 * allocated one at a time, or as a folio of MM_HPAGE_NR, whose first page, the head, has the
 * counts, the lock and the flags for all.
 */
struct page {
	port_atomic refcount;        /* at the head */
	port_atomic mapcount;        /* PTEs that map this very page */
	port_atomic entire_mapcount; /* at the head: PMDs that map the whole folio */
	port_atomic pincount;        /* at the head of a large folio: its pins, exactly */
	port_atomic flags;
	struct port_lock lock;    /* the page lock, at the head */
	struct port_spinlock ptl; /* of the entries, where the frame is a table */
	port_atomic head;         /* its folio's first frame; a split may change it at any time */
	unsigned order;           /* at the head: 0 or MM_HPAGE_ORDER */
	pfn_t next_free; /* of a free block, or of the tables deposited in a table of PMDs */
	pfn_t prev_free;
	/*
	 * For the reverse mapping (rmap.c): the object that owns it, NULL if anonymous, and its
	 * place there; of anonymous memory the page number of the address at which it was first
	 * mapped (vma->pgoff counts on from there).
	 */
	struct shmem *mapping;
	unsigned long index;
	unsigned swap_slot; /* with PG_SWAPCACHE */
};

/*
 * Pages on their way to the LRU, of one CPU: each holds a reference (PAGEVEC_SIZE). Who drains all
 * of them does that from another CPU.
 */
#define LRU_ADD_CACHE_SIZE 15

struct lru_add_cache {
	struct port_spinlock lock;
	unsigned nr;
	struct page *pages[LRU_ADD_CACHE_SIZE];
};

/*
 * Free frames that one CPU keeps for itself: it takes and gives back a batch at a time. Who drains
 * all of them does that from another CPU.
 */
#define PCP_BATCH 4
#define PCP_HIGH  8

struct per_cpu_pages {
	struct port_spinlock lock; /* outside free_lock */
	unsigned nr;               /* in both lists */
	pfn_t lists[2];            /* of the normal zone, and of the movable one */
};

struct machine {
	struct mm_rules rules;
	unsigned nr_frames;
	pfn_t first_movable; /* from here on frames are ZONE_MOVABLE; nr_frames: none */
	unsigned nr_cpus;
	unsigned char *memory;
	struct page *pages;
	pfn_t zero_pfn;

	struct port_spinlock free_lock; /* protects the two below */
	/* Single frames, and blocks of MM_HPAGE_NR; the same of the movable zone. */
	pfn_t free_list[4];
	unsigned nr_free;          /* frames in these lists; see nr_free_pages() */
	struct per_cpu_pages *pcp; /* one a CPU */
	port_atomic exhausted;     /* was a single frame ever wanted when there was none? */

	/*
	 * For the reverse mapping: who walks from a page to the PTEs that map it reads, who changes
	 * mms or the VMAs of any mm writes (the kernel's anon_vma and i_mmap locks in one). Taken
	 * inside mmap_lock and page locks, outside PTE locks.
	 */
	struct port_rwsem rmap_lock;
	struct mm *mms; /* protected by rmap_lock */
	unsigned last_mm_id;

	struct port_cpu *cpus;
	struct lru_add_cache *lru_add; /* one a CPU */

	struct port_spinlock uffd_lock;     /* userfaultfd.c: protects the contexts */
	struct port_spinlock swaplist_lock; /* shmem_swap.c: protects the list there */
	struct userfaultfd_ctx *uffd_ctxs;

	struct swap_device *swap;     /* swap.c; NULL: none */
	struct shmem *swaplist;       /* what may have pages there */
	struct hugetlb_pool *hugetlb; /* hugetlb.c; NULL: no pool */
	port_atomic huge_zero_pfn;    /* 0: nobody needed it yet */
};

/* How large a machine is. */
struct machine_config {
	unsigned nr_frames;
	unsigned nr_cpus;
	unsigned nr_movable;    /* of the frames, the last ones: ZONE_MOVABLE; in whole blocks */
	unsigned nr_swap_slots; /* base pages of the swap device; 0: none */
	/* What it was given to write it writes until swap_end_writeback(), else at once. */
	bool swap_async;
	bool swap_stable_writes; /* what it writes must not change meanwhile: SWP_STABLE_WRITES */
	unsigned nr_hugepages;   /* in hugetlb's pool; they come out of nr_frames */
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
	VM_UFFD_MISSING = 1 << 8,
	VM_UFFD_WP = 1 << 9,
	VM_UFFD_MINOR = 1 << 10,
	VM_HUGEPAGE = 1 << 11,
	VM_NOHUGEPAGE = 1 << 12,
	VM_MERGEABLE = 1 << 13,
	VM_HUGETLB = 1 << 14,
};

struct userfaultfd_ctx;
struct hugetlb_map;

/* Where a page of it is; nowhere before it is touched. */
struct shmem_slot {
	struct page *page;
	pte_t swap; /* the entry that names its slot, where it is paged out; else 0 */
};

/* The pages of shared anonymous memory, or of a file in memory. */
struct shmem {
	port_atomic users; /* VMAs, and who has it open */
	struct port_spinlock lock;
	bool on_swaplist;           /* some page of it was once paged out */
	struct shmem *next_swapped; /* both protected by machine->swaplist_lock */
	unsigned long nr_pages;
	struct shmem_slot slots[]; /* protected by lock */
};

/* Addresses [start, end) with one set of flags. */
struct vma {
	unsigned long start;
	unsigned long end;
	unsigned flags;
	struct shmem *shmem;         /* NULL: anonymous, or hugetlb */
	struct hugetlb_map *hugetlb; /* with VM_HUGETLB */
	bool hugetlb_lost;           /* the owner of the pages took one (HPAGE_RESV_UNMAPPED) */
	struct userfaultfd_ctx *uffd_ctx; /* with VM_UFFD_*, holds a reference */
	/*
	 * The page at start: of the object or, of anonymous memory, the page number of the address
	 * that it had when it was first touched. All of this changes under machine->rmap_lock only,
	 * besides the mmap lock.
	 */
	unsigned long pgoff;
};

/* An address space. */
struct mm {
	struct machine *machine;
	unsigned id; /* tags its TLB entries; never used again */
	struct port_rwsem mmap_lock;
	struct port_spinlock page_table_lock; /* protects entries above the PMDs */
	pfn_t pgd;
	port_atomic users;             /* of this struct; its memory may be gone before */
	port_atomic killed;            /* its tasks do not wait any more: mm_kill() */
	port_atomic has_pinned;        /* somebody has used FOLL_PIN on it */
	port_atomic write_protect_seq; /* odd while fork write-protects */
	port_atomic tlb_flush_pending; /* entries are changed whose flush is still to come */
	unsigned uffd_users;           /* monitors at work on it, from outside; under uffd_lock */
	struct port_wait_queue uffd_idle;
	unsigned nr_vmas; /* vmas[] is sorted; protected by mmap_lock */
	unsigned max_vmas;
	struct vma *vmas;
	struct mm *next; /* protected by machine->mm_lock */
};

/* What may be left out when mm/ is built: CONFIG_*, meson's config_* options. Is it there? */
enum mm_part {
	MM_USERFAULTFD,
	MM_TRANSPARENT_HUGEPAGE,
	MM_HUGETLB_PAGE,
	MM_SWAP,
	MM_KSM,
	MM_MIGRATION,
};

bool mm_has(enum mm_part part);

/* A machine of that size, under a copy of `rules`; NULL without memory, or if it is too small. */
struct machine *machine_create(const struct mm_rules *rules, const struct machine_config *config);

/* How many frames nobody has: exact while nobody allocates or frees. */
unsigned nr_free_pages(const struct machine *machine);

/* Every address space must be gone; no task may be inside. */
void machine_destroy(struct machine *machine);

pfn_t page_to_pfn(const struct machine *machine, const struct page *page);
struct page *pfn_to_page(const struct machine *machine, pfn_t pfn);
uint32_t *page_words(const struct machine *machine, const struct page *page);

/* The calling CPU's LRU add cache lets go of its pages, or those of all CPUs do. */
void lru_add_drain(struct machine *machine);
void lru_add_drain_all(struct machine *machine);

/* An empty address space, or NULL without memory. */
struct mm *mm_create(struct machine *machine);

/* Unmap everything (exit_mmap()). No task may use mm any more. */
void mm_destroy(struct mm *mm);

/* Its tasks are to die: those that wait for a monitor (userfaultfd) give up with -EINTR. */
void mm_kill(struct mm *mm);

/* fork's dup_mmap(): 0 and the child, or -ENOMEM. */
int mm_fork(struct mm *parent, struct mm **child);

/*
 * mmap(MAP_ANONYMOUS | MAP_FIXED): flags is VM_READ | VM_WRITE | VM_SHARED | VM_HUGETLB as wanted;
 * what was mapped there is gone, also if the pool has too few pages for VM_HUGETLB. Lengths are
 * rounded up to pages, or huge pages. -EINVAL for a bad range, -ENOMEM.
 */
int mm_mmap(struct mm *mm, unsigned long addr, unsigned long length, unsigned flags);

/*
 * The same for a file: page `pgoff` of it is mapped at addr. Without VM_SHARED it is a private
 * mapping, which shows the file until it is written to.
 */
int mm_mmap_file(struct mm *mm, unsigned long addr, unsigned long length, unsigned flags,
		 struct shmem *file, unsigned long pgoff);

/* A file in memory, of zeroes, open once; NULL without memory. */
struct shmem *shmem_create(unsigned long nr_pages);

/* Close it. Its pages go with its last mapping. */
void shmem_put(struct machine *machine, struct shmem *shmem);

/* pread(2) and pwrite(2) of an int at an offset in bytes: -EINVAL behind the end, -ENOMEM. */
int shmem_read(struct machine *machine, struct shmem *shmem, unsigned long offset, uint32_t *value);
int shmem_write(struct machine *machine, struct shmem *shmem, unsigned long offset, uint32_t value);

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
	MM_MADV_FREE,
	MM_MADV_WILLNEED,
	MM_MADV_PAGEOUT,
	MM_MADV_HUGEPAGE,
	MM_MADV_NOHUGEPAGE,
	MM_MADV_COLLAPSE,
	MM_MADV_MERGEABLE,
	MM_MADV_UNMERGEABLE,
};

/* As madvise(2): -ENOMEM if part of the range is not mapped, the rest being done. */
int mm_madvise(struct mm *mm, unsigned long addr, unsigned long length, enum mm_advice advice);

/* Write 4 to /proc/PID/clear_refs: clear the soft-dirty bits. */
void mm_clear_refs(struct mm *mm);

/*
 * One access by a task of mm to an aligned int: through the CPU's TLB, the tables, and faults.
 * -EFAULT: SIGSEGV; -SIGBUS; -ENOMEM: no frame for it; -EINTR: mm_kill().
 */
int mm_load(struct mm *mm, unsigned long addr, uint32_t *value);
int mm_store(struct mm *mm, unsigned long addr, uint32_t value);

/* As ptrace(2) with FOLL_FORCE: -EIO if the memory can't be accessed. */
int mm_ptrace_peekdata(struct mm *mm, unsigned long addr, uint32_t *value);
int mm_ptrace_pokedata(struct mm *mm, unsigned long addr, uint32_t value);

/* As the system calls, for one int: -EFAULT if the memory can't be accessed. */
int mm_process_vm_readv(struct mm *mm, unsigned long addr, uint32_t *value);
int mm_process_vm_writev(struct mm *mm, unsigned long addr, uint32_t value);

/*
 * userfaultfd(2): a monitor is told of faults in a range of one address space, and resolves them.
 * Flags have the kernel's values.
 */
enum uffd_feature {
	UFFD_FEATURE_EVENT_FORK = 1 << 1,
	UFFD_FEATURE_EVENT_REMAP = 1 << 2,
	UFFD_FEATURE_EVENT_REMOVE = 1 << 3,
	UFFD_FEATURE_EVENT_UNMAP = 1 << 6,
	UFFD_FEATURE_WP_UNPOPULATED = 1 << 13,
	UFFD_FEATURE_WP_ASYNC = 1 << 15,
};

enum uffdio_register_mode {
	UFFDIO_REGISTER_MODE_MISSING = 1 << 0,
	UFFDIO_REGISTER_MODE_WP = 1 << 1,
	UFFDIO_REGISTER_MODE_MINOR = 1 << 2,
};

enum uffdio_mode {
	UFFDIO_WRITEPROTECT_MODE_WP = 1 << 0,
	UFFDIO_WRITEPROTECT_MODE_DONTWAKE = 1 << 1,
	UFFDIO_COPY_MODE_DONTWAKE = 1 << 0,
	UFFDIO_COPY_MODE_WP = 1 << 1,
	UFFDIO_ZEROPAGE_MODE_DONTWAKE = 1 << 0,
	UFFDIO_CONTINUE_MODE_DONTWAKE = 1 << 0,
	UFFDIO_CONTINUE_MODE_WP = 1 << 1,
	UFFDIO_MOVE_MODE_DONTWAKE = 1 << 0,
	UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES = 1 << 1,
};

enum uffd_event {
	UFFD_EVENT_PAGEFAULT = 0x12,
	UFFD_EVENT_FORK = 0x13,
	UFFD_EVENT_REMAP = 0x14,
	UFFD_EVENT_REMOVE = 0x15,
	UFFD_EVENT_UNMAP = 0x16,
};

enum uffd_pagefault_flag {
	UFFD_PAGEFAULT_FLAG_WRITE = 1 << 0,
	UFFD_PAGEFAULT_FLAG_WP = 1 << 1,
	UFFD_PAGEFAULT_FLAG_MINOR = 1 << 2,
};

struct uffd_msg {
	enum uffd_event event;
	unsigned flags;                /* of UFFD_EVENT_PAGEFAULT */
	unsigned long address;         /* where; page-aligned; not of UFFD_EVENT_FORK */
	unsigned long end;             /* of UFFD_EVENT_REMAP, _REMOVE and _UNMAP */
	unsigned long to;              /* of UFFD_EVENT_REMAP: where address is now */
	struct userfaultfd_ctx *child; /* of UFFD_EVENT_FORK: the child's, to be closed like any */
};

/* 0 and a context for mm; -EINVAL for features that the rules do not know, -ENOMEM. */
int userfaultfd_create(struct mm *mm, unsigned features, struct userfaultfd_ctx **ctx);

/* close(2): who waits goes on as if nobody had registered. */
void userfaultfd_close(struct userfaultfd_ctx *ctx);

/* The ioctls; 0 or the kernel's errors. Lengths in bytes. */
int uffdio_register(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length,
		    unsigned mode);
int uffdio_unregister(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length);
int uffdio_writeprotect(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length,
			unsigned mode);
int uffdio_wake(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length);

/* Fill one page (of hugetlb: one huge page) that begins with `value` and is zero else. */
int uffdio_copy(struct userfaultfd_ctx *ctx, unsigned long addr, uint32_t value, unsigned mode);
int uffdio_zeropage(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length,
		    unsigned mode);
int uffdio_continue(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length,
		    unsigned mode);

/* Move pages of private memory from src to dst, where they are missing; the caller's own mm. */
int uffdio_move(struct userfaultfd_ctx *ctx, struct mm *caller, unsigned long dst,
		unsigned long src, unsigned long length, unsigned mode);

/* read(2) with O_NONBLOCK: 0 and the next event, or -EAGAIN. */
int userfaultfd_read(struct userfaultfd_ctx *ctx, struct uffd_msg *msg);

/* Is there an event to read? */
bool userfaultfd_poll(struct userfaultfd_ctx *ctx);

/* Does /proc/PID/pagemap show addr as PM_UFFD_WP? Before v5.14 it can't. */
bool mm_pagemap_uffd_wp(struct mm *mm, unsigned long addr);

/* One full scan of ksmd: merges pages of all mms that are equal and VM_MERGEABLE. 0. */
int ksm_do_scan(struct machine *machine);

/*
 * The swap device has written all that it was given to write. Pages that nobody has mapped again
 * since then are freed, as reclaim would do it.
 */
void swap_end_writeback(struct machine *machine);

/*
 * move_pages(2) to another node, with MPOL_MF_MOVE_ALL: 0; -EBUSY if some page could not move, the
 * others did; -EFAULT if part of the range is not mapped; -ENOMEM.
 */
int mm_move_pages(struct mm *mm, unsigned long addr, unsigned long length);

/* Split the huge page that is mapped at addr, as debugfs' split_huge_pages: 0, -EAGAIN, -EINVAL. */
int mm_split_huge_page(struct mm *mm, unsigned long addr);

/* The kernel's values. */
enum foll_flag {
	FOLL_WRITE = 0x01,
	FOLL_GET = 0x04, /* set by get_user_pages*() */
	FOLL_FORCE = 0x10,
	FOLL_COW = 0x4000, /* internal: a write fault has broken COW */
	FOLL_LONGTERM = 0x10000,
	FOLL_PIN = 0x40000, /* set by pin_user_pages*() */
	FOLL_FAST_ONLY = 0x80000,
	FOLL_UNLOCKABLE = 0x100000, /* internal: a fault may drop the mmap lock and wait */
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

/*
 * It was written to other than through a PTE. Who took it with FOLL_WRITE says so before letting go
 * of it: until then nobody else knows that what is in swap, or nowhere, is older.
 */
void set_page_dirty(struct machine *machine, struct page *page);

/* What a pin counts for in a page's refcount: nothing, for the zero page where rules say so. */
int page_pin_bias(const struct machine *machine, const struct page *page);

/*
 * The PTE of addr, or 0; of a huge page what a PTE would say of addr's base page. For looking only:
 * no lock is held when it returns.
 */
pte_t mm_pte(struct mm *mm, unsigned long addr);

/* Does a PMD map addr, as part of a huge page? For looking only. */
bool mm_pmd_mapped(struct mm *mm, unsigned long addr);

#endif
