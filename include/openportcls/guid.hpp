// The identifiers that kernel streaming names everything with.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace openportcls {

struct Guid {
    std::uint32_t data1 = 0;
    std::uint16_t data2 = 0;
    std::uint16_t data3 = 0;
    std::array<std::uint8_t, 8> data4{};
    bool operator==(const Guid&) const = default;
};
std::string to_string(const Guid& guid); // {6994ad04-93ef-11d0-a3cc-00a0c9223196}
// The symbol where it is a known one ("KSNODETYPE_VOLUME"), the braces otherwise.
std::string guid_name(const Guid& guid);
// With or without braces, in letters of either case; nothing when it is none.
std::optional<Guid> parse_guid(std::string_view text);

} // namespace openportcls
