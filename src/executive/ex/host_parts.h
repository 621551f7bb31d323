// What the executive keeps of objects that drivers hold: found by the object's address, and out of the reach of whoever
// writes past it. What a driver never gives back goes with the kernel, the oldest first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>

#include <wdm.h>

namespace openportcls::executive {

template<class Part>
class HostParts {
public:
    Part& add(const void* object, std::unique_ptr<Part> part) {
        found_[object] = {++last_serial_, part.get()};
        return *(parts_[last_serial_] = std::move(part));
    }
    // null: no object that lives.
    Part* find(const void* object) const {
        const Recent& recent = recent_[slot_of(object)];
        return recent.object == object ? recent.part : look_up(object);
    }
    void remove(const void* object) {
        if (const auto found = found_.find(object); found != found_.end()) {
            parts_.erase(found->second.serial);
            found_.erase(found);
            recent_[slot_of(object)] = {};
        }
    }

private:
    struct Found {
        std::uint64_t serial = 0;
        Part* part = nullptr;
    };
    struct Recent {
        const void* object = nullptr;
        Part* part = nullptr;
    };

    static constexpr std::size_t slots = 16;
    static std::size_t slot_of(const void* object) {
        return reinterpret_cast<std::uintptr_t>(object) / sizeof(Recent) % slots;
    }
    [[gnu::noinline]] Part* NTAPI look_up(const void* object) const {
        const auto found = found_.find(object);
        if (found == found_.end()) {
            return nullptr;
        }
        recent_[slot_of(object)] = {object, found->second.part};
        return found->second.part;
    }

    std::map<std::uint64_t, std::unique_ptr<Part>> parts_;
    std::unordered_map<const void*, Found> found_; // looked up only, never walked
    std::uint64_t last_serial_ = 0;
    mutable std::array<Recent, slots> recent_{}; // what was found last for addresses that have these bits
};

} // namespace openportcls::executive
