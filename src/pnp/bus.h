// What a bus adds to the devices on it: their numbers, their configuration space, its resources.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <wdm.h>

#include "pnp/resource.h"

namespace openportcls::pnp {

// Implemented by the buses of src/hardware (PCI, ISA); a device without one is a software device on the root bus.
// The object must outlive the devices on it.
class Bus {
public:
    virtual ~Bus() = default;

    virtual std::string_view enumerator() const = 0; // first part of the instance path: "PCI", "ISAPNP"
    virtual INTERFACE_TYPE interface_type() const = 0;
    virtual GUID bus_type_guid() const = 0;
    virtual std::uint32_t bus_number() const = 0;

    // `address` is the device's place on the bus as IRP_MN_QUERY_CAPABILITIES reports it (PCI: device << 16 |
    // function).
    virtual std::vector<Resource> resources(std::uint32_t address) = 0;
    // What the device is started with: a bus that has base address registers sets them. Called before enable().
    virtual void assign(std::uint32_t /*address*/, const std::vector<Resource>& /*resources*/) {}
    // Switches decoding and bus mastering on and off; called with START_DEVICE and STOP/REMOVE_DEVICE.
    virtual void enable(std::uint32_t /*address*/, bool /*on*/) {}
    virtual void set_power_state(std::uint32_t /*address*/, DEVICE_POWER_STATE /*state*/) {}
    virtual bool is_present(std::uint32_t /*address*/) { return true; }

    // BUS_INTERFACE_STANDARD and IRP_MN_READ/WRITE_CONFIG; a bus without configuration space returns 0 bytes.
    virtual bool has_config_space() const { return false; }
    virtual std::uint32_t read_config(std::uint32_t /*address*/, std::uint32_t /*space*/, void* /*buffer*/,
                                      std::uint32_t /*offset*/, std::uint32_t /*length*/) {
        return 0;
    }
    virtual std::uint32_t write_config(std::uint32_t /*address*/, std::uint32_t /*space*/, const void* /*buffer*/,
                                       std::uint32_t /*offset*/, std::uint32_t /*length*/) {
        return 0;
    }
};

} // namespace openportcls::pnp
