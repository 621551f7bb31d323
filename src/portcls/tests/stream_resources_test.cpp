// R-WRT-30, R-WRT-31, R-OFF-06, R-OFF-10.
#include <string>
#include <vector>

#include "helper_fixture.h"
#include "portcls/helpers/engine_events.h"
#include "portcls/helpers/notifications.h"

namespace openportcls::portcls {
namespace {

class StreamResourceTest : public HelperTest {
protected:
    static void NTAPI idle(PVOID) { PsTerminateSystemThread(STATUS_SUCCESS); }

    // A thread of the driver's own.
    static PETHREAD new_thread() {
        HANDLE handle = nullptr;
        EXPECT_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, idle, nullptr),
                  STATUS_SUCCESS);
        PVOID thread = nullptr;
        EXPECT_EQ(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, nullptr, KernelMode, &thread, nullptr),
                  STATUS_SUCCESS);
        ZwClose(handle);
        return static_cast<PETHREAD>(thread);
    }
    PCSTREAMRESOURCE_DESCRIPTOR thread_descriptor() {
        PCSTREAMRESOURCE_DESCRIPTOR descriptor;
        PCSTREAMRESOURCE_DESCRIPTOR_INIT(&descriptor);
        descriptor.Type = ePcStreamResourceThread;
        descriptor.Resource.Thread = thread_;
        return descriptor;
    }
    PETHREAD thread_ = nullptr;
    DEVICE_OBJECT device_ = {};
};

TEST_F(StreamResourceTest, RegisteredAndRemoved_R_WRT_30) {
    inside([&] {
        thread_ = new_thread();
        auto descriptor = thread_descriptor();
        PCSTREAMRESOURCE handle = nullptr;
        ASSERT_EQ(PcAddStreamResource(&device_, nullptr, &descriptor, &handle), STATUS_SUCCESS);
        EXPECT_NE(handle, nullptr);
        ObDereferenceObject(thread_); // the resource has a reference of its own
        EXPECT_EQ(PcRemoveStreamResource(handle), STATUS_SUCCESS);
        EXPECT_EQ(PcRemoveStreamResource(nullptr), STATUS_INVALID_PARAMETER);

        descriptor.Type = ePcStreamResourceInterrupt;
        int interrupt = 0;
        descriptor.Resource.Interrupt.Version = 0;
        descriptor.Resource.Interrupt.Generic = &interrupt;
        ASSERT_EQ(PcAddStreamResource(&device_, nullptr, &descriptor, &handle), STATUS_SUCCESS);
        EXPECT_EQ(PcRemoveStreamResource(handle), STATUS_SUCCESS);

        PCSTREAMRESOURCE_DESCRIPTOR_INIT(&descriptor);
        descriptor.Type = ePcStreamResourceSet;
        descriptor.Pdo = &device_;
        ASSERT_EQ(PcAddStreamResource(&device_, nullptr, &descriptor, &handle), STATUS_SUCCESS);
        EXPECT_EQ(PcRemoveStreamResource(handle), STATUS_SUCCESS);
    });
}

TEST_F(StreamResourceTest, BadDescriptors_R_WRT_31) {
    inside([&] {
        thread_ = new_thread();
        PCSTREAMRESOURCE handle = nullptr;
        auto add = [&](auto change) {
            auto descriptor = thread_descriptor();
            change(descriptor);
            return PcAddStreamResource(&device_, nullptr, &descriptor, &handle);
        };
        EXPECT_EQ(add([](auto& d) { d.Size -= 4; }), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(add([](auto& d) { d.Flags = 1; }), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(add([](auto& d) { d.Resource.Thread = nullptr; }), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(add([](auto& d) { d.Type = static_cast<PcStreamResourceType>(3); }), STATUS_INVALID_PARAMETER);
        auto descriptor = thread_descriptor();
        EXPECT_EQ(PcAddStreamResource(&device_, &device_, &descriptor, &handle), STATUS_INVALID_PARAMETER)
            << "ResourceSet is reserved";
        EXPECT_EQ(PcAddStreamResource(nullptr, nullptr, &descriptor, &handle), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcAddStreamResource(&device_, nullptr, nullptr, &handle), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcAddStreamResource(&device_, nullptr, &descriptor, nullptr), STATUS_INVALID_PARAMETER);
        ObDereferenceObject(thread_);
    });
}

struct Recorder final : machine::Observer {
    void on_event(const machine::TraceEvent& event) override {
        if (event.kind == machine::EventKind::glitch || event.kind == machine::EventKind::log) {
            lines.push_back(std::string(event_kind_name(event.kind)) + ": " + std::string(event.detail));
        }
    }
    std::vector<std::string> lines;
};

TEST_F(StreamResourceTest, EngineEventsAreTraced_R_OFF_06) {
    inside([&] {
        Recorder recorder;
        machine_.add_observer(recorder);
        EXPECT_EQ(write_engine_event(eMINIPORT_GLITCH_REPORT, 1, 2, 3, 4), STATUS_SUCCESS);
        EXPECT_EQ(write_engine_event(eMINIPORT_BUFFER_COMPLETE, 16, 0, 0, 0), STATUS_SUCCESS);
        EXPECT_EQ(write_engine_event(eMINIPORT_MaxValue, 0, 0, 0, 0), STATUS_INVALID_PARAMETER);
        machine_.remove_observer(recorder);
        ASSERT_EQ(recorder.lines.size(), 2u);
        EXPECT_EQ(recorder.lines[0], "glitch: glitch_report 0x1 0x2 0x3 0x4");
        EXPECT_EQ(recorder.lines[1], "log: buffer_complete 0x10 0x0 0x0 0x0");
    });
}

TEST_F(StreamResourceTest, NotificationBuffers_R_OFF_10) {
    inside([&] {
        PPCNOTIFICATION_BUFFER buffer = nullptr;
        ASSERT_EQ(allocate_notification_buffer(NonPagedPoolNx, 100, &buffer), STATUS_SUCCESS);
        for (int i = 0; i < 100; ++i) {
            EXPECT_EQ(reinterpret_cast<UCHAR*>(buffer)[i], 0);
        }
        free_notification_buffer(buffer);
        EXPECT_EQ(allocate_notification_buffer(NonPagedPoolNx, 0, &buffer), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(allocate_notification_buffer(NonPagedPoolNx, 1, nullptr), STATUS_INVALID_PARAMETER);
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        EXPECT_EQ(allocate_notification_buffer(PagedPool, 8, &buffer), STATUS_INVALID_PARAMETER)
            << "nonpaged memory only at DISPATCH_LEVEL";
        EXPECT_EQ(allocate_notification_buffer(NonPagedPoolNx, 8, &buffer), STATUS_SUCCESS);
        KeLowerIrql(old);
        free_notification_buffer(buffer);
    });
}

} // namespace
} // namespace openportcls::portcls
