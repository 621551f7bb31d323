// Tests by row of what one line of an INF's section makes of what others of its kind have made.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include <fmt/format.h>

#include "pnp_fixture.h"

namespace openportcls::pnp::test {

struct InfLineRow {
    const char* title;
    const char* before;              // lines of a section that the directive of the suite names
    const char* directive;           // AddReg, DelReg, BitReg, AddProperty or DelProperty
    const char* line;                // processed after them
    const char* expected;            // of all that is there then, as text
    const char* complaint = nullptr; // part of the warning that the line gets
};

// Characters, a zero as |; or bytes in hexadecimal.
inline std::string data_text(std::span<const std::uint8_t> data, bool is_text) {
    std::string text;
    for (std::size_t index = 0; index < data.size(); index += is_text ? 2 : 1) {
        const std::uint8_t byte = data[index];
        text += !is_text ? fmt::format("{:02x}", byte) : byte == 0 ? "|" : std::string(1, static_cast<char>(byte));
    }
    return text;
}

// What [Then] says is done after what [Install.NT] says.
inline std::string inf_with(const InfLineRow& row, const char* directive_before) {
    return fmt::format("[Version]\nSignature = \"$Windows NT$\"\nClass = MEDIA\n[Manufacturer]\nM = Models, NTamd64\n"
                       "[Models.NTamd64]\nD = Install, ROOT\\Lines\n"
                       "[Install.NT]\n{} = Before\nNeeds = Then\n[Then]\n{} = Section\n"
                       "[Before]\n{}\n[Section]\n{}",
                       directive_before, row.directive, row.before, row.line);
}

inline std::string row_title(const ::testing::TestParamInfo<InfLineRow>& information) {
    return information.param.title;
}

class InfLines : public PnpTest, public ::testing::WithParamInterface<InfLineRow> {
protected:
    // A device of an INF with the row's line last.
    DeviceNode& install(const char* directive_before) {
        text_ = inf_with(GetParam(), directive_before);
        driver_ = &load({.inf = write("lines.inf", text_)});
        return add(*driver_);
    }
    void expect_complaint() const {
        const char* const complaint = GetParam().complaint;
        if (complaint == nullptr) {
            EXPECT_THAT(driver_->inf_warnings(), ::testing::IsEmpty());
            return;
        }
        ASSERT_THAT(driver_->inf_warnings(), ::testing::SizeIs(1));
        EXPECT_THAT(driver_->inf_warnings()[0], ::testing::HasSubstr(complaint));
        const auto line = std::count(text_.begin(), text_.end(), '\n') + 1;
        EXPECT_THAT(driver_->inf_warnings()[0], ::testing::HasSubstr(fmt::format("lines.inf:{}: warning: ", line)));
    }

private:
    std::string text_;
    LoadedDriver* driver_ = nullptr;
};

} // namespace openportcls::pnp::test
