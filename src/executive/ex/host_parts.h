// What the executive keeps of objects that drivers hold: found by the object's address, and out of the reach of whoever
// writes past it. What a driver never gives back goes with the kernel, the oldest first.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>

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
        const auto found = found_.find(object);
        return found != found_.end() ? found->second.part : nullptr;
    }
    void remove(const void* object) {
        if (const auto found = found_.find(object); found != found_.end()) {
            parts_.erase(found->second.serial);
            found_.erase(found);
        }
    }

private:
    struct Found {
        std::uint64_t serial = 0;
        Part* part = nullptr;
    };
    std::map<std::uint64_t, std::unique_ptr<Part>> parts_;
    std::unordered_map<const void*, Found> found_; // looked up only, never walked
    std::uint64_t last_serial_ = 0;
};

} // namespace openportcls::executive
