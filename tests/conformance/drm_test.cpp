// R-DRM: content ids and rights. R-VER: releases.
#include "core_fixture.h"

namespace conformance {

class R_DRM : public CoreTest {
protected:
    static ULONG new_content(bool copy_protect, bool no_digital_output) {
        DRMRIGHTS rights = {};
        rights.CopyProtect = copy_protect;
        rights.DigitalOutputDisable = no_digital_output;
        return PortClsSystem::current().drm().create(rights);
    }
};

TEST_F(R_DRM, R_DRM_01_content_0_has_default_rights_and_stays) {
    start();
    inside([&] {
        DRMRIGHTS rights = {TRUE, 1, TRUE};
        EXPECT_EQ(PcGetContentRights(0, &rights), STATUS_SUCCESS);
        EXPECT_FALSE(rights.CopyProtect);
        EXPECT_FALSE(rights.DigitalOutputDisable);
        EXPECT_EQ(PcDestroyContent(0), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcGetContentRights(99, &rights), STATUS_INVALID_PARAMETER);
    });
}

// Shows R-DRM-02: a right is withheld if one of the contents withholds it, and not otherwise.
TEST_F(R_DRM, R_DRM_02_mixing_takes_the_most_restrictive) {
    start();
    inside([&] {
        ULONG ids[] = {new_content(true, false), new_content(false, true), 0};
        ULONG mixed = 0;
        EXPECT_EQ(PcCreateContentMixed(ids, 3, &mixed), STATUS_SUCCESS);
        DRMRIGHTS rights = {};
        EXPECT_EQ(DrmGetContentRights(mixed, &rights), STATUS_SUCCESS); // R-DRM-07: the same by both names
        EXPECT_TRUE(rights.CopyProtect);
        EXPECT_TRUE(rights.DigitalOutputDisable);
        EXPECT_EQ(PcDestroyContent(mixed), STATUS_SUCCESS);
        EXPECT_EQ(PcDestroyContent(mixed), STATUS_INVALID_PARAMETER);
        for (const bool copy_protect : {false, true}) {
            ULONG alike[] = {0, new_content(copy_protect, !copy_protect), new_content(copy_protect, !copy_protect)};
            EXPECT_EQ(PcCreateContentMixed(alike, 3, &mixed), STATUS_SUCCESS);
            EXPECT_EQ(DrmGetContentRights(mixed, &rights), STATUS_SUCCESS);
            EXPECT_EQ(rights.CopyProtect != FALSE, copy_protect);
            EXPECT_EQ(rights.DigitalOutputDisable != FALSE, !copy_protect);
        }
        ids[1] = 77;
        EXPECT_EQ(PcCreateContentMixed(ids, 2, &mixed), STATUS_INVALID_PARAMETER);
    });
}

// Shows KSPROPERTY_DRMAUDIOSTREAM_CONTENTID.
TEST_F(R_DRM, R_DRM_04_a_stream_without_rights_refuses) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        KSDRMAUDIOSTREAM_CONTENTID content = {new_content(true, false), {}};
        const auto in = request(KSPROPSETID_DrmAudioStream, KSPROPERTY_DRMAUDIOSTREAM_CONTENTID, KSPROPERTY_TYPE_SET);
        EXPECT_EQ(property(pin, in, content, KernelMode), STATUS_NOT_IMPLEMENTED);
        script_.drm_stream = true;
        EXPECT_EQ(property(pin, in, content, KernelMode), STATUS_SUCCESS);
        EXPECT_EQ(script_.count_of("content:1"), 1u);
        script_.content_status = STATUS_NOT_IMPLEMENTED;
        const ULONG former = content.ContentId;
        content.ContentId = new_content(true, true);
        EXPECT_EQ(property(pin, in, content, KernelMode), STATUS_NOT_IMPLEMENTED);
        DRMRIGHTS rights = {};
        EXPECT_EQ(PcGetContentRights(former, &rights), STATUS_SUCCESS) << "the former id stays valid";
        EXPECT_TRUE(rights.CopyProtect);
        script_.content_status = STATUS_SUCCESS;
        content.ContentId = former;
        EXPECT_EQ(property(pin, in, content, KernelMode), STATUS_SUCCESS) << "and in use";
    });
}

