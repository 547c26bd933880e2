/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ops.c - the table of operations: their names, operands and results, and the names of flags */
#include "litmus/ops.h"

#include <errno.h>
#include <string.h>

#define NR(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* clang-format off */
static const struct litmus_op_info infos[LITMUS_NR_OPCODES] = {
	/* name, operands; makes a handle, may be assigned, must be assigned to a register */

	/* these three are written with `=` and `*` */
	[LITMUS_STORE]			= { "store", NULL, false, false, false },
	[LITMUS_LOAD]			= { "load", NULL, false, true, true },
	[LITMUS_MOVE]			= { "move", NULL, false, true, true },

	[LITMUS_MMAP]			= { "mmap", "rnpm", false, true, false },
	[LITMUS_MUNMAP]			= { "munmap", "rn", false, true, false },
	[LITMUS_MPROTECT]		= { "mprotect", "rnp", false, true, false },
	[LITMUS_MREMAP]			= { "mremap", "rnt", false, true, false },
	[LITMUS_MADVISE]		= { "madvise", "rnd", false, true, false },

	[LITMUS_GET_USER_PAGES]		= { "get_user_pages", "anf", true, true, true },
	[LITMUS_GET_USER_PAGES_FAST]	= { "get_user_pages_fast", "anf", true, true, true },
	[LITMUS_GET_USER_PAGES_REMOTE]	= { "get_user_pages_remote", "Tanf", true, true, true },
	[LITMUS_PIN_USER_PAGES]		= { "pin_user_pages", "anf", true, true, true },
	[LITMUS_PIN_USER_PAGES_FAST]	= { "pin_user_pages_fast", "anf", true, true, true },
	[LITMUS_PIN_USER_PAGES_REMOTE]	= { "pin_user_pages_remote", "Tanf", true, true, true },
	[LITMUS_IOV_ITER_EXTRACT_PAGES]	= { "iov_iter_extract_pages", "anw", true, true, true },
	[LITMUS_PUT_PAGE]		= { "put_page", "h", false, false, false },
	[LITMUS_UNPIN_USER_PAGE]	= { "unpin_user_page", "h", false, false, false },
	[LITMUS_BIO_RELEASE_PAGES]	= { "bio_release_pages", "h", false, false, false },
	[LITMUS_DMA_READ]		= { "dma_read", "g", false, true, true },
	[LITMUS_DMA_WRITE]		= { "dma_write", "gv", false, false, false },
	[LITMUS_PAGEMAP]		= { "pagemap", "ag", false, true, true },
	[LITMUS_LOCK_PAGE]		= { "lock_page", "g", false, false, false },
	[LITMUS_UNLOCK_PAGE]		= { "unlock_page", "g", false, false, false },

	[LITMUS_PTRACE_PEEKDATA]	= { "ptrace_peekdata", "Ta", false, true, true },
	[LITMUS_PTRACE_POKEDATA]	= { "ptrace_pokedata", "Tav", false, true, false },
	[LITMUS_PROCESS_VM_READV]	= { "process_vm_readv", "Ta", false, true, true },
	[LITMUS_PROCESS_VM_WRITEV]	= { "process_vm_writev", "Tav", false, true, false },

	[LITMUS_FORK]			= { "fork", "T", false, true, false },
	[LITMUS_WAITPID]		= { "wait", "T", false, true, false },
	[LITMUS_PTHREAD_CREATE]		= { "pthread_create", "T", false, true, false },
	[LITMUS_PTHREAD_JOIN]		= { "pthread_join", "T", false, true, false },
	[LITMUS_EXIT]			= { "exit", "", false, false, false },
	[LITMUS_COMPLETE]		= { "complete", "c", false, false, false },
	[LITMUS_WAIT_FOR_COMPLETION]	= { "wait_for_completion", "c", false, false, false },

	[LITMUS_USERFAULTFD]		= { "userfaultfd", "ue", false, true, false },
	[LITMUS_CLOSE]			= { "close", "u", false, false, false },
	[LITMUS_UFFDIO_REGISTER]	= { "uffdio_register", "urni", false, true, false },
	[LITMUS_UFFDIO_UNREGISTER]	= { "uffdio_unregister", "urn", false, true, false },
	[LITMUS_UFFDIO_WRITEPROTECT]	= { "uffdio_writeprotect", "urno", false, true, false },
	[LITMUS_UFFDIO_COPY]		= { "uffdio_copy", "urvo", false, true, false },
	[LITMUS_UFFDIO_ZEROPAGE]	= { "uffdio_zeropage", "urno", false, true, false },
	[LITMUS_UFFDIO_CONTINUE]	= { "uffdio_continue", "urno", false, true, false },
	[LITMUS_UFFDIO_MOVE]		= { "uffdio_move", "urnto", false, true, false },
	[LITMUS_UFFDIO_WAKE]		= { "uffdio_wake", "urn", false, true, false },
	[LITMUS_READ]			= { "read", "uU", false, true, true },
	[LITMUS_PM_UFFD_WP]		= { "pm_uffd_wp", "a", false, true, true },

	[LITMUS_PREAD]			= { "pread", "a", false, true, true },
	[LITMUS_PWRITE]			= { "pwrite", "av", false, true, false },

	[LITMUS_KSM_DO_SCAN]		= { "ksm_do_scan", "", false, true, false },
	[LITMUS_MOVE_PAGES]		= { "move_pages", "rn", false, true, false },
	[LITMUS_SPLIT_HUGE_PAGE]	= { "split_huge_page", "r", false, true, false },

	[LITMUS_CLEAR_REFS]		= { "clear_refs", "", false, true, false },
	[LITMUS_LRU_ADD_DRAIN]		= { "lru_add_drain", "", false, false, false },
	[LITMUS_END_PAGE_WRITEBACK]	= { "end_page_writeback", "", false, false, false },
};

