/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * litmus.h - a litmus test as a syntax tree, and the functions that read, check and print one
 *
 * The language is described in cowherd-litmus(5). A tree that litmus_parse() returns has been
 * checked: every name is resolved, every operation has the operands that it needs, every index
 * below is in range. Nothing above this floor looks at text again.
 */
#ifndef LITMUS_LITMUS_H
#define LITMUS_LITMUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "litmus/violation.h"

/* Limits of the language; the parser rejects what exceeds them. */
#define LITMUS_MAX_TASKS       8
#define LITMUS_MAX_OBJECTS     8
#define LITMUS_MAX_PAGES       4  /* pages of one object */
#define LITMUS_MAX_WORDS       4  /* variables that share one page */
#define LITMUS_MAX_REGISTERS   16 /* of one task */
#define LITMUS_MAX_OPS         64 /* of one task */
#define LITMUS_MAX_COMPLETIONS 8
#define LITMUS_MAX_UFFDS       4
#define LITMUS_MAX_KINDS       16 /* alternatives that a family is written for */
#define LITMUS_MAX_HUGEPAGES   64
#define LITMUS_MAX_OBSERVABLES 64
#define LITMUS_MAX_NAME        64 /* characters of a variable, register or target */

/* Room for any outcome's line: each value takes "7:" NAME "[3]=", at most 26 characters, "; ". */
#define LITMUS_OUTCOME_SIZE (LITMUS_MAX_OBSERVABLES * (LITMUS_MAX_NAME + 40))

/* Flags: our own values, for the kernel's names. A target translates them to its own. */
enum litmus_foll {
	LITMUS_FOLL_WRITE = 1 << 0,
	LITMUS_FOLL_FORCE = 1 << 1,
	LITMUS_FOLL_LONGTERM = 1 << 2,
};

enum litmus_prot {
	LITMUS_PROT_NONE = 0,
	LITMUS_PROT_READ = 1 << 0,
	LITMUS_PROT_WRITE = 1 << 1,
};

enum litmus_map {
	LITMUS_MAP_PRIVATE = 1 << 0,
	LITMUS_MAP_SHARED = 1 << 1,
};

enum litmus_advice {
	LITMUS_MADV_DONTNEED,
	LITMUS_MADV_DONTFORK,
	LITMUS_MADV_DOFORK,
	LITMUS_MADV_WIPEONFORK,
	LITMUS_MADV_KEEPONFORK,
	LITMUS_MADV_POPULATE_READ,
	LITMUS_MADV_POPULATE_WRITE,
	LITMUS_MADV_FREE,
	LITMUS_MADV_WILLNEED,
	LITMUS_MADV_PAGEOUT,
	LITMUS_MADV_HUGEPAGE,
	LITMUS_MADV_NOHUGEPAGE,
	LITMUS_MADV_COLLAPSE,
	LITMUS_MADV_MERGEABLE,
	LITMUS_MADV_UNMERGEABLE,
};

enum litmus_uffd_feature {
	LITMUS_UFFD_FEATURE_EVENT_FORK = 1 << 0,
	LITMUS_UFFD_FEATURE_WP_UNPOPULATED = 1 << 1,
	LITMUS_UFFD_FEATURE_WP_ASYNC = 1 << 2,
	LITMUS_UFFD_FEATURE_EVENT_REMAP = 1 << 3,
	LITMUS_UFFD_FEATURE_EVENT_REMOVE = 1 << 4,
	LITMUS_UFFD_FEATURE_EVENT_UNMAP = 1 << 5,
};

enum litmus_uffd_register {
	LITMUS_UFFDIO_REGISTER_MODE_MISSING = 1 << 0,
	LITMUS_UFFDIO_REGISTER_MODE_WP = 1 << 1,
	LITMUS_UFFDIO_REGISTER_MODE_MINOR = 1 << 2,
};

