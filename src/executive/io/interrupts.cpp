#include "executive/io/interrupts.h"

#include <algorithm>
#include <new>

#include "executive/callers.h"
#include "executive/io/device_record.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/sentence.h"

using namespace openportcls;
using executive::Kernel;
using machine::Machine;
using machine::TriggerMode;

namespace {

constexpr ULONG interrupt_tag = 0x6E496F49; // 'IoIn'

bool call_routine(KINTERRUPT& interrupt) {
    const executive::CalledAt before(*interrupt.machine);
    const bool mine = interrupt.message_routine != nullptr
                          ? interrupt.message_routine(&interrupt, interrupt.service_context, interrupt.message) != FALSE
                          : interrupt.service_routine(&interrupt, interrupt.service_context) != FALSE;
    if (!before.is_kept(*interrupt.machine)) [[unlikely]] {
        constexpr unsigned of_interrupt = 3;
        executive::not_kept(before, "An interrupt service routine", interrupt.routine, &interrupt, of_interrupt);
    }
    return mine;
}

bool NTAPI service(machine::InterruptHandler& handler) {
    return call_routine(static_cast<KINTERRUPT&>(handler));
}

// All that happens at the level of the line: the routine follows in its thread. A line is theirs or nobody's.
bool NTAPI request_passive_service(machine::InterruptHandler& handler) {
    static_cast<KINTERRUPT&>(handler).passive->request();
    return true;
}

struct Connection {
    PKSERVICE_ROUTINE routine = nullptr;
    PKMESSAGE_SERVICE_ROUTINE message_routine = nullptr;
    void* context = nullptr;
    KSPIN_LOCK* lock = nullptr;
    ULONG vector = 0;
    KIRQL irql = 0;
    KIRQL synchronize_irql = 0;
    TriggerMode mode = TriggerMode::level;
    bool shared = false;
    ULONG message = 0;
    bool may_be_passive = false; // IoConnectInterruptEx, whole or by line
};

// At PASSIVE_LEVEL an event synchronises, which the system makes: there is no spin lock, and messages are not served
// so.
bool is_valid_passive(const Connection& wanted) {
    return wanted.routine != nullptr && wanted.synchronize_irql == machine::irql::passive && wanted.lock == nullptr;
}

bool is_valid(const Connection& wanted) {
    if (wanted.irql == machine::irql::passive) {
        return wanted.may_be_passive && is_valid_passive(wanted);
    }
    return (wanted.routine != nullptr || wanted.message_routine != nullptr) &&
           wanted.irql >= machine::irql::device_lowest && wanted.irql <= machine::irql::high &&
           wanted.synchronize_irql <= machine::irql::high;
}

// Whether the line can serve another routine beside those that are connected to it: all share it, and agree on what it
// is.
bool can_join(const machine::InterruptLine& line, const Connection& wanted) {
    return std::ranges::all_of(line.handlers(), [&](const machine::InterruptHandler* handler) {
        const auto& other = static_cast<const KINTERRUPT&>(*handler);
        return other.shared && wanted.shared && other.irql == wanted.irql && other.mode == wanted.mode;
    });
}

NTSTATUS connect(Kernel& kernel, const Connection& wanted, const void* caller, PKINTERRUPT* result) {
    *result = nullptr;
    if (!is_valid(wanted)) {
        return STATUS_INVALID_PARAMETER;
    }
    const bool passive = wanted.irql == machine::irql::passive;
    // The line itself interrupts all the same, as low as a device can.
    machine::InterruptLine& line =
        kernel.machine.interrupt_line(wanted.vector, passive ? machine::irql::device_lowest : wanted.irql, wanted.mode);
    if (!can_join(line, wanted)) {
        return STATUS_INVALID_PARAMETER;
    }
    void* memory =
        kernel.pool.allocate(sizeof(KINTERRUPT), interrupt_tag, executive::PoolKind::non_paged, true, caller);
    if (memory == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    auto* interrupt = new (memory) KINTERRUPT;
    interrupt->service = &service;
    interrupt->machine = &kernel.machine;
    interrupt->line = &line;
    interrupt->irql = wanted.irql;
    interrupt->mode = wanted.mode;
    interrupt->shared = wanted.shared;
    interrupt->service_routine = wanted.routine;
    interrupt->message_routine = wanted.message_routine;
    interrupt->service_context = wanted.context;
    interrupt->routine = wanted.message_routine != nullptr ? reinterpret_cast<const void*>(wanted.message_routine)
                                                           : reinterpret_cast<const void*>(wanted.routine);
    interrupt->routine_context = wanted.context;
    interrupt->message = wanted.message;
    interrupt->synchronize_irql = std::max(wanted.synchronize_irql, wanted.irql);
    interrupt->lock = wanted.lock;
    if (passive) {
        interrupt->service = &request_passive_service;
        interrupt->synchronize_irql = machine::irql::device_lowest; // of the request
        interrupt->passive.emplace(*interrupt, [](KINTERRUPT* which) { return call_routine(*which); });
        if (!interrupt->passive->is_running()) {
            interrupt->~KINTERRUPT();
            kernel.pool.free(memory, interrupt_tag, "IoConnectInterruptEx");
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    interrupt->connected = true;
    line.connect(*interrupt);
    *result = interrupt;
    return STATUS_SUCCESS;
}

bool names_a_processor(KAFFINITY processors) {
    return (processors & KeQueryActiveProcessors()) != 0;
}

void disconnect(Kernel& kernel, KINTERRUPT* interrupt, const char* function) {
    if (interrupt->connected) {
        interrupt->line->disconnect(*interrupt);
        interrupt->connected = false;
    }
    interrupt->~KINTERRUPT(); // ends its thread
    kernel.pool.free(interrupt, interrupt_tag, function);
}

void disconnect_messages(Kernel& kernel, IO_INTERRUPT_MESSAGE_INFO* table, const char* function) {
    // The first one may own the lock that the others use: it goes last.
    for (ULONG i = table->MessageCount; i-- > 0;) {
        disconnect(kernel, table->MessageInfo[i].InterruptObject, function);
    }
    kernel.pool.free(table, interrupt_tag, function);
}

void set_active(KINTERRUPT& interrupt, bool active) {
    if (interrupt.connected == active) {
        return;
    }
    if (active) {
        interrupt.line->connect(interrupt);
    } else {
        interrupt.line->disconnect(interrupt);
    }
    interrupt.connected = active;
}

void set_active(const IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS& parameters, bool active) {
    if (parameters.Version != CONNECT_MESSAGE_BASED) {
        set_active(*parameters.ConnectionContext.InterruptObject, active);
        return;
    }
    const IO_INTERRUPT_MESSAGE_INFO& table = *parameters.ConnectionContext.InterruptMessageTable;
    for (ULONG i = 0; i < table.MessageCount; ++i) {
        set_active(*table.MessageInfo[i].InterruptObject, active);
    }
}

TriggerMode trigger(KINTERRUPT_MODE mode) {
    return mode == Latched ? TriggerMode::latched : TriggerMode::level;
}

// The interrupts among a started device's translated resources.
std::vector<const CM_PARTIAL_RESOURCE_DESCRIPTOR*> interrupts_of(DEVICE_OBJECT* device) {
    std::vector<const CM_PARTIAL_RESOURCE_DESCRIPTOR*> found;
    const executive::DeviceRecord* record = executive::find_device_record(device);
    if (record == nullptr || record->translated_resources.empty()) {
        return found;
    }
    const auto* list = reinterpret_cast<const CM_RESOURCE_LIST*>(record->translated_resources.data());
    const CM_PARTIAL_RESOURCE_LIST& partial = list->List[0].PartialResourceList;
    for (ULONG i = 0; list->Count != 0 && i < partial.Count; ++i) {
        if (partial.PartialDescriptors[i].Type == CmResourceTypeInterrupt) {
            found.push_back(&partial.PartialDescriptors[i]);
        }
    }
    return found;
}

bool is_message(const CM_PARTIAL_RESOURCE_DESCRIPTOR& descriptor) {
    return (descriptor.Flags & CM_RESOURCE_INTERRUPT_MESSAGE) != 0;
}

bool is_shared(const CM_PARTIAL_RESOURCE_DESCRIPTOR& descriptor) {
    return descriptor.ShareDisposition == CmResourceShareShared;
}

KIRQL level_of(const CM_PARTIAL_RESOURCE_DESCRIPTOR& descriptor) {
    return static_cast<KIRQL>(descriptor.u.Interrupt.Level);
}

TriggerMode trigger(const CM_PARTIAL_RESOURCE_DESCRIPTOR& descriptor) {
    return (descriptor.Flags & CM_RESOURCE_INTERRUPT_LATCHED) != 0 ? TriggerMode::latched : TriggerMode::level;
}

NTSTATUS connect_line(Kernel& kernel, const IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS& wanted, const void* caller) {
    for (const auto* descriptor : interrupts_of(wanted.PhysicalDeviceObject)) {
        if (is_message(*descriptor)) {
            continue;
        }
        Connection connection;
        connection.routine = wanted.ServiceRoutine;
        connection.context = wanted.ServiceContext;
        connection.lock = wanted.SpinLock;
        connection.vector = descriptor->u.Interrupt.Vector;
        connection.irql = level_of(*descriptor);
        connection.synchronize_irql = wanted.SynchronizeIrql;
        connection.mode = trigger(*descriptor);
        connection.shared = is_shared(*descriptor);
        connection.may_be_passive = true; // when its level is: the resources say so
        return connect(kernel, connection, caller, wanted.InterruptObject);
    }
    return STATUS_NOT_FOUND;
}

// Every message gets an interrupt object of its own; all run at the highest of their levels, under one lock.
NTSTATUS connect_messages(Kernel& kernel, IO_CONNECT_INTERRUPT_PARAMETERS& parameters, const void* caller) {
    const IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS wanted = parameters.MessageBased;
    std::vector<const CM_PARTIAL_RESOURCE_DESCRIPTOR*> messages = interrupts_of(wanted.PhysicalDeviceObject);
    std::erase_if(messages, [](const auto* descriptor) { return !is_message(*descriptor); });
    if (messages.empty()) {
        if (wanted.FallBackServiceRoutine == nullptr) {
            return STATUS_NOT_FOUND;
        }
        IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS line{};
        line.PhysicalDeviceObject = wanted.PhysicalDeviceObject;
        line.InterruptObject = wanted.ConnectionContext.InterruptObject;
        line.ServiceRoutine = wanted.FallBackServiceRoutine;
        line.ServiceContext = wanted.ServiceContext;
        line.SpinLock = wanted.SpinLock;
        line.SynchronizeIrql = wanted.SynchronizeIrql;
        parameters.Version = CONNECT_LINE_BASED; // tells the driver what it got
        return connect_line(kernel, line, caller);
    }
    const std::size_t bytes =
        sizeof(IO_INTERRUPT_MESSAGE_INFO) + (messages.size() - 1) * sizeof(IO_INTERRUPT_MESSAGE_INFO_ENTRY);
    auto* table = static_cast<IO_INTERRUPT_MESSAGE_INFO*>(
        kernel.pool.allocate(bytes, interrupt_tag, executive::PoolKind::non_paged, true, caller));
    if (table == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KIRQL unified = wanted.SynchronizeIrql;
    for (const auto* descriptor : messages) {
        unified = std::max(unified, level_of(*descriptor));
    }
    table->UnifiedIrql = unified;
    table->MessageCount = static_cast<ULONG>(messages.size());
    KSPIN_LOCK* shared_lock = wanted.SpinLock;
    for (ULONG i = 0; i < table->MessageCount; ++i) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR& descriptor = *messages[i];
        Connection connection;
        connection.message_routine = wanted.MessageServiceRoutine;
        connection.context = wanted.ServiceContext;
        connection.lock = shared_lock;
        connection.vector = descriptor.u.Interrupt.Vector;
        connection.irql = level_of(descriptor);
        connection.synchronize_irql = unified;
        connection.mode = TriggerMode::latched; // a message is an edge
        connection.shared = is_shared(descriptor);
        connection.message = i;
        KINTERRUPT* interrupt = nullptr;
        const NTSTATUS status = connect(kernel, connection, caller, &interrupt);
        if (!NT_SUCCESS(status)) {
            table->MessageCount = i;
            disconnect_messages(kernel, table, __func__);
            return status;
        }
        if (shared_lock == nullptr) {
            shared_lock = interrupt->lock;
        }
        IO_INTERRUPT_MESSAGE_INFO_ENTRY& entry = table->MessageInfo[i];
        entry.InterruptObject = interrupt;
        entry.TargetProcessorSet = descriptor.u.Interrupt.Affinity;
        entry.Vector = connection.vector;
        entry.Irql = unified;
        entry.Mode = Latched;
        entry.Polarity = InterruptActiveHigh;
        entry.MessageData = connection.vector;
    }
    *wanted.ConnectionContext.InterruptMessageTable = table;
    return STATUS_SUCCESS;
}

// The routines for the spin lock "cause a bug check" where there is none.
void refuse_passive(const KINTERRUPT* interrupt, const char* function) {
    if (interrupt->passive.has_value()) [[unlikely]] {
        interrupt->machine->bugcheck(0x13B /* PASSIVE_INTERRUPT_ERROR */, 1, reinterpret_cast<std::uint64_t>(interrupt),
                                     0, 0,
                                     executive::Sentence("{}: the interrupt is served at PASSIVE_LEVEL and has no spin "
                                                         "lock; KeSynchronizeExecution.",
                                                         function));
    }
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI IoConnectInterrupt(PKINTERRUPT* interrupt, PKSERVICE_ROUTINE routine, PVOID context, PKSPIN_LOCK lock,
                                  ULONG vector, KIRQL irql, KIRQL synchronize_irql, KINTERRUPT_MODE mode, BOOLEAN share,
                                  KAFFINITY affinity, BOOLEAN) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    *interrupt = nullptr;
    if (synchronize_irql < irql || !names_a_processor(affinity)) {
        return STATUS_INVALID_PARAMETER;
    }
    Connection connection;
    connection.routine = routine;
    connection.context = context;
    connection.lock = lock;
    connection.vector = vector;
    connection.irql = irql;
    connection.synchronize_irql = synchronize_irql;
    connection.mode = trigger(mode);
    connection.shared = share != FALSE;
    return connect(kernel, connection, __builtin_return_address(0), interrupt);
}

void NTAPI IoDisconnectInterrupt(PKINTERRUPT interrupt) {
    OPC_REQUIRE_PASSIVE();
    disconnect(Kernel::current(), interrupt, __func__);
}

NTSTATUS NTAPI IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS parameters) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    const void* caller = __builtin_return_address(0);
    switch (parameters->Version) {
    case CONNECT_FULLY_SPECIFIED:
    case CONNECT_FULLY_SPECIFIED_GROUP: {
        const auto& wanted = parameters->FullySpecified;
        if (wanted.SynchronizeIrql < wanted.Irql || !names_a_processor(wanted.ProcessorEnableMask)) {
            return STATUS_INVALID_PARAMETER;
        }
        Connection connection;
        connection.routine = wanted.ServiceRoutine;
        connection.context = wanted.ServiceContext;
        connection.lock = wanted.SpinLock;
        connection.vector = wanted.Vector;
        connection.irql = wanted.Irql;
        connection.synchronize_irql = wanted.SynchronizeIrql;
        connection.mode = trigger(wanted.InterruptMode);
        connection.shared = wanted.ShareVector != FALSE;
        connection.may_be_passive = true;
        return connect(kernel, connection, caller, wanted.InterruptObject);
    }
    case CONNECT_LINE_BASED:
        return connect_line(kernel, parameters->LineBased, caller);
    case CONNECT_MESSAGE_BASED:
        return connect_messages(kernel, *parameters, caller);
    default:
        parameters->Version = CONNECT_CURRENT_VERSION;
        return STATUS_NOT_SUPPORTED;
    }
}

void NTAPI IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    if (parameters->Version != CONNECT_MESSAGE_BASED) {
        disconnect(kernel, parameters->ConnectionContext.InterruptObject, __func__);
        return;
    }
    disconnect_messages(kernel, parameters->ConnectionContext.InterruptMessageTable, __func__);
}

// An inactive routine stays registered, and the line does not know it meanwhile.
void NTAPI IoReportInterruptActive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS parameters) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    set_active(*parameters, true);
}
void NTAPI IoReportInterruptInactive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS parameters) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    set_active(*parameters, false);
}

