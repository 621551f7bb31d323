// The COM shell of a port: class WaveRtPort final : public PortBase<IPortWaveRT> { … }.
#pragma once

#include <portcls.h>

#include "portcls/port_services.h"

namespace openportcls::portcls {

// PcGetDeviceProperty of a device object made by PcAddAdapterDevice.
NTSTATUS get_device_property(DEVICE_OBJECT* device, DEVICE_REGISTRY_PROPERTY property, ULONG buffer_bytes, void* buffer,
                             ULONG* result_bytes);

// IPort::NewRegistryKey (R-REG-07).
NTSTATUS new_port_registry_key(Port& port, IRegistryKey** key, IUnknown* outer, ULONG type, ACCESS_MASK access,
                               OBJECT_ATTRIBUTES* attributes, ULONG options, ULONG* disposition);

// IUnknown of either header.
bool is_unknown_interface(REFIID interface_id);

// References start at 1 for the creator. `Interface` derives from IPort directly, or from several interfaces that do,
// of which `Identity` is the first; the derived class names its id.
template<class Interface, class Identity = Interface>
class PortBase : public Interface, public PortServices {
public:
    STDMETHOD_(NTSTATUS, QueryInterface)(REFIID interface_id, PVOID* object) override {
        if (object == nullptr) {
            return STATUS_INVALID_PARAMETER;
        }
        if (is_unknown_interface(interface_id) || IsEqualGUID(interface_id, IID_IPort) ||
            IsEqualGUID(interface_id, port_interface())) {
            *object = static_cast<Identity*>(this);
        } else if (IsEqualGUID(interface_id, port_identity)) {
            *object = static_cast<Port*>(this); // without a reference, see Port::from
            return STATUS_SUCCESS;
        } else if (!find_own_interface(interface_id, object) && !find_service(interface_id, object)) {
            *object = nullptr;
            return STATUS_INVALID_PARAMETER;
        }
        ++references_;
        return STATUS_SUCCESS;
    }
    STDMETHOD_(ULONG, AddRef)() override { return ++references_; }
    STDMETHOD_(ULONG, Release)() override {
        const ULONG left = --references_;
        if (left == 0) {
            delete this;
        }
        return left;
    }
    STDMETHOD_(NTSTATUS, Init)(PDEVICE_OBJECT device, PIRP irp, PUNKNOWN miniport, PUNKNOWN adapter,
                               PRESOURCELIST resources) override {
        return initialise(device, irp, miniport, adapter, resources);
    }
    STDMETHOD_(NTSTATUS, GetDeviceProperty)(DEVICE_REGISTRY_PROPERTY property, ULONG buffer_bytes, PVOID buffer,
                                            PULONG result_bytes) override {
        if (!is_initialised_or_initialising()) {
            return STATUS_DEVICE_NOT_READY;
        }
        return get_device_property(&device_object(), property, buffer_bytes, buffer, result_bytes);
    }
    STDMETHOD_(NTSTATUS, NewRegistryKey)(PREGISTRYKEY* key, PUNKNOWN outer, ULONG type, ACCESS_MASK access,
                                         POBJECT_ATTRIBUTES attributes, ULONG options, PULONG disposition) override {
        return new_port_registry_key(*this, key, outer, type, access, attributes, options, disposition);
    }

    IUnknown* unknown() final { return static_cast<Identity*>(this); }

protected:
    PortBase() = default;
    ~PortBase() override = default;

    virtual const IID& port_interface() const = 0; // IID_IPortWaveRT …
    // Interfaces that only this kind of port has; *object is not referenced by it.
    virtual bool find_own_interface(REFIID /*interface_id*/, void** /*object*/) { return false; }

private:
    ULONG references_ = 1;
};

} // namespace openportcls::portcls
