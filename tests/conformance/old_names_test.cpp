// R-VER-04: a source of the Windows 98 days, which knows neither the Pc prefix nor the types of device and IRP. And
// R-SUB-14: what a unit that includes portcls.h alone knows.
#define PC_OLD_NAMES
#include <portcls.h>

namespace only_portcls {

// Were these declared by portcls.h, the names below would be ambiguous.
namespace {
constexpr int CLSID_PortDMus = 1;
constexpr int CLSID_MiniportDriverDMusUART = 2;
constexpr int CLSID_MiniportDriverDMusUARTCapture = 3;
} // namespace

} // namespace only_portcls

using namespace only_portcls;
constexpr int known_without_dmusicks =
    CLSID_PortDMus + CLSID_MiniportDriverDMusUART + CLSID_MiniportDriverDMusUARTCapture;

#define CLSID_PortDMus CLSID_PortDMus_of_dmusicks
#define CLSID_MiniportDriverDMusUART CLSID_MiniportDriverDMusUART_of_dmusicks
#define CLSID_MiniportDriverDMusUARTCapture CLSID_MiniportDriverDMusUARTCapture_of_dmusicks

#include "core_fixture.h"

namespace conformance {

namespace {

NTSTATUS NTAPI old_start_device(PVOID context1, PVOID context2, PRESOURCELIST resources) {
    script()->functional_device = static_cast<PDEVICE_OBJECT>(context1);
    PPORT port = nullptr;
    NTSTATUS status = NewPort(&port, CLSID_PortTopology);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    PRESOURCELIST sublist = nullptr;
    status = NewResourceSublist(&sublist, nullptr, PagedPool, resources, 1);
    IMiniport* const miniport = new_topology_miniport();
    if (NT_SUCCESS(status)) {
        status = port->Init(context1, context2, miniport, nullptr, sublist);
        sublist->Release();
    }
    miniport->Release();
    if (NT_SUCCESS(status)) {
        status = RegisterSubdevice(context1, context2, const_cast<PWSTR>(OPC_L("Topology")), port);
    }
    port->Release();
    return status;
}

NTSTATUS NTAPI old_add_device(PVOID context1, PVOID context2) {
    return AddAdapterDevice(context1, context2, old_start_device, 2);
}

NTSTATUS NTAPI old_driver_entry(DRIVER_OBJECT* context1, UNICODE_STRING* context2) {
    PVOID const driver = context1;
    PVOID const path = context2;
    return InitializeAdapterDriver(driver, path, old_add_device);
}

} // namespace

class OldNames : public CoreTest {};

TEST_F(OldNames, R_VER_04_an_old_source_builds_and_runs) {
    pnp::DriverOptions options;
    options.service_name = "old_names";
    auto driver = manager_->load_static_driver(old_driver_entry, options);
    ASSERT_TRUE(driver) << driver.error().message;
    driver_ = *driver;
    add_device();
    ASSERT_EQ(add_status_, STATUS_SUCCESS) << add_message_;
    inside([&] {
        ASSERT_EQ(open_filter(u"Topology", topology_), STATUS_SUCCESS);
        EXPECT_EQ(list<GUID>(topology_, request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NODES)).size(), 2u);
        EXPECT_NE(GetTimeInterval(0), 0u);
        PSERVICEGROUP group = nullptr;
        EXPECT_EQ(NewServiceGroup(&group, nullptr), STATUS_SUCCESS);
        group->Release();
        // The old connection functions: RegisterPhysicalConnection and its two external forms.
        PVOID const device = script_.functional_device;
        EXPECT_EQ(RegisterPhysicalConnection(device, nullptr, nullptr, 0, nullptr, 0), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RegisterPhysicalConnectionToExternal(device, nullptr, nullptr, 0, nullptr, 0),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RegisterPhysicalConnectionFromExternal(device, nullptr, nullptr, 0, nullptr, 0),
                  STATUS_INVALID_PARAMETER);
        PMINIPORT miniport = nullptr;
        EXPECT_EQ(NewMiniport(&miniport, custom_set), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(OldNames, R_SUB_14_DirectMusic_ids_are_in_dmusicks_h) {
    EXPECT_EQ(known_without_dmusicks, 6);
}

} // namespace conformance
