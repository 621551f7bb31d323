// Winsock Kernel on a machine without a network: registered, never ready.
#include "executive/tests/fixture.h"

#include <wsk.h>

namespace openportcls::executive {
namespace {

using Wsk = ExecutiveTest;

TEST_F(Wsk, ClientsRegisterAndFindNoSubsystem) {
    inside([&] {
        WSK_CLIENT_DISPATCH dispatch{MAKE_WSK_VERSION(1, 0), 0, nullptr};
        WSK_CLIENT_NPI client{nullptr, &dispatch};
        WSK_REGISTRATION registration;
        ASSERT_EQ(WskRegister(&client, &registration), STATUS_SUCCESS);
        WSK_PROVIDER_NPI provider{&client, nullptr};
        EXPECT_EQ(WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &provider), STATUS_DEVICE_NOT_READY);
        EXPECT_EQ(provider.Client, nullptr);
        EXPECT_EQ(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &provider), STATUS_DEVICE_NOT_READY)
            << "it would never become ready";
        WskReleaseProviderNPI(&registration);
        WskDeregister(&registration);
        EXPECT_EQ(WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &provider), STATUS_INVALID_PARAMETER)
            << "not registered any more";
        client.Dispatch = nullptr;
        EXPECT_EQ(WskRegister(&client, &registration), STATUS_INVALID_PARAMETER);
    });
    expect_bugcheck(0x0A, "WskRegister may be called at PASSIVE_LEVEL", [&] {
        KeRaiseIrqlToDpcLevel();
        WskRegister(nullptr, nullptr);
    });
}

TEST_F(Wsk, AddressesAreParsed) {
    inside([&] {
        UCHAR address[4] = {};
        auto* in_address = reinterpret_cast<struct in_addr*>(address);
        const WCHAR* end = nullptr;
        const WCHAR text[] = u"192.168.0.17:80";
        EXPECT_EQ(RtlIpv4StringToAddressW(text, TRUE, &end, in_address), STATUS_SUCCESS);
        EXPECT_EQ(end, text + 12) << "behind the address";
        EXPECT_EQ(address[0], 192);
        EXPECT_EQ(address[3], 17);
        // RtlIpv4StringToAddress: strict means four decimal parts; otherwise fewer, octal and hexadecimal ones, too.
        EXPECT_EQ(RtlIpv4StringToAddressW(u"10.1", TRUE, &end, in_address), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlIpv4StringToAddressW(u"10.1", FALSE, &end, in_address), STATUS_SUCCESS);
        EXPECT_EQ(address[3], 1);
        EXPECT_EQ(address[1], 0);
        EXPECT_EQ(RtlIpv4StringToAddressW(u"0x7f.0.0.010", FALSE, &end, in_address), STATUS_SUCCESS);
        EXPECT_EQ(address[0], 127);
        EXPECT_EQ(address[3], 8);
        EXPECT_EQ(RtlIpv4StringToAddressW(u"1.2.3.256", TRUE, &end, in_address), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlIpv4StringToAddressW(u"x", FALSE, &end, in_address), STATUS_INVALID_PARAMETER);
    });
}

} // namespace
} // namespace openportcls::executive
