// Fixed resources of non-PnP hardware: LogConfig and FactDef sections.
#pragma once

#include "pnp/inf/inf_file.h"

#include <cstdint>
#include <string>
#include <vector>

namespace openportcls::pnp {

// `length` bytes somewhere within [minimum, maximum]; a fixed range has maximum - minimum + 1 == length.
struct InfAddressRange {
    std::uint64_t minimum = 0;
    std::uint64_t maximum = 0; // inclusive: the last byte the range may use
    std::uint64_t length = 0;
    std::uint64_t alignment = 1;
    std::uint32_t decode_mask = 0xFFFF; // 3ff, fff, ffff or 0 (positive decode)
    std::string attributes;

    bool is_fixed() const { return maximum - minimum + 1 == length; }
};

// The alternatives of one IRQConfig or DMAConfig line.
struct InfLineChoice {
    std::vector<std::uint32_t> numbers;
    std::string attributes; // upper case: "L", "LS", "D", "W", "N", "M" …
};

struct InfLogConfig {
    std::string name;
    std::string priority = "NORMAL";
    // One entry for each line of the section; the device gets one alternative of each.
    std::vector<std::vector<InfAddressRange>> ports;
    std::vector<std::vector<InfAddressRange>> memory;
    std::vector<InfLineChoice> interrupts;
    std::vector<InfLineChoice> dma_channels;
    int line = 0;
};

// Lines that are wrong are left out and described in `warnings`.
InfLogConfig read_log_config(const InfSection& section, std::vector<InfWarning>& warnings);

} // namespace openportcls::pnp
