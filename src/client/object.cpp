#include <openportcls/object.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <portcls.h>

#include "client/event_state.h"
#include "client/guid_bytes.h"
#include "client/ranges.h"
#include "client/state.h"
#include "executive/io/io_manager.h"

namespace openportcls {

namespace client {

namespace {

// What the client waits for.
struct Request {
    executive::ControlRequest parts;
    const ObjectState& object;
    NTSTATUS status;
};

void send(void* argument) {
    auto& request = *static_cast<Request*>(argument);
    request.status = executive::device_control(request.parts);
}

const char* verb_of(ULONG flags) {
    return (flags & KSPROPERTY_TYPE_SET) != 0   ? "setting"
           : (flags & KSPROPERTY_TYPE_GET) != 0 ? "getting"
                                                : "asking for";
}

// While the computer sleeps whatever needs a device waits for it.
bool is_asleep(const ObjectState& object) {
    return object.machine->pnp->system_power_state() != PowerSystemWorking;
}

std::string describe_request(const void* context) {
    const auto& [request, object, status] = *static_cast<const Request*>(context);
    if (is_asleep(object)) {
        return {};
    }
    KSIDENTIFIER identifier{};
    if (request.in != nullptr && request.in_bytes >= sizeof identifier) {
        std::memcpy(&identifier, request.in, sizeof identifier);
    }
    const char* const what = request.code == IOCTL_KS_PROPERTY ? "property"
                             : request.code == IOCTL_KS_METHOD ? "method"
                                                               : "event";
    return fmt::format("{}: {} {} {} of {}", object.name,
                       request.code == IOCTL_KS_PROPERTY ? verb_of(identifier.Flags) : "asking for", what,
                       identifier.Id, guid_name(from_windows(identifier.Set)));
}

std::string describe_open(const void* context) {
    const auto& object = *static_cast<const ObjectState*>(context);
    return is_asleep(object) ? std::string() : fmt::format("opening {}", object.name);
}

std::string describe_close(const void* context) {
    const auto& object = *static_cast<const ObjectState*>(context);
    return is_asleep(object) ? std::string() : fmt::format("closing {}", object.name);
}

// Streams wait for sound, and what drivers make of other codes is their own: that may take for ever.
bool must_come_back(ULONG code) {
    if (code == IOCTL_KS_PROPERTY) [[likely]] {
        return true;
    }
    return code == IOCTL_KS_METHOD || code == IOCTL_KS_ENABLE_EVENT || code == IOCTL_KS_DISABLE_EVENT ||
           code == IOCTL_KS_RESET_STATE;
}

} // namespace

ObjectState::~ObjectState() {
    if (file != nullptr) {
        machine->call_even_when_off([&] {
            const machine::WatchedCall watched(*machine->machine, &describe_close, this);
            executive::close_file(file);
            return content != 0 ? DrmDestroyContent(content) : STATUS_SUCCESS;
        });
    }
}

NTSTATUS ObjectState::open(std::u16string_view path) {
    FILE_OBJECT* const related = parent != nullptr ? parent->file : nullptr;
    FILE_OBJECT* opened = nullptr;
    machine->begin_request();
    const NTSTATUS status = machine->call([&] {
        const machine::WatchedCall watched(*machine->machine, &describe_open, this);
        return executive::open_file(path, related, &opened);
    });
    file = NT_SUCCESS(status) ? opened : nullptr;
    return status;
}

NTSTATUS ObjectState::control(ULONG code, const void* in, ULONG in_bytes, void* out, ULONG out_bytes,
                              ULONG_PTR* information) const {
    Request request{{file, code, in_bytes, in, out, out_bytes, UserMode, information}, *this, STATUS_UNSUCCESSFUL};
    MachineState& state = *machine;
    state.begin_request();
    if (state.is_off()) [[unlikely]] {
        return STATUS_SYSTEM_SHUTDOWN;
    }
    const bool is_watched = must_come_back(request.parts.code);
    const bool survived = state.machine->enter(&send, &request, is_watched ? &describe_request : nullptr);
    return survived ? request.status : STATUS_UNSUCCESSFUL;
}

Error ObjectState::error(NTSTATUS status, std::string_view attempted) const {
    return machine->error(status, fmt::format("{}: {}", name, attempted));
}

} // namespace client

namespace {

std::vector<std::byte> property_request(const Guid& set, std::uint32_t id, std::uint32_t flags,
                                        std::span<const std::byte> descriptor) {
    KSPROPERTY header{};
    header.Set = client::to_windows(set);
    header.Id = id;
    header.Flags = flags;
    std::vector<std::byte> request(sizeof header + descriptor.size());
    std::memcpy(request.data(), &header, sizeof header);
    std::copy(descriptor.begin(), descriptor.end(), request.begin() + sizeof header);
    return request;
}

std::string property_name(const Guid& set, std::uint32_t id) {
    return fmt::format("property {} of set {}", id, to_string(set));
}

// The LONG ranges of a KSPROPERTY_DESCRIPTION: KSPROPERTY_BOUNDS_LONG or KSPROPERTY_STEPPING_LONG members.
std::vector<PropertyRange> ranges_of(std::span<const std::byte> description) {
    std::vector<PropertyRange> ranges;
    KSPROPERTY_DESCRIPTION head;
    if (description.size() < sizeof head) {
        return ranges;
    }
    std::memcpy(&head, description.data(), sizeof head);
    std::size_t offset = sizeof head;
    for (ULONG list = 0; list < head.MembersListCount; ++list) {
        KSPROPERTY_MEMBERSHEADER members;
        if (description.size() - offset < sizeof members) {
            break;
        }
        std::memcpy(&members, description.data() + offset, sizeof members);
        offset += sizeof members;
        const bool is_stepped = (members.MembersFlags & KSPROPERTY_MEMBER_STEPPEDRANGES) != 0;
        const bool is_range = is_stepped || (members.MembersFlags & KSPROPERTY_MEMBER_RANGES) != 0;
        const std::size_t needed = is_stepped ? sizeof(KSPROPERTY_STEPPING_LONG) : sizeof(KSPROPERTY_BOUNDS_LONG);
        for (ULONG member = 0; member < members.MembersCount; ++member) {
            if (members.MembersSize < needed || description.size() - offset < members.MembersSize) {
                return ranges;
            }
            KSPROPERTY_STEPPING_LONG step{};
            if (is_stepped) {
                std::memcpy(&step, description.data() + offset, sizeof step);
            } else {
                std::memcpy(&step.Bounds, description.data() + offset, sizeof step.Bounds);
            }
            if (is_range) {
                ranges.push_back({step.Bounds.SignedMinimum, step.Bounds.SignedMaximum, step.SteppingDelta});
            }
            offset += members.MembersSize;
        }
    }
    return ranges;
}

} // namespace

const std::string& KsObject::name() const {
    return object_->name;
}

ControlResult KsObject::control(std::uint32_t code, std::span<const std::byte> in, std::span<std::byte> out) const {
    ControlResult result;
    if (in.size() > UINT32_MAX || out.size() > UINT32_MAX) { // lengths are ULONGs
        result.status = STATUS_INVALID_PARAMETER;
        return result;
    }
    ULONG_PTR information = 0;
    result.status = object_->control(code, in.data(), static_cast<ULONG>(in.size()), out.data(),
                                     static_cast<ULONG>(out.size()), &information);
    result.information = information;
    return result;
}

Result<std::size_t> KsObject::property(const Guid& set, std::uint32_t id, std::uint32_t flags,
                                       std::span<const std::byte> descriptor, std::span<std::byte> value) const {
    const ControlResult result = control(IOCTL_KS_PROPERTY, property_request(set, id, flags, descriptor), value);
    if (!NT_SUCCESS(result.status)) {
        return object_->error(result.status, property_name(set, id));
    }
    return result.information;
}

Result<std::vector<std::byte>> KsObject::property_value(const Guid& set, std::uint32_t id,
                                                        std::span<const std::byte> descriptor,
                                                        std::uint32_t extra_flags) const {
    const std::uint32_t verb = (extra_flags & (property_set_support | property_basic_support)) != 0 ? 0 : property_get;
    const std::vector<std::byte> in = property_request(set, id, verb | extra_flags, descriptor);
    ControlResult result = control(IOCTL_KS_PROPERTY, in, {});
    // The size may change between the question and the request.
    std::vector<std::byte> value;
    for (int attempt = 0; attempt < 4 && result.status == STATUS_BUFFER_OVERFLOW; ++attempt) {
        value.resize(result.information);
        result = control(IOCTL_KS_PROPERTY, in, value);
    }
    if (!NT_SUCCESS(result.status)) {
        return object_->error(result.status, property_name(set, id));
    }
    value.resize(std::min<std::size_t>(result.information, value.size()));
    return value;
}

Result<std::vector<std::byte>> KsObject::get_bytes(const Key& key, const Target& target) const {
    return property_value(key.set, key.id, target.descriptor(), target.flags());
}

Result<std::string> KsObject::get_text(const Key& key, const Target& target) const {
    auto bytes = get_bytes(key, target);
    return bytes ? Result<std::string>(client::text_of(*bytes)) : Result<std::string>(bytes.error());
}

Result<PropertySupport> KsObject::support(const Key& key, const Target& target) const {
    const std::uint32_t flags = property_basic_support | target.flags();
    ULONG access = 0;
    auto got = property(key.set, key.id, flags, target.descriptor(), std::as_writable_bytes(std::span(&access, 1)));
    if (!got) {
        return got.error();
    }
    PropertySupport support;
    support.can_get = (access & KSPROPERTY_TYPE_GET) != 0;
    support.can_set = (access & KSPROPERTY_TYPE_SET) != 0;
    // Drivers that have no more to say answer with the access flags alone, or refuse the larger buffer.
    KSPROPERTY_DESCRIPTION head{};
    got = property(key.set, key.id, flags, target.descriptor(), std::as_writable_bytes(std::span(&head, 1)));
    if (!got || *got < sizeof head || head.DescriptionSize < sizeof head) {
        return support;
    }
    support.value_type = IsEqualGUID(head.PropTypeSet.Set, KSPROPTYPESETID_General) ? head.PropTypeSet.Id : 0;
    constexpr std::size_t largest = 1 << 20;
    support.description.resize(std::min<std::size_t>(head.DescriptionSize, largest));
    got = property(key.set, key.id, flags, target.descriptor(), support.description);
    if (!got) {
        return got.error();
    }
    support.description.resize(std::min(support.description.size(), *got));
    support.ranges = ranges_of(support.description);
    return support;
}

Result<std::vector<Guid>> KsObject::property_sets(const Target& target) const {
    auto bytes = property_value(Guid{}, 0, target.descriptor(), property_set_support | target.flags());
    if (!bytes) {
        return bytes.error();
    }
    std::vector<Guid> sets(bytes->size() / sizeof(Guid));
    std::memcpy(sets.data(), bytes->data(), sets.size() * sizeof(Guid));
    return sets;
}

Error KsObject::short_value(const Key& key, std::size_t expected, std::size_t got) const {
    return Error{STATUS_INFO_LENGTH_MISMATCH, fmt::format("{}: {}: the driver gave {} bytes, not {}", name(),
                                                          property_name(key.set, key.id), got, expected)};
}

Result<Event> KsObject::subscribe(const Key& key, const EventOptions& options) const {
    auto event = client::EventState::create(object_, key, options);
    return event ? Result<Event>(Event(std::move(*event))) : Result<Event>(event.error());
}

Result<Event> KsObject::subscribe(const Guid& set, std::uint32_t id, std::uint32_t node) const {
    EventOptions options;
    if (node != UINT32_MAX) {
        options.target = Target::node(node);
    }
    return subscribe(Key{set, id}, options);
}

bool KsObject::supports_event(const Key& key, const Target& target) const {
    const auto request =
        property_request(key.set, key.id, KSEVENT_TYPE_BASICSUPPORT | target.flags(), target.descriptor());
    return NT_SUCCESS(control(IOCTL_KS_ENABLE_EVENT, request, {}).status);
}

} // namespace openportcls
