// Channel positions: libsndfile's names and the SPEAKER_xxx bits of a Windows channel mask.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace openportcls::endpoints {

// 0 where a position has no bit or the order is not the mask's.
std::uint32_t mask_of_channel_map(std::span<const int> map);
// The usual mask for this many channels.
std::uint32_t usual_mask(unsigned channels);
// Empty when the mask does not name every channel.
std::vector<int> channel_map_of_mask(std::uint32_t mask, unsigned channels);

} // namespace openportcls::endpoints
