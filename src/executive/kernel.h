// The executive's state on one machine.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include <wdm.h>

#include "executive/ex/exceptions.h"
#include "executive/ex/host_parts.h"
#include "executive/ex/pool.h"
#include "executive/ex/work_queue.h"
#include "executive/hal/dma_channels.h"
#include "executive/hal/dma_ledger.h"
#include "executive/io/device_interfaces.h"
#include "executive/io/device_record.h"
#include "executive/io/irp_pool.h"
#include "executive/io/notifications.h"
#include "executive/io/shutdown.h"
#include "executive/mm/contiguous.h"
#include "executive/mm/driver_pages.h"
#include "executive/mm/io_space.h"
#include "executive/mm/mdl_pool.h"
#include "executive/po/power_framework.h"
#include "machine/machine.h"

namespace openportcls::executive {

struct DmaAdapter;
struct ExTimer;

class Kernel final : public machine::Subsystem {
public:
    static constexpr machine::SubsystemId subsystem_id = machine::SubsystemId::executive;

    explicit Kernel(machine::Machine& machine);
    ~Kernel() override;

    static Kernel& current() { return machine::Machine::current().subsystem<Kernel>(); }

    machine::Machine& machine;
    Pool pool;
    DmaLedger dma_ledger;
    HostParts<DmaAdapter> dma_adapters; // after the ledger: go before it
    HostParts<ExTimer> ex_timers;
    IrpPool irps;
    MdlPool mdls;
    DriverPages pages;
    ContiguousMemory contiguous;
    WorkQueues work;
    DeviceInterfaceTable interfaces;
    NotificationTable notifications;
    IoSpaceMap io_space;
    DmaChannels dma_channels;
    PowerFramework power;
    ShutdownList shutdown;

    // Living device objects, oldest first.
    const std::vector<DEVICE_OBJECT*>& devices() const { return devices_; }
    // What drivers wrote past is a bugcheck: pool, IRPs, MDLs, pages. `moment` says when it was noticed.
    void check_memory(const char* moment) const;
    void add_device(DEVICE_OBJECT* device) { devices_.push_back(device); }
    void remove_device(DEVICE_OBJECT* device);

    std::map<DEVICE_OBJECT*, std::unique_ptr<DeviceRecord>> device_records; // looked up, never iterated

    // IoInvalidateDeviceRelations, IoInvalidateDeviceState, IoRequestDeviceEject: the PnP manager listens.
    enum class DeviceRequest { invalidate_relations, invalidate_state, eject };
    using DeviceRequestHook = void (*)(machine::Machine& machine, DEVICE_OBJECT* device, DeviceRequest request,
                                       ULONG value);
    DeviceRequestHook device_request_hook = nullptr;

    // MmGetSystemRoutineAddress: the export table of the layer that has it.
    using ExportLookup = void* (*)(std::u16string_view name);
    ExportLookup export_lookup = nullptr;

    ExceptionDispatcher exception_dispatcher = nullptr;
    LIST_ENTRY bugcheck_callbacks{};
    struct DriverExtension {
        DRIVER_OBJECT* driver;
        void* id;
        void* memory;
    };
    std::vector<DriverExtension> driver_extensions; // IoAllocateDriverObjectExtension
    std::uint32_t error_log_entries = 0;
    std::uint32_t timer_resolution_requests = 0; // ExSetTimerResolution(…, TRUE) without (…, FALSE)
    std::uint32_t last_device_number = 0;
    std::uint64_t locked_mdls = 0;   // MmProbeAndLockPages without MmUnlockPages
    std::uint64_t pages_in_mdls = 0; // MmAllocatePagesForMdl without MmFreePagesFromMdl
    machine::Random identifiers{0x4F70656E506F7274};
    // The mode of the request that the client's thread is in; every other thread belongs to the kernel.
    KPROCESSOR_MODE client_mode = KernelMode;
    KPROCESSOR_MODE previous_mode() { return machine.current_thread().is_client ? client_mode : KernelMode; }
    KSPIN_LOCK cancel_lock = 0;
    KEVENT push_lock_released{};       // pulsed; whoever waits for a push lock looks again
    KEVENT* physical_memory = nullptr; // the body of \Device\PhysicalMemory
    std::multimap<PVOID, SIZE_T> section_views;
    KEVENT* process = nullptr; // what PsGetCurrentProcess points at: never signalled, it does not end
    ULONG os_major = 10;
    ULONG os_minor = 0;
    ULONG os_build = 22621; // Windows 11 22H2, as InfTarget has it

private:
    static void explain_overrun(void* self, const void* address, machine::BugcheckReport& report);

    std::vector<DEVICE_OBJECT*> devices_;
};

// What IoAllocateDriverObjectExtension gave a driver goes with its driver object.
void free_driver_extensions(DRIVER_OBJECT* driver);

// Adds the executive's subsystems (kernel, objects, registry, files, etw) to a machine, in order.
Kernel& install(machine::Machine& machine);

} // namespace openportcls::executive
