// R-DRM-07: the methods of IDrmPort and IDrmPort2 do what the Pc and Drm functions do.
#include "core_fixture.h"

namespace conformance {

class DrmPort : public CoreTest {
protected:
    void open() {
        script_.drm_stream = true;
        start_and_open();
        inside([&] {
            drm_ = portcls::ComPointer<IDrmPort2>::query(script_.wave_port, IID_IDrmPort2);
            ASSERT_TRUE(drm_);
            id_ = PortClsSystem::current().drm().create({TRUE, 0, FALSE});
        });
    }
    void TearDown() override {
        machine_.enter([&] { drm_.reset(); });
        CoreTest::TearDown();
    }

    portcls::ComPointer<IDrmPort2> drm_;
    ULONG id_ = 0;
};

// IDrmPort is the front of IDrmPort2. No topology filter has it, and no release before Windows XP.
TEST_F(DrmPort, R_INIT_11_who_has_IDrmPort) {
    open();
    inside([&] {
        auto first = portcls::ComPointer<IDrmPort>::query(script_.wave_port, IID_IDrmPort);
        ASSERT_TRUE(first);
        DRMRIGHTS rights = {};
        EXPECT_EQ(first->GetContentRights(id_, &rights), STATUS_SUCCESS);
        EXPECT_TRUE(rights.CopyProtect);
        EXPECT_FALSE(portcls::ComPointer<IDrmPort>::query(script_.topology_port, IID_IDrmPort));
        EXPECT_FALSE(portcls::ComPointer<IDrmPort2>::query(script_.topology_port, IID_IDrmPort2));
        PortClsSystem::current().set_windows_version(WindowsVersion::windows_2000);
        EXPECT_FALSE(portcls::ComPointer<IDrmPort>::query(script_.wave_port, IID_IDrmPort));
        EXPECT_EQ(first->GetContentRights(id_, &rights), STATUS_NOT_IMPLEMENTED);
        PortClsSystem::current().set_windows_version(WindowsVersion::windows_11);
    });
}

// CreateContentMixed, DestroyContent, GetContentRights, AddContentHandlers.
TEST_F(DrmPort, R_DRM_07_contents_are_common_to_methods_and_functions) {
    open();
    inside([&] {
        ULONG ids[] = {id_, PortClsSystem::current().drm().create({FALSE, 0, TRUE})};
        ULONG mixed = 0;
        EXPECT_EQ(drm_->CreateContentMixed(ids, 2, &mixed), STATUS_SUCCESS);
        EXPECT_EQ(drm_->CreateContentMixed(ids, 2, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(drm_->CreateContentMixed(nullptr, 2, &mixed), STATUS_INVALID_PARAMETER);
        DRMRIGHTS rights = {};
        EXPECT_EQ(PcGetContentRights(mixed, &rights), STATUS_SUCCESS);
        EXPECT_TRUE(rights.CopyProtect && rights.DigitalOutputDisable) << "R-DRM-02, R-DRM-09";
        EXPECT_EQ(drm_->GetContentRights(mixed, nullptr), STATUS_INVALID_PARAMETER);
        PVOID handlers[] = {reinterpret_cast<void*>(&PcNewPort), reinterpret_cast<void*>(&new_wave_miniport)};
        EXPECT_EQ(drm_->AddContentHandlers(mixed, handlers, 2), STATUS_SUCCESS);
        EXPECT_EQ(drm_->AddContentHandlers(mixed, nullptr, 2), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(drm_->AddContentHandlers(0, handlers, 2), STATUS_SUCCESS);
        EXPECT_EQ(drm_->DestroyContent(mixed), STATUS_SUCCESS);
        EXPECT_EQ(DrmGetContentRights(mixed, &rights), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(drm_->DestroyContent(0), STATUS_INVALID_PARAMETER) << "R-DRM-01";
    });
}

// ForwardContentToInterface, ForwardContentToDeviceObject, ForwardContentToFileObject.
TEST_F(DrmPort, R_DRM_07_forwarding_reaches_the_stream_by_each_way) {
    open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        IUnknown* const stream = script_.streams.at(0)->main_interface();
        const std::string told = "content:" + std::to_string(id_);
        constexpr ULONG methods = 11; // of IMiniportWaveRTStream: no more are authenticated
        EXPECT_EQ(drm_->ForwardContentToInterface(id_, stream, methods), STATUS_SUCCESS);
        EXPECT_EQ(DrmForwardContentToInterface(id_, stream, methods), STATUS_SUCCESS);
        EXPECT_EQ(script_.count_of(told), 2u);
        const DRMFORWARD forward = {0, script_.functional_device, pin, pin};
        EXPECT_EQ(drm_->ForwardContentToDeviceObject(id_, nullptr, &forward), STATUS_SUCCESS);
        EXPECT_EQ(drm_->ForwardContentToFileObject(id_, pin), STATUS_SUCCESS);
        EXPECT_EQ(script_.count_of(told), 4u);
        EXPECT_EQ(drm_->ForwardContentToInterface(id_, nullptr, methods), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(drm_->ForwardContentToDeviceObject(id_, nullptr, nullptr), STATUS_INVALID_PARAMETER);
        script_.drm_stream = false;
        EXPECT_FALSE(NT_SUCCESS(drm_->ForwardContentToInterface(id_, stream, methods))) << "no IDrmAudioStream";
    });
}

// PASSIVE_LEVEL, by the pages of the Drm functions.
TEST_F(DrmPort, content_methods_are_for_passive_level) {
    open();
    const std::string rule = crash([&] {
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        DRMRIGHTS rights = {};
        drm_->GetContentRights(id_, &rights);
    });
    EXPECT_NE(rule.find("DrmGetContentRights"), std::string::npos) << rule;
}

} // namespace conformance
