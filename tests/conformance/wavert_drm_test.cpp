// Content ids, their rights and how they reach a stream: R-DRM.
#include "portcls/portcls_system.h"
#include "wavert_fixture.h"

namespace wavert_test {

class ContentRights : public WaveRtTest {
protected:
    ContentRights() { script_.drm = true; }

    // What the DRM system of a client does.
    static ULONG content(bool copy_protect, bool digital_output_disable) {
        return portcls::PortClsSystem::current().drm().create({copy_protect, 0, digital_output_disable});
    }
    static DRMRIGHTS rights_of(ULONG id) {
        DRMRIGHTS rights = {};
        EXPECT_EQ(PcGetContentRights(id, &rights), STATUS_SUCCESS);
        return rights;
    }
    NTSTATUS forward(ULONG id, FILE_OBJECT* pin) {
        const DRMFORWARD target = {0, script_.functional_device, pin, pin};
        return PcForwardContentToDeviceObject(id, nullptr, &target);
    }
};

TEST_F(ContentRights, MixingTakesTheStrictest_R_DRM_02_R_DRM_09) {
    start();
    inside([&] {
        ULONG ids[] = {0, content(true, false), content(false, true), 0}; // what comes last takes nothing back
        ULONG mixed = 0;
        ASSERT_EQ(PcCreateContentMixed(ids, 4, &mixed), STATUS_SUCCESS);
        EXPECT_TRUE(rights_of(mixed).CopyProtect);
        EXPECT_TRUE(rights_of(mixed).DigitalOutputDisable);
        ASSERT_EQ(PcCreateContentMixed(ids, 2, &mixed), STATUS_SUCCESS);
        EXPECT_TRUE(rights_of(mixed).CopyProtect);
        EXPECT_FALSE(rights_of(mixed).DigitalOutputDisable);
        ids[0] = 4711;
        EXPECT_EQ(PcCreateContentMixed(ids, 3, &mixed), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(ContentRights, TwoNamesForTheSameThing_R_DRM_07) {
    start();
    inside([&] {
        ULONG id = content(true, true);
        DRMRIGHTS rights = {};
        EXPECT_EQ(DrmGetContentRights(id, &rights), STATUS_SUCCESS);
        EXPECT_TRUE(rights.CopyProtect);
        ULONG mixed = 0;
        EXPECT_EQ(DrmCreateContentMixed(&id, 1, &mixed), STATUS_SUCCESS);
        EXPECT_EQ(PcDestroyContent(mixed), STATUS_SUCCESS);
        EXPECT_EQ(DrmDestroyContent(mixed), STATUS_INVALID_PARAMETER) << "gone for both";
        PVOID handlers[] = {reinterpret_cast<void*>(&content)};
        EXPECT_EQ(PcAddContentHandlers(id, handlers, 1), STATUS_SUCCESS);
        EXPECT_EQ(DrmAddContentHandlers(mixed, handlers, 1), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(ContentRights, NewIdFirstThenTheOldOneGoes_R_DRM_03_R_DRM_04) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        const ULONG first = content(false, false);
        ASSERT_EQ(forward(first, pin), STATUS_SUCCESS);
        EXPECT_TRUE(script_.noted("SetContentId " + number(first)));
        const ULONG second = content(true, false);
        ASSERT_EQ(forward(second, pin), STATUS_SUCCESS);
        EXPECT_TRUE(script_.noted("SetContentId " + number(second) + " protected"));
        EXPECT_EQ(PcDestroyContent(first), STATUS_SUCCESS);

        script_.set_content_status = STATUS_NOT_IMPLEMENTED;
        const ULONG third = content(true, true);
        EXPECT_EQ(forward(third, pin), STATUS_NOT_IMPLEMENTED);
        EXPECT_TRUE(rights_of(second).CopyProtect) << "the former id stays valid";
        EXPECT_EQ(forward(first, pin), STATUS_INVALID_PARAMETER) << "destroyed";
    });
}

TEST_F(ContentRights, ForwardingToAFileObjectIsObsoleteButThere_R_DRM_08) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        const ULONG id = content(true, false);
        EXPECT_EQ(PcForwardContentToFileObject(id, pin), STATUS_SUCCESS);
        EXPECT_TRUE(script_.noted("SetContentId " + number(id) + " protected"));
        EXPECT_EQ(DrmForwardContentToFileObject(id, nullptr), STATUS_INVALID_PARAMETER);
        const DRMFORWARD wrong_flags = {1, script_.functional_device, pin, nullptr};
        EXPECT_EQ(DrmForwardContentToDeviceObject(id, nullptr, &wrong_flags), STATUS_INVALID_PARAMETER);
    });
}

} // namespace wavert_test
