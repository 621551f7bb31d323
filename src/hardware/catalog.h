// Every model of a card that can be plugged in, and what can be said about one when it is.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hardware/card.h"

namespace openportcls::hardware {

class Motherboard;

enum class BusKind : std::uint8_t { isa, pci };

struct ModelOption {
    std::string_view name;
    std::string_view default_value;
    std::string_view description;
};

// NAME=VALUE of every option of a model, given or default.
class OptionValues {
public:
    // False when the option has a value already, which it keeps.
    bool set(std::string_view name, std::string_view value) { return values_.emplace(name, value).second; }
    const std::string& text(std::string_view name) const { return values_.find(name)->second; }
    // Of an option's text; the error says what is wrong with which.
    Result<std::uint32_t> number(std::string_view name, int base, std::initializer_list<std::uint32_t> choices) const;
    Result<std::int32_t> signed_number(std::string_view name, std::int32_t least, std::int32_t most) const;

private:
    std::map<std::string, std::string, std::less<>> values_;
};

struct Model {
    std::string_view name;
    std::string_view description;
    BusKind bus;
    std::string_view binds_to; // how a driver finds it
    std::span<const ModelOption> options;
    // What a card that is set so has of the ISA bus; the error says which option has a value it cannot have.
    Result<std::vector<CardResource>> (*occupies)(const OptionValues& options);
    Result<std::unique_ptr<Card>> (*create)(Motherboard& board, const OptionValues& options);
};

std::span<const Model> models();

// "sb16", "sb16:io=240,irq=7".
struct CardOrder {
    const Model* model = nullptr;
    OptionValues options;
};
Result<CardOrder> parse_card(std::string_view text);
// Of cards that can be in one computer: no two of them answer at the same ports.
Result<std::vector<CardOrder>> parse_cards(std::span<const std::string> texts);

// "ports 220-22f", "interrupt 5", "DMA channel 1".
std::string to_string(const CardResource& resource);

} // namespace openportcls::hardware
