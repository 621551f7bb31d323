// R-ENTRY: who answers which IRP, with and without PcInitializeAdapterDriver.
#include <wmilib.h>

#include "core_fixture.h"

namespace conformance {

namespace {

// The adapter's own dispatch routine in front of PortCls', as a test scripts it.
std::function<NTSTATUS(DEVICE_OBJECT*, IRP*)> own_dispatch;
NTSTATUS NTAPI call_own_dispatch(DEVICE_OBJECT* device, IRP* irp) {
    return own_dispatch(device, irp);
}

ULONG foreign_requests = 0;
NTSTATUS NTAPI foreign_dispatch(DEVICE_OBJECT*, IRP* irp) {
    ++foreign_requests;
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

// Binds to PortCls and to some other class driver: audio devices are told from the others by what made them.
NTSTATUS NTAPI shared_dispatch(DEVICE_OBJECT* device, IRP* irp) {
    return device == script()->functional_device || device->DeviceType == FILE_DEVICE_KS
               ? PcDispatchIrp(device, irp)
               : foreign_dispatch(device, irp);
}
NTSTATUS NTAPI two_class_driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING*) {
    for (int major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION; ++major) {
        driver->MajorFunction[major] = shared_dispatch;
    }
    driver->DriverExtension->AddDevice = core_add_device;
    driver->DriverUnload = +[](DRIVER_OBJECT*) NTAPI {};
    return STATUS_SUCCESS;
}

} // namespace

class Dispatch : public CoreTest {
protected:
    ~Dispatch() override { own_dispatch = nullptr; }

    void put_in_front(UCHAR major, std::function<NTSTATUS(DEVICE_OBJECT*, IRP*)> dispatch) {
        own_dispatch = std::move(dispatch);
        driver_->object()->MajorFunction[major] = call_own_dispatch;
    }
    // A request without parameters to an open file.
    NTSTATUS send(UCHAR major, FILE_OBJECT* file) {
        IRP* const irp = executive::build_request(script_.functional_device, major, 0);
        IoGetNextIrpStackLocation(irp)->FileObject = file;
        return executive::call_synchronously(script_.functional_device, irp);
    }
    IRP* capabilities_request() {
        capabilities_ = {};
        capabilities_.Size = sizeof capabilities_;
        capabilities_.Version = 1;
        IRP* const irp = executive::build_request(script_.functional_device, IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES);
        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        IoGetNextIrpStackLocation(irp)->Parameters.DeviceCapabilities.Capabilities = &capabilities_;
        return irp;
    }

