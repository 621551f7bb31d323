#include "executive/registry/registry.h"
#include "executive/tests/kernel_fixture.h"

#include <cstring>
#include <filesystem>
#include <unistd.h>

#include <fmt/format.h>

namespace openportcls::executive {
namespace {

constexpr const char16_t* parameters_path = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\cable";

class RegistryZw : public KernelTest {
protected:
    HANDLE create(const char16_t* path, ACCESS_MASK access = KEY_ALL_ACCESS, ULONG options = 0) {
        HANDLE handle = nullptr;
        EXPECT_EQ(ZwCreateKey(&handle, access, Name(path).attributes(), 0, nullptr, options, nullptr), STATUS_SUCCESS);
        return handle;
    }
    static NTSTATUS set_dword(HANDLE key, const char16_t* name, ULONG value) {
        return ZwSetValueKey(key, Name(name), 0, REG_DWORD, &value, sizeof value);
    }
};

TEST_F(RegistryZw, CreateSaysWhetherTheKeyIsNew) {
    run([&] {
        HANDLE first = nullptr;
        HANDLE second = nullptr;
        ULONG disposition = 0;
        EXPECT_EQ(ZwCreateKey(&first, KEY_READ, Name(parameters_path).attributes(), 0, nullptr, 0, &disposition),
                  STATUS_SUCCESS);
        EXPECT_EQ(disposition, REG_CREATED_NEW_KEY);
        EXPECT_EQ(ZwCreateKey(&second, KEY_READ,
                              Name(u"\\REGISTRY\\machine\\SYSTEM\\currentcontrolset\\services\\CABLE").attributes(), 0,
                              nullptr, 0, &disposition),
                  STATUS_SUCCESS);
        EXPECT_EQ(disposition, REG_OPENED_EXISTING_KEY);
        EXPECT_NE(first, second);
        EXPECT_EQ(ZwClose(first), STATUS_SUCCESS);
        EXPECT_EQ(ZwClose(second), STATUS_SUCCESS);
        EXPECT_EQ(ZwClose(second), STATUS_INVALID_HANDLE);
    });
}

// Lists of the system are filled when somebody looks: nobody can tell that they were not there before.
TEST(RegistryKeyOnDemand, EveryWayOfLookingFillsAList) {
    const auto list = [] {
        auto root = RegistryKey::make_root(u"ROOT");
        auto key = root->add_subkey(u"List", false);
        key->fill_on_demand([](RegistryKey& filled) {
            filled.add_subkey(u"a", false);
            filled.add_subkey(u"b", false);
        });
        return std::pair(root, key);
    };
    EXPECT_EQ(list().second->subkeys().size(), 2U);
    EXPECT_NE(list().second->subkey(u"B"), nullptr);
    EXPECT_EQ(list().second->subkey_at(1)->name(), u"b");
    const auto [root, key] = list();
    key->add_subkey(u"c", false);
    EXPECT_EQ(key->subkeys().size(), 3U);
    key->subkey(u"a")->remove();
    EXPECT_EQ(key->subkeys().size(), 2U) << "what was removed comes back";
    const auto [other_root, removed] = list();
    removed->remove();
    EXPECT_TRUE(removed->subkeys().empty());
}

TEST_F(RegistryZw, OpenRefusesWhatIsNotThere) {
    run([&] {
        HANDLE handle = nullptr;
        EXPECT_EQ(ZwOpenKey(&handle, KEY_READ, Name(parameters_path).attributes()), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(ZwOpenKey(&handle, KEY_READ, Name(u"Services").attributes()), STATUS_OBJECT_PATH_SYNTAX_BAD);
        EXPECT_EQ(ZwOpenKey(&handle, KEY_READ, Name(u"\\Elsewhere\\x").attributes()), STATUS_OBJECT_PATH_NOT_FOUND);
        // Only the last key of the path is made.
        EXPECT_EQ(
            ZwCreateKey(&handle, KEY_READ, Name(u"\\Registry\\Machine\\No\\Such").attributes(), 0, nullptr, 0, nullptr),
            STATUS_OBJECT_NAME_NOT_FOUND);
        const std::u16string long_name = u"\\Registry\\Machine\\" + std::u16string(256, u'x');
        EXPECT_EQ(ZwCreateKey(&handle, KEY_READ, Name(long_name.c_str()).attributes(), 0, nullptr, 0, nullptr),
                  STATUS_OBJECT_NAME_INVALID);
        EXPECT_EQ(ZwOpenKeyEx(&handle, KEY_READ, Name(parameters_path).attributes(), 0x80), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(RegistryZw, RelativeNamesStartAtTheRootDirectory) {
    run([&] {
        HANDLE services = nullptr;
        HANDLE key = nullptr;
        ASSERT_EQ(ZwOpenKey(&services, KEY_ALL_ACCESS,
                            Name(u"\\Registry\\Machine\\System\\CurrentControlSet\\Services").attributes()),
                  STATUS_SUCCESS);
        ASSERT_EQ(ZwCreateKey(&key, KEY_ALL_ACCESS, Name(u"cable").attributes(0, services), 0, nullptr, 0, nullptr),
                  STATUS_SUCCESS);
        EXPECT_NE(Registry::current().find(parameters_path), nullptr);
        HANDLE old = nullptr;
        HANDLE reader = nullptr;
        ASSERT_EQ(ZwCreateKey(&old, KEY_READ, Name(u"Old").attributes(0, key), 0, nullptr, 0, nullptr), STATUS_SUCCESS);
        ASSERT_EQ(ZwOpenKey(&reader, KEY_READ, Name(u"cable").attributes(0, services)), STATUS_SUCCESS);
        EXPECT_EQ(ZwCreateKey(&key, KEY_READ, Name(u"New").attributes(0, reader), 0, nullptr, 0, nullptr),
                  STATUS_ACCESS_DENIED)
            << "the root has to have KEY_CREATE_SUB_KEY";
        EXPECT_EQ(ZwCreateKey(&key, KEY_READ, Name(u"Old").attributes(0, reader), 0, nullptr, 0, nullptr),
                  STATUS_SUCCESS)
            << "that one is only opened";
        EXPECT_EQ(ZwOpenKey(&key, KEY_READ, Name(u"\\Absolute").attributes(0, services)),
                  STATUS_OBJECT_PATH_SYNTAX_BAD);
        EXPECT_EQ(ZwOpenKey(&key, KEY_READ, Name(u"x").attributes(0, reinterpret_cast<HANDLE>(0x1234))),
                  STATUS_INVALID_HANDLE);
    });
}

// R-REG-03
TEST_F(RegistryZw, QueryValueSizesFollowTheRule) {
    run([&] {
        HANDLE key = create(parameters_path);
        const char16_t text[] = u"speaker";
        ASSERT_EQ(ZwSetValueKey(key, Name(u"Name"), 0, REG_SZ, const_cast<char16_t*>(text), sizeof text),
                  STATUS_SUCCESS);
        EXPECT_EQ(ZwSetValueKey(key, Name(u"Name"), 0, REG_SZ, nullptr, 4), STATUS_INVALID_PARAMETER)
            << "four bytes of nothing";
        EXPECT_EQ(ZwSetValueKey(key, Name(u"Empty"), 0, REG_BINARY, nullptr, 0), STATUS_SUCCESS);
        UCHAR buffer[64];
        ULONG length = 0;
        constexpr ULONG fixed = FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data);
        const ULONG needed = fixed + sizeof text;
        std::memset(buffer, 0xEE, sizeof buffer);
        EXPECT_EQ(ZwQueryValueKey(key, Name(u"name"), KeyValuePartialInformation, nullptr, 0, &length),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(length, needed);
        EXPECT_EQ(ZwQueryValueKey(key, Name(u"name"), KeyValuePartialInformation, buffer, fixed - 1, &length),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(buffer[0], 0xEE) << "nothing is written";
        EXPECT_EQ(ZwQueryValueKey(key, Name(u"name"), KeyValuePartialInformation, buffer, fixed + 2, &length),
                  STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(length, needed);
        const auto* partial = reinterpret_cast<KEY_VALUE_PARTIAL_INFORMATION*>(buffer);
        EXPECT_EQ(partial->Type, REG_SZ);
        EXPECT_EQ(partial->DataLength, sizeof text);
        EXPECT_EQ(partial->Data[0], 's');
        EXPECT_EQ(buffer[fixed + 2], 0xEE) << "no byte behind the buffer";
        EXPECT_EQ(ZwQueryValueKey(key, Name(u"name"), KeyValuePartialInformation, buffer, needed, &length),
                  STATUS_SUCCESS);
        EXPECT_EQ(std::memcmp(partial->Data, text, sizeof text), 0);
        EXPECT_EQ(ZwQueryValueKey(key, Name(u"other"), KeyValuePartialInformation, buffer, needed, &length),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(ZwQueryValueKey(key, Name(u"name"), MaxKeyValueInfoClass, buffer, needed, &length),
                  STATUS_INVALID_PARAMETER);

        EXPECT_EQ(ZwQueryValueKey(key, Name(u"name"), KeyValueFullInformation, buffer, sizeof buffer, &length),
                  STATUS_SUCCESS);
        const auto* full = reinterpret_cast<KEY_VALUE_FULL_INFORMATION*>(buffer);
        EXPECT_EQ(full->NameLength, 8u);
        EXPECT_EQ(full->DataOffset, 28u);
        EXPECT_EQ(length, 28 + sizeof text);
        EXPECT_EQ(std::memcmp(buffer + full->DataOffset, text, sizeof text), 0);
    });
}

// KeyValueFullInformation: the data follows the name at the next multiple of four bytes, of eight for
// KeyValueFullInformationAlign64, and DataOffset says where.
TEST_F(RegistryZw, TheDataOfAFullValueIsAligned) {
    run([&] {
        HANDLE key = create(parameters_path);
        constexpr ULONG names_offset = FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, Name);
        for (const char16_t* name : {u"", u"n", u"na", u"nam", u"name", u"names"}) {
            ULONG data = 0x12345678;
            ASSERT_EQ(ZwSetValueKey(key, Name(name), 0, REG_DWORD, &data, sizeof data), STATUS_SUCCESS);
            const auto end = names_offset + static_cast<ULONG>(std::u16string_view(name).size() * sizeof(WCHAR));
            for (const ULONG alignment : {4u, 8u}) {
                alignas(8) UCHAR buffer[64];
                ULONG length = 0;
                const auto form = alignment == 4 ? KeyValueFullInformation : KeyValueFullInformationAlign64;
                ASSERT_EQ(ZwQueryValueKey(key, Name(name), form, buffer, sizeof buffer, &length), STATUS_SUCCESS);
                const auto* full = reinterpret_cast<KEY_VALUE_FULL_INFORMATION*>(buffer);
                EXPECT_EQ(full->DataOffset, (end + alignment - 1) / alignment * alignment);
                EXPECT_EQ(length, full->DataOffset + sizeof data);
                EXPECT_EQ(std::memcmp(buffer + full->DataOffset, &data, sizeof data), 0);
            }
        }
    });
}

// R-REG-04
TEST_F(RegistryZw, EnumerationEndsWithNoMoreEntries) {
    run([&] {
        HANDLE key = create(parameters_path);
        create(u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\cable\\beta");
        create(u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\cable\\Alpha");
        set_dword(key, u"second", 2);
        set_dword(key, u"first", 1);
        UCHAR buffer[128];
        ULONG length = 0;
        const auto* basic = reinterpret_cast<KEY_BASIC_INFORMATION*>(buffer);
        ASSERT_EQ(ZwEnumerateKey(key, 0, KeyBasicInformation, buffer, sizeof buffer, &length), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(basic->Name, basic->NameLength / 2), u"Alpha") << "subkeys come by name";
        EXPECT_EQ(length, FIELD_OFFSET(KEY_BASIC_INFORMATION, Name) + 10u);
        EXPECT_EQ(ZwEnumerateKey(key, 2, KeyBasicInformation, buffer, sizeof buffer, &length), STATUS_NO_MORE_ENTRIES);
        const auto* value = reinterpret_cast<KEY_VALUE_BASIC_INFORMATION*>(buffer);
        ASSERT_EQ(ZwEnumerateValueKey(key, 0, KeyValueBasicInformation, buffer, sizeof buffer, &length),
                  STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(value->Name, value->NameLength / 2), u"second") << "values come in order of creation";
        EXPECT_EQ(ZwEnumerateValueKey(key, 2, KeyValueBasicInformation, buffer, sizeof buffer, &length),
                  STATUS_NO_MORE_ENTRIES);

        KEY_FULL_INFORMATION full{};
        EXPECT_EQ(ZwQueryKey(key, KeyFullInformation, &full, sizeof full, &length), STATUS_SUCCESS);
        EXPECT_EQ(full.SubKeys, 2u);
        EXPECT_EQ(full.Values, 2u);
        EXPECT_EQ(full.MaxNameLen, 10u);
        EXPECT_EQ(full.MaxValueNameLen, 12u);
        EXPECT_EQ(full.MaxValueDataLen, 4u);
        const auto* name = reinterpret_cast<KEY_NAME_INFORMATION*>(buffer);
        EXPECT_EQ(ZwQueryKey(key, KeyNameInformation, buffer, 8, &length), STATUS_BUFFER_OVERFLOW);
        UCHAR long_buffer[256];
        EXPECT_EQ(ZwQueryKey(key, KeyNameInformation, long_buffer, sizeof long_buffer, &length), STATUS_SUCCESS);
        name = reinterpret_cast<KEY_NAME_INFORMATION*>(long_buffer);
        EXPECT_EQ(std::u16string(name->Name, name->NameLength / 2),
                  u"\\REGISTRY\\Machine\\System\\CurrentControlSet\\Services\\cable");
    });
}

// R-REG-05
TEST_F(RegistryZw, DeletingNeedsTheRightAndNoSubkeys) {
    run([&] {
        HANDLE weak = create(parameters_path, KEY_READ);
        HANDLE strong = create(parameters_path, KEY_ALL_ACCESS);
        HANDLE child = create(u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\cable\\sub");
        EXPECT_EQ(ZwDeleteKey(weak), STATUS_ACCESS_DENIED);
        EXPECT_EQ(set_dword(weak, u"x", 1), STATUS_ACCESS_DENIED);
        EXPECT_EQ(ZwDeleteKey(strong), STATUS_CANNOT_DELETE);
        EXPECT_EQ(ZwDeleteKey(child), STATUS_SUCCESS);
        EXPECT_EQ(ZwDeleteKey(strong), STATUS_SUCCESS);
        // Handles stay, the key is gone.
        EXPECT_EQ(set_dword(strong, u"x", 1), STATUS_KEY_DELETED);
        EXPECT_EQ(Registry::current().find(parameters_path), nullptr);
        EXPECT_EQ(ZwClose(strong), STATUS_SUCCESS);
    });
}

TEST_F(RegistryZw, VolatileKeysHaveVolatileChildrenAndAreNotKept) {
    run([&] {
        create(u"\\Registry\\Machine\\Software\\Scratch", KEY_ALL_ACCESS, REG_OPTION_VOLATILE);
        HANDLE handle = nullptr;
        EXPECT_EQ(ZwCreateKey(&handle, KEY_READ, Name(u"\\Registry\\Machine\\Software\\Scratch\\x").attributes(), 0,
                              nullptr, REG_OPTION_NON_VOLATILE, nullptr),
                  STATUS_CHILD_MUST_BE_VOLATILE);
    });
}

TEST_F(RegistryZw, DeleteValue) {
    run([&] {
        HANDLE key = create(parameters_path);
        set_dword(key, u"x", 1);
        EXPECT_EQ(ZwDeleteValueKey(key, Name(u"X")), STATUS_SUCCESS);
        EXPECT_EQ(ZwDeleteValueKey(key, Name(u"X")), STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

// R-REG-08
TEST_F(RegistryZw, NothingOfItMayBeCalledAtDispatchLevel) {
    expect_bugcheck(0x0A, [&] {
        HANDLE handle = nullptr;
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        ZwOpenKey(&handle, KEY_READ, Name(parameters_path).attributes());
    });
}

// Nobody else's, who may run the same test.
std::filesystem::path own_file(const std::string& name) {
    return std::filesystem::temp_directory_path() / fmt::format("{}-{}.json", name, ::getpid());
}

TEST(RegistryFile, ContentSurvivesAndIsTheSameText) {
    const auto file = own_file("openportcls_registry_test");
    std::filesystem::remove(file);
    {
        machine::Machine machine;
        install(machine);
        machine.enter([&] {
            Registry& registry = Registry::current();
            ASSERT_TRUE(registry.persist_in(file));
            const auto key = registry.create(u"\\Registry\\Machine\\Software\\Card");
            key->set_string(u"Text", u"caf\u00E9");
            key->set_dword(u"Number", 7);
            const std::uint8_t bytes[] = {1, 2, 0xFF};
            key->set_value(u"", REG_BINARY, bytes);
            key->set_dword(u"\xD800half", 8); // half a pair is no Unicode, and a good name
            registry.create(std::u16string(u"\\Registry\\Machine\\Software\\Card\\k") + char16_t{0xDC00})
                ->set_dword(u"\x01utf16:0041", 9);
            ASSERT_TRUE(registry.save());
        });
    }
    {
        machine::Machine machine;
        install(machine);
        machine.enter([&] {
            Registry& registry = Registry::current();
            ASSERT_TRUE(registry.persist_in(file));
            const auto key = registry.find(u"\\Registry\\Machine\\Software\\Card");
            ASSERT_NE(key, nullptr);
            EXPECT_EQ(key->string(u"text"), u"caf\u00E9");
            EXPECT_EQ(key->dword(u"NUMBER"), 7u);
            EXPECT_EQ(key->dword(u"\xD800half"), 8u);
            const auto odd =
                registry.find(std::u16string(u"\\Registry\\Machine\\Software\\Card\\k") + char16_t{0xDC00});
            ASSERT_NE(odd, nullptr);
            EXPECT_EQ(odd->dword(u"\x01utf16:0041"), 9u);
            ASSERT_NE(key->value(u""), nullptr);
            EXPECT_EQ(key->value(u"")->data, (std::vector<std::uint8_t>{1, 2, 0xFF}));
        });
    }
    std::filesystem::remove(file);
}

// Each writes what has changed in it, and keeps what another one has changed.
TEST(RegistryFile, SeveralMachinesMayHaveTheSame) {
    const auto file = own_file("openportcls_shared_registry_test");
    std::filesystem::remove(file);
    const auto change = [&](machine::Machine& machine, auto&& act) {
        machine.enter([&] {
            Registry& registry = Registry::current();
            act(*registry.create(u"\\Registry\\Machine\\Software\\Card"));
            ASSERT_TRUE(registry.save());
        });
    };
    const auto begin = [&](machine::Machine& machine) {
        install(machine);
        machine.enter([&] { ASSERT_TRUE(Registry::current().persist_in(file)); });
    };
    {
        machine::Machine first;
        begin(first);
        change(first, [](RegistryKey& key) {
            key.set_dword(u"Both", 1);
            key.set_dword(u"Removed", 1);
            key.add_subkey(u"Gone", false)->set_dword(u"Value", 1);
        });
        machine::Machine second;
        begin(second);
        change(first, [](RegistryKey& key) {
            key.set_dword(u"First", 1);
            key.set_dword(u"Both", 2);
        });
        change(second, [](RegistryKey& key) {
            key.set_dword(u"Second", 2);
            key.set_dword(u"Both", 3);
            key.delete_value(u"Removed");
            key.add_subkey(u"New", false)->set_dword(u"Value", 2);
        });
        change(first, [](RegistryKey& key) { key.set_dword(u"Later", 3); });
    }
    {
        machine::Machine third;
        begin(third);
        third.enter([&] {
            const auto key = Registry::current().find(u"\\Registry\\Machine\\Software\\Card");
            ASSERT_NE(key, nullptr);
            EXPECT_EQ(key->dword(u"First"), 1U);
            EXPECT_EQ(key->dword(u"Second"), 2U);
            EXPECT_EQ(key->dword(u"Both"), 3U);
            EXPECT_EQ(key->dword(u"Later"), 3U);
            EXPECT_EQ(key->value(u"Removed"), nullptr);
            EXPECT_NE(key->subkey(u"Gone"), nullptr);
            ASSERT_NE(key->subkey(u"New"), nullptr);
            EXPECT_EQ(key->subkey(u"New")->dword(u"Value"), 2U);
        });
    }
    std::filesystem::remove(file);
}

} // namespace
} // namespace openportcls::executive
