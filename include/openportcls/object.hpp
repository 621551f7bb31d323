// What filters, pins and streams have in common: an open handle that answers properties and sends events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <openportcls/event.hpp>
#include <openportcls/notification.hpp>
#include <openportcls/properties.hpp>
#include <openportcls/result.hpp>

namespace openportcls {

namespace client {
struct ObjectState;
} // namespace client

// What a request came to: NTSTATUS and IO_STATUS_BLOCK::Information.
struct ControlResult {
    std::int32_t status = 0;
    std::uint64_t information = 0;
};

// DRMRIGHTS. Neither: content id 0, which has no restriction.
struct ContentRights {
    bool copy_protect = false;           // no copies: the driver sets what a digital output has for that (SCMS)
    bool digital_output_disable = false; // nothing leaves by a digital output
};

class KsObject {
public:
    using ControlResult = openportcls::ControlResult;

    // "Wave", "Wave pin 0"
    const std::string& name() const;

    // ---- values with a type ----------------------------------------------------------------------------------
    // T is laid out as Windows has it: std::int32_t for LONG and BOOL, or a structure.
    template<class T>
    Result<T> get(const Key& key, const Target& target = {}) const {
        static_assert(std::is_trivially_copyable_v<T>);
        T value{};
        auto got = property(key.set, key.id, property_get | target.flags(), target.descriptor(),
                            std::as_writable_bytes(std::span(&value, 1)));
        if (!got) {
            return got.error();
        }
        if (*got < sizeof value) {
            return short_value(key, sizeof value, *got);
        }
        return value;
    }
    template<class T>
    Result<void> set(const Key& key, T value, const Target& target = {}) const {
        static_assert(std::is_trivially_copyable_v<T>);
        auto done = property(key.set, key.id, property_set | target.flags(), target.descriptor(),
                             std::as_writable_bytes(std::span(&value, 1)));
        return done ? Result<void>() : Result<void>(done.error());
    }
    // Values whose size only the driver knows: KSMULTIPLE_ITEM lists and the like.
    Result<std::vector<std::byte>> get_bytes(const Key& key, const Target& target = {}) const;
    // The items of a KSMULTIPLE_ITEM value, each a T: KSJACK_DESCRIPTION, GUID …
    template<class T>
    Result<std::vector<T>> get_items(const Key& key, const Target& target = {}) const {
        static_assert(std::is_trivially_copyable_v<T>);
        constexpr std::size_t head = 8; // KSMULTIPLE_ITEM
        auto bytes = get_bytes(key, target);
        if (!bytes) {
            return bytes.error();
        }
        std::uint32_t count = 0;
        if (bytes->size() >= head) {
            std::memcpy(&count, bytes->data() + 4, sizeof count);
        }
        if (bytes->size() < head || (bytes->size() - head) / sizeof(T) < count) {
            return short_value(key, head + count * sizeof(T), bytes->size());
        }
        std::vector<T> items(count);
        if (count != 0) {
            std::memcpy(items.data(), bytes->data() + head, count * sizeof(T));
        }
        return items;
    }
    // Text that ends with a zero, in UTF-8 whatever the driver has.
    Result<std::string> get_text(const Key& key, const Target& target = {}) const;
    // What the driver says about a property: verbs, type, ranges.
    Result<PropertySupport> support(const Key& key, const Target& target = {}) const;
    // Every property set that the target knows.
    Result<std::vector<Guid>> property_sets(const Target& target = {}) const;

    // ---- anything else ---------------------------------------------------------------------------------------
    // Sends one IOCTL_KS_PROPERTY. `descriptor`: what follows KSPROPERTY in the input buffer (pin id, node id …).
    // `value` is read for set and written for get; returns the bytes the driver reports.
    Result<std::size_t> property(const Guid& set, std::uint32_t id, std::uint32_t flags,
                                 std::span<const std::byte> descriptor, std::span<std::byte> value) const;
    // Asks for the size first, as KSMULTIPLE_ITEM properties want it.
    Result<std::vector<std::byte>> property_value(const Guid& set, std::uint32_t id,
                                                  std::span<const std::byte> descriptor = {},
                                                  std::uint32_t extra_flags = 0) const;
    // Any IOCTL with any buffers: what fuzzers and conformance tests need.
    ControlResult control(std::uint32_t code, std::span<const std::byte> in, std::span<std::byte> out) const;

    // ---- events ----------------------------------------------------------------------------------------------
    Result<Event> subscribe(const Key& key, const EventOptions& options = {}) const;
    // `node` UINT32_MAX: an event of the object itself.
    Result<Event> subscribe(const Guid& set, std::uint32_t id, std::uint32_t node = UINT32_MAX) const;
    // KSEVENT_TYPE_BASICSUPPORT: can this event be enabled here?
    bool supports_event(const Key& key, const Target& target = {}) const;

    // ---- what the driver tells of its device -----------------------------------------------------------------
    // Notifications with this id (notification::audio_module) from now on, of whichever filter or stream the driver
    // has sent them for: they are the device's.
    Result<NotificationListener> listen_for(const Guid& id) const;

    // ---- rights of what is played ----------------------------------------------------------------------------
    // Streams and pins: gives what is played a content id with these rights, as the system's DRM does for a protected
    // application (only the system may: KSPROPERTY_DRMAUDIOSTREAM_CONTENTID from an application, with set(), is
    // STATUS_INVALID_DEVICE_REQUEST). STATUS_NOT_IMPLEMENTED from a stream that cannot honour them, as the driver
    // says; then the former ones hold. The id goes with the stream or with the next call that succeeds.
    Result<void> set_content_rights(const ContentRights& rights) const;

    // For the layers of this library.
    const std::shared_ptr<client::ObjectState>& object() const { return object_; }

protected:
    explicit KsObject(std::shared_ptr<client::ObjectState> object) : object_(std::move(object)) {}
    std::shared_ptr<client::ObjectState> object_;

private:
    Error short_value(const Key& key, std::size_t expected, std::size_t got) const;
};

} // namespace openportcls
