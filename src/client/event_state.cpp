#include "client/event_state.h"

#include <fmt/format.h>

#include "executive/objects/object_manager.h"

namespace openportcls::client {

ClientEvent::ClientEvent(std::shared_ptr<MachineState> machine) : machine_(std::move(machine)) {
    machine_->call([&] {
        auto& objects = executive::ObjectManager::of(*machine_->machine);
        event_ = objects.create_event(SynchronizationEvent, false);
        handle_ = objects.open_client_handle(event_, EVENT_ALL_ACCESS);
        return STATUS_SUCCESS;
    });
}

ClientEvent::~ClientEvent() {
    machine_->call([&] {
        auto& objects = executive::ObjectManager::of(*machine_->machine);
        objects.close_handle(handle_, UserMode);
        objects.dereference(event_);
        return STATUS_SUCCESS;
    });
}

bool ClientEvent::take() {
    return wait(0) == STATUS_SUCCESS;
}

NTSTATUS ClientEvent::wait(machine::Nanoseconds timeout) {
    return machine_->call([&] {
        machine::Machine& here = *machine_->machine;
        return here.wait_one(event_, timeout == machine::never ? machine::never : here.now() + timeout);
    });
}

Result<std::unique_ptr<EventState>> EventState::create(std::shared_ptr<FilterState> filter, const GUID& set, ULONG id,
                                                       ULONG node) {
    auto state = std::make_unique<EventState>(std::move(filter));
    state->data.NotificationType = KSEVENTF_EVENT_HANDLE;
    state->data.EventHandle.Event = state->event.handle();
    KSE_NODE request{};
    request.Event.Set = set;
    request.Event.Id = id;
    request.Event.Flags = KSEVENT_TYPE_ENABLE;
    ULONG bytes = sizeof request.Event;
    if (node != UINT32_MAX) {
        request.Event.Flags |= KSEVENT_TYPE_TOPOLOGY;
        request.NodeId = node;
        bytes = sizeof request;
    }
    ULONG_PTR information = 0;
    const NTSTATUS status =
        state->filter->control(IOCTL_KS_ENABLE_EVENT, &request, bytes, &state->data, sizeof state->data, &information);
    if (!NT_SUCCESS(status)) {
        return state->filter->machine->error(status, fmt::format("{}: enabling event {}", state->filter->name, id));
    }
    state->enabled = true;
    return state;
}

EventState::~EventState() {
    if (enabled) {
        ULONG_PTR information = 0;
        filter->control(IOCTL_KS_DISABLE_EVENT, &data, sizeof data, nullptr, 0, &information);
    }
}

} // namespace openportcls::client
