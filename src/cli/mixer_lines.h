// `portcls mixer --lines`: destination and source lines with their controls.
#pragma once

#include <vector>

#include <openportcls/mixer.hpp>

namespace openportcls::cli {

void print_mixer_lines(const std::vector<Mixer>& mixers, bool as_json);

} // namespace openportcls::cli