BOOLEAN NTAPI KeSynchronizeExecution(PKINTERRUPT interrupt, PKSYNCHRONIZE_ROUTINE routine, PVOID context) {
    if (interrupt->passive.has_value()) {
        OPC_REQUIRE_PASSIVE();
        return interrupt->passive->synchronize(routine, context);
    }
    OPC_REQUIRE_IRQL_AT_MOST(interrupt->synchronize_irql);
    Machine& machine = Machine::current();
    const KIRQL old = machine.raise_irql(interrupt->synchronize_irql);
    machine.acquire_lock(*interrupt->lock);
    const executive::CalledAt before(machine);
    const BOOLEAN result = routine(context);
    if (!before.is_kept(machine)) [[unlikely]] {
        executive::not_kept(before, "A routine of KeSynchronizeExecution", reinterpret_cast<const void*>(routine));
    }
    machine.release_lock(*interrupt->lock);
    machine.lower_irql(old);
    return result;
}

KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT interrupt) {
    refuse_passive(interrupt, __func__);
    OPC_REQUIRE_IRQL_AT_MOST(interrupt->synchronize_irql);
    Machine& machine = Machine::current();
    const KIRQL old = machine.raise_irql(interrupt->synchronize_irql);
    machine.acquire_lock(*interrupt->lock);
    return old;
}

void NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT interrupt, KIRQL old) {
    refuse_passive(interrupt, __func__);
    OPC_REQUIRE_IRQL_AT_LEAST(interrupt->synchronize_irql);
    Machine& machine = Machine::current();
    machine.release_lock(*interrupt->lock);
    machine.lower_irql(old);
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