static const struct litmus_flag prots[] = {
	{ "PROT_READ", LITMUS_PROT_READ },
	{ "PROT_WRITE", LITMUS_PROT_WRITE },
};

static const struct litmus_flag maps[] = {
	{ "MAP_PRIVATE", LITMUS_MAP_PRIVATE },
	{ "MAP_SHARED", LITMUS_MAP_SHARED },
};

static const struct litmus_flag advices[] = {
	{ "MADV_DONTNEED", LITMUS_MADV_DONTNEED },
	{ "MADV_DONTFORK", LITMUS_MADV_DONTFORK },
	{ "MADV_DOFORK", LITMUS_MADV_DOFORK },
	{ "MADV_WIPEONFORK", LITMUS_MADV_WIPEONFORK },
	{ "MADV_KEEPONFORK", LITMUS_MADV_KEEPONFORK },
	{ "MADV_POPULATE_READ", LITMUS_MADV_POPULATE_READ },
	{ "MADV_POPULATE_WRITE", LITMUS_MADV_POPULATE_WRITE },
	{ "MADV_FREE", LITMUS_MADV_FREE },
	{ "MADV_WILLNEED", LITMUS_MADV_WILLNEED },
	{ "MADV_PAGEOUT", LITMUS_MADV_PAGEOUT },
	{ "MADV_HUGEPAGE", LITMUS_MADV_HUGEPAGE },
	{ "MADV_NOHUGEPAGE", LITMUS_MADV_NOHUGEPAGE },
	{ "MADV_COLLAPSE", LITMUS_MADV_COLLAPSE },
	{ "MADV_MERGEABLE", LITMUS_MADV_MERGEABLE },
	{ "MADV_UNMERGEABLE", LITMUS_MADV_UNMERGEABLE },
};

static const struct litmus_flag features[] = {
	{ "UFFD_FEATURE_EVENT_FORK", LITMUS_UFFD_FEATURE_EVENT_FORK },
	{ "UFFD_FEATURE_EVENT_REMAP", LITMUS_UFFD_FEATURE_EVENT_REMAP },
	{ "UFFD_FEATURE_EVENT_REMOVE", LITMUS_UFFD_FEATURE_EVENT_REMOVE },
	{ "UFFD_FEATURE_EVENT_UNMAP", LITMUS_UFFD_FEATURE_EVENT_UNMAP },
	{ "UFFD_FEATURE_WP_UNPOPULATED", LITMUS_UFFD_FEATURE_WP_UNPOPULATED },
	{ "UFFD_FEATURE_WP_ASYNC", LITMUS_UFFD_FEATURE_WP_ASYNC },
};

