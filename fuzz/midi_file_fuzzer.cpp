// Feeds any bytes to the reader of standard MIDI files.
#include <openportcls/midi_file.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto file = openportcls::parse_midi_file(bytes, "fuzz.mid");
    if (!file) {
        return 0;
    }
    std::chrono::nanoseconds before{};
    for (const openportcls::MidiMessage& message : file->messages) {
        if (message.time < before || message.bytes.empty()) {
            std::abort(); // in order, and nothing of nothing
        }
        before = message.time;
    }
    return 0;
}
