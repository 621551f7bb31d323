#include "cli/pace.h"

#include <fmt/format.h>

namespace openportcls::cli {

namespace {

double in_milliseconds(machine::Nanoseconds time) {
    return static_cast<double>(time) / 1e6;
}

} // namespace

std::string describe(const client::Pace& pace) {
    return fmt::format("{} of {} periods late by more than a period, the worst by {:.2f} ms", pace.late, pace.periods,
                       in_milliseconds(pace.worst));
}

nlohmann::ordered_json pace_facts(const client::Pace& pace) {
    return {{"periods", pace.periods}, {"late", pace.late}, {"worst_milliseconds", in_milliseconds(pace.worst)}};
}

} // namespace openportcls::cli