/* For uffdio_writeprotect() and those that fill pages. */
enum litmus_uffd_mode {
	LITMUS_UFFDIO_MODE_WP = 1 << 0,
	LITMUS_UFFDIO_MODE_DONTWAKE = 1 << 1,
	LITMUS_UFFDIO_MODE_SRC_HOLES = 1 << 2,
};

/* 1-based place in the source, for messages. */
struct litmus_pos {
	int line;
	int column;
};

/*
 * How an object of the initial state is backed. All are readable and writable. A page of an object
 * is a base page, but for THP, where all pages together make one huge page (1, 2 or 4 equal parts
 * of it), and for hugetlb, where each is a huge page.
 */
enum litmus_backing {
	LITMUS_ANON,           /* private anonymous */
	LITMUS_SHARED,         /* shared anonymous */
	LITMUS_FILE,           /* a private mapping of a file; initial values are the file's */
	LITMUS_THP,            /* private anonymous, madvise(MADV_HUGEPAGE) */
	LITMUS_HUGETLB,        /* private hugetlb */
	LITMUS_SHARED_HUGETLB, /* shared hugetlb */
	LITMUS_UNMAPPED,       /* addresses only: a place for mmap() and mremap() */
};

/* What has happened to an object when the tasks start; a set. */
enum litmus_state {
	LITMUS_SWAPPED = 1 << 0, /* paged out, after all else */
	/* THP: mapped by PTEs; the object's pages are the first base pages of the huge page. */
	LITMUS_PTE_MAPPED = 1 << 1,
	/* The same, and the rest of the huge page was discarded. */
	LITMUS_PARTIAL = 1 << 2,
};

/* One alternative for an object: `thp(pte, swapped)`. */
struct litmus_kind {
	enum litmus_backing backing;
	unsigned states; /* set of enum litmus_state */
};

/* One mapping that P0's mm has before any task runs. */
struct litmus_object {
	struct litmus_pos pos;
	struct litmus_kind kind; /* of a family: its first */
	bool varies;             /* each member of the family has another kind of it */
	int like; /* unmapped: its pages are as large as those of this object, or -1: base pages */
	int nr_pages;
	int nr_words;                       /* variables on the page; 1 where nr_pages > 1 */
	int first_var;                      /* index in vars of word 0 */
	bool initialised[LITMUS_MAX_PAGES]; /* false: a hole, nothing has touched the page */
	/* Initial value of each int; written by P0 before the tasks start. */
	int64_t value[LITMUS_MAX_PAGES][LITMUS_MAX_WORDS];
};

/* A name for one int of an object's first page (or, with an index, of a later page). */
struct litmus_var {
	char *name;
	int object;
	int word;
};

/* The address of an int: variable plus whole pages. */
struct litmus_addr {
	int var;
	int page;
};

/* An operand: a constant, or a register's value. */
struct litmus_value {
	bool is_register;
	int reg;
	int64_t constant;
};

