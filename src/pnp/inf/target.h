// Which decorated sections of an INF file fit the simulated system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace openportcls::pnp {

// The system drivers are installed on. Defaults: Windows 11 22H2 workstation, x64.
struct InfTarget {
    std::string architecture = "amd64";
    std::uint32_t major_version = 10;
    std::uint32_t minor_version = 0;
    std::uint32_t build_number = 22621;
    std::uint32_t product_type = 1; // VER_NT_WORKSTATION
    std::uint32_t suite_mask = 0;
};

// NT[Architecture][.[Major][.[Minor][.[ProductType][.[SuiteMask][.[BuildNumber]]]]]]
struct InfTargetDecoration {
    std::string architecture; // lower case; empty when not given
    std::optional<std::uint32_t> major_version;
    std::optional<std::uint32_t> minor_version;
    std::optional<std::uint32_t> product_type;
    std::optional<std::uint32_t> suite_mask;
    std::optional<std::uint32_t> build_number;

    static std::optional<InfTargetDecoration> parse(std::string_view text);

    // How well this decoration fits: empty when it must not be used, else the larger the closer.
    std::optional<std::uint64_t> fit(const InfTarget& target) const;
};

} // namespace openportcls::pnp
