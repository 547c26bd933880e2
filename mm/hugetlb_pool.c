/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_pool.c - the pool of huge pages, the objects that they back, and what is reserved */
#include "mm/hugetlb_pool.h"
#include "mm/audit.h"

static void push_free(struct machine *machine, struct page *head)
{
	struct hugetlb_pool *pool = machine->hugetlb;

	head->next_free = pool->free_list;
	pool->free_list = page_to_pfn(machine, head);
	pool->nr_free++;
}

static struct page *pop_free(struct machine *machine)
{
	struct hugetlb_pool *pool = machine->hugetlb;
	struct page *head = pfn_to_page(machine, pool->free_list);

	pool->free_list = head->next_free;
	pool->nr_free--;
	head->next_free = 0;
	return head;
}

int hugetlb_pool_create(struct machine *machine, unsigned nr_hugepages)
{
	struct hugetlb_pool *pool;

	if (!nr_hugepages)
		return 0;
	pool = port_alloc(sizeof(*pool));
	if (!pool)
		return -MM_ENOMEM;
	port_spin_init(&pool->lock);
	machine->hugetlb = pool;
	while (pool->nr_pages < nr_hugepages) {
		struct page *head = alloc_unmovable(machine, MM_HPAGE_ORDER);

		if (!head)
			return -MM_ENOMEM;
		port_atomic_set(&head->refcount, 0);
		port_atomic_set(&head->flags, PG_HUGETLB);
		pool->nr_pages++;
		push_free(machine, head);
	}
	return 0;
}

void hugetlb_pool_destroy(struct machine *machine)
{
	port_free(machine->hugetlb);
}

bool free_huge_page(struct machine *machine, struct page *head)
{
	struct hugetlb_pool *pool = machine->hugetlb;

	BUG_ON(port_atomic_read(&head->entire_mapcount) || port_atomic_read(&head->pincount));
	BUG_ON(port_is_locked(&head->lock));
	head->index = 0;
	port_spin_lock(&pool->lock);
	if (page_flag(head, PG_RESTORE_RESERVE))
		pool->nr_reserved++;
	if (page_flag(head, PG_HUGETLB_TEMPORARY)) {
		port_spin_unlock(&pool->lock);
		port_atomic_set(&head->flags, 0);
		return false;
	}
	port_atomic_set(&head->flags, PG_HUGETLB);
	push_free(machine, head);
	port_spin_unlock(&pool->lock);
	return true;
}

struct page *alloc_migrate_huge_page(struct machine *machine)
{
	struct hugetlb_pool *pool = machine->hugetlb;
	struct page *head = NULL;

	port_spin_lock(&pool->lock);
	/* What is reserved may be less than nothing for a while. */
	if (pool->nr_free && (int)pool->nr_free > pool->nr_reserved)
		head = pop_free(machine);
	port_spin_unlock(&pool->lock);
	if (head) {
		port_atomic_set(&head->refcount, 1);
		return head;
	}
	head = alloc_unmovable(machine, MM_HPAGE_ORDER);
	if (head)
		port_atomic_or(&head->flags, PG_HUGETLB | PG_HUGETLB_TEMPORARY);
	return head;
}

bool hugetlb_replace_page(struct machine *machine, struct page *from, struct page *to)
{
	struct hugetlb_pool *pool = machine->hugetlb;
	bool replaced = false;

	port_spin_lock(&pool->lock);
	for (struct hugetlb_map *map = pool->maps; map; map = map->next) {
		for (unsigned long i = 0; i < map->nr_slots; i++) {
			/* Ours, and the object's. */
			if (map->slots[i].page != from || page_count(from) != 2)
				continue;
			get_page(machine, to);
			map->slots[i].page = to;
			replaced = true;
		}
	}
	port_spin_unlock(&pool->lock);
	if (replaced)
		put_page(machine, from);
	return replaced;
}

void move_hugetlb_state(struct machine *machine, struct page *from, struct page *to)
{
	struct hugetlb_pool *pool = machine->hugetlb;

	port_spin_lock(&pool->lock);
	if (port_atomic_andnot(&from->flags, PG_RESTORE_RESERVE) & PG_RESTORE_RESERVE)
		port_atomic_or(&to->flags, PG_RESTORE_RESERVE);
	if (port_atomic_andnot(&to->flags, PG_HUGETLB_TEMPORARY) & PG_HUGETLB_TEMPORARY)
		port_atomic_or(&from->flags, PG_HUGETLB_TEMPORARY);
	port_spin_unlock(&pool->lock);
}

