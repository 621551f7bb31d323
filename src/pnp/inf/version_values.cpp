#include "pnp/inf/version_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include <fmt/format.h>

namespace openportcls::pnp {

namespace {

template<class Number>
std::optional<Number> decimal(std::string_view text) {
    Number number{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

// As many numbers as `numbers` has room for, and nothing else.
bool read_numbers(std::string_view text, std::string_view separators, std::span<std::uint16_t> numbers) {
    for (std::size_t index = 0; index < numbers.size(); ++index) {
        const bool is_last = index + 1 == numbers.size();
        const std::size_t end = is_last ? text.size() : text.find_first_of(separators);
        const auto number = end == std::string_view::npos ? std::nullopt : decimal<std::uint16_t>(text.substr(0, end));
        if (!number) {
            return false;
        }
        numbers[index] = *number;
        text.remove_prefix(is_last ? end : end + 1);
    }
    return true;
}

} // namespace

bool is_driver_date(std::string_view text) {
    std::array<std::uint16_t, 3> parts{};      // month, day, year
    constexpr std::uint16_t first_year = 1000; // with four digits
    constexpr std::uint16_t last_year = 9999;
    return read_numbers(text, "/-", parts) && parts[2] >= first_year && parts[2] <= last_year &&
           std::chrono::year_month_day(std::chrono::year(parts[2]), std::chrono::month(parts[0]),
                                       std::chrono::day(parts[1]))
               .ok();
}

bool is_driver_version(std::string_view text) {
    std::array<std::uint16_t, 4> parts{};
    return read_numbers(text, ".", parts) && std::ranges::find(parts, UINT16_MAX) == parts.end() &&
           std::ranges::any_of(parts, [](std::uint16_t part) { return part != 0; });
}

std::vector<std::string> driver_version_faults(const InfLine& line) {
    std::vector<std::string> faults;
    const std::string_view date = line.field(0);
    const std::string_view version = line.field(1);
    if (!date.empty() && !is_driver_date(date)) {
        faults.push_back(fmt::format("DriverVer has no date mm/dd/yyyy but '{}'", date));
    }
    if (!version.empty() && !is_driver_version(version)) {
        faults.push_back(
            fmt::format("DriverVer has no version w.x.y.z (four numbers below 65535, not all 0) but '{}'", version));
    }
    return faults;
}

} // namespace openportcls::pnp
