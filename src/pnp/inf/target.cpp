#include "pnp/inf/target.h"

#include "base/unicode.h"
#include "pnp/inf/inf_file.h"
#include "pnp/inf/inf_line_splitter.h"

#include <array>
#include <tuple>

namespace openportcls::pnp {

std::optional<InfTargetDecoration> InfTargetDecoration::parse(std::string_view text) {
    text = trim_inf_space(text);
    if (!equal_ignoring_ascii_case(text.substr(0, 2), "NT")) {
        return std::nullopt;
    }
    text.remove_prefix(2);
    InfTargetDecoration decoration;
    const std::size_t dot = text.find('.');
    decoration.architecture = ascii_lower(trim_inf_space(text.substr(0, dot)));
    const std::array<std::optional<std::uint32_t>*, 5> parts = {&decoration.major_version, &decoration.minor_version,
                                                                &decoration.product_type, &decoration.suite_mask,
                                                                &decoration.build_number};
    std::size_t begin = dot;
    for (std::optional<std::uint32_t>* part : parts) {
        if (begin == std::string_view::npos) {
            break;
        }
        const std::size_t end = text.find('.', begin + 1);
        const std::string_view number = trim_inf_space(text.substr(begin + 1, end - begin - 1));
        if (!number.empty()) {
            const auto value = parse_inf_number(number);
            if (!value) {
                return std::nullopt;
            }
            *part = static_cast<std::uint32_t>(*value);
        }
        begin = end;
    }
    return decoration;
}

std::optional<std::uint64_t> InfTargetDecoration::fit(const InfTarget& target) const {
    const auto wanted = std::make_tuple(major_version.value_or(0), minor_version.value_or(0));
    const auto present = std::make_tuple(target.major_version, target.minor_version);
    if (wanted > present) {
        return std::nullopt;
    }
    if (wanted == present && build_number.value_or(0) > target.build_number) {
        return std::nullopt;
    }
    if (product_type && *product_type != target.product_type) {
        return std::nullopt;
    }
    if (suite_mask && (*suite_mask & target.suite_mask) != *suite_mask) {
        return std::nullopt;
    }
    const bool same_architecture = architecture == ascii_lower(target.architecture);
    if (!same_architecture && !architecture.empty()) {
        return std::nullopt;
    }
    // Version outweighs build, build outweighs product type and suite, those outweigh the architecture's mention.
    return (std::uint64_t{major_version.value_or(0) & 0xFFu} << 48) |
           (std::uint64_t{minor_version.value_or(0) & 0xFFu} << 40) |
           (std::uint64_t{build_number.value_or(0) & 0xFFFFFFu} << 16) | (product_type ? 4u : 0u) |
           (suite_mask ? 2u : 0u) | (same_architecture ? 1u : 0u);
}

} // namespace openportcls::pnp
