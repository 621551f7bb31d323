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

void IrpPool::initialise(IRP& irp, USHORT bytes, CCHAR stack_size, UCHAR allocation_flags) {
    clear<sizeof(IRP)>(&irp);
    auto* stack = reinterpret_cast<IO_STACK_LOCATION*>(&irp + 1);
    for (int i = 0; i < stack_size; ++i) {
        clear<sizeof(IO_STACK_LOCATION)>(&stack[i]);
    }
    irp.Type = io_type_irp;
    irp.Size = bytes;
    irp.StackCount = static_cast<CHAR>(stack_size);
    irp.CurrentLocation = static_cast<CHAR>(stack_size + 1);
    irp.AllocationFlags = allocation_flags;
    irp.ThreadListEntry = {&irp.ThreadListEntry, &irp.ThreadListEntry};
    irp.Tail.Overlay.CurrentStackLocation = stack + stack_size;
}

IRP* IrpPool::allocate(CCHAR stack_size, IrpKind kind, const void* caller) {
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
    slot->kind = kind;
    slot->completed = false;
    slot->waited_for = false;
    slot->serial = machine_.next_serial();
    slot->allocated_by = caller;
    slot->completed_callback = nullptr;
    slot->copy_to = nullptr;
    slot->copy_limit = 0;
    slot->pool_buffer = nullptr;
    slot->inline_buffer_used = 0;
    if (const auto bytes = static_cast<std::uint32_t>(irp_bytes(stack_size)); slot->irp_bytes != bytes) {
        slot->irp_bytes = bytes; // else they hold since the last time
        slot->guarded_irp().set_guards();
    }
    slot->event.Header.SignalState = 0;
    slot->next = &anchor_;
    slot->previous = anchor_.previous;
    anchor_.previous->next = slot;
    anchor_.previous = slot;
    ++living_;
    machine::tsan::acquire(slot);
    initialise(*slot->irp(), static_cast<USHORT>(irp_bytes(stack_size)), stack_size, from_this_pool);
    return slot->irp();
}

void IrpPool::reuse(IRP& irp) {
    IrpSlot::of(&irp)->serial = machine_.next_serial();
    initialise(irp, static_cast<USHORT>(irp.Size), irp.StackCount, from_this_pool);
}

void IrpPool::free(IRP* irp) {
    IrpSlot* slot = IrpSlot::of(irp);
    // What the I/O manager sent once it has looked at on completion.
    if (slot->kind == IrpKind::driver || slot->kind == IrpKind::repeated) {
        slot->check(machine_, "IoFreeIrp");
    }
    machine::tsan::release(slot);
    slot->previous->next = slot->next;
    slot->next->previous = slot->previous;
    --living_;
    irp->Type = 0;
    irp->IoStatus.Status = status_of_gone_irp;
    irp->AllocationFlags = freed;
    slot->next = free_[slot->size_class];
    free_[slot->size_class] = slot;
    asan_poison(irp, irp_bytes(stack_sizes[slot->size_class]));
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
        if (slot->inline_buffer_used != 0) {
            slot->guarded_buffer().offer_to(search);
        }
    }
}

} // namespace openportcls::executive