enum litmus_opcode {
	/* the CPU of the task */
	LITMUS_STORE, /* *addr = value */
	LITMUS_LOAD,  /* dest = *addr */
	LITMUS_MOVE,  /* dest = value */
	/* the address space */
	LITMUS_MMAP,     /* dest = mmap(addr, pages, flags: prot, advice: map) */
	LITMUS_MUNMAP,   /* munmap(addr, pages) */
	LITMUS_MPROTECT, /* mprotect(addr, pages, flags: prot) */
	LITMUS_MREMAP,   /* dest = mremap(addr, pages, to) */
	LITMUS_MADVISE,  /* madvise(addr, pages, flags: advice) */
	/* references and pins */
	LITMUS_GET_USER_PAGES,
	LITMUS_GET_USER_PAGES_FAST,
	LITMUS_GET_USER_PAGES_REMOTE,
	LITMUS_PIN_USER_PAGES,
	LITMUS_PIN_USER_PAGES_FAST,
	LITMUS_PIN_USER_PAGES_REMOTE,
	LITMUS_IOV_ITER_EXTRACT_PAGES, /* direct I/O: FOLL_GET or FOLL_PIN, as the kernel does */
	LITMUS_PUT_PAGE,               /* drops what get_user_pages*() gave */
	LITMUS_UNPIN_USER_PAGE,        /* drops what pin_user_pages*() gave */
	LITMUS_BIO_RELEASE_PAGES,      /* drops what iov_iter_extract_pages() gave */
	LITMUS_DMA_READ,               /* dest = what the device reads through handle */
	LITMUS_DMA_WRITE,              /* the device writes value through handle */
	LITMUS_PAGEMAP,   /* dest = 1 if addr maps the frame that handle holds, else 0 */
	LITMUS_LOCK_PAGE, /* take the page lock of the frame that handle holds */
	LITMUS_UNLOCK_PAGE,
	/* another process's memory */
	LITMUS_PTRACE_PEEKDATA,   /* dest = its *addr, with FOLL_FORCE */
	LITMUS_PTRACE_POKEDATA,   /* its *addr = value, with FOLL_FORCE | FOLL_WRITE */
	LITMUS_PROCESS_VM_READV,  /* dest = its *addr */
	LITMUS_PROCESS_VM_WRITEV, /* its *addr = value */
	/* tasks */
	LITMUS_FORK,           /* start task as a new process, its mm a fork of ours */
	LITMUS_WAITPID,        /* until task's process has ended */
	LITMUS_PTHREAD_CREATE, /* start task as a thread of our process */
	LITMUS_PTHREAD_JOIN,   /* until task has ended */
	LITMUS_EXIT,           /* end the whole process now */
	LITMUS_COMPLETE,
	LITMUS_WAIT_FOR_COMPLETION,
	/* userfaultfd */
	LITMUS_USERFAULTFD,     /* open uffd for our mm, with features in flags */
	LITMUS_CLOSE,           /* close uffd: who waits goes on without it */
	LITMUS_UFFDIO_REGISTER, /* (uffd, addr, pages, flags: enum litmus_uffd_register) */
	LITMUS_UFFDIO_UNREGISTER,
	LITMUS_UFFDIO_WRITEPROTECT, /* (uffd, addr, pages, flags: enum litmus_uffd_mode) */
	LITMUS_UFFDIO_COPY,         /* (uffd, addr, value, flags): a page that begins with value */
	LITMUS_UFFDIO_ZEROPAGE,     /* (uffd, addr, pages, flags) */
	LITMUS_UFFDIO_CONTINUE,     /* (uffd, addr, pages, flags) */
	LITMUS_UFFDIO_MOVE,         /* (uffd, addr, pages, to, flags): to is where they are now */
	LITMUS_UFFDIO_WAKE,         /* (uffd, addr, pages) */
	/*
	 * dest = the next event of uffd; waits for one. -EAGAIN once nobody is left who could cause
	 * one: all other tasks have ended or read, too. uffd2 names what UFFD_EVENT_FORK brings.
	 */
	LITMUS_READ,
	LITMUS_PM_UFFD_WP, /* dest = 1 if /proc/self/pagemap shows addr as PM_UFFD_WP, else 0 */
	/* files */
	LITMUS_PREAD,  /* dest = what the file of a `file` object holds there */
	LITMUS_PWRITE, /* (addr, value) */
	/* what moves or shares a page */
	LITMUS_KSM_DO_SCAN,     /* one full scan: merges what is equal and MADV_MERGEABLE */
	LITMUS_MOVE_PAGES,      /* (addr, pages): migrate; 0, or -EBUSY if some page stayed */
	LITMUS_SPLIT_HUGE_PAGE, /* (addr): split the huge page there; 0 or an error */
	/* what else can change a page's counts or its PTE */
	LITMUS_CLEAR_REFS,         /* echo 4 > /proc/self/clear_refs: clears soft-dirty */
	LITMUS_LRU_ADD_DRAIN,      /* this CPU's LRU add cache drops its references */
	LITMUS_END_PAGE_WRITEBACK, /* the swap device has written all that was paged out */
	LITMUS_NR_OPCODES,
};