TEST_F(R_DRM, R_DRM_05_user_mode_may_not_set_it) {
    script_.drm_stream = true;
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        KSDRMAUDIOSTREAM_CONTENTID content = {};
        EXPECT_EQ(
            property(pin, request(KSPROPSETID_DrmAudioStream, KSPROPERTY_DRMAUDIOSTREAM_CONTENTID, KSPROPERTY_TYPE_SET),
                     content, UserMode),
            STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(script_.count_of("content:0"), 0u);
    });
}

TEST_F(R_DRM, R_DRM_06_forwarding_to_an_interface_and_a_device) {
    script_.drm_stream = true;
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        const ULONG id = new_content(true, true);
        IUnknown* const stream = script_.streams.at(0)->main_interface();
        EXPECT_EQ(PcForwardContentToInterface(id, stream, 11), STATUS_SUCCESS);
        EXPECT_TRUE(script_.content_rights.CopyProtect);
        EXPECT_TRUE(script_.content_rights.DigitalOutputDisable);
        EXPECT_EQ(PcForwardContentToInterface(new_content(false, true), stream, 11), STATUS_SUCCESS);
        EXPECT_FALSE(script_.content_rights.CopyProtect) << "each content's own";
        EXPECT_TRUE(script_.content_rights.DigitalOutputDisable);
        EXPECT_EQ(PcForwardContentToInterface(id, stream, 2), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcForwardContentToInterface(id + 5, stream, 11), STATUS_INVALID_PARAMETER);
        DRMFORWARD forward = {};
        forward.DeviceObject = script_.functional_device;
        forward.FileObject = pin;
        EXPECT_EQ(PcForwardContentToDeviceObject(id, nullptr, &forward), STATUS_SUCCESS);
        EXPECT_EQ(PcForwardContentToFileObject(id, pin), STATUS_SUCCESS); // R-DRM-08
        EXPECT_EQ(script_.count_of("content:" + std::to_string(id)), 3u);
        forward.FileObject = nullptr;
        EXPECT_EQ(PcForwardContentToDeviceObject(id, nullptr, &forward), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(R_DRM, content_functions_begin_with_XP) {
    be(WindowsVersion::windows_2000);
    script_.register_wave = false;
    start();
    inside([&] {
        DRMRIGHTS rights = {};
        EXPECT_EQ(PcGetContentRights(0, &rights), STATUS_NOT_IMPLEMENTED);
    });
}

class R_VER : public CoreTest {};

TEST_F(R_VER, R_VER_01_version_numbers) {
    start();
    inside([&] {
        auto version = portcls::ComPointer<IPortClsVersion>::query(script_.topology_port, IID_IPortClsVersion);
        const std::pair<WindowsVersion, int> expected[] = {
            {WindowsVersion::xp, kVersionWinXP},
            {WindowsVersion::xp_sp2, kVersionWinXPSP1},
            {WindowsVersion::vista, kVersionWindowsLonghorn},
            {WindowsVersion::windows_11, kVersionWindowsLonghorn}, // R-VER-02
        };
        for (const auto& [release, number] : expected) {
            PortClsSystem::current().set_windows_version(release);
            EXPECT_EQ(static_cast<int>(version->GetVersion()), number);
        }
    });
}

TEST(R_VER_names, every_name_of_the_command_line_is_known) {
    for (const char* name : {"xp", "vista", "7", "8", "8.1", "10", "11"}) {
        const auto version = portcls::parse_windows_version(name);
        ASSERT_TRUE(version) << name;
        EXPECT_EQ(portcls::windows_version_name(*version), name);
    }
    EXPECT_FALSE(portcls::parse_windows_version("95"));
    EXPECT_FALSE(portcls::parse_windows_version(""));
}

} // namespace conformance
