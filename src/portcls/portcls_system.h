// What PortCls keeps per machine.
#pragma once

#include <memory>
#include <vector>

#include "machine/machine.h"
#include "portcls/drm_contents.h"
#include "portcls/personality.h"

namespace openportcls::portcls {

class DeviceContext;
class Port;

// What a driver got from PcNewServiceGroup and the like.
struct HelperObject {
    const void* object = nullptr;
    const char* kind = "";          // "service group"
    const char* function = "";      // that made it
    const void* made_for = nullptr; // where that was called
};

class PortClsSystem : public machine::Subsystem {
public:
    static constexpr machine::SubsystemId subsystem_id = machine::SubsystemId::portcls;

    explicit PortClsSystem(machine::Machine& machine);

    // The current machine's, made on first use.
    static PortClsSystem& current() {
        auto& machine = machine::Machine::current();
        if (auto* system = machine.find_subsystem<PortClsSystem>()) [[likely]] {
            return *system;
        }
        return machine.add_subsystem<PortClsSystem>();
    }

    machine::Machine& machine() const { return machine_; }

    // Before the first driver is loaded.
    void set_windows_version(WindowsVersion version) { version_ = version; }
    WindowsVersion windows_version() const { return version_; }
    bool has(Feature feature) const { return has_feature(version_, feature); }

    DrmContents& drm() { return drm_; }

    // What drivers have told IPortClsEtwHelper of.
    void count_reported_glitch() { ++reported_glitches_; }
    std::uint64_t reported_glitches() const { return reported_glitches_; }

    // Every port that has not been destroyed, in order of creation.
    void add_port(Port& port) { ports_.push_back(&port); }
    void remove_port(Port& port) { std::erase(ports_, &port); }
    const std::vector<Port*>& ports() const { return ports_; }

    // Likewise the helper objects of drivers, for the leak report.
    void add_helper(const HelperObject& helper) { helpers_.push_back(helper); }
    void remove_helper(const void* object) {
        std::erase_if(helpers_, [&](const HelperObject& helper) { return helper.object == object; });
    }
    const std::vector<HelperObject>& helpers() const { return helpers_; }

private:
    machine::Machine& machine_;
    std::vector<Port*> ports_;
    std::vector<HelperObject> helpers_;
    WindowsVersion version_ = WindowsVersion::windows_11;
    DrmContents drm_;
    std::uint64_t reported_glitches_ = 0;
};

// Remembers who made a helper object: `object` is where its interface, and so the object, begins.
inline NTSTATUS made_for(NTSTATUS status, const void* object, const char* kind, const char* function,
                         const void* caller) {
    if (NT_SUCCESS(status)) {
        PortClsSystem::current().add_helper({object, kind, function, caller});
    }
    return status;
}

inline bool has_feature(Feature feature) {
    return PortClsSystem::current().has(feature);
}

} // namespace openportcls::portcls