/* One operation. Which fields count depends on the opcode; litmus_op_info says. */
struct litmus_op {
	enum litmus_opcode code;
	struct litmus_pos pos;
	int dest;                  /* register that takes the result, or -1 */
	struct litmus_addr addr;   /* where */
	struct litmus_addr to;     /* mremap(): whereto; uffdio_move(): where from */
	int nr_pages;              /* at least 1 where the operation takes a length */
	unsigned flags;            /* FOLL_, PROT_ or MADV_ as the opcode says */
	unsigned map;              /* mmap(): enum litmus_map */
	struct litmus_value value; /* what is written */
	int handle;                /* register that holds the reference or pin, or -1 */
	int handle_page;           /* which page of it */
	int task;                  /* the other task, or -1 */
	int completion;
	int uffd;  /* index in test->uffds, or -1 */
	int uffd2; /* read(): the same for the second one */
};

/* The operands of each operation, in the order in which they are written. */
struct litmus_op_info {
	const char *name;     /* as written: "pin_user_pages" */
	const char *operands; /* see litmus/ops.c */
	bool makes_handle;    /* the result is a reference or pin */
	bool has_result;      /* `r = op(...)` is allowed */
	bool needs_result;    /* and demanded */
};

const struct litmus_op_info *litmus_op_info(enum litmus_opcode code);

enum litmus_register_type {
	LITMUS_INT,
	LITMUS_HANDLE, /* result of a get_user_pages() or pin_user_pages() */
};

struct litmus_register {
	char *name;
	enum litmus_register_type type;
	int handle_pages; /* LITMUS_HANDLE: how many pages it can hold */
};

enum litmus_birth {
	LITMUS_BORN_FIRST,  /* P0 */
	LITMUS_BORN_START,  /* nobody starts it: a thread of P0's process, running from the start */
	LITMUS_BORN_FORK,   /* by fork(Pn) */
	LITMUS_BORN_THREAD, /* by pthread_create(Pn) */
};

struct litmus_task {
	struct litmus_pos pos;
	enum litmus_birth birth;
	int parent;  /* the task that starts it, or -1 */
	int start;   /* with which of its operations, or -1 */
	int process; /* the lowest task number of those that share its mm */
	int nr_registers;
	struct litmus_register registers[LITMUS_MAX_REGISTERS];
	int nr_ops;
	struct litmus_op *ops;
};

/*
 * Something that an outcome records. Registers of every task come first, in order of task and
 * first use; then each task's status; then the memory that the condition or `locations` names.
 */
enum litmus_observable_kind {
	LITMUS_OBSERVE_REGISTER, /* a handle's value is the number of pages, or -errno */
	LITMUS_OBSERVE_STATUS,   /* 0, or the signal that killed the process */
	LITMUS_OBSERVE_MEMORY,   /* task's view of addr, when it ends; P0's after all have ended */
};

struct litmus_observable {
	enum litmus_observable_kind kind;
	int task;
	int reg;
	struct litmus_addr addr;
};

/* Results of read(): UFFD_EVENT_PAGEFAULT has three kinds beside that for a missing page. */
#define LITMUS_UFFD_EVENT_PAGEFAULT      (INT64_C(1) << 41)     /* missing, and to be read */
#define LITMUS_UFFD_PAGEFAULT_FLAG_WRITE (INT64_C(1) << 41 | 1) /* missing, to be written */
#define LITMUS_UFFD_PAGEFAULT_FLAG_WP    (INT64_C(1) << 41 | 2)
#define LITMUS_UFFD_PAGEFAULT_FLAG_MINOR (INT64_C(1) << 41 | 4)
#define LITMUS_UFFD_EVENT_FORK           (INT64_C(1) << 41 | 1 << 8)
#define LITMUS_UFFD_EVENT_REMAP          (INT64_C(1) << 41 | 2 << 8)
#define LITMUS_UFFD_EVENT_REMOVE         (INT64_C(1) << 41 | 3 << 8)
#define LITMUS_UFFD_EVENT_UNMAP          (INT64_C(1) << 41 | 4 << 8)