static const struct litmus_flag registers[] = {
	{ "UFFDIO_REGISTER_MODE_MISSING", LITMUS_UFFDIO_REGISTER_MODE_MISSING },
	{ "UFFDIO_REGISTER_MODE_WP", LITMUS_UFFDIO_REGISTER_MODE_WP },
	{ "UFFDIO_REGISTER_MODE_MINOR", LITMUS_UFFDIO_REGISTER_MODE_MINOR },
};

static const struct litmus_flag writeprotect_modes[] = {
	{ "UFFDIO_WRITEPROTECT_MODE_WP", LITMUS_UFFDIO_MODE_WP },
	{ "UFFDIO_WRITEPROTECT_MODE_DONTWAKE", LITMUS_UFFDIO_MODE_DONTWAKE },
};

static const struct litmus_flag copy_modes[] = {
	{ "UFFDIO_COPY_MODE_WP", LITMUS_UFFDIO_MODE_WP },
	{ "UFFDIO_COPY_MODE_DONTWAKE", LITMUS_UFFDIO_MODE_DONTWAKE },
};

static const struct litmus_flag zeropage_modes[] = {
	{ "UFFDIO_ZEROPAGE_MODE_DONTWAKE", LITMUS_UFFDIO_MODE_DONTWAKE },
};

static const struct litmus_flag continue_modes[] = {
	{ "UFFDIO_CONTINUE_MODE_WP", LITMUS_UFFDIO_MODE_WP },
	{ "UFFDIO_CONTINUE_MODE_DONTWAKE", LITMUS_UFFDIO_MODE_DONTWAKE },
};

static const struct litmus_flag move_modes[] = {
	{ "UFFDIO_MOVE_MODE_DONTWAKE", LITMUS_UFFDIO_MODE_DONTWAKE },
	{ "UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES", LITMUS_UFFDIO_MODE_SRC_HOLES },
};

static const struct litmus_flag folls[] = {
	{ "FOLL_WRITE", LITMUS_FOLL_WRITE },
	{ "FOLL_FORCE", LITMUS_FOLL_FORCE },
	{ "FOLL_LONGTERM", LITMUS_FOLL_LONGTERM },
};

static const struct litmus_flag_set prot_set = {
	prots, NR(prots), true, "PROT_NONE", "PROT_NONE, PROT_READ or PROT_WRITE"
};
static const struct litmus_flag_set map_set = {
	maps, NR(maps), false, NULL, "MAP_PRIVATE or MAP_SHARED"
};
static const struct litmus_flag_set advice_set = {
	advices, NR(advices), false, NULL,
	"an advice such as MADV_DONTNEED"
};
static const struct litmus_flag_set foll_set = {
	folls, NR(folls), true, "0", "0, FOLL_WRITE, FOLL_FORCE or FOLL_LONGTERM"
};
static const struct litmus_flag_set write_set = {
	folls, 1, false, "0", "FOLL_WRITE or 0"
};
static const struct litmus_flag_set feature_set = {
	features, NR(features), true, "0",
	"0, or features such as UFFD_FEATURE_EVENT_FORK"
};
static const struct litmus_flag_set register_set = {
	registers, NR(registers), true, NULL,
	"UFFDIO_REGISTER_MODE_MISSING, UFFDIO_REGISTER_MODE_WP or UFFDIO_REGISTER_MODE_MINOR"
};
static const struct litmus_flag_set writeprotect_set = {
	writeprotect_modes, NR(writeprotect_modes), true, "0",
	"0, UFFDIO_WRITEPROTECT_MODE_WP or UFFDIO_WRITEPROTECT_MODE_DONTWAKE"
};
static const struct litmus_flag_set copy_set = {
	copy_modes, NR(copy_modes), true, "0",
	"0, UFFDIO_COPY_MODE_WP or UFFDIO_COPY_MODE_DONTWAKE"
};
static const struct litmus_flag_set zeropage_set = {
	zeropage_modes, NR(zeropage_modes), true, "0", "0 or UFFDIO_ZEROPAGE_MODE_DONTWAKE"
};
static const struct litmus_flag_set continue_set = {
	continue_modes, NR(continue_modes), true, "0",
	"0, UFFDIO_CONTINUE_MODE_WP or UFFDIO_CONTINUE_MODE_DONTWAKE"
};

static const struct litmus_flag_set move_set = {
	move_modes, NR(move_modes), true, "0",
	"0, UFFDIO_MOVE_MODE_DONTWAKE or UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES"
};

