#include "cli/option_checks.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/controls.h"
#include "pnp/registry_parameter.h"

namespace openportcls::cli {

namespace {

template<class Number>
bool parse_all(const std::string& text, Number& value) {
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value);
    return problem == std::errc() && stop == end;
}

std::string refuse_pin(const std::string& text) {
    std::uint32_t pin = 0;
    return parse_all(text, pin) && pin != UINT32_MAX ? std::string()
                                                     : fmt::format("\"{}\" is no pin: a number from 0 on", text);
}

} // namespace

CLI::Validator number_between(double least, double most) {
    return CLI::Validator(
        [least, most](const std::string& text) {
            double value = 0;
            if (parse_all(text, value) && std::isfinite(value) && value >= least && value <= most) {
                return std::string();
            }
            return fmt::format("\"{}\" is no number from {} to {}", text, least, most);
        },
        fmt::format("from {} to {}", least, most), "number");
}

CLI::Validator whole_number_between(std::uint64_t least, std::uint64_t most) {
    return CLI::Validator(
        [least, most](std::string& text) {
            std::uint64_t value = 0;
            if (parse_all(text, value) && value >= least && value <= most) {
                text = fmt::format("{}", value); // else a leading zero would make it octal
                return std::string();
            }
            return fmt::format("\"{}\" is no whole number from {} to {}", text, least, most);
        },
        fmt::format("from {} to {}", least, most), "whole number");
}

CLI::Validator one_of(std::vector<std::uint64_t> numbers) {
    const std::string list = fmt::format("{}", fmt::join(numbers, ", "));
    return CLI::Validator(
        [numbers = std::move(numbers), list](const std::string& text) {
            std::uint64_t value = 0;
            const bool is_known =
                parse_all(text, value) && std::find(numbers.begin(), numbers.end(), value) != numbers.end();
            return is_known ? std::string() : fmt::format("\"{}\" is none of {}", text, list);
        },
        list, "choice");
}

CLI::Validator pin_number() {
    return CLI::Validator(refuse_pin, "number", "pin");
}

CLI::Validator pin_number_or_none() {
    return CLI::Validator(
        [](const std::string& text) {
            return text == "none" || refuse_pin(text).empty()
                       ? std::string()
                       : fmt::format("\"{}\": a pin's number, from 0 on, or none", text);
        },
        "number|none", "pin");
}

CLI::Validator registry_parameter() {
    return CLI::Validator(
        [](const std::string& text) {
            const auto parameter = pnp::RegistryParameter::parse(text);
            return parameter ? std::string() : parameter.error().message;
        },
        "NAME=VALUE", "parameter");
}

CLI::Validator control_setting() {
    return CLI::Validator(
        [](const std::string& text) {
            const auto setting = parse_assignment(text);
            return setting ? std::string() : setting.error().message;
        },
        "NODE=LEVEL", "setting");
}

void require_distinct_parameters(const std::vector<std::string>& parameters) {
    for (std::size_t index = 1; index < parameters.size(); ++index) {
        const auto parameter = pnp::RegistryParameter::parse(parameters[index]);
        for (std::size_t before = 0; before < index; ++before) {
            if (pnp::RegistryParameter::parse(parameters[before])->is_same_value(*parameter)) {
                throw CLI::ValidationError("--parameter", fmt::format("{} is given twice", parameter->name));
            }
        }
    }
}

void require_distinct_settings(const std::vector<std::string>& settings) {
    for (std::size_t index = 1; index < settings.size(); ++index) {
        const auto setting = parse_assignment(settings[index]);
        for (std::size_t before = 0; before < index; ++before) {
            if (parse_assignment(settings[before])->is_same_control(*setting)) {
                throw CLI::ValidationError("--set", fmt::format("\"{}\" hides \"{}\", which sets the same",
                                                                settings[index], settings[before]));
            }
        }
    }
}

} // namespace openportcls::cli
