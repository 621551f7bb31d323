// What option values are checked for while the command line is read, so that nonsense is wrong usage and no run.
#pragma once

#include <cstdint>
#include <vector>

#include <CLI/CLI.hpp>

namespace openportcls::cli {

// A decimal number; nan, inf and what lies outside are refused.
CLI::Validator number_between(double least, double most);
// Decimal digits, as 010 means ten; for Option::transform.
CLI::Validator whole_number_between(std::uint64_t least, std::uint64_t most);
// One of these, in decimal digits; for Option::transform.
CLI::Validator one_of(std::vector<std::uint64_t> numbers);
// A pin's number.
CLI::Validator pin_number();
// A pin's number or "none".
CLI::Validator pin_number_or_none();
// NAME=VALUE for the registry.
CLI::Validator registry_parameter();
// NODE=LEVEL for a control.
CLI::Validator control_setting();

// Of values that have passed these two checks: an error when the second of two would hide the first.
void require_distinct_parameters(const std::vector<std::string>& parameters);
void require_distinct_settings(const std::vector<std::string>& settings);

} // namespace openportcls::cli
