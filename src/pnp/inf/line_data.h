// The values at the end of a line of an AddReg or AddProperty section, as the registry and properties store them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "pnp/inf/inf_file.h"

namespace openportcls::pnp {

// UTF-16LE with its zero.
void append_string(std::vector<std::uint8_t>& data, std::string_view text);
std::vector<std::uint8_t> read_multi_string(const InfLine& line, std::size_t first);

// In hexadecimal, with or without 0x.
std::optional<std::uint8_t> read_byte(std::string_view text);
// One byte for each field.
std::optional<std::vector<std::uint8_t>> read_bytes(const InfLine& line, std::size_t first);
// A number of `size` bytes, or its bytes one by one, least significant first.
std::optional<std::vector<std::uint8_t>> read_integer(const InfLine& line, std::size_t first, std::size_t size);

// Whether `number`, which `text` says, fits in `bytes`: unsigned, or negative and signed.
bool fits(std::string_view text, std::uint64_t number, std::size_t bytes);

} // namespace openportcls::pnp