/* The value of memory that can't be read, and the statuses of a killed process. */
#define LITMUS_SIGKILL (INT64_C(1) << 40 | 9)
#define LITMUS_SIGBUS  (INT64_C(1) << 40 | 7)
#define LITMUS_SIGSEGV (INT64_C(1) << 40 | 11)

enum litmus_prop_kind {
	LITMUS_PROP_TRUE,
	LITMUS_PROP_EQUAL,  /* observable = value */
	LITMUS_PROP_DIFFER, /* observable != value */
	LITMUS_PROP_NOT,
	LITMUS_PROP_AND,
	LITMUS_PROP_OR,
};

struct litmus_prop {
	enum litmus_prop_kind kind;
	int observable;
	int64_t value;
	struct litmus_prop *left; /* also NOT's operand */
	struct litmus_prop *right;
};

enum litmus_quantifier {
	LITMUS_EXISTS,
	LITMUS_NOT_EXISTS,
	LITMUS_FORALL,
};

enum litmus_observation {
	LITMUS_NEVER,
	LITMUS_SOMETIMES,
	LITMUS_ALWAYS,
};

/* One name or range of targets in an `expect` line: "spec", "v5.9-rc4", "v5.9..v5.18", "v6.2..". */
struct litmus_target_range {
	struct litmus_pos pos;
	char *from;
	char *to; /* NULL: just `from`; "" : open end */
};

/* The runs for which a line counts: all, those with --fine, or those with --strict. */
enum litmus_mode {
	LITMUS_ANY_RUN,
	LITMUS_IF_FINE,
	LITMUS_IF_STRICT,
};

/* `expect Always lost-dma on v5.9-rc4..v5.9-rc6, break-cow-v1`; later lines override earlier ones.
 */
struct litmus_expectation {
	struct litmus_pos pos;
	enum litmus_observation observation; /* of the condition's proposition */
	unsigned violations;                 /* set of enum violation that some outcome shows */
	enum litmus_mode mode;
	int nr_ranges; /* 0: every target */
	struct litmus_target_range *ranges;
	int nr_kinds; /* of a family: only for these members; 0: all */
	struct litmus_kind *kinds;
};

struct litmus_test {
	char *file; /* as given to litmus_parse() */
	char *name;
	char *doc; /* the comment before the initial state, without its delimiters; or NULL */
	int nr_objects;
	struct litmus_object objects[LITMUS_MAX_OBJECTS];
	int nr_vars;
	struct litmus_var vars[LITMUS_MAX_OBJECTS * LITMUS_MAX_WORDS];
	int nr_completions;
	char *completions[LITMUS_MAX_COMPLETIONS];
	int nr_uffds;
	char *uffds[LITMUS_MAX_UFFDS];
	int nr_hugepages; /* in the pool, as `nr_hugepages = 2;` says; -1: as many as needed */
	int nr_tasks;
	struct litmus_task tasks[LITMUS_MAX_TASKS];
	enum litmus_quantifier quantifier;
	struct litmus_prop *prop;
	int nr_observables;
	struct litmus_observable observables[LITMUS_MAX_OBSERVABLES];
	int nr_expectations;
	struct litmus_expectation *expectations;
	/*
	 * A family: a test that is written once for several kinds of memory, `anon | thp x = 1;`.
	 * It is for printing only; its members are for running. They are named "NAME+thp-pte",
	 * share all else with the family, and have the expectations that are for them.
	 */
	int nr_kinds; /* 0: no family */
	struct litmus_kind kinds[LITMUS_MAX_KINDS];
	struct litmus_test *members; /* nr_kinds of them, freed with the family */
	void *private;               /* the parser's: comments to print, storage to free */
};

