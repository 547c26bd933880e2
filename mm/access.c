/* SPDX-License-Identifier: GPL-2.0-or-later */
/* access.c - loads and stores: by a task through its CPU's TLB, and to another mm's memory */
#include "mm/internal.h"

/* The int at addr in the frame that an entry maps. */
static uint32_t *word_at(const struct machine *machine, pfn_t pfn, unsigned long addr)
{
	uint32_t *words = page_words(machine, pfn_to_page(machine, pfn));

	return &words[(addr & ~MM_PAGE_MASK) / sizeof(*words)];
}

/*
 * The hardware's walk: read the PTE, set its accessed bit and, for a store, its dirty bit in one
 * piece with the check of the permission. Interrupts off.
 */
static bool use_entry(port_entry *entry, bool write, pte_t *pte)
{
	pte_t set = PTE_ACCESSED | (write ? PTE_DIRTY : 0);
	pte_t old;

	while (pte_access_permitted(*pte, write)) {
		if ((*pte & set) == set)
			return true;
		old = port_entry_cmpxchg(entry, *pte, *pte | set);
		if (old == *pte) {
			*pte |= set;
			return true;
		}
		*pte = old;
	}
	return false;
}

/* A huge page is cached base page by base page. */
static bool walk_tables(struct mm *mm, unsigned long addr, bool write, pte_t *pte)
{
	port_entry *entry = pmd_lookup(mm, addr);

	if (!entry)
		return false;
	*pte = port_entry_read(entry);
	if (pmd_leaf(*pte)) {
		if (!use_entry(entry, write, pte))
			return false;
		*pte = pmd_part(*pte, addr);
		return true;
	}
	entry = pte_lookup(mm, addr);
	if (!entry)
		return false;
	*pte = port_entry_read(entry);
	return use_entry(entry, write, pte);
}

/* Find the frame through the TLB or the tables. Interrupts off. */
static bool translate(struct mm *mm, struct port_cpu *cpu, unsigned long addr, bool write,
		      pte_t *pte)
{
	unsigned long vpn = addr >> MM_PAGE_SHIFT;

	/* The first store through an entry has to set the dirty bit in the table. */
	if (port_tlb_lookup(cpu, mm->id, vpn, pte) && pte_access_permitted(*pte, write) &&
	    (!write || pte_dirty(*pte)))
		return true;
	if (!walk_tables(mm, addr, write, pte))
		return false;
	port_tlb_insert(cpu, mm->id, vpn, *pte);
	return true;
}

/* The page fault handler of the architecture: is the access allowed, then fault. */
static int do_user_fault(struct mm *mm, unsigned long addr, bool write)
{
	unsigned flags = FAULT_FLAG_ALLOW_RETRY | (write ? FAULT_FLAG_WRITE : 0);
	unsigned ret = VM_FAULT_SIGSEGV;
	struct vma *vma;

	port_down_read(&mm->mmap_lock);
	vma = find_vma(mm, addr);
	if (vma && vma->flags & (write ? VM_WRITE : VM_READ | VM_WRITE))
		ret = handle_mm_fault(mm, vma, addr, flags);
	/* Only what waits gives up. */
	if (ret & VM_FAULT_RETRY)
		return port_atomic_read(&mm->killed) ? -MM_EINTR : 0;
	port_up_read(&mm->mmap_lock);
	if (ret & VM_FAULT_SIGSEGV)
		return -MM_EFAULT;
	if (ret & (VM_FAULT_SIGBUS | VM_FAULT_HWPOISON))
		return -MM_SIGBUS;
	return ret & VM_FAULT_OOM ? -MM_ENOMEM : 0;
}

/* One access; the CPU tries again after each fault. */
static int user_access(struct mm *mm, unsigned long addr, bool write, uint32_t *value)
{
	struct machine *machine = mm->machine;
	struct port_cpu *cpu = &machine->cpus[port_cpu_id()];

	if (addr >= MM_TASK_SIZE || addr % sizeof(*value))
		return -MM_EFAULT;
	for (;;) {
		pte_t pte;
		bool done;
		int err;

		/* With interrupts off: no frame is freed between translation and access. */
		port_irq_disable(cpu);
		done = translate(mm, cpu, addr, write, &pte);
		if (done && write)
			port_word_write(word_at(machine, pte_pfn(pte), addr), *value);
		else if (done)
			*value = port_word_read(word_at(machine, pte_pfn(pte), addr));
		port_irq_enable(cpu);
		if (done)
			return 0;
		err = do_user_fault(mm, addr, write);
		if (err)
			return err;
	}
}

int mm_load(struct mm *mm, unsigned long addr, uint32_t *value)
{
	return user_access(mm, addr, false, value);
}

int mm_store(struct mm *mm, unsigned long addr, uint32_t value)
{
	return user_access(mm, addr, true, &value);
}

/* Copy the int in or out of a page that GUP has taken. */
static void copy_word(struct mm *mm, struct page *page, unsigned long addr, bool write,
		      uint32_t *value)
{
	uint32_t *word = word_at(mm->machine, page_to_pfn(mm->machine, page), addr);

	if (write)
		port_word_write(word, *value);
	else
		*value = port_word_read(word);
}

/* ptrace takes a reference: __access_remote_vm(). */
static int access_remote_vm(struct mm *mm, unsigned long addr, bool write, uint32_t *value)
{
	struct page *page;

	if (get_user_pages(mm, addr, 1, FOLL_FORCE | (write ? FOLL_WRITE : 0), &page) != 1)
		return -MM_EIO;
	copy_word(mm, page, addr, write, value);
	put_page(mm->machine, page);
	return 0;
}

int mm_ptrace_peekdata(struct mm *mm, unsigned long addr, uint32_t *value)
{
	return access_remote_vm(mm, addr, false, value);
}

int mm_ptrace_pokedata(struct mm *mm, unsigned long addr, uint32_t value)
{
	return access_remote_vm(mm, addr, true, &value);
}

/* process_vm_readv() and process_vm_writev() take a pin. */
static int process_vm_rw(struct mm *mm, unsigned long addr, bool write, uint32_t *value)
{
	struct page *page;

	if (pin_user_pages_locked(mm, addr, 1, write ? FOLL_WRITE : 0, &page) != 1)
		return -MM_EFAULT;
	copy_word(mm, page, addr, write, value);
	unpin_user_page(mm->machine, page);
	return 0;
}

int mm_process_vm_readv(struct mm *mm, unsigned long addr, uint32_t *value)
{
	return process_vm_rw(mm, addr, false, value);
}

int mm_process_vm_writev(struct mm *mm, unsigned long addr, uint32_t value)
{
	return process_vm_rw(mm, addr, true, &value);
}
