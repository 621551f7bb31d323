// R-ENTRY: entry points, IRP flow, device object.
#include "core_fixture.h"

namespace conformance {

class R_ENTRY : public CoreTest {};

namespace {

NTSTATUS NTAPI no_start(DEVICE_OBJECT*, IRP*, IResourceList*) {
    return STATUS_SUCCESS;
}

ULONG timeouts = 0;
KIRQL timeout_irql = PASSIVE_LEVEL;
void NTAPI count_timeout(DEVICE_OBJECT*, void* context) {
    ++timeouts;
    timeout_irql = KeGetCurrentIrql();
    EXPECT_EQ(context, &timeouts);
}

} // namespace

TEST_F(R_ENTRY, R_ENTRY_02_eleven_dispatch_slots_and_AddDevice) {
    start();
    inside([&] {
        const DRIVER_OBJECT& driver = *driver_->object();
        const UCHAR majors[] = {IRP_MJ_CREATE,       IRP_MJ_CLOSE,          IRP_MJ_DEVICE_CONTROL, IRP_MJ_FLUSH_BUFFERS,
                                IRP_MJ_PNP,          IRP_MJ_POWER,          IRP_MJ_QUERY_SECURITY, IRP_MJ_READ,
                                IRP_MJ_SET_SECURITY, IRP_MJ_SYSTEM_CONTROL, IRP_MJ_WRITE};
        ULONG filled = 0;
        for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; ++i) {
            filled += driver.MajorFunction[i] == driver.MajorFunction[IRP_MJ_CREATE];
        }
        EXPECT_EQ(filled, 11u);
        for (const UCHAR major : majors) {
            EXPECT_EQ(driver.MajorFunction[major], driver.MajorFunction[IRP_MJ_CREATE]) << int{major};
        }
        EXPECT_EQ(driver.DriverExtension->AddDevice, &core_add_device);
    });
}

TEST_F(R_ENTRY, R_ENTRY_01_missing_arguments_are_refused) {
    load();
    inside([&] {
        UNICODE_STRING path = {};
        EXPECT_EQ(PcInitializeAdapterDriver(nullptr, &path, core_add_device), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcInitializeAdapterDriver(driver_->object(), &path, nullptr), STATUS_INVALID_PARAMETER);
        // And with all three: the dispatch table is PortCls' to fill, whatever stood there.
        DRIVER_OBJECT& driver = *driver_->object();
        const PDRIVER_DISPATCH portcls_dispatch = driver.MajorFunction[IRP_MJ_PNP];
        driver.MajorFunction[IRP_MJ_PNP] = nullptr;
        driver.DriverExtension->AddDevice = nullptr;
        EXPECT_EQ(PcInitializeAdapterDriver(&driver, &path, core_add_device), STATUS_SUCCESS);
        EXPECT_EQ(driver.MajorFunction[IRP_MJ_PNP], portcls_dispatch);
        EXPECT_EQ(driver.DriverExtension->AddDevice, &core_add_device);
    });
}

