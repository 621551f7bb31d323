// The KS and port class headers against the specification tables: GUIDs, identifiers, vtable order, functions, macros.
#include "all_headers.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "macro_rows.inc"

namespace {

std::string text_of(const GUID& guid) {
    char text[40];
    std::snprintf(text, sizeof text, "%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X", unsigned(guid.Data1),
                  unsigned(guid.Data2), unsigned(guid.Data3), guid.Data4[0], guid.Data4[1], guid.Data4[2],
                  guid.Data4[3], guid.Data4[4], guid.Data4[5], guid.Data4[6], guid.Data4[7]);
    return text;
}

TEST(Headers, EveryGuidOfTheTableHasItsValue) {
    int rows = 0;
#define GUID_ROW(symbol, value)                                                                                        \
    EXPECT_EQ(text_of(symbol), value) << #symbol;                                                                      \
    ++rows;
#define KEY_ROW(symbol, value, number)                                                                                 \
    EXPECT_EQ(text_of(symbol.fmtid), value) << #symbol;                                                                \
    EXPECT_EQ(symbol.pid, ULONG(number)) << #symbol;                                                                   \
    ++rows;
#include "guid_rows.inc"
#undef GUID_ROW
#undef KEY_ROW
    EXPECT_EQ(rows, 604);
}

TEST(Headers, StaticInitialisersAgreeWithTheGuids) {
    const GUID pin = {STATICGUIDOF(KSPROPSETID_Pin)};
    EXPECT_EQ(text_of(pin), text_of(KSPROPSETID_Pin));
    const GUID nothing = {STATIC_KSDATAFORMAT_TYPE_WILDCARD};
    EXPECT_EQ(text_of(nothing), text_of(GUID_NULL));
    const GUID pcm = {DEFINE_WAVEFORMATEX_GUID(WAVE_FORMAT_PCM)};
    EXPECT_EQ(text_of(pcm), text_of(KSDATAFORMAT_SUBTYPE_PCM));
    GUID tag;
    INIT_WAVEFORMATEX_GUID(&tag, WAVE_FORMAT_IEEE_FLOAT);
    EXPECT_EQ(text_of(tag), text_of(KSDATAFORMAT_SUBTYPE_IEEE_FLOAT));
    EXPECT_TRUE(IS_VALID_WAVEFORMATEX_GUID(&tag));
    EXPECT_EQ(EXTRACT_WAVEFORMATEX_ID(&tag), WAVE_FORMAT_IEEE_FLOAT);
    EXPECT_FALSE(IS_VALID_WAVEFORMATEX_GUID(&KSPROPSETID_Pin));
    const GUID microphone = {DEFINE_USB_TERMINAL_GUID(0x0201)};
    EXPECT_EQ(text_of(microphone), text_of(KSNODETYPE_MICROPHONE));
}

// KSPROPERTY_AUDIO_MUTE and the like: the id that travels in KSIDENTIFIER::Id.
TEST(Headers, EveryIdentifierAndFlagOfTheTablesHasItsValue) {
#define ID_ROW(name, value) static_assert(static_cast<ULONG>(name) == static_cast<ULONG>(value), #name);
#include "enumerator_rows.inc"
#include "id_rows.inc"
#include "ioctl_rows.inc"
#undef ID_ROW
}

TEST(Headers, EveryFunctionAndTypeOfTheTableIsDeclared) {
#define FUNCTION_ROW(name) static_assert(sizeof(&name) == sizeof(void*), #name);
#include "function_rows.inc"
#define TYPE_ROW(name) static_assert(sizeof(name*) == sizeof(void*), #name);
#include "type_rows.inc"
}

// A pointer to a virtual member is, in the Itanium C++ ABI, 1 + 8 * slot. Slots 0 to 2 are IUnknown's.
template<class Member>
size_t slot_of(Member member) {
    size_t raw = 0;
    static_assert(sizeof member >= sizeof raw);
    std::memcpy(&raw, &member, sizeof raw);
    EXPECT_EQ(raw % 8, 1u);
    return raw / 8;
}

template<class Interface>
struct Longer : Interface {
    virtual void NTAPI after_the_last() = 0;
};

TEST(Headers, VtablesHaveTheOrderOfTheTable) {
    EXPECT_EQ(slot_of(&IUnknown::QueryInterface), 0u);
    EXPECT_EQ(slot_of(&IUnknown::AddRef), 1u);
    EXPECT_EQ(slot_of(&IUnknown::Release), 2u);
    EXPECT_EQ(slot_of(&INonDelegatingUnknown::NonDelegatingQueryInterface), 0u);
    EXPECT_EQ(slot_of(&INonDelegatingUnknown::NonDelegatingRelease), 2u);
#define SLOT_ROW(interface, method, slot)                                                                              \
    EXPECT_EQ(slot_of(&interface::method), size_t(slot)) << #interface "::" #method;
#include "slot_rows.inc"
#undef SLOT_ROW
#define COUNT_ROW(interface, slots) EXPECT_EQ(slot_of(&Longer<interface>::after_the_last), size_t(slots)) << #interface;
#include "count_rows.inc"
#undef COUNT_ROW
}

// A structure returned by value goes through a result pointer after `this` (Microsoft's convention for methods).
struct Channel : IDmaChannel {
    STDMETHODIMP_(NTSTATUS) QueryInterface(REFIID, PVOID*) override { return STATUS_NOT_SUPPORTED; }
    STDMETHODIMP_(ULONG) AddRef() override { return 1; }
    STDMETHODIMP_(ULONG) Release() override { return 1; }
    IMP_IDmaChannel
};

NTSTATUS NTAPI Channel::AllocateBuffer(ULONG, PPHYSICAL_ADDRESS) {
    return STATUS_NOT_SUPPORTED;
}
void NTAPI Channel::FreeBuffer() {}
ULONG NTAPI Channel::TransferCount() {
    return 0;
}
ULONG NTAPI Channel::MaximumBufferSize() {
    return 0;
}
ULONG NTAPI Channel::AllocatedBufferSize() {
    return 0;
}
ULONG NTAPI Channel::BufferSize() {
    return 0;
}
void NTAPI Channel::SetBufferSize(ULONG) {}
PVOID NTAPI Channel::SystemAddress() {
    return nullptr;
}
PPHYSICAL_ADDRESS NTAPI Channel::PhysicalAddress(PPHYSICAL_ADDRESS Result) {
    Result->QuadPart = 0x1122334455;
    return Result;
}
PADAPTER_OBJECT NTAPI Channel::GetAdapterObject() {
    return nullptr;
}
void NTAPI Channel::CopyTo(PVOID, PVOID, ULONG) {}
void NTAPI Channel::CopyFrom(PVOID, PVOID, ULONG) {}

TEST(Headers, StructureResultsComeThroughAPointerAfterThis) {
    Channel channel;
    IDmaChannel* as_interface = &channel;
    void* vtable = *reinterpret_cast<void**>(as_interface);
    using Slot = PPHYSICAL_ADDRESS(NTAPI*)(IDmaChannel*, PPHYSICAL_ADDRESS);
    auto slot = reinterpret_cast<Slot*>(vtable)[11];
    PHYSICAL_ADDRESS address{};
    EXPECT_EQ(slot(as_interface, &address), &address);
    EXPECT_EQ(address.QuadPart, 0x1122334455);
}

} // namespace
