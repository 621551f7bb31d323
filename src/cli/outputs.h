// Everywhere that sound goes to at once.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cli/distinct_files.h"
#include "endpoints/endpoint.h"

namespace openportcls::cli {

// Those of them that are files, or standard output.
std::vector<NamedFile> files_of_outputs(const std::vector<std::string>& specifications);

class Outputs {
public:
    // "wav:F", "alsa", "alsa:DEVICE", "default", "null"; see endpoints::open_sink.
    static Result<Outputs> open(const std::vector<std::string>& specifications, const WaveFormat& format,
                                std::optional<std::uint64_t> expected_frames);

    Result<void> write(std::span<const std::byte> frames);
    Result<void> finish();
    // After a failure: files that were there before stay as they were.
    void give_up();
    // Of all of them together.
    std::uint64_t underruns() const;

private:
    std::vector<std::unique_ptr<endpoints::Sink>> sinks_;
};

} // namespace openportcls::cli