bool hugetlb_is_owner(const struct mm *mm, const struct vma *vma)
{
	return !vma->hugetlb->shared && vma->hugetlb->owner == mm->id;
}

unsigned long hugetlb_index(const struct vma *vma, unsigned long addr)
{
	return linear_page_index(vma, addr) / MM_HPAGE_NR;
}

int hugetlb_file_setup(struct mm *mm, struct vma *vma)
{
	unsigned long nr = (vma->end - vma->start) / MM_HPAGE_SIZE;
	struct hugetlb_map *map = port_alloc(sizeof(*map) + nr * sizeof(map->slots[0]));

	if (!map)
		return -MM_ENOMEM;
	port_atomic_set(&map->users, 1);
	port_lock_init(&map->fault_mutex);
	map->owner = mm->id;
	map->shared = vma->flags & VM_SHARED;
	map->nr_slots = nr;
	vma->hugetlb = map;
	vma->pgoff = 0;
	return 0;
}

int hugetlb_reserve_pages(struct machine *machine, struct hugetlb_map *map)
{
	struct hugetlb_pool *pool = machine->hugetlb;
	int err = -MM_ENOMEM;

	if (!pool)
		return err;
	port_spin_lock(&pool->lock);
	if ((long)pool->nr_free - pool->nr_reserved >= (long)map->nr_slots) {
		pool->nr_reserved += (int)map->nr_slots;
		for (unsigned long i = 0; i < map->nr_slots; i++)
			map->slots[i].reserved = true;
		map->next = pool->maps;
		pool->maps = map;
		map->listed = true;
		err = 0;
	}
	port_spin_unlock(&pool->lock);
	return err;
}

/* Does the mm map this page of the object at all? mmap lock held for writing. */
static bool maps_slot(const struct mm *mm, const struct hugetlb_map *map, unsigned long index)
{
	for (unsigned i = 0; i < mm->nr_vmas; i++) {
		const struct vma *vma = &mm->vmas[i];

		if (vma->hugetlb == map && hugetlb_index(vma, vma->start) <= index &&
		    index < hugetlb_index(vma, vma->end))
			return true;
	}
	return false;
}

/* What nobody can fault in any more need not be kept. Pool lock held. */
static void unreserve(struct hugetlb_pool *pool, struct hugetlb_slot *slot)
{
	if (slot->reserved)
		pool->nr_reserved--;
	slot->reserved = false;
}

static void unlist(struct hugetlb_pool *pool, struct hugetlb_map *map)
{
	struct hugetlb_map **link = &pool->maps;

	while (*link != map)
		link = &(*link)->next;
	*link = map->next;
}

/* The last VMA is gone, and with it the object. */
static void free_map(struct machine *machine, struct hugetlb_map *map)
{
	struct hugetlb_pool *pool = machine->hugetlb;

	/* Then nobody moves its pages any more. */
	if (map->listed) {
		port_spin_lock(&pool->lock);
		for (unsigned long i = 0; i < map->nr_slots; i++)
			unreserve(pool, &map->slots[i]);
		unlist(pool, map);
		port_spin_unlock(&pool->lock);
	}
	for (unsigned long i = 0; i < map->nr_slots; i++) {
		if (map->slots[i].page)
			put_page(machine, map->slots[i].page);
	}
	port_free(map);
}

void hugetlb_vm_op_open(const struct vma *vma)
{
	port_atomic_add_return(&vma->hugetlb->users, 1);
}

void hugetlb_vm_op_close(struct mm *mm, const struct vma *vma)
{
	struct hugetlb_pool *pool = mm->machine->hugetlb;
	struct hugetlb_map *map = vma->hugetlb;

	if (map->listed && hugetlb_is_owner(mm, vma)) {
		unsigned long end = hugetlb_index(vma, vma->end);

		/* mremap() has it mapped elsewhere already. */
		port_spin_lock(&pool->lock);
		for (unsigned long i = hugetlb_index(vma, vma->start); i < end; i++) {
			if (!maps_slot(mm, map, i))
				unreserve(pool, &map->slots[i]);
		}
		port_spin_unlock(&pool->lock);
	}
	if (!port_atomic_add_return(&map->users, -1))
		free_map(mm->machine, map);
}

