// What the public objects of include/openportcls share.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <openportcls/machine.hpp>

#include "base/private_folder.h"
#include "client/status_text.h"
#include "client/trace_writer.h"
#include "machine/machine.h"
#include "pnp/pnp_manager.h"

namespace openportcls {
struct ContentRights;
} // namespace openportcls

namespace openportcls::client {

// How well a paced machine kept step with the host's clock, seen from its streams.
struct Pace {
    std::uint64_t periods = 0;
    std::uint64_t late = 0; // by more than a period: sound hardware would have run dry
    machine::Nanoseconds worst = 0;
};

class StreamService;
struct Plugs;

struct MachineState {
    explicit MachineState(MachineOptions given) : options(std::move(given)) {}
    MachineState(const MachineState&) = delete;
    MachineState& operator=(const MachineState&) = delete;
    ~MachineState();

    MachineOptions options;
    std::shared_ptr<Plugs> plugs; // what users listen with and play into sockets; outlives the machine
    PrivateFolder private_sandbox;
    std::unique_ptr<TraceWriter> trace;
    std::unique_ptr<machine::Observer> log_observer;
    std::unique_ptr<machine::Machine> machine;
    pnp::PnpManager* pnp = nullptr;
    std::function<void(std::string_view)> debug_print;
    Pace pace;
    unsigned running_streams = 0;
    mutable std::uint64_t explained_before = 0;
    std::weak_ptr<StreamService> stream_service; // as long as a stream has a callback

    // Shut down (S5): nothing but what is left of it can be tidied up.
    bool is_off() const { return pnp != nullptr && pnp->system_power_state() == PowerSystemShutdown; }
    // Runs `function`, which returns NTSTATUS, inside the machine.
    template<class Function>
    NTSTATUS call(Function&& function) {
        return is_off() ? STATUS_SYSTEM_SHUTDOWN : call_even_when_off(std::forward<Function>(function));
    }
    template<class Function>
    NTSTATUS call_even_when_off(Function&& function) {
        NTSTATUS status = STATUS_UNSUCCESSFUL;
        machine->enter([&] { status = function(); });
        return machine->is_halted() ? STATUS_UNSUCCESSFUL : status;
    }
    // What is explained from now on belongs to the next request that fails.
    void begin_request() { explained_before = machine->explanations().count(); }
    // The error for a failed call: the bugcheck report when the guest has crashed. The status is said together with
    // what the machine has explained since the request began.
    Error error(std::int32_t status, std::string_view attempted) const;
    // `error`, or, when the driver has crashed, the whole report of that.
    Error explain(const Error& error, std::string_view attempted) const {
        return machine->is_halted() ? this->error(error.status, attempted) : with_reasons(error);
    }
    // `error` and what the machine has explained since the request began, which is told once.
    Error with_reasons(Error error) const;
    // What drivers have printed so far without ending the line.
    void flush_debug_print() const;
    Result<void> check_is_on(std::string_view attempted) const {
        return is_off() ? Result<void>(error(STATUS_SYSTEM_SHUTDOWN, attempted)) : Result<void>();
    }
    Result<void> check(std::int32_t status, std::string_view attempted) const {
        return NT_SUCCESS(status) ? Result<void>() : Result<void>(error(status, attempted));
    }
};

struct DeviceState {
    std::shared_ptr<MachineState> machine;
    pnp::DeviceNode* node = nullptr;
    std::uint32_t serial = 0; // of the node
    std::string instance_path;
    std::string description;
};

struct DriverState {
    std::shared_ptr<MachineState> machine;
    pnp::LoadedDriver* driver = nullptr;
    std::string name;
    std::vector<std::shared_ptr<DeviceState>> devices;
};

// An open file object: a filter or a pin.
struct ObjectState {
    ObjectState(std::shared_ptr<MachineState> where, std::string what)
        : machine(std::move(where)), name(std::move(what)) {}
    ObjectState(const ObjectState&) = delete;
    ObjectState& operator=(const ObjectState&) = delete;
    ~ObjectState();

    std::shared_ptr<MachineState> machine;
    std::string name;
    std::shared_ptr<ObjectState> parent; // the filter of a pin stays open as long as the pin
    FILE_OBJECT* file = nullptr;
    std::uint32_t content = 0; // the id of what a stream plays (set_content_rights)

    // Opens `path`, relative to the parent where there is one.
    NTSTATUS open(std::u16string_view path);
    // One request to this handle; NTSTATUS and Information.
    NTSTATUS control(ULONG code, const void* in, ULONG in_bytes, void* out, ULONG out_bytes,
                     ULONG_PTR* information) const;
    NTSTATUS set_content_rights(const ContentRights& rights);
    // The error for a failed request, with the object's name in front.
    Error error(NTSTATUS status, std::string_view attempted) const;
};

} // namespace openportcls::client
