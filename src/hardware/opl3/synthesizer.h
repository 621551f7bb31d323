// The sound of a YMF262 (OPL3) or YM3812 (OPL2): registers in, samples out. It knows samples, not time.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hardware/opl3/operator.h"

namespace openportcls::hardware::opl3 {

enum class Model : std::uint8_t { ym3812, ymf262 };

struct StereoFrame {
    std::int16_t left = 0;
    std::int16_t right = 0;

    bool operator==(const StereoFrame&) const = default;
};

class Synthesizer {
public:
    static constexpr unsigned channel_count = 18;
    static constexpr unsigned operator_count = 36;
    static constexpr unsigned register_count = 512;

    explicit Synthesizer(Model model);

    // `index`: the register's number, with 100h for the second array. What the chip does not have is ignored.
    void write(unsigned index, std::uint8_t value);
    // What was last written; the chip itself has no way to read it.
    std::uint8_t register_value(unsigned index) const { return registers_[index % register_count]; }
    // The next samples.
    void render(std::span<StereoFrame> frames);

    bool is_new() const { return model_ == Model::ymf262 && (registers_[0x105] & 1) != 0; }
    bool is_silent() const;
    const Operator& channel_operator(unsigned channel, unsigned which) const {
        return operators_[operator_index(channel, which)];
    }

private:
    static constexpr unsigned longest_block = 64; // the tremolo's step: within it the oscillators stand still

    struct Channel {
        Pitch pitch;
        bool is_key_down = false;
        unsigned feedback = 0;
        bool is_parallel = false; // CNT
        bool is_left = true;
        bool is_right = true;
        int history[2] = {0, 0}; // the first operator's last samples, for its feedback
    };
    struct Sum {
        int left = 0;
        int right = 0;
    };
    using Block = std::span<Sum>;

    static unsigned operator_index(unsigned channel, unsigned which);
    Operator& op(unsigned channel, unsigned which) { return operators_[operator_index(channel, which)]; }

    void write_chip(unsigned index, std::uint8_t value);
    void write_operator(unsigned group, unsigned number, std::uint8_t value);
    void write_channel(unsigned index, std::uint8_t value);
    void write_rhythm(std::uint8_t value);
    void write_connections();
    void refresh_modes();
    void update_waveform(unsigned number);
    void update_pitch(unsigned channel);
    void update_keys(unsigned channel);
    void update_output(unsigned channel);

    bool is_rhythm() const { return (registers_[0xBD] & 0x20) != 0; }
    bool is_four_operator(unsigned channel) const;  // the first of a pair that plays as one
    bool is_second_of_pair(unsigned channel) const; // the other of it
    unsigned leader_of(unsigned channel) const { return is_second_of_pair(channel) ? channel - 3 : channel; }

    LowFrequency oscillators() const;
    void render_block(Block block);
    void render_two(unsigned channel, Block block);
    void render_four(unsigned channel, Block block);
    void render_rhythm(Block block);
    bool skip_if_silent(unsigned first_channel, unsigned channels, unsigned step, Block block);
    int next_first(Channel& channel, Operator& first);
    static void add(Sum& sum, const Channel& channel, int value);
    bool next_noise();

    Model model_;
    const WaveTables& tables_;
    std::array<std::uint8_t, register_count> registers_{};
    std::array<Operator, operator_count> operators_;
    std::array<Channel, channel_count> channels_;
    std::uint64_t samples_ = 0; // rendered so far
    std::uint32_t noise_ = 1;
};

} // namespace openportcls::hardware::opl3