TEST_F(R_ENTRY, R_ENTRY_05_PcDispatchIrp_completes_what_the_adapter_passes_on) {
    start_and_open();
    static PDRIVER_DISPATCH original = nullptr;
    static ULONG seen = 0;
    inside([&] {
        seen = 0;
        original = driver_->object()->MajorFunction[IRP_MJ_DEVICE_CONTROL];
        driver_->object()->MajorFunction[IRP_MJ_DEVICE_CONTROL] =
            +[](PDEVICE_OBJECT device, PIRP irp) NTAPI -> NTSTATUS {
            ++seen;
            return PcDispatchIrp(device, irp);
        };
        ULONG pins = 0;
        EXPECT_EQ(property(wave_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_SUCCESS);
        EXPECT_EQ(pins, 3u);
        EXPECT_EQ(seen, 1u);
        driver_->object()->MajorFunction[IRP_MJ_DEVICE_CONTROL] = original;
    });
}

TEST_F(R_ENTRY, R_ENTRY_08_PcAddAdapterDevice_attaches_above_the_PDO) {
    start();
    inside([&] {
        EXPECT_EQ(executive::top_of_stack(node_->pdo()), script_.functional_device);
        EXPECT_NE(script_.functional_device, node_->pdo());
        EXPECT_EQ(script_.functional_device->DriverObject, driver_->object());
    });
}

TEST_F(R_ENTRY, R_ENTRY_09_MaxObjects_limits_the_registered_subdevices) {
    script_.max_objects = 1;
    load();
    add_device();
    EXPECT_EQ(add_status_, STATUS_INSUFFICIENT_RESOURCES) << add_message_;
}

TEST_F(R_ENTRY, R_ENTRY_10_extension_size_zero_default_or_larger) {
    load();
    inside([&] {
        DEVICE_OBJECT* pdo = nullptr;
        ASSERT_EQ(IoCreateDevice(driver_->object(), 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &pdo), STATUS_SUCCESS);
        EXPECT_EQ(PcAddAdapterDevice(driver_->object(), pdo, no_start, 1, 1), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcAddAdapterDevice(driver_->object(), pdo, no_start, 1, PORT_CLASS_DEVICE_EXTENSION_SIZE - 1),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(pdo->AttachedDevice, nullptr);
        IoDeleteDevice(pdo);
    });
    static_assert(PORT_CLASS_DEVICE_EXTENSION_SIZE == 64 * sizeof(ULONG_PTR));
    const auto extension_bytes = [&] { return script_.functional_device->Size - sizeof(DEVICE_OBJECT); };
    for (const ULONG bytes : {ULONG{0}, ULONG{PORT_CLASS_DEVICE_EXTENSION_SIZE + 64}}) {
        script_.extension_bytes = bytes;
        add_device();
        ASSERT_EQ(node_->state(), pnp::DeviceState::started);
        EXPECT_EQ(extension_bytes(), bytes == 0 ? PORT_CLASS_DEVICE_EXTENSION_SIZE : bytes);
        inside([&] {
            auto* const own = static_cast<UCHAR*>(script_.functional_device->DeviceExtension);
            std::memset(own + PORT_CLASS_DEVICE_EXTENSION_SIZE, 0xAB,
                        extension_bytes() - PORT_CLASS_DEVICE_EXTENSION_SIZE);
            EXPECT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS)
                << "what is behind the default part is the adapter's";
            close_all();
            release_ports();
        });
        ASSERT_TRUE(manager_->remove(*node_));
    }
}

TEST_F(R_ENTRY, R_ENTRY_11_extension_slots_4_to_7_are_the_adapters) {
    start_and_open();
    inside([&] {
        auto* const slots = static_cast<ULONG_PTR*>(script_.functional_device->DeviceExtension);
        for (int i = 4; i < 8; ++i) {
            slots[i] = 0xABCD0000u + static_cast<unsigned>(i);
        }
        ULONG pins = 0;
        EXPECT_EQ(property(wave_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_SUCCESS);
        FILE_OBJECT* const pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        close(pin);
        for (int i = 4; i < 8; ++i) {
            EXPECT_EQ(slots[i], 0xABCD0000u + static_cast<unsigned>(i));
        }
    });
}

TEST_F(R_ENTRY, R_ENTRY_12_StartDevice_gets_device_irp_and_resources) {
    bool called = false;
    script_.start = [&](DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
        called = true;
        EXPECT_EQ(device, executive::top_of_stack(script_.physical_device));
        EXPECT_EQ(IoGetCurrentIrpStackLocation(irp)->MinorFunction, IRP_MN_START_DEVICE);
        EXPECT_NE(resources, nullptr);
        EXPECT_EQ(resources->NumberOfEntries(), 0u);
        return STATUS_SUCCESS;
    };
    start();
    EXPECT_TRUE(called);
}

TEST_F(R_ENTRY, R_ENTRY_13_failing_StartDevice_fails_the_start) {
    // The subdevices are made and registered, then something fails: nothing of them is left for clients.
    script_.start_status = STATUS_DEVICE_CONFIGURATION_ERROR;
    load();
    add_device();
    EXPECT_EQ(add_status_, STATUS_DEVICE_CONFIGURATION_ERROR) << add_message_;
    inside([&] {
        EXPECT_TRUE(executive::Kernel::current().interfaces.enumerate().empty());
        release_ports();
    });
    EXPECT_EQ(script_.miniports_alive, 0u);
}

TEST_F(R_ENTRY, R_ENTRY_14_PcGetPhysicalDeviceObject_at_any_irql) {
    start();
    inside([&] {
        DEVICE_OBJECT* pdo = nullptr;
        KIRQL old;
        KeRaiseIrql(HIGH_LEVEL, &old);
        const NTSTATUS status = PcGetPhysicalDeviceObject(script_.functional_device, &pdo);
        KeLowerIrql(old);
        EXPECT_EQ(status, STATUS_SUCCESS);
        EXPECT_EQ(pdo, node_->pdo());
        EXPECT_EQ(PcGetPhysicalDeviceObject(node_->pdo(), &pdo), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(R_ENTRY, R_ENTRY_14_PcGetPhysicalDeviceObject_is_new_in_Windows_8) {
    be(WindowsVersion::windows_7);
    start();
    inside([&] {
        DEVICE_OBJECT* pdo = nullptr;
        EXPECT_EQ(PcGetPhysicalDeviceObject(script_.functional_device, &pdo), STATUS_NOT_IMPLEMENTED);
    });
}

TEST_F(R_ENTRY, R_ENTRY_16_device_properties_say_how_long_they_are) {
    start();
    inside([&] {
        ULONG needed = 0;
        EXPECT_EQ(PcGetDeviceProperty(script_.functional_device, DevicePropertyEnumeratorName, 0, nullptr, &needed),
                  STATUS_BUFFER_TOO_SMALL);
        ASSERT_GT(needed, 2u);
        std::vector<WCHAR> name(needed / sizeof(WCHAR));
        ULONG length = 0;
        EXPECT_EQ(
            PcGetDeviceProperty(script_.functional_device, DevicePropertyEnumeratorName, needed, name.data(), &length),
            STATUS_SUCCESS);
        EXPECT_EQ(length, needed);
        std::vector<WCHAR> through_port(needed / sizeof(WCHAR));
        EXPECT_EQ(
            script_.wave_port->GetDeviceProperty(DevicePropertyEnumeratorName, needed, through_port.data(), &length),
            STATUS_SUCCESS);
        EXPECT_EQ(through_port, name);
    });
}

TEST_F(R_ENTRY, R_ENTRY_17_io_timeouts_come_once_a_second_at_DISPATCH_LEVEL) {
    start();
    inside([&] {
        timeouts = 0;
        EXPECT_EQ(PcRegisterIoTimeout(script_.functional_device, count_timeout, &timeouts), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterIoTimeout(script_.functional_device, count_timeout, &timeouts), STATUS_UNSUCCESSFUL);
        machine_.run_for(3'500'000'000);
        EXPECT_EQ(timeouts, 3u);
        EXPECT_EQ(timeout_irql, DISPATCH_LEVEL);
        EXPECT_EQ(PcUnregisterIoTimeout(script_.functional_device, count_timeout, &timeouts), STATUS_SUCCESS);
        machine_.run_for(3'000'000'000);
        EXPECT_EQ(timeouts, 3u);
    });
}

TEST_F(R_ENTRY, R_ENTRY_18_unknown_timeout_is_not_found) {
    start();
    inside([&] {
        EXPECT_EQ(PcUnregisterIoTimeout(script_.functional_device, count_timeout, &timeouts), STATUS_NOT_FOUND);
    });
}

TEST_F(R_ENTRY, R_ENTRY_19_PcGetTimeInterval_counts_from_1601) {
    start();
    inside([&] {
        LARGE_INTEGER now;
        KeQuerySystemTime(&now);
        const ULONGLONG absolute = PcGetTimeInterval(0);
        EXPECT_GE(absolute, static_cast<ULONGLONG>(now.QuadPart));
        machine_.run_for(50'000'000);
        const ULONGLONG passed = PcGetTimeInterval(absolute);
        EXPECT_GE(passed, 500'000u - 160'000u); // system time moves with the clock interrupt
        EXPECT_LE(passed, 700'000u);
    });
}

TEST_F(R_ENTRY, irql_limits_are_enforced) {
    start();
    const std::string rule = crash([&] {
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        IPort* port = nullptr;
        PcNewPort(&port, CLSID_PortTopology);
    });
    EXPECT_NE(rule.find("PcNewPort"), std::string::npos) << rule;
}

} // namespace conformance