const struct litmus_constant litmus_constants[] = {
	{ "ENOENT", -ENOENT },
	{ "ESRCH", -ESRCH },
	{ "EINTR", -EINTR },
	{ "EIO", -EIO },
	{ "EBADF", -EBADF },
	{ "ECHILD", -ECHILD },
	{ "EAGAIN", -EAGAIN },
	{ "ENOMEM", -ENOMEM },
	{ "EACCES", -EACCES },
	{ "EFAULT", -EFAULT },
	{ "EBUSY", -EBUSY },
	{ "EEXIST", -EEXIST },
	{ "EINVAL", -EINVAL },
	{ "ENOSYS", -ENOSYS },
	{ "EOPNOTSUPP", -EOPNOTSUPP },
	{ "EHWPOISON", -EHWPOISON },
	{ "UFFD_EVENT_PAGEFAULT", LITMUS_UFFD_EVENT_PAGEFAULT },
	{ "UFFD_PAGEFAULT_FLAG_WRITE", LITMUS_UFFD_PAGEFAULT_FLAG_WRITE },
	{ "UFFD_PAGEFAULT_FLAG_WP", LITMUS_UFFD_PAGEFAULT_FLAG_WP },
	{ "UFFD_PAGEFAULT_FLAG_MINOR", LITMUS_UFFD_PAGEFAULT_FLAG_MINOR },
	{ "UFFD_EVENT_FORK", LITMUS_UFFD_EVENT_FORK },
	{ "UFFD_EVENT_REMAP", LITMUS_UFFD_EVENT_REMAP },
	{ "UFFD_EVENT_REMOVE", LITMUS_UFFD_EVENT_REMOVE },
	{ "UFFD_EVENT_UNMAP", LITMUS_UFFD_EVENT_UNMAP },
	{ "SIGKILL", LITMUS_SIGKILL },
	{ "SIGBUS", LITMUS_SIGBUS },
	{ "SIGSEGV", LITMUS_SIGSEGV },
};
/* clang-format on */

const int litmus_nr_constants = NR(litmus_constants);

const struct litmus_op_info *litmus_op_info(enum litmus_opcode code)
{
	return &infos[code];
}

int litmus_opcode(const char *name, size_t length)
{
	for (int i = 0; i < LITMUS_NR_OPCODES; i++)
		if (infos[i].operands && strlen(infos[i].name) == length &&
		    !memcmp(infos[i].name, name, length))
			return i;
	return -1;
}

enum litmus_opcode litmus_release_of(enum litmus_opcode code)
{
	switch (code) {
	case LITMUS_GET_USER_PAGES:
	case LITMUS_GET_USER_PAGES_FAST:
	case LITMUS_GET_USER_PAGES_REMOTE:
		return LITMUS_PUT_PAGE;
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PIN_USER_PAGES_FAST:
	case LITMUS_PIN_USER_PAGES_REMOTE:
		return LITMUS_UNPIN_USER_PAGE;
	case LITMUS_IOV_ITER_EXTRACT_PAGES:
		return LITMUS_BIO_RELEASE_PAGES;
	default:
		return LITMUS_NR_OPCODES;
	}
}

static const struct litmus_flag_set *mode_set(enum litmus_opcode code)
{
	switch (code) {
	case LITMUS_UFFDIO_COPY:
		return &copy_set;
	case LITMUS_UFFDIO_ZEROPAGE:
		return &zeropage_set;
	case LITMUS_UFFDIO_CONTINUE:
		return &continue_set;
	case LITMUS_UFFDIO_MOVE:
		return &move_set;
	default:
		return &writeprotect_set;
	}
}

const struct litmus_flag_set *litmus_flag_set(enum litmus_opcode code, enum litmus_operand operand)
{
	switch (operand) {
	case LITMUS_OPERAND_PROT:
		return &prot_set;
	case LITMUS_OPERAND_MAP:
		return &map_set;
	case LITMUS_OPERAND_ADVICE:
		return &advice_set;
	case LITMUS_OPERAND_WRITE:
		return &write_set;
	case LITMUS_OPERAND_FEATURES:
		return &feature_set;
	case LITMUS_OPERAND_REGISTER:
		return &register_set;
	case LITMUS_OPERAND_MODE:
		return mode_set(code);
	default:
		return &foll_set;
	}
}
