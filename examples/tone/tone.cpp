// Plays a tone through a Windows audio driver, records it at the other end, and checks what came out.
#include <openportcls/openportcls.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <numbers>
#include <vector>

using namespace openportcls;

namespace {

constexpr double hertz = 1000;
constexpr double level = 0.5; // of full scale: -6 dB

std::vector<std::int16_t> make_tone(const WaveFormat& format, double seconds) {
    std::vector<std::int16_t> samples;
    for (unsigned frame = 0; frame < format.rate * seconds; ++frame) {
        const double value = level * std::sin(2 * std::numbers::pi * hertz * frame / format.rate);
        samples.insert(samples.end(), format.channels, static_cast<std::int16_t>(std::lround(value * 32767)));
    }
    return samples;
}

// From the first upward zero crossing of the first channel to the last.
double frequency_of(const std::vector<std::int16_t>& samples, const WaveFormat& format) {
    std::vector<std::size_t> crossings;
    for (std::size_t frame = 1; frame < samples.size() / format.channels; ++frame) {
        if (samples[(frame - 1) * format.channels] < 0 && samples[frame * format.channels] >= 0) {
            crossings.push_back(frame);
        }
    }
    if (crossings.size() < 2) {
        return 0;
    }
    const auto frames = static_cast<double>(crossings.back() - crossings.front());
    return static_cast<double>(crossings.size() - 1) * format.rate / frames;
}

// Everything that can fail returns Result: a value, or an NTSTATUS with a sentence.
Result<bool> run() {
    auto machine = Machine::create();
    if (!machine) {
        return machine.error();
    }
    auto driver = machine->load_driver("cable"); // or the module that `portcls build` made of yours
    if (!driver) {
        return driver.error();
    }
    auto filter = machine->open_first("render");
    if (!filter) {
        return filter.error();
    }
    const WaveFormat format; // 48 kHz, stereo, 16 bit
    auto render = RenderStream::open(*filter, format);
    auto capture = CaptureStream::open(*filter, format);
    if (!render || !capture) {
        return render ? capture.error() : render.error();
    }

    // The recording runs inside the machine while the playing below lets time pass.
    std::vector<std::int16_t> heard;
    auto recording = capture->on_period([&](std::span<const std::byte> period) {
        const auto* samples = reinterpret_cast<const std::int16_t*>(period.data());
        heard.insert(heard.end(), samples, samples + period.size() / sizeof *samples);
        return true;
    });
    if (!recording) {
        return recording.error();
    }
    const std::vector<std::int16_t> tone = make_tone(format, 1.0);
    if (auto written = render->write(std::as_bytes(std::span(tone))); !written) {
        return written.error();
    }
    if (auto drained = render->drain(); !drained) {
        return drained.error();
    }
    if (auto passed = machine->run_for(std::chrono::milliseconds(20)); !passed) {
        return passed.error();
    }

    const auto found = std::search(heard.begin(), heard.end(), tone.begin(), tone.end());
    if (found == heard.end()) {
        std::puts("the tone did not come through");
        return false;
    }
    const std::vector<std::int16_t> result(found, found + static_cast<std::ptrdiff_t>(tone.size()));
    std::printf("%.0f Hz came through bit for bit: %zu frames, %llu glitches\n", frequency_of(result, format),
                result.size() / format.channels,
                static_cast<unsigned long long>(render->glitches() + capture->glitches()));
    return std::abs(frequency_of(result, format) - hertz) < 2;
}

} // namespace

int main() {
    const Result<bool> result = run();
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().message.c_str());
        return 1;
    }
    return *result ? 0 : 1;
}
