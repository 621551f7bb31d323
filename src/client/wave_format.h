// Public formats to KS structures.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <openportcls/format.hpp>
#include <openportcls/pin.hpp>

#include <ks.h>
#include <ksmedia.h>

namespace openportcls::client {

// KSDATAFORMAT_WAVEFORMATEX(TENSIBLE) and, with a mode, the attribute list behind it.
std::vector<std::byte> make_data_format(const WaveFormat& format, ProcessingMode mode = ProcessingMode::none);

// The other way; nothing for what is no wave format.
std::optional<WaveFormat> parse_data_format(std::span<const std::byte> bytes);

// Whether it is one of the header's; an application may have made it from any number.
constexpr bool is_processing_mode(ProcessingMode mode) {
    return mode <= ProcessingMode::raw;
}
Error no_processing_mode();
KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE mode_attribute(ProcessingMode mode);

// KSPIN_CONNECT and the format behind it.
std::vector<std::byte> make_pin_connect(const PinConnect& connect);

// {146F1A80-4791-11D0-A5D6-28DB04C10000}\ and the connect structure as raw bytes (R-PIN-06).
std::u16string pin_object_name(std::span<const std::byte> connect);

} // namespace openportcls::client
