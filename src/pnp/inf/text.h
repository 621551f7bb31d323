// The text of an INF file, whatever its encoding.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace openportcls::pnp {

// UTF-16 of both byte orders (with a byte order mark, or recognised by its zero bytes), UTF-8 with and without a mark;
// anything else is taken as Windows-1252. The result is UTF-8 without a mark.
std::string decode_inf_text(std::span<const std::uint8_t> bytes);

// Of UTF-16 alone: an odd byte is left over at the end, and not decoded.
bool inf_text_ends_within_character(std::span<const std::uint8_t> bytes);

} // namespace openportcls::pnp
