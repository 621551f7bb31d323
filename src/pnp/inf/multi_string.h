// Lists of strings as the registry and properties store them: UTF-16LE, each with a zero, one more at the end.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace openportcls::pnp {

// Empty strings are left out; the last may lack its zero.
std::vector<std::u16string> strings_of(std::span<const std::uint8_t> data);
std::vector<std::uint8_t> multi_string_data(const std::vector<std::u16string>& strings);

// `existing` with those of `added` that are not in it yet, whatever their case.
std::vector<std::uint8_t> with_strings(std::span<const std::uint8_t> existing, std::span<const std::uint8_t> added);
// `existing` without those of `unwanted`, likewise.
std::vector<std::uint8_t> without_strings(std::span<const std::uint8_t> existing,
                                          std::span<const std::uint8_t> unwanted);

} // namespace openportcls::pnp
