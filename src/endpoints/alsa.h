// Sound cards of the host, through alsa-lib.
#pragma once

#include <string>

#include "endpoints/endpoint.h"

namespace openportcls::endpoints {

Result<std::unique_ptr<Sink>> open_alsa_sink(const std::string& device, const WaveFormat& format);
Result<std::unique_ptr<Source>> open_alsa_source(const std::string& device, const WaveFormat& format);

} // namespace openportcls::endpoints
