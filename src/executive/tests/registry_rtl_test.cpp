#include "executive/registry/registry.h"
#include "executive/rtl/environment.h"
#include "executive/tests/kernel_fixture.h"

#include <algorithm>
#include <cstring>

namespace openportcls::executive {
namespace {

struct Call {
    std::u16string name;
    ULONG type;
    std::vector<UCHAR> data;
    PVOID entry_context;
};

std::u16string text_in(const std::vector<UCHAR>& data) {
    std::u16string text(data.size() / 2, 0);
    std::memcpy(text.data(), data.data(), text.size() * 2);
    return text.substr(0, text.find(u'\0'));
}

NTSTATUS NTAPI record(PWSTR name, ULONG type, PVOID data, ULONG length, PVOID context, PVOID entry_context) {
    auto& calls = *static_cast<std::vector<Call>*>(context);
    const auto* bytes = static_cast<UCHAR*>(data);
    calls.push_back({name == nullptr ? u"" : name, type, {bytes, bytes + length}, entry_context});
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI note_name(PWSTR name, ULONG, PVOID, ULONG, PVOID context, PVOID) {
    static_cast<std::vector<std::u16string>*>(context)->emplace_back(name != nullptr ? name : u"(none)");
    return STATUS_SUCCESS;
}

class RegistryRtl : public KernelTest {
protected:
    void SetUp() override {
        run([&] {
            const auto key = Registry::current().create(path_);
            key->set_dword(u"Number", 42);
            key->set_string(u"Text", u"hello");
            const char16_t expand[] = u"%SystemRoot%\\x";
            key->set_value(u"Expand", REG_EXPAND_SZ, bytes(expand, sizeof expand));
            const char16_t list[] = u"one\0two\0";
            key->set_value(u"List", REG_MULTI_SZ, bytes(list, sizeof list));
            const std::uint8_t binary[] = {1, 2, 3, 4, 5, 6};
            key->set_value(u"Binary", REG_BINARY, binary);
            Registry::current().create(u"\\Registry\\Machine\\Software\\Card\\Sub")->set_dword(u"Deep", 9);
        });
    }
    static std::span<const std::uint8_t> bytes(const void* data, std::size_t length) {
        return {static_cast<const std::uint8_t*>(data), length};
    }
    NTSTATUS query(RTL_QUERY_REGISTRY_TABLE* table) {
        return RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, path_, table, &calls_, nullptr);
    }

    const char16_t* path_ = u"\\Registry\\Machine\\Software\\Card";
    std::vector<Call> calls_;
};

TEST_F(RegistryRtl, TheNameOfADefaultValueIsEmpty) {
    run([&] {
        Registry::current().create(path_)->set_dword(u"", 7);
        std::vector<std::u16string> names;
        RTL_QUERY_REGISTRY_TABLE table[] = {{note_name, RTL_QUERY_REGISTRY_NOEXPAND, nullptr, nullptr, 0, nullptr, 0},
                                            {}};
        EXPECT_EQ(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, path_, table, &names, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(std::ranges::count(names, std::u16string()), 1);
        EXPECT_EQ(std::ranges::count(names, std::u16string(u"(none)")), 0);
    });
}

TEST_F(RegistryRtl, RoutineGetsNamedValueExpandedAndSplit) {
    run([&] {
        int mark = 0;
        RTL_QUERY_REGISTRY_TABLE table[] = {
            {record, 0, const_cast<PWSTR>(u"Expand"), &mark, 0, nullptr, 0},
            {record, RTL_QUERY_REGISTRY_NOEXPAND, const_cast<PWSTR>(u"Expand"), nullptr, 0, nullptr, 0},
            {record, 0, const_cast<PWSTR>(u"List"), nullptr, 0, nullptr, 0},
            {record, 0, const_cast<PWSTR>(u"Missing"), nullptr, 0, nullptr, 0},
            {}};
        EXPECT_EQ(query(table), STATUS_SUCCESS);
        ASSERT_EQ(calls_.size(), 4u);
        EXPECT_EQ(calls_[0].type, REG_SZ);
        EXPECT_EQ(text_in(calls_[0].data), u"C:\\Windows\\x");
        EXPECT_EQ(calls_[0].entry_context, &mark);
        EXPECT_EQ(calls_[1].type, REG_EXPAND_SZ);
        EXPECT_EQ(text_in(calls_[1].data), u"%SystemRoot%\\x");
        EXPECT_EQ(text_in(calls_[2].data), u"one");
        EXPECT_EQ(calls_[2].type, REG_SZ);
        EXPECT_EQ(text_in(calls_[3].data), u"two");
    });
}

TEST_F(RegistryRtl, MissingValuesTakeDefaultsOrFail) {
    run([&] {
        ULONG fallback = 77;
        RTL_QUERY_REGISTRY_TABLE with_default[] = {
            {record, 0, const_cast<PWSTR>(u"Missing"), nullptr, REG_DWORD, &fallback, sizeof fallback},
            {record, 0, const_cast<PWSTR>(u"Gone"), nullptr, REG_SZ, const_cast<char16_t*>(u"abc"), 0},
            {}};
        EXPECT_EQ(query(with_default), STATUS_SUCCESS);
        ASSERT_EQ(calls_.size(), 2u);
        EXPECT_EQ(calls_[0].data[0], 77);
        EXPECT_EQ(calls_[1].data.size(), 8u) << "a string's length is counted when it is zero";
        RTL_QUERY_REGISTRY_TABLE required[] = {
            {record, RTL_QUERY_REGISTRY_REQUIRED, const_cast<PWSTR>(u"Missing"), nullptr, 0, nullptr, 0}, {}};
        EXPECT_EQ(query(required), STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

TEST_F(RegistryRtl, DirectStoresNumbersStringsAndBuffers) {
    run([&] {
        ULONG number = 0;
        UNICODE_STRING allocated{};
        WCHAR small_buffer[3];
        UNICODE_STRING small_string = {0, sizeof small_buffer, small_buffer};
        UCHAR with_header[16] = {};
        *reinterpret_cast<LONG*>(with_header) = sizeof with_header;
        UCHAR data_only[8] = {};
        *reinterpret_cast<LONG*>(data_only) = -static_cast<LONG>(sizeof data_only);
        RTL_QUERY_REGISTRY_TABLE table[] = {
            {nullptr, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, const_cast<PWSTR>(u"Number"), &number,
             REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT, nullptr, 0},
            {nullptr, RTL_QUERY_REGISTRY_DIRECT, const_cast<PWSTR>(u"Text"), &allocated, 0, nullptr, 0},
            {nullptr, RTL_QUERY_REGISTRY_DIRECT, const_cast<PWSTR>(u"Binary"), with_header, 0, nullptr, 0},
            {nullptr, RTL_QUERY_REGISTRY_DIRECT, const_cast<PWSTR>(u"Binary"), data_only, 0, nullptr, 0},
            {}};
        EXPECT_EQ(query(table), STATUS_SUCCESS);
        EXPECT_EQ(number, 42u);
        EXPECT_EQ(std::u16string(allocated.Buffer, allocated.Length / 2), u"hello");
        EXPECT_EQ(allocated.MaximumLength, 12);
        RtlFreeUnicodeString(&allocated);
        EXPECT_EQ(with_header[0], 6) << "the length comes first";
        EXPECT_EQ(with_header[4], REG_BINARY);
        EXPECT_EQ(with_header[8], 1);
        EXPECT_EQ(data_only[5], 6);

        RTL_QUERY_REGISTRY_TABLE too_small[] = {
            {nullptr, RTL_QUERY_REGISTRY_DIRECT, const_cast<PWSTR>(u"Text"), &small_string, 0, nullptr, 0}, {}};
        EXPECT_EQ(query(too_small), STATUS_BUFFER_TOO_SMALL);
        RTL_QUERY_REGISTRY_TABLE wrong_type[] = {{nullptr, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK,
                                                  const_cast<PWSTR>(u"Text"), &number,
                                                  REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT, nullptr, 0},
                                                 {}};
        EXPECT_EQ(query(wrong_type), STATUS_OBJECT_TYPE_MISMATCH);
        RTL_QUERY_REGISTRY_TABLE no_string[] = {{nullptr, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_NOSTRING,
                                                 const_cast<PWSTR>(u"Text"), &number, 0, nullptr, 0},
                                                {}};
        EXPECT_EQ(query(no_string), STATUS_OBJECT_TYPE_MISMATCH);
        RTL_QUERY_REGISTRY_TABLE with_routine[] = {
            {record, RTL_QUERY_REGISTRY_DIRECT, const_cast<PWSTR>(u"Text"), &number, 0, nullptr, 0}, {}};
        EXPECT_EQ(query(with_routine), STATUS_INVALID_PARAMETER);
    });
}

// nf-wdm-rtlqueryregistryvalues: the type that TYPECHECK expects is the stored one, although what is stored as
// REG_EXPAND_SZ is handed out expanded.
TEST_F(RegistryRtl, TypecheckTakesAnExpandedStringForTheTypeItIsStoredWith) {
    run([&] {
        const auto status_for = [&](ULONG expected, UNICODE_STRING& target) {
            RTL_QUERY_REGISTRY_TABLE table[] = {{nullptr, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK,
                                                 const_cast<PWSTR>(u"Expand"), &target,
                                                 expected << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT, nullptr, 0},
                                                {}};
            return query(table);
        };
        UNICODE_STRING text{};
        ASSERT_EQ(status_for(REG_EXPAND_SZ, text), STATUS_SUCCESS);
        const std::u16string expanded(text.Buffer, text.Length / 2);
        EXPECT_EQ(expanded.find(u'%'), std::u16string::npos);
        EXPECT_TRUE(expanded.ends_with(u"\\x"));
        RtlFreeUnicodeString(&text);
        text = {};
        EXPECT_EQ(status_for(REG_BINARY, text), STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(text.Buffer, nullptr);
    });
}

TEST_F(RegistryRtl, SubkeyAndTopkeyMoveThroughTheTree) {
    run([&] {
        ULONG deep = 0;
        ULONG number = 0;
        RTL_QUERY_REGISTRY_TABLE table[] = {
            {nullptr, RTL_QUERY_REGISTRY_SUBKEY, const_cast<PWSTR>(u"Sub"), nullptr, 0, nullptr, 0},
            {nullptr, RTL_QUERY_REGISTRY_DIRECT, const_cast<PWSTR>(u"Deep"), &deep, 0, nullptr, 0},
            {nullptr, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TOPKEY, const_cast<PWSTR>(u"Number"), &number, 0,
             nullptr, 0},
            {record, RTL_QUERY_REGISTRY_SUBKEY, const_cast<PWSTR>(u"Sub"), nullptr, 0, nullptr, 0},
            {nullptr, RTL_QUERY_REGISTRY_SUBKEY, const_cast<PWSTR>(u"Nowhere"), nullptr, 0, nullptr, 0},
            {}};
        EXPECT_EQ(query(table), STATUS_SUCCESS);
        EXPECT_EQ(deep, 9u);
        EXPECT_EQ(number, 42u);
        ASSERT_EQ(calls_.size(), 1u);
        EXPECT_EQ(calls_[0].name, u"Deep");
        RTL_QUERY_REGISTRY_TABLE required[] = {{nullptr, RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_REQUIRED,
                                                const_cast<PWSTR>(u"Nowhere"), nullptr, 0, nullptr, 0},
                                               {}};
        EXPECT_EQ(query(required), STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

TEST_F(RegistryRtl, WithoutANameEveryValueIsReportedAndDeleteRemoves) {
    run([&] {
        RTL_QUERY_REGISTRY_TABLE all[] = {{record, RTL_QUERY_REGISTRY_NOEXPAND, nullptr, nullptr, 0, nullptr, 0}, {}};
        EXPECT_EQ(query(all), STATUS_SUCCESS);
        EXPECT_EQ(calls_.size(), 5u);
        RTL_QUERY_REGISTRY_TABLE remove[] = {
            {record, RTL_QUERY_REGISTRY_DELETE, const_cast<PWSTR>(u"Number"), nullptr, 0, nullptr, 0}, {}};
        EXPECT_EQ(query(remove), STATUS_SUCCESS);
        EXPECT_EQ(Registry::current().find(path_)->value(u"Number"), nullptr);
        calls_.clear();
        RTL_QUERY_REGISTRY_TABLE remove_all[] = {{record, RTL_QUERY_REGISTRY_DELETE, nullptr, nullptr, 0, nullptr, 0},
                                                 {}};
        EXPECT_EQ(query(remove_all), STATUS_SUCCESS);
        EXPECT_GE(calls_.size(), 4u) << "every value is reported";
        EXPECT_TRUE(Registry::current().find(path_)->values().empty()) << "and removed behind that";
    });
}

// nf-wdm-rtlwriteregistryvalue: "If the specified key does not exist, the routine attempts to create the key", which
// has to be a direct subkey of one that exists.
TEST_F(RegistryRtl, WritingCreatesTheKeyButNotThePathToIt) {
    run([&] {
        ULONG one = 1;
        EXPECT_EQ(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, u"fresh", u"Start", REG_DWORD, &one, sizeof one),
                  STATUS_SUCCESS);
        ULONG read = 0;
        RTL_QUERY_REGISTRY_TABLE table[] = {
            {nullptr, RTL_QUERY_REGISTRY_DIRECT, const_cast<PWSTR>(u"Start"), &read, 0, nullptr, 0}, {}};
        EXPECT_EQ(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"fresh", table, nullptr, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(read, 1U);
        EXPECT_EQ(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, u"no\\such", u"Start", REG_DWORD, &one, sizeof one),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, u"another", u"Start"), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, const_cast<PWSTR>(u"another")),
                  STATUS_OBJECT_NAME_NOT_FOUND)
            << "deleting creates nothing";
    });
}

TEST_F(RegistryRtl, PlacesAndHandles) {
    run([&] {
        EXPECT_EQ(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, const_cast<PWSTR>(u"card")), STATUS_SUCCESS);
        EXPECT_EQ(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, const_cast<PWSTR>(u"card")), STATUS_SUCCESS);
        EXPECT_EQ(RtlCheckRegistryKey(RTL_REGISTRY_CONTROL, const_cast<PWSTR>(u"card")), STATUS_OBJECT_NAME_NOT_FOUND);
        ULONG one = 1;
        EXPECT_EQ(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, u"card", u"Start", REG_DWORD, &one, sizeof one),
                  STATUS_SUCCESS);
        HANDLE handle = nullptr;
        ASSERT_EQ(Registry::current().open_handle(u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\card",
                                                  KEY_READ, false, &handle),
                  STATUS_SUCCESS);
        ULONG read = 0;
        RTL_QUERY_REGISTRY_TABLE table[] = {
            {nullptr, RTL_QUERY_REGISTRY_DIRECT, const_cast<PWSTR>(u"Start"), &read, 0, nullptr, 0}, {}};
        EXPECT_EQ(RtlQueryRegistryValues(RTL_REGISTRY_HANDLE, static_cast<PCWSTR>(handle), table, nullptr, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(read, 1u);
        EXPECT_EQ(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, u"card", u"Start"), STATUS_SUCCESS);
        EXPECT_EQ(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, u"card", u"Start"), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(RtlCheckRegistryKey(99, const_cast<PWSTR>(u"card")), STATUS_INVALID_PARAMETER);
        ZwClose(handle);
    });
}

TEST(RegistryEnvironment, UnknownVariablesStay) {
    EXPECT_EQ(expand_environment(u"%systemroot%;%none%;50%"), u"C:\\Windows;%none%;50%");
    const char16_t block[] = u"A=1\0B=two\0";
    EXPECT_EQ(expand_environment(u"%b%-%A%-%SystemRoot%", block), u"two-1-%SystemRoot%");
}

} // namespace
} // namespace openportcls::executive
