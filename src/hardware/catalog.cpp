#include "hardware/catalog.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status.h"
#include "hardware/ac97/card.h"
#include "hardware/sb16/card.h"

namespace openportcls::hardware {

std::span<const Model> models() {
    static const Model all[] = {ac97::model(), sb16::model()};
    return all;
}

namespace {

Error wrong(std::string message) {
    return {status_invalid_parameter, std::move(message)};
}

template<class Entries>
std::string names_of(const Entries& entries) {
    std::string names;
    for (const auto& entry : entries) {
        names += names.empty() ? "" : ", ";
        names += entry.name;
    }
    return names;
}

Result<void> read_option(std::string_view text, const Model& model, OptionValues& values) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const bool is_known = std::ranges::find(model.options, name, &ModelOption::name) != model.options.end();
    if (equals == std::string_view::npos || !is_known) {
        return wrong(fmt::format("\"{}\" is no option of {}: NAME=VALUE with one of {}", text, model.name,
                                 names_of(model.options)));
    }
    if (!values.set(name, text.substr(equals + 1))) {
        return wrong(fmt::format("the option {} of {} is given twice", name, model.name));
    }
    return {};
}

} // namespace

Result<CardOrder> parse_card(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view name = text.substr(0, colon);
    const auto all = models();
    const auto model = std::ranges::find(all, name, &Model::name);
    if (model == all.end()) {
        return wrong(fmt::format("\"{}\" is no model of a card: {}", name, names_of(all)));
    }
    CardOrder order;
    order.model = &*model;
    for (std::size_t separator = colon; separator != std::string_view::npos;) {
        const std::size_t begin = separator + 1;
        separator = text.find(',', begin);
        const std::size_t length = separator == std::string_view::npos ? separator : separator - begin;
        if (auto read = read_option(text.substr(begin, length), *model, order.options); !read) {
            return read.error();
        }
    }
    for (const ModelOption& option : model->options) {
        order.options.set(option.name, option.default_value); // of those that were not given
    }
    if (auto possible = model->occupies(order.options); !possible) {
        return wrong(fmt::format("{}:{}", name, possible.error().message));
    }
    return order;
}

std::string to_string(const CardResource& resource) {
    switch (resource.kind) {
    case CardResource::Kind::interrupt:
        return fmt::format("interrupt {}", resource.line);
    case CardResource::Kind::dma:
        return fmt::format("DMA channel {}", resource.line);
    case CardResource::Kind::port:
        break;
    }
    return fmt::format("ports {:x}-{:x}", resource.start, resource.start + resource.length - 1);
}

namespace {

bool are_the_same(const CardResource& one, const CardResource& other) {
    if (one.kind != other.kind) {
        return false;
    }
    return one.kind == CardResource::Kind::port
               ? one.start < other.start + other.length && other.start < one.start + one.length
               : one.line == other.line;
}

// Everything that they are both set to, when there are ports among it, at which both would answer. Interrupts and DMA
// channels alone may be the same: that is up to who gives them to drivers, one at a time.
std::string in_both(const CardOrder& one, const CardOrder& other) {
    std::string list;
    bool has_ports = false;
    const auto own = one.model->occupies(one.options);
    const auto others = other.model->occupies(other.options);
    for (const CardResource& resource : *own) {
        if (std::ranges::any_of(*others, [&](const CardResource& each) { return are_the_same(resource, each); })) {
            list += (list.empty() ? "" : ", ") + to_string(resource);
            has_ports = has_ports || resource.kind == CardResource::Kind::port;
        }
    }
    return has_ports ? list : std::string();
}

} // namespace

Result<std::vector<CardOrder>> parse_cards(std::span<const std::string> texts) {
    std::vector<CardOrder> orders;
    for (const std::string& text : texts) {
        auto order = parse_card(text);
        if (!order) {
            return order.error();
        }
        for (std::size_t before = 0; before < orders.size(); ++before) {
            if (const std::string both = in_both(orders[before], *order); !both.empty()) {
                return wrong(fmt::format("{} and {} would both have {}: set one to others ({}:OPTION=VALUE, with {})",
                                         texts[before], text, both, order->model->name,
                                         names_of(order->model->options)));
            }
        }
        orders.push_back(std::move(*order));
    }
    return orders;
}

namespace {

template<class Number>
bool read_number(std::string_view text, Number& number, int base) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return problem == std::errc{} && end == text.data() + text.size();
}

} // namespace

Result<std::uint32_t> OptionValues::number(std::string_view name, int base,
                                           std::initializer_list<std::uint32_t> choices) const {
    constexpr int hexadecimal = 16;
    std::string_view value = text(name);
    if (base == hexadecimal && (value.starts_with("0x") || value.starts_with("0X"))) {
        value.remove_prefix(2);
    }
    std::uint32_t number = 0;
    if (read_number(value, number, base) && std::ranges::find(choices, number) != choices.end()) {
        return number;
    }
    return wrong(base == hexadecimal ? fmt::format("{}={}: one of {:x}", name, text(name), fmt::join(choices, ", "))
                                     : fmt::format("{}={}: one of {}", name, text(name), fmt::join(choices, ", ")));
}

Result<std::int32_t> OptionValues::signed_number(std::string_view name, std::int32_t least, std::int32_t most) const {
    std::int32_t number = 0;
    std::string_view value = text(name);
    value.remove_prefix(value.starts_with('+') ? 1 : 0);
    if (read_number(value, number, 10) && number >= least && number <= most) {
        return number;
    }
    return wrong(fmt::format("{}={}: a number from {} to {}", name, text(name), least, most));
}

} // namespace openportcls::hardware
