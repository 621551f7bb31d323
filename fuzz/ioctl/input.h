// How the bytes of an input become what an application does. The seeds are written with the same words.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

namespace openportcls::fuzz {

inline constexpr std::uint8_t first_music_kind = 0xF0;

// One action each, followed by its parameters; bytes that are missing are zeros.
enum class Action : std::uint8_t {
    open_filter,   // which (80h: of those that have come since, too)
    open_pin,      // file, pin (40h: looped), format (from first_music_kind on: MIDI, DirectMusic),
                   // number of changes, (offset, byte) each, length (0: all of it)
    property,      // file, set, id, verb, request (see Session::request)
    method,        // the same
    enable_event,  // file, set, id, flags, notification, handle, node, extra bytes
    disable_event, // file, which of the enabled ones
    stream,        // file, read or write, number of headers, then size, extent, used and options of each; bytes of data
    reset_state,   // file, value
    control,       // file, code (4 bytes), request
    close,         // file
    power,         // D state
    sleep,         // S state
    surprise_remove, // –
    stop_and_start,  // –
    run,             // milliseconds
    cancel,          // request
    set_state,       // file, KSSTATE
    map_buffer,      // file, bytes (4), notifications, base address
    register_event,  // file, which event, register or unregister
    transfer,        // file, read or write, bytes
    open_name,       // file or none, number of characters, two bytes each
    count,
};

class Input {
public:
    explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    bool is_empty() const { return bytes_.empty(); }
    std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t word() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t dword() { return number(4); }
    void fill(void* to, std::size_t count) {
        const std::size_t given = std::min(count, bytes_.size());
        auto* const out = static_cast<std::uint8_t*>(to);
        std::fill(std::copy_n(bytes_.begin(), given, out), out + count, std::uint8_t{0});
        bytes_ = bytes_.subspan(given);
    }

private:
    std::uint32_t number(std::size_t width) {
        std::uint32_t value = 0;
        fill(&value, width);
        return value;
    }

    std::span<const std::uint8_t> bytes_;
};

// The opposite, for seeds.
class Output {
public:
    Output& action(Action action) { return byte(static_cast<std::uint8_t>(action)); }
    Output& byte(unsigned value) { return bytes(&value, 1); }
    Output& word(unsigned value) { return bytes(&value, 2); }
    Output& dword(std::uint32_t value) { return bytes(&value, 4); }
    Output& bytes(const void* from, std::size_t count) {
        text_.append(static_cast<const char*>(from), count);
        return *this;
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

} // namespace openportcls::fuzz
