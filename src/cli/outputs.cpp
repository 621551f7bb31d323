#include "cli/outputs.h"

#include "cli/console.h"

namespace openportcls::cli {

std::vector<NamedFile> files_of_outputs(const std::vector<std::string>& specifications) {
    std::vector<NamedFile> files;
    for (const std::string& specification : specifications) {
        if (specification == endpoints::standard_output) {
            files.push_back({"--out " + specification, standard_output_file});
        } else if (const std::filesystem::path file = endpoints::file_of_sink(specification); !file.empty()) {
            files.push_back({"--out " + specification, file});
        }
    }
    return files;
}

Result<Outputs> Outputs::open(const std::vector<std::string>& specifications, const WaveFormat& format,
                              std::optional<std::uint64_t> expected_frames) {
    Outputs outputs;
    for (const std::string& specification : specifications) {
        auto sink = endpoints::open_sink(specification, format, expected_frames, remark);
        if (!sink) {
            return sink.error();
        }
        outputs.sinks_.push_back(std::move(*sink));
        if (specification == endpoints::standard_output) {
            say_everything_on_standard_error();
        }
    }
    return outputs;
}

Result<void> Outputs::write(std::span<const std::byte> frames) {
    for (const auto& sink : sinks_) {
        if (auto written = sink->write(frames); !written) {
            return written;
        }
    }
    return {};
}

Result<void> Outputs::finish() {
    Result<void> outcome;
    for (const auto& sink : sinks_) {
        if (auto finished = sink->finish(); !finished && outcome) {
            outcome = finished;
        }
    }
    return outcome;
}

void Outputs::give_up() {
    for (const auto& sink : sinks_) {
        sink->give_up();
    }
}

std::uint64_t Outputs::underruns() const {
    std::uint64_t sum = 0;
    for (const auto& sink : sinks_) {
        sum += sink->underruns();
    }
    return sum;
}

} // namespace openportcls::cli
