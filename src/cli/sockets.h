// What is heard and fed at the sockets of a card.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <openportcls/openportcls.hpp>

namespace openportcls::cli {

// The name of the first output there is; empty: no card has one.
std::string first_output(const Machine& machine);

// Of the input socket with this name; 2 where there is none.
unsigned channels_of(const Machine& machine, const std::string& input);

// What leaves a card, in the bytes of a stream's format: the left side where that has one channel.
void append_frames(std::span<const SoundFrame> heard, const WaveFormat& format, std::vector<std::byte>& bytes);

// Plays a whole sound file into a socket; its length in seconds.
Result<double> feed_file(Machine& machine, const std::string& socket, const std::string& file);

} // namespace openportcls::cli