struct page *alloc_huge_page(struct mm *mm, const struct vma *vma, unsigned long addr,
			     bool avoid_reserve, bool *used_reserve)
{
	struct machine *machine = mm->machine;
	struct hugetlb_pool *pool = machine->hugetlb;
	struct hugetlb_map *map = vma->hugetlb;
	struct hugetlb_slot *slot = &map->slots[hugetlb_index(vma, addr)];
	struct page *head = NULL;
	bool reserved;

	if (port_should_fail())
		return NULL;
	port_spin_lock(&pool->lock);
	reserved = slot->reserved && !avoid_reserve && (map->shared || hugetlb_is_owner(mm, vma));
	if (pool->nr_free && (reserved || (int)pool->nr_free > pool->nr_reserved)) {
		head = pop_free(machine);
		if (reserved)
			unreserve(pool, slot);
	}
	port_spin_unlock(&pool->lock);
	if (!head)
		return NULL;
	head->index = linear_page_index(vma, addr);
	*used_reserve = reserved;
	port_atomic_set(&head->refcount, 1);
	return head;
}

void restore_reserve_on_error(struct mm *mm, const struct vma *vma, unsigned long addr,
			      struct page *head, bool used_reserve)
{
	struct hugetlb_pool *pool = mm->machine->hugetlb;
	struct hugetlb_slot *slot = &vma->hugetlb->slots[hugetlb_index(vma, addr)];

	put_page(mm->machine, head);
	if (!used_reserve)
		return;
	port_spin_lock(&pool->lock);
	slot->reserved = true;
	pool->nr_reserved++;
	port_spin_unlock(&pool->lock);
}

void restore_reserve_on_unmap(struct mm *mm, const struct vma *vma, unsigned long addr,
			      struct page *head)
{
	struct hugetlb_pool *pool = mm->machine->hugetlb;

	if (mm->machine->rules.hugetlb_unmap != HUGETLB_UNMAP_RESERVE || !hugetlb_is_owner(mm, vma))
		return;
	port_spin_lock(&pool->lock);
	port_atomic_or(&head->flags, PG_RESTORE_RESERVE);
	vma->hugetlb->slots[hugetlb_index(vma, addr)].reserved = true;
	port_spin_unlock(&pool->lock);
}

/* Is one of the pool's pages kept for this page of the object? */
static bool should_be_reserved(const struct machine *machine, const struct hugetlb_map *map,
			       unsigned long index)
{
	if (map->shared)
		return !map->slots[index].page;
	for (const struct mm *mm = machine->mms; mm; mm = mm->next) {
		if (mm->id == map->owner)
			return maps_slot(mm, map, index) && map->slots[index].reserved;
	}
	return false;
}

static bool pool_finding(struct audit_result *result, pfn_t pfn, int expected, int found)
{
	*result = (struct audit_result){AUDIT_HUGETLB, pfn, expected, found};
	return expected == found;
}

bool hugetlb_audit(struct machine *machine, struct audit_frame *frames, struct audit_result *result)
{
	const struct hugetlb_pool *pool = machine->hugetlb;
	int reserved = 0, unused = 0, listed = 0;

	if (!pool)
		return true;
	for (const struct hugetlb_map *map = pool->maps; map; map = map->next) {
		for (unsigned long i = 0; i < map->nr_slots; i++) {
			bool is = should_be_reserved(machine, map, i);

			if (!pool_finding(result, 0, is, map->slots[i].reserved))
				return false;
			reserved += is;
			if (map->slots[i].page)
				frames[page_to_pfn(machine, map->slots[i].page)].refs++;
		}
	}
	for (pfn_t pfn = 0; pfn < machine->nr_frames; pfn++) {
		const struct page *page = pfn_to_page(machine, pfn);

		unused += page_flag(page, PG_HUGETLB) && !page_count(page);
		/* It is, or was, reserved for its owner; it counts when it is free. */
		reserved -= page_flag(page, PG_RESTORE_RESERVE);
	}
	for (pfn_t at = pool->free_list; at && listed <= (int)pool->nr_pages;
	     at = pfn_to_page(machine, at)->next_free)
		listed++;
	return pool_finding(result, pool->free_list, unused, listed) &&
	       pool_finding(result, pool->free_list, unused, (int)pool->nr_free) &&
	       pool_finding(result, pool->free_list, reserved, pool->nr_reserved);
}
