// Reading what pins and filters answer.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <openportcls/format.hpp>

namespace openportcls::client {

// A KSMULTIPLE_ITEM of data ranges; those that are not audio are passed over.
std::vector<WaveRange> parse_ranges(std::span<const std::byte> bytes);

// Zero-terminated UTF-16.
std::string text_of(std::span<const std::byte> bytes);

} // namespace openportcls::client
