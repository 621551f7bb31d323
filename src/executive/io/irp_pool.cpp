#include "executive/io/irp_pool.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "executive/ex/asan.h"

namespace openportcls::executive {

namespace {

constexpr CSHORT io_type_irp = 6;

std::size_t irp_bytes(CCHAR stack_size) {
    return sizeof(IRP) + static_cast<std::size_t>(stack_size) * sizeof(IO_STACK_LOCATION);
}

// Zeroes a size the compiler knows: a call of memset costs more than the stores.
template<std::size_t bytes>
void clear(void* memory) {
#if defined(__clang__)
    __builtin_memset_inline(memory, 0, bytes);
#else
    std::memset(memory, 0, bytes);
#endif
}

} // namespace

IrpPool::IrpPool(machine::Machine& machine) : machine_(machine) {
    anchor_.next = anchor_.previous = &anchor_;
}

IrpPool::~IrpPool() {
    for (const auto& [block, bytes] : blocks_) {
        machine_.guest_heap().free(block, bytes);
    }
}

namespace {

// The usual stacks by number: of a loop over them the compiler makes a call of memset.
template<int stack_size>
void clear_irp(IRP& irp) {
    clear<sizeof(IRP) + stack_size * sizeof(IO_STACK_LOCATION)>(&irp);
}
[[gnu::always_inline]] inline void clear_usual_irp(IRP& irp, CCHAR stack_size) {
    if (stack_size == 2) [[likely]] { // what a client's request to a functional device has
        return clear_irp<2>(irp);
    }
    switch (stack_size) {
    case 1:
        return clear_irp<1>(irp);
    case 3:
        return clear_irp<3>(irp);
    default:
        return clear_irp<4>(irp);
    }
}

bool is_usual(CCHAR stack_size) {
    return static_cast<UCHAR>(stack_size - 1) < 4;
}

// Of one that is clear.
[[gnu::always_inline]] inline void set_up(IRP& irp, USHORT bytes, CCHAR stack_size, UCHAR allocation_flags) {
    irp.Type = io_type_irp;
    irp.Size = bytes;
    irp.StackCount = static_cast<CHAR>(stack_size);
    irp.CurrentLocation = static_cast<CHAR>(stack_size + 1);
    irp.AllocationFlags = allocation_flags;
    irp.ThreadListEntry = {&irp.ThreadListEntry, &irp.ThreadListEntry};
    irp.Tail.Overlay.CurrentStackLocation = reinterpret_cast<IO_STACK_LOCATION*>(&irp + 1) + stack_size;
}

// Whether a sanitizer wants to hear of every IRP.
bool is_watched() {
    return machine::tsan::is_watching() || asan_present();
}

} // namespace

void IrpPool::initialise(IRP& irp, USHORT bytes, CCHAR stack_size, UCHAR allocation_flags) {
    if (is_usual(stack_size)) [[likely]] {
        clear_usual_irp(irp, stack_size);
    } else {
        std::memset(&irp, 0, irp_bytes(stack_size));
    }
    set_up(irp, bytes, stack_size, allocation_flags);
}

// The IRP is clear, and its guards are set.
[[gnu::always_inline]] inline IRP* IrpPool::prepare(IrpSlot& slot, CCHAR stack_size, IrpKind kind, const void* caller) {
    slot.kind = kind;
    slot.completed = false;
    slot.waited_for = false;
    slot.serial = machine_.next_serial();
    slot.allocated_by = caller;
    slot.fresh = {};
    slot.next = &anchor_;
    slot.previous = anchor_.previous;
    anchor_.previous->next = &slot;
    anchor_.previous = &slot;
    IRP* const irp = slot.irp();
    set_up(*irp, static_cast<USHORT>(slot.irp_bytes), stack_size, from_this_pool);
    return irp;
}

[[gnu::hot]] IRP* IrpPool::allocate(CCHAR stack_size, IrpKind kind, const void* caller) {
    IrpSlot* const slot = free_[0];
    static_assert(stack_sizes[0] == 4, "is_usual");
    // The guards of one of the same size hold since the last time.
    if (!is_usual(stack_size) || slot == nullptr || slot->irp_bytes != irp_bytes(stack_size) || is_watched())
        [[unlikely]] {
        return allocate_slowly(stack_size, kind, caller);
    }
    free_[0] = slot->next;
    clear_usual_irp(*slot->irp(), stack_size);
    return prepare(*slot, stack_size, kind, caller);
}

IRP* IrpPool::allocate_slowly(CCHAR stack_size, IrpKind kind, const void* caller) {
    std::uint8_t size_class = 0;
    while (size_class < stack_sizes.size() && stack_sizes[size_class] < stack_size) {
        ++size_class;
    }
    if (stack_size < 0 || size_class == stack_sizes.size()) {
        return nullptr;
    }
    IrpSlot* slot = free_[size_class];
    if (slot != nullptr) {
        free_[size_class] = slot->next;
        asan_unpoison(slot->irp(), irp_bytes(stack_sizes[size_class]));
    } else {
        const std::size_t bytes = sizeof(IrpSlot) + irp_bytes(stack_sizes[size_class]) + sizeof(GuardWords);
        char* const block = machine_.guest_heap().allocate(bytes);
        if (block == nullptr) {
            return nullptr;
        }
        blocks_.emplace_back(block, bytes);
        slot = new (block) IrpSlot;
        slot->size_class = size_class;
        slot->event.Header.WaitListHead = {&slot->event.Header.WaitListHead, &slot->event.Header.WaitListHead};
    }
    machine::tsan::acquire(slot);
    const std::size_t bytes = irp_bytes(stack_size);
    if (slot->irp_bytes != bytes) {
        slot->set_irp_bytes(static_cast<std::uint32_t>(bytes));
    }
    std::memset(slot->irp(), 0, bytes);
    return prepare(*slot, stack_size, kind, caller);
}

void IrpPool::reuse(IRP& irp) {
    IrpSlot::of(&irp)->serial = machine_.next_serial();
    initialise(irp, static_cast<USHORT>(irp.Size), irp.StackCount, from_this_pool);
}

[[gnu::always_inline]] inline void IrpPool::put_back(IrpSlot& slot) {
    slot.previous->next = slot.next;
    slot.next->previous = slot.previous;
    IRP& irp = *slot.irp();
    irp.Type = 0;
    irp.IoStatus.Status = status_of_gone_irp;
    irp.AllocationFlags = freed;
    IrpSlot*& first = free_[slot.size_class];
    slot.next = first;
    first = &slot;
}

[[gnu::hot]] void IrpPool::free(IRP* irp) {
    IrpSlot& slot = *IrpSlot::of(irp);
    if (slot.kind == IrpKind::driver || slot.kind == IrpKind::repeated || is_watched()) [[unlikely]] {
        free_slowly(slot);
        return;
    }
    put_back(slot);
}

void IrpPool::free_slowly(IrpSlot& slot) {
    // What the I/O manager sent once it has looked at on completion.
    if (slot.kind == IrpKind::driver || slot.kind == IrpKind::repeated) {
        slot.check(machine_, "IoFreeIrp");
    }
    machine::tsan::release(&slot);
    put_back(slot);
    asan_poison(slot.irp(), irp_bytes(stack_sizes[slot.size_class]));
}

void IrpSlot::report_overrun(machine::Machine& machine, const char* moment) {
    guarded_irp().check(machine, moment);
    guarded_buffer().report(machine, moment);
}

std::size_t IrpPool::living() const {
    std::size_t count = 0;
    for (const IrpSlot* slot = anchor_.next; slot != &anchor_; slot = slot->next) {
        ++count;
    }
    return count;
}

OPC_NO_ASAN bool IrpPool::is_living(IRP* irp, std::uint32_t serial) {
    return IrpSlot::of(irp)->serial == serial && (irp->AllocationFlags & freed) == 0;
}

std::vector<IrpSlot*> IrpPool::list() const {
    std::vector<IrpSlot*> slots;
    for (IrpSlot* slot = anchor_.next; slot != &anchor_; slot = slot->next) {
        slots.push_back(slot);
    }
    return slots;
}

void IrpPool::check_all(const char* moment) const {
    for (IrpSlot* slot = anchor_.next; slot != &anchor_; slot = slot->next) {
        slot->check(machine_, moment);
    }
}

void IrpPool::offer_to(OverrunSearch& search) const {
    for (IrpSlot* slot = anchor_.next; slot != &anchor_; slot = slot->next) {
        slot->guarded_irp().offer_to(search);
        if (slot->fresh.inline_buffer_used != 0) {
            slot->guarded_buffer().offer_to(search);
        }
    }
}

} // namespace openportcls::executive
