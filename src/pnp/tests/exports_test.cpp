// The table of kernel exports against what the library really exports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <dlfcn.h>
#include <string>

#include "pnp/exports.h"

namespace openportcls::pnp {

TEST(Exports, AreSortedAndUnique) {
    const auto table = exports();
    ASSERT_GT(table.size(), 300U);
    EXPECT_EQ(std::ranges::adjacent_find(table, std::ranges::greater_equal{}, &Export::name), table.end());
}

TEST(Exports, AddressesAreTheOnesTheDynamicLinkerFinds) {
    std::size_t implemented = 0;
    for (const Export& entry : exports()) {
        if (entry.is_implemented()) {
            ++implemented;
            EXPECT_EQ(dlsym(RTLD_DEFAULT, std::string(entry.name).c_str()), entry.address) << entry.name;
        }
    }
    EXPECT_GT(implemented, 200U);
}

TEST(Exports, KnowTheirHeaders) {
    const Export* wait = find_export("KeWaitForSingleObject");
    ASSERT_NE(wait, nullptr);
    EXPECT_TRUE(wait->is_implemented());
    EXPECT_EQ(wait->header, "wdm.h");
    const Export* initialize = find_export("PcInitializeAdapterDriver");
    ASSERT_NE(initialize, nullptr);
    EXPECT_EQ(initialize->header, "portcls.h");
}

TEST(Exports, HostFunctionsAndTypesAreNone) {
    for (const char* name : {"malloc", "_ZdlPv", "DriverEntry", "DRIVER_DISPATCH", "", "KeWaitForSingleObjec"}) {
        EXPECT_EQ(find_export(name), nullptr) << name;
    }
}

} // namespace openportcls::pnp