/*
 * Parse and check one test. `file` names the source in messages; text need not end with NUL.
 * Returns the test, or NULL after writing "file:line:column: what is wrong, what was expected"
 * (no newline) to err. NULL with "file: out of memory" if memory runs out.
 */
struct litmus_test *litmus_parse(const char *file, const char *text, size_t length, char *err,
				 size_t err_size);

/* "thp(pte, swapped)"; returns buf. */
char *litmus_kind_text(struct litmus_kind kind, char *buf, size_t size);

/* "thp-pte-swapped", as in the names of a family's members; returns buf. */
char *litmus_kind_name(struct litmus_kind kind, char *buf, size_t size);

/*
 * The kind that is called so, in either form: "thp-pte-swapped" or "thp(pte, swapped)". False if
 * none is.
 */
bool litmus_kind_find(const char *text, struct litmus_kind *kind);

/* What is to be run of a test: the members of a family, else the test itself. */
int litmus_nr_members(const struct litmus_test *test);
const struct litmus_test *litmus_member(const struct litmus_test *test, int i);

/* The kind of what varies, for a member; NULL for a test of no family. */
const struct litmus_kind *litmus_kind_of(const struct litmus_test *test);

/* Is it the member for this kind or, in no family, does it have an object of it? */
bool litmus_is_about(const struct litmus_test *test, struct litmus_kind kind);

/* Read the file at path ("-": standard input) and litmus_parse() it. */
struct litmus_test *litmus_read(const char *path, char *err, size_t err_size);

void litmus_free(struct litmus_test *test);

/*
 * Print the canonical layout, comments kept. Parsing what was printed gives an equal tree, and
 * printing that gives the same bytes. Returns 0, or -1 with errno on a write error.
 */
int litmus_print(const struct litmus_test *test, FILE *out);

/* One operation as it is written, without indentation and newline: "r0 = *x;". Returns buf. */
char *litmus_op_text(const struct litmus_test *test, int task, const struct litmus_op *op,
		     char *buf, size_t size);

/*
 * "0:r0", "x", "1:x[2]" or "0:status"; an object of several pages always has its index. Returns
 * buf.
 */
char *litmus_observable_text(const struct litmus_test *test, int observable, char *buf,
			     size_t size);

/* "3", "-EFAULT" or "SIGSEGV". Returns buf. */
char *litmus_value_text(int64_t value, char *buf, size_t size);

/* The proposition of the condition, "(0:r0=2 /\ x=3)". Returns buf. */
char *litmus_condition_text(const struct litmus_test *test, char *buf, size_t size);

/*
 * The canonical line of an outcome: "0:r0=2; 0:r1=0; x=3;". A status of 0 and a handle that
 * holds as many pages as it asked for go without saying, unless the condition or `locations` names
 * them.
 * `values` has test->nr_observables entries; LITMUS_OUTCOME_SIZE bytes are enough. Returns buf.
 */
char *litmus_outcome_text(const struct litmus_test *test, const int64_t *values, char *buf,
			  size_t size);

/* Does any task use the operation? */
bool litmus_uses(const struct litmus_test *test, enum litmus_opcode code);

/* Can what is at one address be at another later? */
bool litmus_moves(const struct litmus_test *test);

/* Is memory as `task` sees it part of the outcome? */
bool litmus_observes_memory(const struct litmus_test *test, int task);

/* The task with which the process began that `task` belongs to: P0, or one that fork() starts. */
int litmus_leader(const struct litmus_test *test, int task);

/* In how many values do two outcomes differ? */
int litmus_distance(const struct litmus_test *test, const int64_t *a, const int64_t *b);

/* Does the proposition (without its quantifier) hold for these values? */
bool litmus_holds(const struct litmus_test *test, const int64_t *values);

#endif
