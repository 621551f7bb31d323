// I/O request packets: one free list for each size, so that a request costs no allocation; and who owns each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <wdm.h>

#include "executive/ex/asan.h"
#include "executive/ex/guard_bytes.h"
#include "executive/io/io_manager.h"
#include "machine/machine.h"

namespace openportcls::executive {

enum class IrpKind : std::uint8_t {
    driver,   // IoAllocateIrp: comes back to its allocator through a completion routine
    threaded, // IoBuild…Request: the I/O manager finishes and frees it
    request,  // device_control and its like: their caller frees it
    repeated, // RepeatedRequest: its sender's
    detached, // start_device_control, PoRequestPowerIrp: freed when complete, after `completed`
};

// What an IRP says once it is not its driver's any more, so that it shows when one reads it nevertheless.
inline constexpr NTSTATUS status_of_gone_irp = static_cast<NTSTATUS>(0xEDEDEDED);

// Stands in front of every IRP that came from here.
struct alignas(16) IrpSlot {
    IrpSlot* next = nullptr; // in the list of living IRPs, or the free list
    IrpSlot* previous = nullptr;
    IrpKind kind = IrpKind::driver;
    bool completed = false;
    bool waited_for = false;
    std::uint8_t size_class = 0;
    std::uint32_t serial = 0;
    const void* allocated_by = nullptr;
    void* callback_context = nullptr; // of completed_callback
    // Every request begins with these zeroed.
    struct Fresh {
        RequestCompleted completed_callback = nullptr;
        // METHOD_BUFFERED and buffered reads: what goes back to the caller's buffer.
        void* copy_to = nullptr;
        void* pool_buffer = nullptr;
        ULONG copy_limit = 0;
        std::uint32_t inline_buffer_used = 0; // bytes, 0: none
    };
    alignas(16) Fresh fresh;
    IO_STATUS_BLOCK result{};
    KEVENT event{};
    // Objects that the request keeps alive until it ends. A detached one counts among the requests of the first, a
    // file.
    std::array<void*, 2> kept{};
    static constexpr std::size_t inline_buffer_bytes = 256;
    std::uint32_t irp_bytes = 0;         // of the IRP as it was asked for
    std::uint64_t irp_pattern = 0;       // of the guards around it
    alignas(16) GuardWords buffer_guard; // just in front of the buffer
    alignas(16) unsigned char inline_buffer[inline_buffer_bytes + sizeof(GuardWords)];
    GuardWords guard; // just in front of the IRP

    IRP* irp() { return reinterpret_cast<IRP*>(this + 1); }
    Guarded guarded_irp() { return {"IRP", reinterpret_cast<char*>(irp()), irp_bytes, irp_tag, allocated_by}; }
    Guarded guarded_buffer() {
        return {"system buffer of a request", reinterpret_cast<char*>(inline_buffer), fresh.inline_buffer_used,
                buffer_tag, allocated_by};
    }
    // The whole of the guards is looked at when an IRP is freed, and when memory is looked through.
    [[gnu::always_inline]] void check_edges(machine::Machine& machine, const char* moment) {
        if (guard.words[3] != irp_pattern || irp_end()->words[0] != irp_pattern ||
            (fresh.inline_buffer_used != 0 && !guarded_buffer().is_intact_at_edges())) [[unlikely]] {
            report_overrun(machine, moment);
        }
    }
    [[gnu::always_inline]] bool is_irp_intact() { return guard.holds(irp_pattern) && irp_end()->holds(irp_pattern); }
    [[gnu::always_inline]] void check(machine::Machine& machine, const char* moment) {
        if (!is_irp_intact() || (fresh.inline_buffer_used != 0 && !guarded_buffer().is_intact())) [[unlikely]] {
            report_overrun(machine, moment);
        }
    }
    [[noreturn, gnu::cold, gnu::noinline]] void NTAPI report_overrun(machine::Machine& machine, const char* moment);
    void set_irp_bytes(std::uint32_t bytes) {
        irp_bytes = bytes;
        irp_pattern = guarded_irp().pattern();
        guarded_irp().set_guards();
    }
    void* take_inline_buffer(std::uint32_t bytes) {
        fresh.inline_buffer_used = bytes;
        guarded_buffer().set_guards();
        return inline_buffer;
    }
    GuardWords* irp_end() { return reinterpret_cast<GuardWords*>(reinterpret_cast<char*>(irp()) + irp_bytes); }
    static IrpSlot* of(IRP* irp) { return reinterpret_cast<IrpSlot*>(irp) - 1; }

    static constexpr std::uint32_t irp_tag = 0x20707249;    // 'Irp '
    static constexpr std::uint32_t buffer_tag = 0x42737953; // 'SysB'
};
static_assert(offsetof(IrpSlot, inline_buffer) == offsetof(IrpSlot, buffer_guard) + sizeof(GuardWords));
static_assert(sizeof(IrpSlot) == offsetof(IrpSlot, guard) + sizeof(GuardWords));

struct IrpDescription {
    std::uint32_t serial = 0;
    std::string owner; // "driver" when a driver's code allocated it, else "kernel"
    UCHAR major = 0;
    UCHAR minor = 0;
    bool dispatched = false;
    std::string device_driver; // driver that holds it now, "" before dispatch
};

class IrpPool {
public:
    explicit IrpPool(machine::Machine& machine);
    ~IrpPool();
    IrpPool(const IrpPool&) = delete;
    IrpPool& operator=(const IrpPool&) = delete;

    // Initialised like IoInitializeIrp does; nullptr when the stack size is impossible.
    IRP* allocate(CCHAR stack_size, IrpKind kind, const void* caller);
    void free(IRP* irp);
    // For another round of the same sender: a new request in the same memory.
    void reuse(IRP& irp);
    // The slot of an IRP that was allocated here; nullptr for one in a driver's own memory.
    OPC_NO_ASAN static IrpSlot* slot_of(IRP* irp) { // which may have been freed
        return (irp->AllocationFlags & from_this_pool) != 0 ? IrpSlot::of(irp) : nullptr;
    }
    static void initialise(IRP& irp, USHORT bytes, CCHAR stack_size, UCHAR allocation_flags);

    // `irp` may have been freed and used again meanwhile; its slot's memory stays.
    static bool is_living(IRP* irp, std::uint32_t serial);
    std::size_t living() const;
    const IrpSlot* oldest() const { return anchor_.next; }
    std::vector<IrpSlot*> list() const; // oldest first
    // An IRP, or its system buffer, that was written past is a bugcheck; `moment` says when it was noticed.
    void check_all(const char* moment) const;
    void offer_to(OverrunSearch& search) const;

private:
    static constexpr UCHAR from_this_pool = 0x80;
    static constexpr UCHAR freed = 0x40;
    static constexpr std::array<CCHAR, 3> stack_sizes{4, 10, 127};

    [[gnu::noinline]] IRP* allocate_slowly(CCHAR stack_size, IrpKind kind, const void* caller);
    IRP* prepare(IrpSlot& slot, CCHAR stack_size, IrpKind kind, const void* caller);
    void put_back(IrpSlot& slot);
    [[gnu::noinline]] void free_slowly(IrpSlot& slot);

    machine::Machine& machine_;
    IrpSlot anchor_;
    std::array<IrpSlot*, stack_sizes.size()> free_{};
    std::vector<std::pair<char*, std::size_t>> blocks_; // every slot ever made, given back with the pool
};

} // namespace openportcls::executive
