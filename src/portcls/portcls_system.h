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
    bool has(Feature feature) const { return version_ >= first_version_with(feature); }

    DrmContents& drm() { return drm_; }

    // What drivers have told IPortClsEtwHelper of.
    void count_reported_glitch() { ++reported_glitches_; }
    std::uint64_t reported_glitches() const { return reported_glitches_; }

    // Every port that has not been destroyed, in order of creation.
    void add_port(Port& port) { ports_.push_back(&port); }
    void remove_port(Port& port) { std::erase(ports_, &port); }
    const std::vector<Port*>& ports() const { return ports_; }

private:
    machine::Machine& machine_;
    std::vector<Port*> ports_;
    WindowsVersion version_ = WindowsVersion::windows_11;
    DrmContents drm_;
    std::uint64_t reported_glitches_ = 0;
};

inline bool has_feature(Feature feature) {
    return PortClsSystem::current().has(feature);
}

} // namespace openportcls::portcls
