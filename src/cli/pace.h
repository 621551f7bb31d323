// How well a run in real time kept step, in words and as JSON.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "client/state.h"

namespace openportcls::cli {

std::string describe(const client::Pace& pace);
nlohmann::ordered_json pace_facts(const client::Pace& pace);

} // namespace openportcls::cli
