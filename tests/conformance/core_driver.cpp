#include "core_driver.h"

#include <fmt/format.h>

namespace conformance {

using portcls::ComObject;

Script*& script() {
    static Script* current = nullptr;
    return current;
}

// ---- adapter ----------------------------------------------------------------------------------------------------

class Adapter final : public ComObject<Adapter, IAdapterPowerManagement3, IAdapterPnpManagement> {
public:
    void* find_interface(const GUID& id) {
        const int version = script()->power_version;
        if ((IsEqualGUID(id, IID_IAdapterPowerManagement) && version >= 1) ||
            (IsEqualGUID(id, IID_IAdapterPowerManagement2) && version >= 2) ||
            (IsEqualGUID(id, IID_IAdapterPowerManagement3) && version >= 3)) {
            return static_cast<IAdapterPowerManagement3*>(this);
        }
        return IsEqualGUID(id, IID_IAdapterPnpManagement) ? static_cast<IAdapterPnpManagement*>(this) : nullptr;
    }

    void NTAPI PowerChangeState(POWER_STATE state) override {
        note_power(fmt::format("adapter1:D{}", state.DeviceState - PowerDeviceD0));
    }
    NTSTATUS NTAPI QueryPowerChangeState(POWER_STATE state) override {
        script()->note(fmt::format("query:D{}", state.DeviceState - PowerDeviceD0));
        return script()->query_power_status;
    }
    NTSTATUS NTAPI QueryDeviceCapabilities(PDEVICE_CAPABILITIES capabilities) override {
        script()->note("capabilities");
        capabilities->DeviceState[PowerSystemSleeping1] = PowerDeviceD3; // deeper
        capabilities->DeviceState[PowerSystemHibernate] = PowerDeviceD0; // not allowed
        return STATUS_SUCCESS;
    }
    void NTAPI PowerChangeState2(DEVICE_POWER_STATE device, SYSTEM_POWER_STATE) override {
        note_power(fmt::format("adapter2:D{}", device - PowerDeviceD0));
    }
    void NTAPI PowerChangeState3(DEVICE_POWER_STATE device, SYSTEM_POWER_STATE, PC_EXIT_LATENCY latency) override {
        note_power(fmt::format("adapter3:D{}:{}", device - PowerDeviceD0, static_cast<int>(latency)));
    }
    NTSTATUS NTAPI D3ExitLatencyChanged(PC_EXIT_LATENCY latency) override {
        note_power(fmt::format("latency:{}", static_cast<int>(latency)));
        return STATUS_SUCCESS;
    }

    PC_REBALANCE_TYPE NTAPI GetSupportedRebalanceType() override {
        ask(script()->pnp_asked, "type");
        return script()->rebalance;
    }
    void NTAPI PnpQueryStop() override {
        script()->note("query_stop");
        ask(script()->pnp_asked, "query_stop");
    }
    void NTAPI PnpCancelStop() override {
        script()->note("cancel_stop");
        ask(script()->pnp_asked, "cancel_stop");
    }
    void NTAPI PnpStop() override {
        script()->note("adapter:pnp_stop");
        ask(script()->pnp_asked, "stop");
    }

private:
    static void ask(const std::function<void(const std::string&)>& asked, const std::string& what) {
        if (asked) {
            asked(what);
        }
    }
    static void note_power(const std::string& what) {
        script()->note(what);
        ask(script()->power_asked, what);
    }
};

namespace {

NTSTATUS install(DEVICE_OBJECT* device, IRP* irp, REFCLSID port_class, IMiniport* miniport, IResourceList* resources,
                 const WCHAR* name, IPort*& port_out) {
    Script& s = *script();
    IPort* port = nullptr;
    NTSTATUS status = PcNewPort(&port, port_class);
    if (!NT_SUCCESS(status)) {
        miniport->Release();
        return status;
    }
    // R-SUB-01: Init, register, release both on every path.
    status = port->Init(device, irp, miniport, s.no_unknown_adapter ? nullptr : s.adapter, resources);
    if (NT_SUCCESS(status)) {
        status = PcRegisterSubdevice(device, const_cast<PWSTR>(name), port);
    }
    if (NT_SUCCESS(status)) {
        port_out = port; // for the test; the driver itself would release it here
    } else {
        port->Release();
    }
    miniport->Release();
    return status;
}

NTSTATUS NTAPI start_core_device(DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
    Script& s = *script();
    s.note("start");
    s.functional_device = device;
    if (!NT_SUCCESS(s.start_status)) {
        return s.start_status;
    }
    if (s.start) {
        return s.start(device, irp, resources);
    }
    if (s.in_start) {
        s.in_start(device);
    }
    if (s.register_power) {
        PcRegisterAdapterPowerManagement(s.adapter, device);
    }
    if (s.register_pnp) {
        PcRegisterAdapterPnpManagement(s.adapter, device);
    }
    s.topology_miniport = new_topology_miniport();
    NTSTATUS status =
        install(device, irp, CLSID_PortTopology, s.topology_miniport, resources, OPC_L("Topology"), s.topology_port);
    if (NT_SUCCESS(status) && s.register_wave) {
        s.wave_miniport = new_wave_miniport();
        status = install(device, irp, CLSID_PortWaveRT, s.wave_miniport, resources, OPC_L("Wave"), s.wave_port);
        if (NT_SUCCESS(status) && s.connect) {
            status =
                PcRegisterPhysicalConnection(device, s.wave_port, wave_bridge_pin, s.topology_port, topology_in_pin);
        }
    }
    return status;
}

} // namespace

NTSTATUS NTAPI core_add_device(DRIVER_OBJECT* driver, DEVICE_OBJECT* physical_device) {
    Script& s = *script();
    s.physical_device = physical_device;
    NTSTATUS status = PcAddAdapterDevice(driver, physical_device, start_core_device, s.max_objects, s.extension_bytes);
    if (NT_SUCCESS(status) && s.register_in_add_device) {
        status = PcRegisterAdapterPowerManagement(s.adapter, physical_device->AttachedDevice);
    }
    if (NT_SUCCESS(status) && s.register_in_add_device) {
        status = PcRegisterAdapterPnpManagement(s.adapter, physical_device->AttachedDevice);
    }
    return status;
}

IUnknown* new_adapter() {
    return static_cast<IAdapterPowerManagement3*>(new Adapter);
}

NTSTATUS NTAPI core_driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path) {
    return PcInitializeAdapterDriver(driver, registry_path, core_add_device);
}

} // namespace conformance
