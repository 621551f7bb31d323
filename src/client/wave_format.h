// Public formats to KS structures.
#pragma once

#include <cstddef>
#include <vector>

#include <openportcls/format.hpp>
#include <openportcls/stream.hpp>

#include <ks.h>
#include <ksmedia.h>

namespace openportcls::client {

// KSPIN_CONNECT, KSDATAFORMAT_WAVEFORMATEX(TENSIBLE) and, with a mode, the attribute list behind it.
std::vector<std::byte> make_pin_connect(ULONG pin, const WaveFormat& format, StreamOptions::Mode mode);

// The KSDATAFORMAT part alone.
std::vector<std::byte> make_data_format(const WaveFormat& format);

} // namespace openportcls::client
