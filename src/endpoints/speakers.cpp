#include "endpoints/speakers.h"

#include <array>
#include <bit>

#include <sndfile.h>

namespace openportcls::endpoints {

namespace {

// In the order of the SPEAKER_xxx bits (ksmedia.h): bit 0 is the front left one.
constexpr std::array speakers = {
    SF_CHANNEL_MAP_LEFT,
    SF_CHANNEL_MAP_RIGHT,
    SF_CHANNEL_MAP_CENTER,
    SF_CHANNEL_MAP_LFE,
    SF_CHANNEL_MAP_REAR_LEFT,
    SF_CHANNEL_MAP_REAR_RIGHT,
    SF_CHANNEL_MAP_FRONT_LEFT_OF_CENTER,
    SF_CHANNEL_MAP_FRONT_RIGHT_OF_CENTER,
    SF_CHANNEL_MAP_REAR_CENTER,
    SF_CHANNEL_MAP_SIDE_LEFT,
    SF_CHANNEL_MAP_SIDE_RIGHT,
    SF_CHANNEL_MAP_TOP_CENTER,
    SF_CHANNEL_MAP_TOP_FRONT_LEFT,
    SF_CHANNEL_MAP_TOP_FRONT_CENTER,
    SF_CHANNEL_MAP_TOP_FRONT_RIGHT,
    SF_CHANNEL_MAP_TOP_REAR_LEFT,
    SF_CHANNEL_MAP_TOP_REAR_CENTER,
    SF_CHANNEL_MAP_TOP_REAR_RIGHT,
};

} // namespace

std::uint32_t mask_of_channel_map(std::span<const int> map) {
    std::uint32_t mask = 0;
    int previous = -1;
    for (const int position : map) {
        int bit = -1;
        for (int candidate = 0; candidate < static_cast<int>(speakers.size()); ++candidate) {
            if (speakers[static_cast<std::size_t>(candidate)] == position) {
                bit = candidate;
            }
        }
        if (position == SF_CHANNEL_MAP_MONO && map.size() == 1) {
            bit = 2;
        }
        if (bit <= previous) {
            return 0;
        }
        previous = bit;
        mask |= 1U << bit;
    }
    return mask;
}

std::uint32_t usual_mask(unsigned channels) {
    constexpr std::array<std::uint32_t, 9> masks = {0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3F, 0x13F, 0x63F};
    return channels < masks.size() ? masks[channels] : 0;
}

std::vector<int> channel_map_of_mask(std::uint32_t mask, unsigned channels) {
    std::vector<int> map;
    if (static_cast<unsigned>(std::popcount(mask)) != channels || (mask >> speakers.size()) != 0) {
        return map;
    }
    for (std::size_t bit = 0; bit < speakers.size(); ++bit) {
        if ((mask >> bit & 1U) != 0) {
            map.push_back(speakers[bit]);
        }
    }
    return map;
}

} // namespace openportcls::endpoints