    DEVICE_CAPABILITIES capabilities_ = {};
};

// PortCls' own code: CREATE finds the subdevice, PNP and POWER reach the adapter, SYSTEM_CONTROL goes down the stack.
TEST_F(Dispatch, R_ENTRY_03_PortCls_answers_create_pnp_power_and_system_control) {
    script_.register_power = true;
    start();
    script_.clear();
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    EXPECT_EQ(script_.text(), "adapter1:D3 adapter1:D0");
    inside([&] {
        EXPECT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
        EXPECT_EQ(executive::call_synchronously(script_.functional_device, capabilities_request()), STATUS_SUCCESS);
        EXPECT_EQ(script_.count_of("capabilities"), 1u);
        IRP* const irp = executive::build_request(script_.functional_device, IRP_MJ_SYSTEM_CONTROL, 0);
        irp->IoStatus.Status = STATUS_NOT_A_DIRECTORY; // the bottom of the stack leaves it as it was
        EXPECT_EQ(executive::call_synchronously(script_.functional_device, irp), STATUS_NOT_A_DIRECTORY);
    });
}

// The other seven go to the dispatcher of KS, which knows the object behind the file.
TEST_F(Dispatch, R_ENTRY_03_the_other_seven_go_to_ks) {
    start_and_open();
    inside([&] {
        ULONG pins = 0;
        EXPECT_EQ(property(wave_, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_SUCCESS);
        FILE_OBJECT* const pin = open_pin();
        for (const UCHAR major :
             {IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_FLUSH_BUFFERS, IRP_MJ_QUERY_SECURITY, IRP_MJ_SET_SECURITY}) {
            for (FILE_OBJECT* file : {wave_, pin}) {
                const bool security = major == IRP_MJ_QUERY_SECURITY || major == IRP_MJ_SET_SECURITY;
                EXPECT_EQ(send(major, file), security ? STATUS_NO_SECURITY_ON_OBJECT : STATUS_INVALID_DEVICE_REQUEST)
                    << int{major} << ": no filter has any";
            }
        }
        EXPECT_EQ(script_.streams_alive, 1u);
        close(pin); // IRP_MJ_CLOSE
        EXPECT_EQ(script_.streams_alive, 0u);
        EXPECT_EQ(send(IRP_MJ_INTERNAL_DEVICE_CONTROL, wave_), STATUS_INVALID_DEVICE_REQUEST) << "never PortCls'";
    });
}

// A driver of two classes fills its dispatch table itself and hands the audio requests over.
TEST_F(Dispatch, R_ENTRY_04_a_driver_of_two_classes_uses_PcDispatchIrp) {
    inside([&] { script_.adapter = new_adapter(); });
    pnp::DriverOptions options;
    options.service_name = "two_classes";
    auto driver = manager_->load_static_driver(two_class_driver_entry, options);
    ASSERT_TRUE(driver) << driver.error().message;
    driver_ = *driver;
    add_device();
    ASSERT_EQ(add_status_, STATUS_SUCCESS) << add_message_;
    foreign_requests = 0;
    inside([&] {
        ASSERT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
        FILE_OBJECT* const pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        EXPECT_EQ(foreign_requests, 0u);
        DEVICE_OBJECT* other = nullptr;
        ASSERT_EQ(IoCreateDevice(driver_->object(), 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &other), STATUS_SUCCESS);
        IRP* irp = executive::build_request(other, IRP_MJ_DEVICE_CONTROL, 0);
        EXPECT_EQ(executive::call_synchronously(other, irp), STATUS_SUCCESS);
        EXPECT_EQ(foreign_requests, 1u) << "the other class driver's";
        // A device that PortCls did not make has nothing that PcDispatchIrp could do for it.
        irp = executive::build_request(other, IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES);
        own_dispatch = [](DEVICE_OBJECT* device, IRP* request) { return PcDispatchIrp(device, request); };
        driver_->object()->MajorFunction[IRP_MJ_PNP] = call_own_dispatch;
        EXPECT_EQ(executive::call_synchronously(other, irp), STATUS_INVALID_DEVICE_REQUEST);
        driver_->object()->MajorFunction[IRP_MJ_PNP] = shared_dispatch;
        IoDeleteDevice(other);
        EXPECT_EQ(PcDispatchIrp(nullptr, nullptr), STATUS_INVALID_PARAMETER);
    });
}

// PcCompleteIrp is for an IRP that the adapter's own handler kept pending.
TEST_F(Dispatch, R_ENTRY_06_PcCompleteIrp_completes_what_was_kept_pending) {
    start_and_open();
    inside([&] {
        struct Keeper {
            IRP* irp = nullptr;
            DEVICE_OBJECT* device = nullptr;
            KDPC dpc;
            static void NTAPI complete(KDPC*, void* context, void*, void*) {
                auto& self = *static_cast<Keeper*>(context);
                EXPECT_EQ(PcCompleteIrp(self.device, self.irp, STATUS_PENDING), STATUS_INVALID_PARAMETER);
                EXPECT_EQ(PcCompleteIrp(self.device, nullptr, STATUS_SUCCESS), STATUS_INVALID_PARAMETER);
                EXPECT_EQ(PcCompleteIrp(nullptr, self.irp, STATUS_SUCCESS), STATUS_INVALID_PARAMETER);
                // <= DISPATCH_LEVEL
                EXPECT_EQ(PcCompleteIrp(self.device, self.irp, STATUS_DEVICE_DATA_ERROR), STATUS_DEVICE_DATA_ERROR);
            }
        } keeper;
        KTIMER timer;
        KeInitializeTimer(&timer);
        KeInitializeDpc(&keeper.dpc, Keeper::complete, &keeper);
        put_in_front(IRP_MJ_READ, [&](DEVICE_OBJECT* device, IRP* irp) {
            IoMarkIrpPending(irp);
            keeper.irp = irp;
            keeper.device = device;
            LARGE_INTEGER due;
            due.QuadPart = -100'000;
            KeSetTimer(&timer, due, &keeper.dpc);
            return STATUS_PENDING;
        });
        EXPECT_EQ(send(IRP_MJ_READ, wave_), STATUS_DEVICE_DATA_ERROR);
        EXPECT_NE(keeper.irp, nullptr);
    });
}

TEST_F(Dispatch, R_ENTRY_06_completing_what_PcDispatchIrp_got_is_a_second_completion) {
    start_and_open();
    machine_.enter([&] {
        put_in_front(IRP_MJ_FLUSH_BUFFERS, [](DEVICE_OBJECT* device, IRP* irp) {
            const NTSTATUS status = PcDispatchIrp(device, irp);
            PcCompleteIrp(device, irp, status);
            return status;
        });
        send(IRP_MJ_FLUSH_BUFFERS, wave_);
    });
    ASSERT_TRUE(machine_.is_halted());
    EXPECT_EQ(machine_.bugcheck_report()->code, 0x44u) << "MULTIPLE_IRP_COMPLETE_REQUESTS";
}

// The IRP comes back when the driver below is done with it, and is the caller's to complete.
TEST_F(Dispatch, R_ENTRY_07_PcForwardIrpSynchronous_returns_with_the_lower_drivers_answer) {
    start();
    inside([&] {
        bool answered_below = false;
        put_in_front(IRP_MJ_PNP, [&](DEVICE_OBJECT* device, IRP* irp) {
            const auto& location = *IoGetCurrentIrpStackLocation(irp);
            if (location.MinorFunction != IRP_MN_QUERY_CAPABILITIES) {
                return PcDispatchIrp(device, irp);
            }
            EXPECT_EQ(PcForwardIrpSynchronous(device, irp), STATUS_SUCCESS);
            answered_below = capabilities_.DeviceState[PowerSystemWorking] == PowerDeviceD0;
            capabilities_.UniqueID = TRUE; // the adapter's own addition
            irp->IoStatus.Status = STATUS_SUCCESS;
            IoCompleteRequest(irp, IO_NO_INCREMENT);
            return STATUS_SUCCESS;
        });
        EXPECT_EQ(executive::call_synchronously(script_.functional_device, capabilities_request()), STATUS_SUCCESS);
        EXPECT_TRUE(answered_below);
        EXPECT_TRUE(capabilities_.UniqueID);
        EXPECT_EQ(PcForwardIrpSynchronous(node_->pdo(), nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcForwardIrpSynchronous(script_.functional_device, nullptr), STATUS_INVALID_PARAMETER);
        driver_->object()->MajorFunction[IRP_MJ_PNP] = driver_->object()->MajorFunction[IRP_MJ_CREATE];
    });
}

// PortCls keeps to the rule it sets its adapters: the physical device object is the bus driver's.
TEST_F(Dispatch, R_ENTRY_15_the_PDO_is_left_alone) {
    load();
    add_device();
    ASSERT_EQ(add_status_, STATUS_SUCCESS);
    inside([&] {
        const DEVICE_OBJECT before = *node_->pdo();
        ASSERT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
        FILE_OBJECT* const pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        close(pin);
        const DEVICE_OBJECT& after = *node_->pdo();
        EXPECT_EQ(after.DeviceExtension, before.DeviceExtension);
        EXPECT_EQ(after.Flags, before.Flags);
        EXPECT_EQ(after.Characteristics, before.Characteristics);
        EXPECT_EQ(after.DriverObject, before.DriverObject);
        EXPECT_EQ(after.AttachedDevice, script_.functional_device) << "all it knows of PortCls";
        EXPECT_NE(script_.functional_device->DeviceExtension, after.DeviceExtension);
    });
}

// IPortWMIRegistration: WMI requests for the device reach the adapter's context and no longer the bus.
TEST_F(Dispatch, R_INIT_13_IPortWMIRegistration_answers_system_control) {
    start();
    inside([&] {
        auto wmi = portcls::ComPointer<IPortWMIRegistration>::query(script_.wave_port, IID_IPortWMIRegistration);
        ASSERT_TRUE(wmi);
        const auto ask = [&](void* provider, UCHAR minor = 0) {
            IRP* const irp = executive::build_request(script_.functional_device, IRP_MJ_SYSTEM_CONTROL, minor);
            irp->IoStatus.Status = STATUS_NOT_A_DIRECTORY;
            IoGetNextIrpStackLocation(irp)->Parameters.WMI.ProviderId = reinterpret_cast<ULONG_PTR>(provider);
            return executive::call_synchronously(script_.functional_device, irp);
        };
        DEVICE_OBJECT* const device = script_.functional_device;
        WMILIB_CONTEXT context = {};
        EXPECT_EQ(wmi->UnregisterWMIProvider(device), STATUS_INVALID_DEVICE_REQUEST) << "nothing registered";
        EXPECT_EQ(wmi->RegisterWMIProvider(device, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(wmi->RegisterWMIProvider(node_->pdo(), &context), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(ask(device), STATUS_NOT_A_DIRECTORY);
        EXPECT_EQ(wmi->RegisterWMIProvider(device, &context), STATUS_SUCCESS);
        EXPECT_EQ(ask(device), STATUS_WMI_GUID_NOT_FOUND) << "the context has no data blocks";
        EXPECT_EQ(ask(node_->pdo()), STATUS_NOT_A_DIRECTORY) << "another provider's";
        EXPECT_EQ(ask(device, 0x20), STATUS_NOT_A_DIRECTORY) << "no WMI request";
        EXPECT_EQ(wmi->UnregisterWMIProvider(device), STATUS_SUCCESS);
        EXPECT_EQ(ask(device), STATUS_NOT_A_DIRECTORY);
        PortClsSystem::current().set_windows_version(WindowsVersion::vista);
        EXPECT_FALSE(portcls::ComPointer<IPortWMIRegistration>::query(script_.wave_port, IID_IPortWMIRegistration))
            << "new in Windows 7";
        PortClsSystem::current().set_windows_version(WindowsVersion::windows_11);
    });
}

} // namespace conformance
